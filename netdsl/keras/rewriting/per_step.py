"""`TimeDistributed`: one layer or model for each step, by layers that see one axis more, or step by
step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from netdsl.keras import private
from netdsl.keras.rewriting.parts import CallParts, OutputPlaces
from netdsl.keras.rewriting.slices import cut_axis
from netdsl.kinds.values import Shape

_AT_EACH_POSITION = {  # they work on the last axis, or number by number
    "Dense",
    "Activation",
    "ReLU",
    "LeakyReLU",
    "ELU",
    "Softmax",
    "Dropout",
    "AlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
    "BatchNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "UnitNormalization",
    "Rescaling",
    "Embedding",
    "Identity",
    "ActivityRegularization",
    "Add",
    "Multiply",
    "Subtract",
    "Average",
    "Maximum",
    "Concatenate",
}
_WINDOWED: dict[
    str, dict[str, Any]
] = {  # the keys with one number for each axis, and what the new axis has there
    "Conv": {"kernel_size": 1, "strides": 1, "dilation_rate": 1},
    "ConvTranspose": {"kernel_size": 1, "strides": 1, "dilation_rate": 1},
    "DepthwiseConv": {"kernel_size": 1, "strides": 1, "dilation_rate": 1},
    "MaxPooling": {"pool_size": 1, "strides": 1},
    "AveragePooling": {"pool_size": 1, "strides": 1},
    "UpSampling": {"size": 1},
    "ZeroPadding": {"padding": (0, 0)},
    "Cropping": {"cropping": (0, 0)},
    "SpatialDropout": {},
}
_MAX_STEPS = 32  # that are written one by one


def time_distributed(parts: CallParts) -> OutputPlaces | None:
    """Return one layer or model at each step of a first axis."""
    if len(parts.call.inputs) > 1:
        raise parts.refuse(f"it takes {len(parts.call.inputs)} inputs")
    return per_step(parts, parts.operation.layer, list(parts.call.inputs), parts.shapes, 1)


def per_step(
    parts: CallParts, layer: Any, sources: list[int], shapes: tuple[Shape, ...], steps: int
) -> OutputPlaces:
    """Add a layer that works on what comes after the first `steps` axes."""
    import keras

    name, shape = type(layer).__name__, shapes[0]
    if name == "TimeDistributed":
        return per_step(parts, layer.layer, sources, shapes, steps + 1)
    if isinstance(layer, keras.Model) and hasattr(layer, "outputs"):
        return _model(parts, layer, sources, steps)
    if name in ("Flatten", "Reshape"):
        return [parts.reshape(sources[0], shape)]
    plain, rank = name.rstrip("D").rstrip("123"), name[-2:-1]
    if plain in ("GlobalAveragePooling", "GlobalMaxPooling"):
        return [_pooled(parts, layer, sources[0], shape, steps)]
    if name in _AT_EACH_POSITION:
        return [_at_each_position(parts, layer, sources, shape, steps)]
    causal = getattr(layer, "padding", None) == "causal"
    if plain in _WINDOWED and name.endswith("D") and int(rank) + steps <= 3 and not causal:
        return [_windowed(parts, layer, sources, shape, (plain, int(rank), steps))]
    return _one_by_one(parts, layer, sources, shapes, steps)


def _one_by_one(
    parts: CallParts, layer: Any, sources: list[int], shapes: tuple[Shape, ...], steps: int
) -> OutputPlaces:
    """Add a call of the layer for each step, and stack what they give."""
    name, before = type(layer).__name__, shapes[0][:steps]
    count = math.prod(before)
    if count > _MAX_STEPS or len(shapes) > 1:
        what = f"a {name} at each of {count} steps" if len(shapes) == 1 else f"states of a {name}"
        raise parts.refuse(f"it has {what}")
    if parts.is_masked:
        raise parts.refuse(f"it has a {name} at each step, and masks within a step")
    rows = [parts.reshape(place, (count, *parts.shape(place)[steps:])) for place in sources]
    found = []
    for at in range(count):
        cuts = [
            parts.reshape(cut_axis(parts, place, 0, at, at + 1), parts.shape(place)[1:])
            for place in rows
        ]
        found.append(parts.layer(layer, cuts, shapes[0][steps:]))
    stacked = parts.step("Stack", found, (count, *shapes[0][steps:]), {"axis": 1})
    return [parts.reshape(stacked, shapes[0])]


def _at_each_position(
    parts: CallParts, layer: Any, sources: list[int], shape: Shape, steps: int
) -> int:
    axis = getattr(layer, "axis", -1)
    axis = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
    rank = len(shape) - steps
    if not isinstance(axis, int) or axis not in (-1, rank):
        raise parts.refuse(f"the axis of its {type(layer).__name__} is {axis}, not the last")
    if type(layer).__name__ == "Dropout" and layer.noise_shape is not None:
        raise parts.refuse("its Dropout has a noise_shape")
    changed = {"axis": -1} if hasattr(layer, "axis") else {}
    return parts.layer(layer, sources, shape, **changed)


def _windowed(
    parts: CallParts, layer: Any, sources: list[int], shape: Shape, what: tuple[str, int, int]
) -> int:
    """Add a layer with a window of size 1 along the steps."""
    plain, rank, steps = what
    config = layer.get_config()
    if config.get("data_format") == "channels_first":
        raise parts.refuse("its channels come first")
    changed: dict[str, Any] = {
        key: [one] * steps + _each_axis(config[key], rank, one)
        for key, one in _WINDOWED[plain].items()
    }
    if config.get("output_padding") is not None:
        raise parts.refuse("its convolution has an output_padding")
    class_name = f"{plain}{rank + steps}D"
    if plain == "DepthwiseConv":
        class_name = f"Conv{rank + steps}D"
        changed |= _as_groups(config, parts.shape(sources[0])[-1])
    call = parts.reader.call(layer, tuple(sources), (), {}, shape)
    call = call._replace(
        name=parts.call.name,
        class_name=class_name,
        config={**call.config, **changed},
        written_as=parts.call.class_name,
    )
    (place,) = parts.reader.place(call, layer, (shape,))
    return place


def _each_axis(value: Any, rank: int, one: Any) -> list[Any]:
    """Return one number, or one pair, for each axis."""
    if one == (0, 0) and rank == 1:
        return [tuple(value)]
    return list(value) if isinstance(value, list | tuple) else [value] * rank


def _as_groups(config: Mapping[str, Any], channels: int) -> dict[str, Any]:
    """Write a depthwise convolution as one with a group for each channel."""
    kernels = {
        f"kernel_{key}": config.get(f"depthwise_{key}")
        for key in ("initializer", "regularizer", "constraint")
    }
    return {**kernels, "filters": channels * config["depth_multiplier"], "groups": channels}


def _pooled(parts: CallParts, layer: Any, source: int, shape: Shape, steps: int) -> int:
    """Add a pool over all positions of each step: one whose window is as large as they are."""
    given = parts.shape(source)
    if layer.data_format == "channels_first":
        raise parts.refuse("its channels come first")
    name = "Max" if "Max" in type(layer).__name__ else "Average"
    positions = given[steps:-1]
    if len(given) - 1 > 3:  # the steps, or the positions, are one axis
        flat = (math.prod(given[:steps]), math.prod(positions), given[-1])
        source, positions, given = parts.reshape(source, flat), flat[1:2], flat
    first = len(given) - 1 - len(positions)
    window = [1] * first + list(positions)
    config = {"pool_size": window, "strides": window, "padding": "valid"}
    pooled = (*given[:first], *(1 for _ in positions), given[-1])
    place = parts.step(f"{name}Pooling{len(window)}D", [source], pooled, config)
    return parts.reshape(place, shape)


def _model(parts: CallParts, model: Any, sources: list[int], steps: int) -> OutputPlaces:
    """Add the layers of a model that works on each step."""
    import keras

    before = parts.shape(sources[0])[:steps]

    def add(operation: Any, node: Any, known: Mapping[int, int]) -> OutputPlaces:
        inputs = [known[id(source)] for source in private.inputs_of(node)]
        shapes = tuple((*before, *output.shape[1:]) for output in node.outputs)
        if any(None in shape for shape in shapes):
            raise parts.refuse(f"the model within it, `{model.name}`, leaves sizes open")
        if not isinstance(operation, keras.layers.Layer):
            raise parts.refuse(f"the model within it holds an operation, {operation.name}")
        within = parts._replace(node=node)
        named = [key for key in within.given if key not in ("training", "mask")]
        if named:
            raise parts.refuse(f"`{operation.name}` within it is called with {', '.join(named)}")
        return per_step(within, operation, inputs, shapes, steps)

    return parts.reader.run(model, sources, add)
