"""Facts about a graph: what its layers hold and cost."""
