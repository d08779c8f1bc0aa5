"""Layers with a kernel: without sharing, with weights that are dropped, with a flipped kernel."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from netdsl.keras.layers.registered import _serializable
from netdsl.keras.layers.windows import _cells, _windows


class _Kernel(keras.layers.Layer):  # type: ignore[misc]
    """What the layers with a kernel share: its initializer and regularizer."""

    def __init__(
        self,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def get_config(self) -> dict[str, Any]:
        own = {
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
        return {**super().get_config(), **own}


@_serializable
class LocallyConnected(_Kernel):
    """A convolution without sharing: each output position has a kernel and biases of its own.

    There is no padding. The kernel has the shape (positions of the output, window, channels in,
    filters), the bias (positions, filters).
    """

    def __init__(
        self,
        filters: int,
        window: Any,
        strides: Any,
        dilation_rate: Any,
        use_bias: bool = True,
        bias_initializer: Any = "zeros",
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self.filters, self.window, self.strides, self.dilation_rate = (
            filters,
            tuple(window),
            tuple(strides),
            tuple(dilation_rate),
        )
        self.use_bias = use_bias
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, input_shape: Any) -> None:
        positions = self.compute_output_shape(input_shape)[1:-1]
        cell = (*self.window, input_shape[-1], self.filters)
        self.kernel = self.add_weight(
            shape=(*positions, *cell),
            initializer=_for_one_cell(self.kernel_initializer, positions),
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(*positions, self.filters), initializer=self.bias_initializer, name="bias"
            )

    def call(self, x: Any) -> Any:
        seen = ops.concatenate(_cells(x, self.window, self.strides, self.dilation_rate), axis=-1)
        rank = len(self.window)
        kernel = ops.reshape(self.kernel, (*self.kernel.shape[:rank], -1, self.filters))
        at = "hwd"[:rank]
        y = ops.einsum(f"b{at}c,{at}cn->b{at}n", seen, kernel)
        return y + self.bias if self.use_bias else y

    def compute_output_shape(self, input_shape: Any) -> Any:
        positions = map(_windows, input_shape[1:-1], self.window, self.strides, self.dilation_rate)
        return (input_shape[0], *positions, self.filters)

    def get_config(self) -> dict[str, Any]:
        own = {
            "filters": self.filters,
            "window": self.window,
            "strides": self.strides,
            "dilation_rate": self.dilation_rate,
            "use_bias": self.use_bias,
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }
        return {**super().get_config(), **own}


def _for_one_cell(initializer: Any, positions: Any) -> Any:
    """Return an initializer that draws the kernels of all positions as `initializer` draws one.

    Keras would count the inputs of all positions as those of one unit.
    """
    if not isinstance(initializer, keras.initializers.VarianceScaling):
        return initializer
    scale = initializer.scale * int(np.prod(positions))
    return keras.initializers.VarianceScaling(
        scale, initializer.mode, initializer.distribution, seed=initializer.seed
    )


@_serializable
class DropConnectDense(keras.layers.Dense):  # type: ignore[misc]
    """A dense layer that drops weights, not units (Wan et al. 2013).

    In training each weight is 0 with probability `rate`, and the others are scaled by
    1/(1 - rate); a batch shares one draw. In use all weights are kept.
    """

    def __init__(self, units: int, rate: float, seed: int | None = None, **more: Any) -> None:
        super().__init__(units, **more)
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        kernel = self.kernel
        if training and self.rate:
            kernel = keras.random.dropout(
                ops.convert_to_tensor(kernel), self.rate, seed=self.seed_generator
            )
        y = ops.matmul(inputs, kernel)
        return y + self.bias if self.use_bias else y

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@_serializable
class FlippedConv1D(keras.layers.Conv1D):  # type: ignore[misc]
    """A convolution of sequences whose kernel is flipped."""

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        return super().convolution_op(inputs, ops.flip(kernel, axis=0))


@_serializable
class FlippedConv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """A convolution of images whose kernel is flipped along both axes."""

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        return super().convolution_op(inputs, ops.flip(kernel, axis=(0, 1)))


@_serializable
class FlippedConv3D(keras.layers.Conv3D):  # type: ignore[misc]
    """A convolution of volumes whose kernel is flipped along all axes."""

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        return super().convolution_op(inputs, ops.flip(kernel, axis=(0, 1, 2)))
