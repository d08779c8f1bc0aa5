"""Random inputs, and Keras's outputs as NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from netdsl import parse
from netdsl.kinds.values import Indices


def random(shape: tuple[int, ...], batch: int = 2, seed: int = 0) -> Any:
    """Standard normal numbers in float32; indices where the shape is of indices."""
    rng = np.random.default_rng(seed)
    if isinstance(shape, Indices):
        return rng.integers(0, shape.limit, (batch, *shape))
    return rng.normal(size=(batch, *shape)).astype("float32")


def array(tensor: Any) -> Any:
    """A tensor of any backend in NumPy."""
    import keras

    return keras.ops.convert_to_numpy(tensor)


def run(text: str, x: Any, training: bool = False, seed: int = 1) -> tuple[Any, Any]:
    """The network of a text as a Keras model, and what it gives for x."""
    model = parse(text).keras(seed=seed)
    return model, array(model(x, training=training))
