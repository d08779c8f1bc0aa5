"""A step of a GAN under JAX. This module imports Keras and JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import keras

from netdsl.training.adversarial.chunks import AdversarialBatch
from netdsl.training.adversarial.players import Players

State = tuple[Any, Any, Any, list[Any]]
"""The values of both networks' weights and other variables, of their optimizers and figures."""


class JaxPlayers(Players):
    """Players whose variables go into a step and come out of it."""

    held: State

    def begin_epoch(self, begun: bool = False) -> None:
        """Begin to measure again, from the values of the variables."""
        super().begin_epoch(begun)
        self.held = self.state()

    def take_chunk(self) -> Mapping[str, Any]:
        """Take the steps of the next chunk."""
        figures, self.held = self.train_function(self.held, None)
        return dict(figures)

    def synchronise(self) -> None:
        """Set the variables to the state after the last step."""
        self.take(self.held)

    def state(self) -> State:
        """Return the values of the variables."""
        models, optimizers = self.models.items(), self.optimizers.items()
        return (
            {name: _values(model.trainable_variables) for name, model in models},
            {name: _values(model.non_trainable_variables) for name, model in models},
            {name: _values(optimizer.variables) for name, optimizer in optimizers},
            _values(self.metrics_variables),
        )

    def take(self, state: State) -> None:
        """Set the variables to the values of a state."""
        for variable, value in self._mapping(state):
            variable.assign(value)

    def train_step(self, state: State, batch: AdversarialBatch) -> tuple[None, State]:
        """Train the discriminator on each round, then the generator once."""
        labels = None
        for at in range(self.rounds):
            labels = None if batch.labels is None else batch.labels[at]

            def loss(labels: Any = labels, at: int = at) -> tuple[Any, Any]:
                # The generator is constant in the discriminator's step, but its batch norms move:
                # that is kept.
                generated = jax.lax.stop_gradient(self.generated(batch.noise[at], labels))
                found, *scores = self.discriminator_loss(
                    batch.real[at], generated, labels, batch.mix[at], self._derivative
                )
                return found, tuple(scores)

            of_discriminator, scores, state = self._stepped("discriminator", state, loss)

        def of_generator() -> tuple[Any, Any]:
            return self.generator_loss(batch.noise[self.rounds], labels), ()

        own, _, state = self._stepped("generator", state, of_generator)
        # The figures are state, too: they are assigned within a scope, and read from it.
        with keras.StatelessScope(self._mapping(state)) as scope:
            self.measured(own, of_discriminator, *scores)
        figures = [scope.get_current_value(variable) for variable in self.metrics_variables]
        return None, (*state[:3], figures)

    def _stepped(
        self, name: str, state: State, loss: Callable[[], tuple[Any, Any]]
    ) -> tuple[Any, Any, State]:
        """Change one network's weights along the gradient of a loss.

        Returns:
            The loss, the scores, and the state after the step.
        """
        weights, others, numbers, figures = state

        def of_weights(own: list[Any]) -> tuple[Any, Any]:
            now = ({**weights, name: own}, others, numbers, figures)
            with keras.StatelessScope(self._mapping(now)) as scope:
                value, scores = loss()
            moved = {
                part: [scope.get_current_value(each) for each in model.non_trainable_variables]
                for part, model in self.models.items()
            }
            return value, (scores, moved)

        (value, (scores, moved)), slopes = jax.value_and_grad(of_weights, has_aux=True)(
            weights[name]
        )
        # The optimizer gets only its own network's weights: the other one's are not changed.
        own, slots = self.optimizers[name].stateless_apply(numbers[name], slopes, weights[name])
        after = ({**weights, name: own}, moved, {**numbers, name: slots}, figures)
        return value, scores, after

    def _derivative(self, function: Callable[[Any], Any], x: Any) -> Any:
        """Return a derivative; changes of the layers' states during its computation are dropped."""
        # The values in the enclosing scope are tracers: without them `grad` would use the models'
        # old values.
        now = [
            (each, each.value) for model in self.models.values() for each in model.variables
        ]  # as they are in the scope around

        def summed(x: Any) -> Any:
            with keras.StatelessScope(now):
                return keras.ops.sum(function(x))

        return jax.grad(summed)(x)

    def _mapping(self, state: State) -> list[tuple[Any, Any]]:
        """Return each variable with its value in a state."""
        variables = (
            {name: model.trainable_variables for name, model in self.models.items()},
            {name: model.non_trainable_variables for name, model in self.models.items()},
            {name: optimizer.variables for name, optimizer in self.optimizers.items()},
        )
        pairs = [
            each
            for own, values in zip(variables, state[:3], strict=True)
            for name in own
            for each in zip(own[name], values[name], strict=True)
        ]
        return [*pairs, *zip(self.metrics_variables, state[3], strict=True)]


def _values(variables: Any) -> list[Any]:
    return [variable.value for variable in variables]
