"""Blocks and repeats, found again in a plain graph."""
