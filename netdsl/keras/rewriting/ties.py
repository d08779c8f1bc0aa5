"""Two layers with one kernel: netdsl's own `Tied`."""

from __future__ import annotations

import math
from typing import Any

from netdsl.keras.rewriting.parts import CallParts, OutputPlaces


def tied(parts: CallParts) -> OutputPlaces | None:
    """Replace a call of `Tied` by one of the layer that it is in this direction, which holds the
    kernel and bias, or transposed only the bias of that direction.
    """
    layer, back = parts.operation, parts.call.named.get("back")
    kernel = parts.reader.holder([each for each in (layer.kernel, layer.bias) if each is not None])
    settings, holder = parts.call.config["forward"], kernel
    if back is not None:
        settings = parts.call.config["backward"][back]
        bias = layer.back_biases[back]
        holder = object() if bias is None else parts.reader.holder([bias])
    weights = getattr(holder, "weights", [])
    call = parts.call._replace(
        class_name=_class_of(settings, back is not None),
        config=settings,
        named={},
        operation=parts.reader.number(holder),
        weights=sum(math.prod(weight.shape) for weight in weights),
        written_as="Tied",
        kernel=parts.reader.number(kernel),
    )
    return parts.reader.place(call, holder, parts.shapes)


def _class_of(settings: dict[str, Any], transposed: bool) -> str:
    """Name the Keras layer of a configuration."""
    if "input_dim" in settings:
        return "Embedding"
    if "units" in settings:
        return "Dense"
    return f"Conv{len(settings['kernel_size'])}D{'Transpose' if transposed else ''}"
