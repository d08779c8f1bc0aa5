"""Positions and tokens of sequences."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from netdsl.keras.layers.registered import _serializable
from netdsl.keras.layers.weights import _Kernel


@_serializable
class LearnedPositions(_Kernel):
    """Adds a learned number to each place of the input."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(
            shape=input_shape[1:],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )

    def call(self, x: Any) -> Any:
        return x + self.kernel

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@_serializable
class SinusoidalPositions(keras.layers.Layer):  # type: ignore[misc]
    """Adds sin(t/10000^(2i/C)) to channel 2i and the cosine to channel 2i + 1 at position t
    (Vaswani et al. 2017, section 3.5).
    """

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.supports_masking = True

    def call(self, x: Any) -> Any:
        length, channels = x.shape[1:]
        pairs = np.arange(channels) // 2 * 2
        angles = np.arange(length)[:, None] / 10000.0 ** (pairs / channels)
        table = np.where(np.arange(channels) % 2, np.cos(angles), np.sin(angles))
        return x + ops.convert_to_tensor(table, dtype=x.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class _OwnTensor(_Kernel):
    """A tensor that is the same for all examples, repeated for each example of a batch; the input
    only says how many there are.
    """

    def __init__(self, shape: Any, **more: Any) -> None:
        super().__init__(**more)
        self.sizes = tuple(shape)

    def for_all(self, tensor: Any, x: Any) -> Any:
        """Repeat the tensor for each example of x."""
        return ops.broadcast_to(tensor, (ops.shape(x)[0], *self.sizes))

    def compute_output_spec(self, x: Any, **more: Any) -> Any:
        return keras.KerasTensor((x.shape[0], *self.sizes), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "shape": self.sizes}


@_serializable
class LearnedTensor(_OwnTensor):
    """A learned tensor, the same for all examples."""

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(
            shape=self.sizes,
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )

    def call(self, x: Any) -> Any:
        return self.for_all(ops.cast(self.kernel, self.compute_dtype), x)


@_serializable
class FixedTensor(_OwnTensor):
    """A tensor of given numbers, row by row; one number for all."""

    def __init__(self, shape: Any, numbers: Any, **more: Any) -> None:
        super().__init__(shape, **more)
        self.numbers = list(numbers)

    def call(self, x: Any) -> Any:
        count = int(np.prod(self.sizes)) // len(self.numbers)
        table = np.reshape(self.numbers * count, self.sizes)
        return self.for_all(ops.convert_to_tensor(table, dtype=self.compute_dtype), x)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "numbers": self.numbers}


@_serializable
class LearnedToken(_Kernel):
    """A learned position before the first of a sequence, the same for all examples."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(
            shape=(1, input_shape[-1]),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )

    def call(self, x: Any) -> Any:
        token = ops.broadcast_to(ops.cast(self.kernel, x.dtype), (ops.shape(x)[0], 1, x.shape[-1]))
        return ops.concatenate([token, x], axis=1)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        if mask is None:
            return None
        return ops.concatenate([ops.ones_like(mask[:, :1]), mask], axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], input_shape[1] + 1, input_shape[2])
