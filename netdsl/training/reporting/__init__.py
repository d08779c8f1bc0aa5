"""Reports, charts and loggers."""
