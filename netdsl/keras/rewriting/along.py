"""Means, sums and maxima over any axes, and layers that work along an axis other than the last."""

from __future__ import annotations

import math

from netdsl.keras.rewriting.channels import channels_first
from netdsl.keras.rewriting.parts import CallParts, OutputPlaces
from netdsl.keras.rewriting.slices import axes_of
from netdsl.kinds.axes import keras_axes, named_axes
from netdsl.kinds.values import dims


def reduced(parts: CallParts) -> OutputPlaces | None:
    """`ops.mean`, `ops.sum`, `ops.max`, `ops.min`: a layer along axes that have a name, or else a
    pool, with the axes that stay as its channels.

    Raises:
        NetError: N621 where nothing is left but a single number.
    """
    call, shape = parts.call, parts.shape(parts.source)
    axes = axes_of(parts, call.config.get("axis"), len(shape))
    if _has_a_word(parts, axes):
        return None
    if not parts.shapes[0]:
        raise parts.refuse("its output is a single number without axes: write keepdims=True")
    place = parts.source
    # min(x) = -max(-x): the language has no minimum.
    if call.class_name == "Min":
        place = parts.rescale(place, -1.0)
    name = "Max" if call.class_name == "Min" else call.class_name
    place = pooled(parts, place, axes, name)
    if call.class_name == "Min":
        place = parts.rescale(place, -1.0)
    return [parts.reshape(place, parts.shapes[0])]


def spread_out(parts: CallParts) -> OutputPlaces | None:
    """`ops.var`, `ops.std` and `ops.moments`: the mean of the squared distance from the mean."""
    axes = parts.call.config["axes" if parts.call.class_name == "Moments" else "axis"]
    shape, name = parts.shape(parts.source), parts.call.class_name
    kept = list(shape)
    for axis in axes_of(parts, axes, len(shape)):
        kept[axis] = 1
    mean = parts.step("Mean", [parts.source], tuple(kept), {"axis": axes, "keepdims": True})
    off = parts.step("Subtract", [parts.source, mean], shape)
    squares, over = parts.merge("Multiply", [off, off]), {**parts.call.config, "axis": axes}
    variance = parts.step("Mean", [squares], parts.shapes[-1], over)
    if name == "Std":
        return [parts.step("Sqrt", [variance], parts.shapes[0])]
    # `Moments` has both outputs, `Var` the last alone.
    return [parts.reshape(mean, parts.shapes[0]), variance][-len(parts.shapes) :]


def normalized(parts: CallParts) -> OutputPlaces | None:
    """`ops.normalize`: the layer `UnitNormalization`.

    Raises:
        NetError: N621 for another norm, or an epsilon above Keras's own.
    """
    import keras

    order, epsilon = (parts.call.config.get(key) for key in ("order", "epsilon"))
    if order not in (None, 2):
        raise parts.refuse(f"it divides by the norm of order {order}")
    usual = keras.config.epsilon()
    epsilon = usual if epsilon is None else epsilon
    if epsilon > usual:
        raise parts.refuse(f"its epsilon is {epsilon}")
    config = {"axis": parts.call.config.get("axis", -1), "epsilon": epsilon}
    return [parts.step("UnitNormalization", [parts.source], parts.shapes[0], config)]


def adaptive(parts: CallParts) -> OutputPlaces | None:
    """Pool to a given size that divides the input's: windows side by side.

    Raises:
        NetError: N621 where the windows overlap.
    """
    given, made = parts.shape(parts.source), parts.shapes[0]
    if parts.call.config.get("data_format") == "channels_first":
        return channels_first(parts)
    if any(size % new for size, new in zip(given, made, strict=True)):
        raise parts.refuse(f"its windows overlap: {dims(made)} of {dims(given)}")
    window = [size // new for size, new in zip(given[:-1], made[:-1], strict=True)]
    config = {"pool_size": window, "strides": window, "padding": "valid"}
    name = parts.call.class_name.removeprefix("Adaptive")
    return [parts.step(name, [parts.source], made, config)]


def _has_a_word(parts: CallParts, axes: list[int]) -> bool:
    """Say whether a word takes the call as it is: its axes have names, and `gap` or `gmp`, which
    are shorter, do not apply.
    """
    name, rank = parts.call.class_name, len(parts.shape(parts.source))
    if name == "Min" or not parts.shapes[0] or named_axes(axes, rank) is None:
        return False
    return name == "Sum" or not _is_global(axes, rank)


def _is_global(axes: list[int], rank: int) -> bool:
    """Say whether these are all positions, over which `gap` and `gmp` pool."""
    return 2 <= rank <= 4 and axes == list(range(rank - 1))


def inner_product(parts: CallParts) -> OutputPlaces | None:
    """`Dot` of vectors that are brought to length 1 first."""
    import keras

    if not parts.call.config.get("normalize"):
        return None
    axes = parts.call.config["axes"]
    ranks = [len(parts.shape(place)) for place in parts.call.inputs]
    if ranks != [1, 1]:
        raise parts.refuse(f"it normalizes along its axes {axes}")
    # `Dot` normalizes as `ops.normalize` does, with its usual epsilon.
    config = {"axis": -1, "epsilon": keras.config.epsilon()}
    units = [
        parts.step("UnitNormalization", [place], parts.shape(place), config)
        for place in parts.call.inputs
    ]
    return [parts.step("Dot", units, parts.shapes[0], {"axes": -1, "normalize": False})]


def pooled(parts: CallParts, place: int, axes: list[int], name: str) -> int:
    """Take the `Mean`, `Sum` or `Max` over these axes, counted from 0 without the batch."""
    shape = parts.shape(place)
    rest = [axis for axis in range(len(shape)) if axis not in axes]
    if name != "Sum" and _is_global(axes, len(shape)):
        return parts.pool(place, "Max" if name == "Max" else "Average")
    # These axes together have no name: they are moved to the front and merged into one, which has.
    if not rest or named_axes(axes, len(shape)) is None:
        sizes = [math.prod(shape[axis] for axis in some) for some in (axes, rest)]
        moved = parts.permute(place, [axis + 1 for axis in (*axes, *rest)])
        return pooled(parts, parts.reshape(moved, tuple(sizes)), [0], name)
    config = {"axis": keras_axes(axes), "keepdims": False}
    return parts.step(name, [place], tuple(shape[axis] for axis in rest), config)


def along_last(parts: CallParts) -> OutputPlaces | None:
    """Return a softmax or a norm along another axis, which is moved to the end and back."""
    call, rank = parts.call, len(parts.shapes[0])
    axis = call.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
    if not isinstance(axis, int) or axis in (-1, rank):
        return None
    (axis,) = axes_of(parts, axis, rank)
    # `softmax(over=)` names it.
    if call.class_name == "Softmax" and rank <= 4:
        return None
    order = [*(at for at in range(1, rank + 1) if at != axis + 1), axis + 1]
    back = [order.index(at) + 1 for at in range(1, rank + 1)]
    moved = parts.permute(parts.source, order)
    if parts.call.weights:
        done = parts.layer(parts.operation, [moved], parts.shape(moved), axis=-1)
    else:
        config = {**call.config, "axis": -1}
        done = parts.step(call.class_name, [moved], parts.shape(moved), config)
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
    # The batch would no longer be first: there is no such layer, as examples are independent.
    if order[0]:
        raise parts.refuse("it works across the examples of a batch")
    return [parts.permute(parts.source, order[1:])]


def reshaped(parts: CallParts) -> OutputPlaces | None:
    """`ops.expand_dims`, `ops.squeeze`, `ops.reshape`."""
    return [parts.reshape(parts.source, parts.shapes[0])]
