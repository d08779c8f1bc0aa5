"""Tree to graph."""
