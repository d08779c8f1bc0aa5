"""Masks: which positions of sequences are padding, and the layers that forget it."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.masks import mask_read, masks_of, same_elements
from netdsl.errors import Diagnostic, used_here
from netdsl.graph import Graph


def lost_masks(graph: Graph) -> Iterator[Diagnostic]:
    """Yield a warning of each layer that drops a mask, as Keras's layer does."""
    makers = masks_of(graph)
    if not makers:
        return  # nearly always
    for index, op in enumerate(graph.ops):
        maker = mask_read(op, makers)
        if op.kind is None or maker is None or index in makers:
            continue
        if not op.kind.takes_mask or not same_elements(op, graph.ops[maker]):
            layer, made = graph.layers[op.layer], graph.layers[graph.ops[maker].layer]
            message = (
                f"`{layer.text}` drops the mask of `{made.text}`:"
                " from here on padding counts as data"
            )
            help = "recurrent layers, attention and gap skip padding: put it after them"
            notes = used_here(layer.uses)
            yield Diagnostic("W723", message, layer.span, help=help, notes=notes)
