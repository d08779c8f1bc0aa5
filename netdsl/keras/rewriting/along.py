"""Means, sums and maxima over any axes, and what works along another axis than the channels."""

from __future__ import annotations

import math

from netdsl.keras.rewriting.parts import CallParts, OutputPlaces
from netdsl.keras.rewriting.slices import axes_of


def reduced(parts: CallParts) -> OutputPlaces | None:
    """`ops.mean`, `ops.sum`, `ops.max`, `ops.min`: pooled, with the axes that stay as channels."""
    call, shape = parts.call, parts.shape(parts.source)
    axes = axes_of(parts, call.config.get("axis"), len(shape))
    if _has_a_word(parts, axes):
        return None
    if not parts.shapes[0]:
        raise parts.refuse("its output is a single number without axes: say keepdims=True")
    place = parts.source
    if call.class_name == "Min":
        place = parts.rescale(place, -1.0)
    place = pooled(parts, place, axes, "Max" if call.class_name in ("Max", "Min") else "Average")
    if call.class_name == "Min":
        place = parts.rescale(place, -1.0)
    if call.class_name == "Sum":
        place = parts.rescale(place, float(math.prod(shape[axis] for axis in axes)))
    return [parts.reshape(place, parts.shapes[0])]


def _has_a_word(parts: CallParts, axes: list[int]) -> bool:
    """Say whether it may be the sum of a product along the channels, or the largest in groups of
    channels: these have words of their own.
    """
    source, keepdims = parts.reader.calls[parts.source], parts.call.config.get("keepdims")
    if axes != [len(source.shape) - 1]:
        return False
    if parts.call.class_name == "Sum":
        return bool(keepdims and source.class_name == "Multiply" and len({*source.inputs}) == 2)
    if parts.call.class_name != "Max" or source.class_name != "Reshape" or keepdims:
        return False
    return parts.shape(source.inputs[0])[:-1] == source.shape[:-2]


def inner_product(parts: CallParts) -> OutputPlaces | None:
    """`Dot` of vectors that are brought to length 1 first."""
    if not parts.call.config.get("normalize"):
        return None
    axes = parts.call.config["axes"]
    ranks = [len(parts.shape(place)) for place in parts.call.inputs]
    if ranks != [1, 1]:
        raise parts.refuse(f"it normalizes along its axes {axes}")
    units = [
        parts.step("UnitNormalization", [place], parts.shape(place), {"axis": -1})
        for place in parts.call.inputs
    ]
    return [parts.step("Dot", units, parts.shapes[0], {"axes": -1, "normalize": False})]


def pooled(parts: CallParts, place: int, axes: list[int], name: str) -> int:
    """Pool over these axes, counted from 0 without the batch; a vector of the others."""
    shape = parts.shape(place)
    rest = [axis for axis in range(len(shape)) if axis not in axes]
    if rest == [len(shape) - 1] and 2 <= len(shape) <= 4:
        return parts.pool(place, name)
    whole = (math.prod(shape[axis] for axis in axes), math.prod(shape[axis] for axis in rest))
    moved = parts.permute(place, [axis + 1 for axis in (*axes, *rest)])
    return parts.pool(parts.reshape(moved, whole), name)


def along_last(parts: CallParts) -> OutputPlaces | None:
    """Return a softmax or a norm along one other axis: with that one as the last."""
    call, rank = parts.call, len(parts.shapes[0])
    axis = call.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
    if not isinstance(axis, int) or axis in (-1, rank):
        return None
    (axis,) = axes_of(parts, axis, rank)
    order = [*(at for at in range(1, rank + 1) if at != axis + 1), axis + 1]
    back = [order.index(at) + 1 for at in range(1, rank + 1)]
    moved = parts.permute(parts.source, order)
    if call.class_name == "Softmax":
        done = parts.step("Softmax", [moved], parts.shape(moved), {"axis": -1})
    else:
        done = parts.layer(parts.operation, [moved], parts.shape(moved), axis=-1)
    return [parts.permute(done, back)]


def transposed(parts: CallParts) -> OutputPlaces | None:
    """`ops.transpose`, `ops.swapaxes`, `ops.moveaxis`: a permutation."""
    config, rank = parts.call.config, len(parts.shapes[0])
    order = list(range(rank + 1))
    if parts.call.class_name == "Transpose":
        order = [axis % (rank + 1) for axis in config.get("axes") or reversed(order)]
    elif parts.call.class_name == "SwapAxes" or parts.call.class_name == "Swapaxes":
        one, other = (config[key] % (rank + 1) for key in ("axis1", "axis2"))
        order[one], order[other] = other, one
    else:
        source, target = config["source"], config["destination"]
        if not isinstance(source, int) or not isinstance(target, int):
            raise parts.refuse("it moves several axes")
        order.insert(target % (rank + 1), order.pop(source % (rank + 1)))
    if order[0]:
        raise parts.refuse("it works across the examples of a batch")
    return [parts.permute(parts.source, order[1:])]


def reshaped(parts: CallParts) -> OutputPlaces | None:
    """`ops.expand_dims`, `ops.squeeze`, `ops.reshape`."""
    return [parts.reshape(parts.source, parts.shapes[0])]


def repeated(parts: CallParts) -> OutputPlaces | None:
    """`RepeatVector`: a sequence of one position, made longer."""
    count, width = parts.shapes[0]
    place = parts.reshape(parts.source, (1, width))
    return [parts.step("UpSampling1D", [place], (count, width), {"size": count})]
