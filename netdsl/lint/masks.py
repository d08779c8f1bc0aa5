"""Masks: which positions of sequences are padding, and the layers that forget it."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.errors import Diagnostic, used_here
from netdsl.graph import Graph, Op


def lost_masks(graph: Graph) -> Iterator[Diagnostic]:
    """Yield a warning of each layer that drops a mask, as Keras's layer does."""
    if not any(op.kind is not None and op.kind.makes_mask for op in graph.ops):
        return  # nearly always
    makers: dict[int, Op] = {}
    for index, op in enumerate(graph.ops):
        kind = op.kind
        sources = op.inputs if kind is None or kind.merges else op.inputs[:1]
        maker = next((makers[source] for source in sources if source in makers), None)
        if kind is None:
            continue
        if kind.makes_mask and kind.values.get("mask", True):
            makers[index] = op
        elif maker is None:
            continue
        elif kind.keeps_mask and kind.values.get("seq", True) and _same_elements(op, maker):
            makers[index] = maker
        elif not kind.takes_mask or not _same_elements(op, maker):
            layer = graph.layers[op.layer]
            message = (
                f"`{layer.text}` drops the mask of `{graph.layers[maker.layer].text}`:"
                " from here on padding counts as data"
            )
            help = "recurrent layers, attention and gap skip padding: put it after them"
            notes = used_here(layer.uses)
            yield Diagnostic("W723", message, layer.span, help=help, notes=notes)


def _same_elements(op: Op, maker: Op) -> bool:
    """Return whether two operations work on the same elements of `each`: masks stay within it."""
    assert op.kind is not None
    assert maker.kind is not None
    return op.kind.each_axes == maker.kind.each_axes
