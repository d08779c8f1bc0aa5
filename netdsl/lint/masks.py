"""Masks: which positions of sequences are padding, and the layers that forget it."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.masks import has_unmasked_branch, masks_of, masks_read, same_elements
from netdsl.errors import Diagnostic, used_here
from netdsl.graph import Graph


def lost_masks(graph: Graph) -> Iterator[Diagnostic]:
    """Yield a warning of each layer that drops a mask, as Keras's layer does."""
    makers = masks_of(graph)
    if not makers:
        return  # nearly always
    lost: set[int] = set()  # what comes after a layer that is warned of
    for index, op in enumerate(graph.ops):
        if not lost.isdisjoint(op.inputs):
            lost.add(index)
        read = masks_read(op, makers)
        if op.kind is None or not read or index in makers:
            continue
        # Keras's merge drops the mask where one of its branches has none.
        unmasked = op.kind.keeps_mask and has_unmasked_branch(op, makers)
        if unmasked and all(source in makers or source in lost for source in op.inputs):
            continue
        maker = graph.ops[read[0]]
        if op.kind.merges or not op.kind.takes_mask or not same_elements(op, maker):
            layer, made = graph.layers[op.layer], graph.layers[maker.layer]
            message = (
                f"`{layer.text}` drops the mask of `{made.text}`"
                f"{', as another branch has none' if unmasked else ''}:"
                " from here on padding counts as data"
            )
            help = "recurrent layers, attention and gap skip padding: put it after them"
            notes = used_here(layer.uses)
            lost.add(index)
            yield Diagnostic("W723", message, layer.span, help=help, notes=notes)
