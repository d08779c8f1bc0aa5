"""Numbers that do not depend on the input."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from netdsl.keras.layers.registered import _serializable


@_serializable
class Constant(keras.layers.Layer):  # type: ignore[misc]
    """The same numbers for every example, whatever comes in."""

    def __init__(self, values: Any, **more: Any) -> None:
        super().__init__(**more)
        self.values = values

    def call(self, x: Any) -> Any:
        numbers = ops.convert_to_tensor(np.array(self.values), dtype=self.compute_dtype)
        return ops.broadcast_to(numbers, (ops.shape(x)[0], *np.shape(self.values)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], *np.shape(self.values))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "values": self.values}
