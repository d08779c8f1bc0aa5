"""Tree to graph.

Functions that read a piece of the tree have the same arguments throughout: `node`, the piece; `x`,
the operation whose output it reads (None where there is none, `UNKNOWN` after a mistake); `scope`,
what it sees of names, defaults and points; `graph`, the `GraphBuilder` that layers are added to.
"""
