"""Merges that Keras lacks."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from netdsl.keras.layers.registered import _serializable


@_serializable
class PairwiseProducts(keras.layers.Layer):  # type: ignore[misc]
    """The inner products of every two inputs along the last axis: (1,0), (2,0), (2,1), ..."""

    def call(self, inputs: Any) -> Any:
        stacked = ops.stack(inputs, axis=-2)
        products = ops.einsum("...nc,...mc->...nm", stacked, stacked)
        count = len(inputs)
        below = [i * count + j for i in range(count) for j in range(i)]
        flat = ops.reshape(products, (-1, *inputs[0].shape[1:-1], count * count))
        return ops.take(flat, below, axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[0][:-1], len(input_shape) * (len(input_shape) - 1) // 2)
