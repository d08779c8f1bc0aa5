"""Convolutions that are two layers in the language."""

from __future__ import annotations

from typing import Any

from netdsl.keras.rewriting.channels import channels_first
from netdsl.keras.rewriting.parts import CallParts, OutputPlaces

_DEPTHWISE = ("kernel_size", "strides", "padding", "data_format", "dilation_rate")


def separable(parts: CallParts) -> OutputPlaces | None:
    """`SeparableConv` with several kernels for a channel: those, and a convolution of size 1."""
    config, rank = parts.call.config, len(parts.shapes[0]) - 1
    if config.get("data_format") == "channels_first":
        return channels_first(parts)
    multiplier = config["depth_multiplier"]
    if multiplier == 1:
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
    held = parts.operation.weights
    shape = (*parts.shapes[0][:-1], parts.shape(parts.source)[-1] * multiplier)
    place = parts.holding(f"DepthwiseConv{rank}D", parts.source, shape, depthwise, held[:1])
    return [parts.holding(f"Conv{rank}D", place, parts.shapes[0], pointwise, held[1:])]


def _of_kernel(config: Any, prefix: str, new: str) -> dict[str, Any]:
    keys = ("initializer", "regularizer", "constraint")
    return {f"{new}{key}": config.get(f"{prefix}{key}") for key in keys}
