"""The norms of the gradient and the update of each layer in a first step.

This module imports Keras.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.keras.gradients import gradients
from netdsl.training.distributed.devices import Devices
from netdsl.training.loop.sanity import require_steps, trial
from netdsl.training.loop.train import failure_context

if TYPE_CHECKING:
    from netdsl.training.planning.job import Job


class LayerNorms(NamedTuple):
    """The Euclidean norms of a layer's trained weights, of their gradient, and of their update."""

    layer: str
    weights: float
    gradient: float
    update: float


class StepNorms(NamedTuple):
    """The norms of a step, with its number of examples and its loss; layers in network order."""

    examples: int
    loss: float
    layers: tuple[LayerNorms, ...]


def step_norms(job: Job, weights: Sequence[Any] | None = None) -> StepNorms:
    """Take the first step of a training, and measure the norms of each layer in it.

    Args:
        job: the training.
        weights: the model's weights in place of the seed's, in Keras's order.

    Raises:
        NetError: as `train` does; N507 for an optimizer that has no steps.
    """
    import keras

    require_steps(job)
    with failure_context(job, Devices()):
        model, training, _ = trial(job)
        if weights is not None:
            model.set_weights(weights)
        batch = training[0]
        x, y, *more = batch
        variables = model.trainable_variables

        def loss(_: list[Any]) -> Any:
            given = more[0] if more else None
            outputs = model(x, training=True)
            return model.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=given, training=True)

        found = gradients(loss, [], variables)
        before = [keras.ops.convert_to_numpy(variable) for variable in variables]
        # After the gradient, which is that of the weights before. Dropout draws another mask: the
        # two are not of the same noise.
        model.train_on_batch(*batch)
        after = [keras.ops.convert_to_numpy(variable) for variable in variables]
    places = {id(variable): at for at, variable in enumerate(variables)}
    layers = []
    for layer in model.layers:
        own = [places[id(each)] for each in layer.trainable_variables if id(each) in places]
        if own:
            layers.append(
                LayerNorms(
                    layer.name,
                    _norm([before[at] for at in own]),
                    _norm([found.variables[at] for at in own]),
                    _norm([after[at] - before[at] for at in own]),
                )
            )
    return StepNorms(len(training.order[: training.batch]), found.value, tuple(layers))


def _norm(arrays: Sequence[Any]) -> float:
    return math.sqrt(sum(float((array.astype("float64") ** 2).sum()) for array in arrays))
