"""What kinds state of their Keras layers: the names of arguments, defaults, functions."""

from __future__ import annotations

import re
from typing import Any

from netdsl.kinds import KINDS
from netdsl.kinds.plain import Weightless

_KINDS = tuple(dict.fromkeys(KINDS.values()))
_LAYER = re.compile(r"(?:layers\.)?([A-Za-z]+?)[1-3]?D?(?:Transpose)?$")


def _positional() -> dict[str, tuple[str, ...]]:
    found = {}
    for signature in (text for kind in _KINDS for text in kind.keras_signatures):
        layer, _, names = signature.rstrip(")").partition("(")
        found[layer] = tuple(names.split(", "))
    return found


POSITIONAL = _positional()
"""By layer, the names of the arguments that it is given by position."""

DEFAULTS_OF = {layer: kind.keras_defaults for kind in _KINDS for layer in kind.keras_layers[:1]}
"""By layer, what it does where an argument is left out, in Keras and in blocks."""

DEFAULTS: dict[str, Any] = {
    name: value for given in DEFAULTS_OF.values() for name, value in given.items()
}
"""All of these arguments."""

BY_NAME = (*DEFAULTS, "depth_multiplier", "activation")
"""The named arguments that a block can set."""

FUNCTIONS = {
    f"layers.{kind.keras_layers[0]}": f"layers.{kind.keras_function}"
    for kind in _KINDS
    if kind.keras_function
}
"""Functions that are the same as a layer: `layers.add` for `layers.Add()`."""

SUMS = {
    f"layers.{kind.keras_layers[0]}" for kind in _KINDS if kind.sums_inputs and kind.keras_function
}
"""Layers that add their inputs up."""

PROGRAM_NAMES = {
    layer: kind.program_name
    for kind in _KINDS
    if kind.program_name
    for layer in kind.keras_layers[:1]
}
"""What a block of a layer is called."""

_WEIGHTLESS = {
    layer for kind in _KINDS if kind.weights is Weightless.weights for layer in kind.keras_layers
}


def layer_of(made: str) -> str:
    """Return the name of a layer without its axes: `Conv` of `layers.Conv2DTranspose`."""
    match = _LAYER.match(made)
    return match[1] if match else ""


def can_hold_weights(made: str) -> bool:
    """Return whether a layer is none of those that kinds without weights are made of."""
    return layer_of(made) not in _WEIGHTLESS
