"""`TimeDistributed`: one layer or model for each step, with the steps folded into the batch."""

from __future__ import annotations

from typing import Any

from netdsl.keras.rewriting.parts import CallParts, OutputPlaces
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
_WITHOUT_MASKS = ("Conv", "DepthwiseConv", "MaxPooling", "AveragePooling", "UpSampling")
"""Layers that ignore masks, so that they lose none within a step."""


def time_distributed(parts: CallParts) -> OutputPlaces | None:
    """Return one layer or model at each step of a first axis.

    Raises:
        NetError: N621 for several inputs, and what the language cannot do at each step.
    """
    if len(parts.call.inputs) > 1:
        raise parts.refuse(f"it takes {len(parts.call.inputs)} inputs")
    return per_step(parts, parts.operation.layer, list(parts.call.inputs), parts.shapes, 1)


def per_step(
    parts: CallParts, layer: Any, sources: list[int], shapes: tuple[Shape, ...], steps: int
) -> OutputPlaces:
    """Add a layer that works on the axes after the first `steps`.

    It is added as it is where it works on the last axis alone, else with the steps in the batch.

    Raises:
        NetError: N621 for a layer that the language cannot apply at each step.
    """
    import keras

    name = type(layer).__name__
    if name == "TimeDistributed":
        return per_step(parts, layer.layer, sources, shapes, steps + 1)
    before = shapes[0][:steps]
    # A layer before it that was just unfolded stays folded: both become one `each`.
    plain = name in _AT_EACH_POSITION and not parts.is_unfolded(sources[0], before)
    if plain:
        return [_at_each_position(parts, layer, sources, shapes[0], steps)]
    folded = [parts.reshape(place, parts.shape(place)[steps:]) for place in sources]
    if isinstance(layer, keras.Model) and hasattr(layer, "outputs"):
        made = parts.reader.run(layer, folded)
    # In the batch a mask's steps are examples, and no layer can skip an example.
    elif parts.is_masked and name.rstrip("D").rstrip("123") not in _WITHOUT_MASKS:
        raise parts.refuse(f"it has a {name} at each step, and masks within a step")
    else:
        inner = tuple(shape[steps:] for shape in shapes)
        call = parts.reader.call(layer, tuple(folded), (), {}, inner[0])
        call = call._replace(name=parts.call.name, written_as=parts.call.class_name)
        made = parts.reader.place(call, layer, inner)
    return [parts.reshape(place, (*before, *parts.shape(place))) for place in made]


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
