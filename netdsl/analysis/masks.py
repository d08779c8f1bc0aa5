"""Masks: which operations know the positions of sequences that are padding."""

from __future__ import annotations

from netdsl.graph import Graph, Op
from netdsl.kinds import Kind
from netdsl.kinds.axes import CHANNELS


def masks_of(graph: Graph) -> dict[int, tuple[int, ...]]:
    """Return for each operation that hands a mask on, as Keras does, those that made it."""
    makers: dict[int, tuple[int, ...]] = {}
    if not any(op.kind is not None and op.kind.makes_mask for op in graph.ops):
        return makers  # nearly always
    for index, op in enumerate(graph.ops):
        if op.kind is None:
            continue
        if op.kind.makes_mask and op.kind.values.get("mask", True):
            makers[index] = (index,)
        elif (
            (read := masks_read(op, makers))
            and _keeps_mask(op.kind)
            and not has_unmasked_branch(op, makers)
            and all(same_elements(op, graph.ops[maker]) for maker in read)
        ):
            makers[index] = read
    return makers


def masks_read(op: Op, makers: dict[int, tuple[int, ...]]) -> tuple[int, ...]:
    """Return the operations that made the masks which come to another one with its input."""
    # Other inputs are references (`attention(kv=@a)`), whose masks Keras's layer does not hand on.
    sources = op.inputs if op.kind is None or op.kind.merges else op.inputs[:1]
    return tuple(dict.fromkeys(maker for source in sources for maker in makers.get(source, ())))


def has_unmasked_branch(op: Op, makers: dict[int, tuple[int, ...]]) -> bool:
    """Return whether a merge has a branch without a mask, for which Keras counts every position as
    data: only branches that are joined along positions keep padding of their own.
    """
    joins_positions = op.kind is not None and _over(op.kind) != CHANNELS
    merges = op.kind is not None and op.kind.merges and not joins_positions
    return merges and any(source not in makers for source in op.inputs)


def same_elements(op: Op, maker: Op) -> bool:
    """Return whether two operations work on the same elements of `each`: masks stay within it."""
    assert op.kind is not None
    assert maker.kind is not None
    return op.kind.each_axes == maker.kind.each_axes


def _keeps_mask(kind: Kind) -> bool:
    """Return whether layers after it know the mask: not of a last state, nor of shares along the
    positions, which Keras computes without it.
    """
    along = _over(kind) != CHANNELS and not kind.merges
    return kind.keeps_mask and bool(kind.values.get("seq", True)) and not along


def _over(kind: Kind) -> object:
    return kind.values.get("over", CHANNELS)
