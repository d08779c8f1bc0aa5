"""Layers that Keras does not have, for all of its backends. They are registered, so a saved model loads once this is imported."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

_serializable = keras.saving.register_keras_serializable(package="netdsl")


@_serializable
class LocalResponseNormalization(keras.layers.Layer):  # type: ignore[misc]
    """Local response norm across channels (Krizhevsky et al. 2012, section 3.3), channels last.

    x / (k + alpha/size * s)^beta, where s is the sum of x^2 over `size` neighbouring channels; zeros lie beyond the first and last.
    """

    def __init__(self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0, **more: Any) -> None:
        super().__init__(**more)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x: Any) -> Any:
        before = (self.size - 1) // 2
        margins = [(0, 0)] * (len(x.shape) - 1) + [(before, self.size - 1 - before)]
        squares = ops.pad(ops.square(x), margins)
        channels = x.shape[-1]
        total = squares[..., :channels]
        for shift in range(1, self.size):
            total = total + squares[..., shift : shift + channels]
        return x / ops.power(self.k + self.alpha / self.size * total, self.beta)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size, "alpha": self.alpha, "beta": self.beta, "k": self.k}


@_serializable
class OverhangingAveragePooling(keras.layers.Layer):  # type: ignore[misc]
    """Average pooling whose last windows hang over the padded input, as `ceil` makes them: cells beyond it do not count.

    `pads` are (before, after) for each axis and count in the divisor; `overhang` is how many cells lie beyond, for each axis.
    """

    def __init__(self, window: Any, strides: Any, pads: Any, overhang: Any, **more: Any) -> None:
        super().__init__(**more)
        self.window, self.strides, self.overhang = tuple(window), tuple(strides), tuple(overhang)
        self.pads = tuple((before, after) for before, after in pads)

    def call(self, x: Any) -> Any:
        inner = [(before, after + extra) for (before, after), extra in zip(self.pads, self.overhang, strict=True)]
        padded = ops.pad(x, [(0, 0), *inner, (0, 0)])
        means = ops.average_pool(padded, self.window, self.strides, padding="valid", data_format="channels_last")
        return means * ops.convert_to_tensor(self._corrections(x.shape[1:-1]), dtype=x.dtype)

    def _corrections(self, positions: Any) -> Any:
        """Cells of a window over its cells that count, for each output position."""
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
        own = {"window": self.window, "strides": self.strides, "pads": self.pads, "overhang": self.overhang}
        return {**super().get_config(), **own}
