"""Small Keras models, and what is written for them."""

from __future__ import annotations

from typing import Any

import netdsl
from netdsl.keras.quiet import quiet_keras

keras: Any = quiet_keras()


def through(shape: tuple[int, ...], *steps: Any, **more: Any) -> Any:
    """A model of one input, through these layers and functions, named `m`."""
    x = given = keras.Input(shape, **more)
    for step in steps:
        x = step(x)
    return keras.Model(given, x, name="m")


def body(model: Any, **more: Any) -> str:
    """The statements after the name of a model called `m`, in one line."""
    return " ".join(netdsl.from_keras(model, **more).partition("net m\n")[2].split())
