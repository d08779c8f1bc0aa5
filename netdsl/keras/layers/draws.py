"""Draws of random variables."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from netdsl.keras.layers.registered import _serializable


@_serializable
class GaussianDraw(keras.layers.Layer):  # type: ignore[misc]
    """Draws from N(mean, exp(logvar)) in training, and returns the mean in use.

    The divergence from N(0, 1), summed over each example and averaged over the batch, is added to
    the loss with the weight `kl` (Kingma and Welling 2014, appendix B).
    """

    def __init__(self, kl: float = 1.0, seed: int | None = None, **more: Any) -> None:
        super().__init__(**more)
        self.kl, self.seed = kl, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        mean, logvar = (ops.cast(each, "float32") for each in inputs)
        terms = ops.square(mean) + ops.exp(logvar) - 1.0 - logvar
        each = 0.5 * ops.sum(ops.reshape(terms, (ops.shape(terms)[0], -1)), axis=1)
        self.add_loss(self.kl * ops.mean(each))
        if not training:
            return inputs[0]
        drawn = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return ops.cast(mean + ops.exp(0.5 * logvar) * drawn, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kl": self.kl, "seed": self.seed}
