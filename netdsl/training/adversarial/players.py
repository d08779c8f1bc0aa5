"""The two networks of a GAN in training, each with its optimizer. This module imports Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from netdsl.keras.build import build_layers
from netdsl.training.adversarial.losses import (
    discriminator_loss,
    generator_loss,
    gradient_penalty,
)
from netdsl.training.adversarial.pair import vocabulary
from netdsl.training.data.batches import unpack_single
from netdsl.training.loop.compile import keras_optimizer

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.adversarial.job import AdversarialJob
    from netdsl.training.loop.checkpoint import Variables

FIGURES = ("generator_loss", "discriminator_loss", "real_score", "generated_score")
"""The figures of each step: both losses, and the mean scores of real and generated examples, which
for `nonsaturating` are probabilities of being real.
"""

Derivative = Callable[[Callable[[Any], Any], Any], Any]
"""Computes the derivative of the sum of a function's values by its argument."""


class Players:
    """A generator and a discriminator in training.

    Attributes:
        generator: the Keras model from noise and a class to an example.
        discriminator: the Keras model from an example and its class to the text's output.
        scores: the discriminator without a sigmoid at the end.
        optimizers: of the generator and of the discriminator.
        train_function: takes the steps of a chunk, once `take_in_chunks` has set it.
    """

    train_function: Callable[..., Any]

    def __init__(self, job: AdversarialJob) -> None:
        recipe, pair = job.recipe, job.pair
        seed, gan = recipe.seed or 0, recipe.gan
        self.loss, self.penalty, self.rounds = gan.loss or "", gan.penalty or 0.0, job.rounds
        self.generator = build_layers(pair.generator, seed).model
        # Another seed: layers with the same name would begin with the same weights in both.
        built = build_layers(pair.discriminator, (seed + 1) % (1 << 32))
        self.discriminator = built.model
        port = pair.discriminator.outputs[0]
        op = pair.discriminator.graph.ops[port.op]
        # The losses take scores: log(sigmoid) of a large negative score is -inf in float32.
        inner = op.inputs[0] if port.activation == "sigmoid" else port.op
        inputs = unpack_single(tuple(built.model.inputs))
        self.scores = keras.Model(inputs, built.tensors.seen(inner))
        self.label_first = {
            "generator": _label_first(pair.generator),
            "discriminator": _label_first(pair.discriminator),
        }
        rates = {"generator": gan.generator_rate, "discriminator": gan.discriminator_rate}
        self.optimizers = {
            name: keras_optimizer(replace(recipe.optimizer, rate=rate))
            for name, rate in rates.items()
        }
        for name, model in self.models.items():
            # Built now, so that a checkpoint can be read before the first step.
            self.optimizers[name].build(model.trainable_variables)
        self.metrics = [keras.metrics.Mean(name) for name in FIGURES]

    @property
    def models(self) -> Mapping[str, keras.Model]:
        """The two models by their part."""
        return {"generator": self.generator, "discriminator": self.discriminator}

    @property
    def variables(self) -> Variables:
        """The variables that a training changes, with the figures of the epoch so far."""
        found: dict[str, Sequence[Any]] = {}
        for name, model in self.models.items():
            found |= {name: model.variables, f"{name}_optimizer": self.optimizers[name].variables}
        return found | {"figures": self.metrics_variables}

    @property
    def metrics_variables(self) -> list[Any]:
        """The variables of the figures, as a Keras model has them."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the figures since the last reset, as a Keras model does."""
        return {metric.name: metric.result() for metric in self.metrics}

    # --- an epoch ---------------------------------------------------------------------------------

    def begin_epoch(self, begun: bool = False) -> None:
        """Begin to measure again, unless the epoch was `begun` before."""
        for metric in () if begun else self.metrics:
            metric.reset_state()

    def take_chunk(self) -> Mapping[str, Any]:
        """Take the steps of the next chunk, and return the figures of the epoch so far."""
        return dict(self.train_function(None))

    def synchronise(self) -> None:
        """Set the variables to the state after the last step, if the backend keeps it elsewhere."""

    # --- what a step is made of -------------------------------------------------------------------

    def generated(self, noise: Any, labels: Any, training: bool = True) -> Any:
        """Make examples from noise [b, *noise], and from classes [b, 1] if there are some."""
        return self.generator(self._inputs("generator", noise, labels), training=training)

    def scored(self, examples: Any, labels: Any, training: bool = True) -> Any:
        """Score examples [b, *example], with their classes if there are some."""
        return self.scores(self._inputs("discriminator", examples, labels), training=training)

    def _inputs(self, name: str, own: Any, labels: Any) -> Any:
        if labels is None:
            return own
        return [labels, own] if self.label_first[name] else [own, labels]

    def discriminator_loss(
        self, real: Any, generated: Any, labels: Any, mix: Any, derivative: Derivative
    ) -> tuple[Any, Any, Any]:
        """Return the discriminator's loss, and the scores of real and of generated examples."""
        of_real, of_generated = self.scored(real, labels), self.scored(generated, labels)
        loss = discriminator_loss(self.loss, of_real, of_generated)
        if self.penalty:
            mix = ops.reshape(mix, (-1, *(1,) * (len(real.shape) - 1)))
            # Gulrajani et al. 2017, algorithm 1: a point on the line between the two.
            between = mix * real + (1.0 - mix) * generated
            slopes = derivative(lambda x: self.scored(x, labels), between)
            loss = loss + self.penalty * gradient_penalty(slopes)
        return loss + self._of_weights("discriminator"), of_real, of_generated

    def generator_loss(self, noise: Any, labels: Any) -> Any:
        """Return the generator's loss for noise."""
        scores = self.scored(self.generated(noise, labels), labels)
        return generator_loss(self.loss, scores) + self._of_weights("generator")

    def _of_weights(self, name: str) -> Any:
        """Return the penalties that a network's own layers have on their weights (`l1`, `l2`)."""
        weights = self.models[name].trainable_variables
        # Keras's `fit` would add them, but the steps here are netdsl's own.
        penalties = [each.regularizer(each.value) for each in weights if each.regularizer]
        return sum(penalties, 0.0)

    def measured(self, generator: Any, discriminator: Any, real: Any, generated: Any) -> None:
        """Add the figures of a step."""
        values = (generator, discriminator, *self.as_figures(real, generated))
        for metric, value in zip(self.metrics, values, strict=True):
            metric.update_state(value)

    def as_figures(self, real: Any, generated: Any) -> tuple[Any, Any]:
        """Return the mean scores; for `nonsaturating`, of probabilities."""
        if self.loss == "nonsaturating":
            real, generated = ops.sigmoid(real), ops.sigmoid(generated)
        return ops.mean(real), ops.mean(generated)


def _label_first(network: Architecture) -> bool:
    """Return whether a network's first input is a class."""
    return bool(vocabulary(network.inputs[0], network))
