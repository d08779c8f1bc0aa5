"""A step of a GAN under TensorFlow. This module imports Keras and TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from netdsl.training.adversarial.chunks import AdversarialBatch
from netdsl.training.adversarial.players import Players


class TensorFlowPlayers(Players):
    """Players whose weights a step changes."""

    def train_step(self, batch: AdversarialBatch) -> None:
        """Train the discriminator on each round, then the generator once."""
        labels = None
        for at in range(self.rounds):
            labels = None if batch.labels is None else batch.labels[at]
            # Outside the tape: the discriminator's step takes the examples as they are.
            generated = self.generated(batch.noise[at], labels)
            with tf.GradientTape() as tape:
                loss, of_real, of_generated = self.discriminator_loss(
                    batch.real[at], generated, labels, batch.mix[at], _derivative
                )
            self._apply("discriminator", tape, loss)
        with tf.GradientTape() as tape:
            own = self.generator_loss(batch.noise[self.rounds], labels)
        self._apply("generator", tape, own)
        self.measured(own, loss, of_real, of_generated)

    def _apply(self, name: str, tape: Any, loss: Any) -> None:
        weights = self.models[name].trainable_variables
        self.optimizers[name].apply(tape.gradient(loss, weights), weights)


def _derivative(function: Callable[[Any], Any], x: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(function(x))
    return tape.gradient(value, x)
