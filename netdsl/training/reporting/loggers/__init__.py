"""Loggers, which report a training to another program while it runs: a file for each program."""
