"""One kernel for two layers."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from netdsl.keras.layers.registered import _serializable


@_serializable
class Tied(keras.layers.Layer):  # type: ignore[misc]
    """One kernel for a layer and for those that use it transposed.

    It is what `tie decoder = transpose encoder` makes. `forward` is the Keras configuration of the
    Dense, ConvND or Embedding layer, `backward` those of the Dense or ConvNDTranspose layers that
    take its kernel transposed. Called with `back=i` the layer is the i-th of these.
    """

    def __init__(
        self, forward: dict[str, Any], backward: list[dict[str, Any]], **more: Any
    ) -> None:
        super().__init__(**more)
        self.supports_masking = True
        self.ahead, self.back = forward, backward  # torch has a method of its own called `forward`

    def build(self, input_shape: Any) -> None:
        channels = self.ahead.get("input_dim") or input_shape[-1]
        width = self.ahead.get("output_dim") or self.ahead.get("units") or self.ahead["filters"]
        role = "embeddings" if "input_dim" in self.ahead else "kernel"
        shape = (*self.ahead.get("kernel_size", ()), channels, width)
        self.kernel = self._weight(role, shape, self.ahead)
        self.bias = self._bias("bias", width, self.ahead)
        self.back_biases = [
            self._bias(f"back_bias_{i}", channels, settings) for i, settings in enumerate(self.back)
        ]

    def _weight(self, name: str, shape: Any, settings: dict[str, Any]) -> Any:
        role = "bias" if "bias" in name else name
        start = keras.initializers.deserialize(settings[f"{role}_initializer"])
        penalty = (
            keras.regularizers.deserialize(settings[f"{role}_regularizer"])
            if settings.get(f"{role}_regularizer")
            else None
        )
        return self.add_weight(shape=shape, initializer=start, regularizer=penalty, name=name)

    def _bias(self, name: str, width: int, settings: dict[str, Any]) -> Any:
        return self._weight(name, (width,), settings) if settings.get("use_bias") else None

    def call(self, x: Any, back: int | None = None) -> Any:
        settings = self.ahead if back is None else self.back[back]
        bias = self.bias if back is None else self.back_biases[back]
        if "input_dim" in settings:
            result = ops.cast(ops.take(self.kernel, x, axis=0), self.compute_dtype)
        elif "units" in settings:
            result = ops.matmul(x, self.kernel if back is None else ops.transpose(self.kernel))
        else:
            how = {key: settings[key] for key in ("strides", "padding", "dilation_rate")}
            convolve = ops.conv if back is None else ops.conv_transpose
            result = convolve(x, self.kernel, **how, data_format="channels_last")
        return result if bias is None else result + bias

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        return ops.not_equal(x, 0) if self._masks(x) else mask

    def _masks(self, x: Any) -> bool:
        """Return whether the input is indices, of which 0 is padding."""
        indices = "int" in keras.backend.standardize_dtype(x.dtype)
        return indices and bool(self.ahead.get("mask_zero"))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "forward": self.ahead, "backward": self.back}
