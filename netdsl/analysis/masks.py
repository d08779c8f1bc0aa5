"""Masks: which operations know the positions of sequences that are padding."""

from __future__ import annotations

from netdsl.graph import Graph, Op
from netdsl.kinds import Kind
from netdsl.kinds.axes import CHANNELS


def masks_of(graph: Graph) -> dict[int, int]:
    """Return for each operation that hands a mask on, as Keras does, the one that made it."""
    makers: dict[int, int] = {}
    if not any(op.kind is not None and op.kind.makes_mask for op in graph.ops):
        return makers  # nearly always
    for index, op in enumerate(graph.ops):
        if op.kind is None:
            continue
        maker = mask_read(op, makers)
        if op.kind.makes_mask and op.kind.values.get("mask", True):
            makers[index] = index
        elif maker is not None and _keeps_mask(op.kind) and same_elements(op, graph.ops[maker]):
            makers[index] = maker
    return makers


def mask_read(op: Op, makers: dict[int, int]) -> int | None:
    """Return the operation that made the mask which comes to another one with its input."""
    sources = op.inputs if op.kind is None or op.kind.merges else op.inputs[:1]
    return next((makers[source] for source in sources if source in makers), None)


def same_elements(op: Op, maker: Op) -> bool:
    """Return whether two operations work on the same elements of `each`: masks stay within it."""
    assert op.kind is not None
    assert maker.kind is not None
    return op.kind.each_axes == maker.kind.each_axes


def _keeps_mask(kind: Kind) -> bool:
    """Return whether layers after it know the mask: not of a last state, nor of shares along the
    positions, which Keras computes without it.
    """
    along = kind.values.get("over", CHANNELS) != CHANNELS and not kind.merges
    return kind.keeps_mask and bool(kind.values.get("seq", True)) and not along
