"""Convolutions that are two layers in the language."""

from __future__ import annotations

import math
from typing import Any

from netdsl.keras.rewriting.parts import CallParts, OutputPlaces

_DEPTHWISE = ("kernel_size", "strides", "padding", "data_format", "dilation_rate")


def separable(parts: CallParts) -> OutputPlaces | None:
    """`SeparableConv` with several kernels for a channel: those, and a convolution of size 1."""
    config, rank = parts.call.config, len(parts.shapes[0]) - 1
    multiplier = config["depth_multiplier"]
    if multiplier == 1 or config.get("data_format") == "channels_first":
        return None
    depthwise = {
        **{key: config[key] for key in _DEPTHWISE},
        **_of_kernel(config, "depthwise_", "depthwise_"),
        "depth_multiplier": multiplier,
        "activation": "linear",
        "use_bias": False,
    }
    pointwise = {
        **{key: value for key, value in config.items() if not key.startswith("d")},
        **_of_kernel(config, "pointwise_", "kernel_"),
        "kernel_size": [1] * rank,
        "strides": [1] * rank,
        "dilation_rate": [1] * rank,
        "groups": 1,
    }
    shape = (*parts.shapes[0][:-1], parts.shape(parts.source)[-1] * multiplier)
    steps = (
        (f"DepthwiseConv{rank}D", depthwise, shape),
        (f"Conv{rank}D", pointwise, parts.shapes[0]),
    )
    place, weights = parts.source, parts.operation.weights
    for (name, own, each), held in zip(steps, (weights[:1], weights[1:]), strict=True):
        holder = parts.reader.holder(held)
        call = parts.call._replace(
            class_name=name,
            config=own,
            inputs=(place,),
            shape=each,
            operation=parts.reader.number(holder),
            weights=sum(math.prod(weight.shape) for weight in held),
            written_as=parts.call.written_as or parts.call.class_name,
        )
        (place,) = parts.reader.place(call, holder, (each,))
    return [place]


def _of_kernel(config: Any, prefix: str, new: str) -> dict[str, Any]:
    keys = ("initializer", "regularizer", "constraint")
    return {f"{new}{key}": config.get(f"{prefix}{key}") for key in keys}
