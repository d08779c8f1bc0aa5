"""Adversarial training: each step is taken on a batch and on adversarial examples made from it.

This module imports Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
from keras import ops

from netdsl.keras.gradients import derivative

if TYPE_CHECKING:
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.recipes.recipe import Adversarial


class FastGradientSign(NamedTuple):
    """Changes examples by the fast gradient sign method.

    The changed example is x + eps * sign(dJ/dx), where J is the loss of the network in use: without
    dropout, with the moving statistics of norms (Goodfellow, Shlens and Szegedy 2015, "Explaining
    and harnessing adversarial examples").

    Attributes:
        model: the network.
        losses: of its outputs.
        shares: of the outputs in the loss.
        eps: the change of each number, in units of the network's input.
        bounded: whether examples are from 0 to 1, and must stay so.
    """

    model: keras.Model
    losses: Sequence[keras.losses.Loss]
    shares: Sequence[float]
    eps: float
    bounded: bool

    def changed(self, x: Any, y: Any) -> Any:
        """Return a batch's inputs [b, ...], changed against these targets."""
        # `data` came through `unpack_single`: one output's targets are the array itself, not a
        # tuple.
        targets = y if isinstance(y, list | tuple) else (y,)

        def loss(inputs: Any) -> Any:
            found = self.model(inputs, training=False)
            outputs = found if isinstance(found, list | tuple) else (found,)
            each = zip(self.losses, self.shares, targets, outputs, strict=True)
            return sum(share * loss(target, output) for loss, share, target, output in each)

        way = ops.cast(ops.sign(derivative(loss, x)), x.dtype)
        moved = x + ops.cast(self.eps, x.dtype) * way
        return ops.clip(moved, 0.0, 1.0) if self.bounded else moved

    def doubled(self, data: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return a batch (inputs, targets, and weights if any) followed by the changed batch."""
        x, *others = data
        both = keras.tree.map_structure(lambda each: ops.concatenate([each, each]), others)
        return ops.concatenate([x, self.changed(x, others[0])]), *both


def train_adversarially(
    model: keras.Model,
    section: Adversarial,
    transform: InputTransform,
    losses: Sequence[keras.losses.Loss],
    shares: Sequence[float] | None,
) -> None:
    """Make a compiled model take each step on its batch and on the changed batch.

    The loss, a mean over both, is that of Goodfellow et al. 2015 with their alpha of 0.5.

    Args:
        model: the model to train.
        section: of the recipe, with a size.
        transform: the preparation of the network's only input.
        losses: of the outputs, as the model is compiled with.
        shares: of the outputs in the loss; None for one.
    """
    weights = [1.0] * len(losses) if shares is None else shares
    method = FastGradientSign(model, losses, weights, section.eps or 0.0, transform.unit)
    usual = model.train_step

    # `train_step` is replaced rather than `fit`, as the chunks of speed/ call it, too.
    def step(data: Any) -> Any:
        return usual(method.doubled(keras.tree.map_structure(ops.convert_to_tensor, data)))

    def stateless_step(state: Any, data: Any) -> Any:
        variables = [*model.trainable_variables, *model.non_trainable_variables]
        values = [*state[0], *state[1]]
        # Under JAX the variables are stale within a step: the weights are those in the state.
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            both = method.doubled(data)
        return usual(state, both)

    model.train_step = stateless_step if keras.config.backend() == "jax" else step
