"""Memory of a network in use and in training: whole bytes, from its graph alone.

The definitions are in docs/accounting.md. Every amount is a constant and a part for each example of
a batch, kept apart to the end: so the memory of any batch is exact, and the largest batch that fits
a budget needs no search.
"""

from netdsl.analysis.memory.byte_sizes import parse_size
from netdsl.analysis.memory.estimate import (
    TORCH_BAND,
    USE_BAND,
    WORKSPACE_BAND,
    XLA_BAND,
    Memory,
    estimate,
    largest_batch,
)

__all__ = [
    "TORCH_BAND",
    "USE_BAND",
    "WORKSPACE_BAND",
    "XLA_BAND",
    "Memory",
    "estimate",
    "largest_batch",
    "parse_size",
]
