"""Norms that Keras lacks."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from netdsl.keras.layers.registered import _serializable


@_serializable
class LocalResponseNormalization(keras.layers.Layer):  # type: ignore[misc]
    """Local response norm across channels (Krizhevsky et al. 2012, section 3.3), channels last.

    x / (k + alpha/size * s)^beta, where s is the sum of x^2 over `size` neighbouring channels;
    zeros lie beyond the first and last.
    """

    def __init__(
        self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0, **more: Any
    ) -> None:
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
        return {
            **super().get_config(),
            "size": self.size,
            "alpha": self.alpha,
            "beta": self.beta,
            "k": self.k,
        }
