"""Pooling that Keras lacks."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from netdsl.keras.layers.registered import _serializable
from netdsl.keras.layers.windows import _cells, _Window


@_serializable
class OverhangingAveragePooling(keras.layers.Layer):  # type: ignore[misc]
    """Average pooling whose last windows extend beyond the padded input, as with `ceil`.

    Cells beyond the padded input do not count in the divisor; those of the padding do. `pads` are
    (before, after) for each axis; `overhang` is how many cells lie beyond, for each axis.
    """

    def __init__(self, window: Any, strides: Any, pads: Any, overhang: Any, **more: Any) -> None:
        super().__init__(**more)
        self.window, self.strides, self.overhang = tuple(window), tuple(strides), tuple(overhang)
        self.pads = tuple((before, after) for before, after in pads)

    def call(self, x: Any) -> Any:
        inner = [
            (before, after + extra)
            for (before, after), extra in zip(self.pads, self.overhang, strict=True)
        ]
        padded = ops.pad(x, [(0, 0), *inner, (0, 0)])
        means = ops.average_pool(
            padded, self.window, self.strides, padding="valid", data_format="channels_last"
        )
        return means * ops.convert_to_tensor(self._corrections(x.shape[1:-1]), dtype=x.dtype)

    def _corrections(self, positions: Any) -> Any:
        """Return all cells of a window divided by those that count, for each output position."""
        whole: Any = np.ones((1, *(1,) * len(positions), 1))
        for axis, size in enumerate(positions):
            end = size + sum(self.pads[axis])
            window, stride = self.window[axis], self.strides[axis]
            starts = np.arange(0, end + self.overhang[axis] - window + 1, stride)
            shape = [1] * (len(positions) + 2)
            shape[axis + 1] = len(starts)
            whole = whole * (window / np.minimum(window, end - starts)).reshape(shape)
        return whole

    def compute_output_shape(self, input_shape: Any) -> Any:
        reached = [
            (size + sum(pads) + extra - window) // stride + 1
            for size, pads, extra, window, stride in zip(
                input_shape[1:-1], self.pads, self.overhang, self.window, self.strides, strict=True
            )
        ]
        return (input_shape[0], *reached, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        own = {
            "window": self.window,
            "strides": self.strides,
            "pads": self.pads,
            "overhang": self.overhang,
        }
        return {**super().get_config(), **own}


def _root(total: Any, power: float) -> Any:
    """Return the root of what is not negative; its gradient at 0 is 0, not infinite."""
    positive = total > 0
    safe = ops.where(positive, total, ops.ones_like(total))
    return ops.where(
        positive,
        ops.sqrt(safe) if power == 2 else ops.power(safe, 1 / power),
        ops.zeros_like(total),
    )


@_serializable
class PowerPooling(_Window):
    """(sum of |x|^p)^(1/p) over each window."""

    def __init__(self, power: float, window: Any, strides: Any, **more: Any) -> None:
        super().__init__(window, strides, **more)
        self.power = power

    def call(self, x: Any) -> Any:
        powers = ops.square(x) if self.power == 2 else ops.power(ops.absolute(x), self.power)
        means = ops.average_pool(
            powers, self.window, self.strides, padding="valid", data_format="channels_last"
        )
        return _root(means * float(np.prod(self.window)), self.power)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power": self.power}


@_serializable
class StochasticPooling(_Window):
    """Stochastic pooling (Zeiler and Fergus 2013).

    Each value of a window has a probability in proportion to it. In training one value is drawn; in
    use the output is their mean, weighted by the probabilities. Values below 0 have probability 0;
    where no value of a window is above 0, all have the same.
    """

    def __init__(self, window: Any, strides: Any, seed: int | None = None, **more: Any) -> None:
        super().__init__(window, strides, **more)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x: Any, training: bool | None = None) -> Any:
        cells = ops.stack(_cells(x, self.window, self.strides), axis=-1)
        count = cells.shape[-1]
        positive = ops.stop_gradient(ops.relu(cells)) if training else ops.relu(cells)
        total = ops.sum(positive, axis=-1, keepdims=True)
        some = total > 0
        shares = ops.where(
            some,
            positive / ops.where(some, total, ops.ones_like(total)),
            ops.full_like(cells, 1 / count),
        )
        if not training:
            return ops.sum(shares * cells, axis=-1)
        drawn = keras.random.uniform(ops.shape(total), seed=self.seed_generator, dtype=x.dtype)
        passed = ops.sum(ops.cast(ops.cumsum(shares, axis=-1)[..., :-1] <= drawn, "int32"), axis=-1)
        return ops.sum(cells * ops.one_hot(passed, count, dtype=x.dtype), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


@_serializable
class FeaturePooling(keras.layers.Layer):  # type: ignore[misc]
    """The Euclidean length of each group of `size` neighbouring channels."""

    def __init__(self, size: int, **more: Any) -> None:
        super().__init__(**more)
        self.size = size

    def call(self, x: Any) -> Any:
        groups = ops.reshape(x, (-1, *x.shape[1:-1], x.shape[-1] // self.size, self.size))
        return _root(ops.sum(ops.square(groups), axis=-1), 2)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], input_shape[-1] // self.size)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}
