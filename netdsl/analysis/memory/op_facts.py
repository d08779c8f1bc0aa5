"""What the walks through a network need to know of each operation."""

from __future__ import annotations

import math
from typing import NamedTuple

from netdsl.graph import Graph, Op
from netdsl.kinds.values import Indices

_FLOAT_BYTES, _INDEX_BYTES = 4, 4  # of a float32, and of an index that comes in
_SWITCH_BYTES = 8  # of a place that a max pool saves: PyTorch's are 64-bit integers


class OpFacts(NamedTuple):
    """The facts of an operation. Sizes in bytes for one example, weights in elements.

    Attributes:
        size: of its output.
        kernel, rest: the trained weights that it uses, its own or not.
        moving: the weights that are not trained.
        saves_inputs, saves_output: whether the backward pass needs these tensors.
        extra: what it saves on top for each example.
        once: what it saves on top for the whole batch.
        is_view: whether its output is its input's storage.
        inactive_in_use: whether its output is its input, except in training.
        in_place: whether its output can take its input's storage.
        free: whether a lecture's table leaves its output out.
        passes_gradient: whether the gradient of its output is that of its inputs.
        splits_gradient: whether that holds theirs side by side.
        moved: what an operation that takes workspace reads and writes, else 0.
        largest: the largest array trained.
    """

    size: int
    kernel: int = 0
    rest: int = 0
    moving: int = 0
    saves_inputs: bool = False
    saves_output: bool = False
    extra: int = 0
    once: int = 0
    is_view: bool = False
    inactive_in_use: bool = False
    in_place: bool = False
    free: bool = False
    passes_gradient: bool = False
    splits_gradient: bool = False
    moved: int = 0
    largest: int = 0


def facts_of(graph: Graph, op: Op, width: int, temporaries: bool) -> OpFacts:
    """Return the facts of an operation whose numbers have this many bytes, with or without what a
    library copies within it.

    Args:
        graph: the network.
        op: one of its operations.
        width: bytes of a number of an activation.
        temporaries: whether the copies that libraries make within a layer count as saved.
    """
    kind = op.kind
    if kind is None:
        return OpFacts(op.size * (_INDEX_BYTES if isinstance(op.shape, Indices) else width))
    shapes = graph.input_shapes(op)
    saved = kind.saved_tensors(op.shape, *shapes)
    # What PyTorch does, where less would do: estimates are compared with what libraries hold.
    if kind.library_saves_input:
        saved = saved._replace(inputs=True, output=False)
    # A mask is a byte for each number.
    on_top = saved.values * width + saved.indices * _SWITCH_BYTES + saved.masks
    if temporaries:
        # Measured with mixed precision: libraries compute them in float32.
        on_top += saved.temporaries * max(width, _FLOAT_BYTES)
    arrays = kind.weights(*shapes)
    elements = {"kernel": 0, "moving": 0, "rest": 0}
    for array in arrays:
        elements[array.role if array.role in elements else "rest"] += array.size
    moved = (sum(math.prod(x) for x in shapes) + op.size) * width if kind.takes_workspace else 0
    return OpFacts(
        op.size * width,
        **elements,
        saves_inputs=saved.inputs,
        saves_output=saved.output,
        extra=0 if kind.saved_once_per_batch else on_top,
        once=on_top if kind.saved_once_per_batch else 0,
        is_view=kind.is_view,
        inactive_in_use=kind.inactive_in_use,
        in_place=kind.in_place,
        free=kind.is_view or kind.in_place or kind.free_in_lectures,
        passes_gradient=kind.passes_gradient,
        splits_gradient=kind.splits_gradient,
        moved=moved,
        largest=max((array.size for array in arrays if array.role != "moving"), default=0),
    )


def facts_of_all(graph: Graph, width: int, temporaries: bool) -> list[OpFacts]:
    """Return the facts of every operation. Operations that are alike are looked at once."""
    known: dict[object, OpFacts] = {}
    found = []
    for index, op in enumerate(graph.ops):
        before = graph.ops[op.inputs[0]].shape if len(op.inputs) == 1 else None
        key: object = (id(op.kind), op.shape, before)
        # Merges have several shapes, and indices equal plain shapes: each is looked at by itself.
        if before is None or isinstance(before, Indices):
            key = index
        if key not in known:
            known[key] = facts_of(graph, op, width, temporaries)
        found.append(known[key])
    return found
