"""A second model with the layers of the one in training, which measures loss and metrics on a part.

This module imports Keras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import keras
import numpy as np

from netdsl.keras import private
from netdsl.keras.layers.draws import GaussianDraw
from netdsl.training.data.batches import unpack_single
from netdsl.training.metrics.definitions import (
    DATA_LOSS,
    DIVERGENCE,
    figure_names,
    training_metric,
)
from netdsl.training.metrics.losses import measured_loss
from netdsl.training.metrics.penalties import adds_to_loss
from netdsl.training.metrics.streamed import DataLoss, StreamedMetric

if TYPE_CHECKING:
    from netdsl.training.data.batches import Batches
    from netdsl.training.preparation.transforms import Preparation


def clone(model: keras.Model) -> keras.Model:
    """Make a model of the same layers and weights, without optimizer, losses and metrics."""
    return keras.Model(
        # Keras saves the structure of inputs and outputs: a list of one would ask for a list of
        # one.
        unpack_single(tuple(model.inputs)),
        unpack_single(tuple(model.outputs)),
        name=model.name,
    )


def make_evaluator(model: keras.Model, preparation: Preparation) -> keras.Model:
    """Make a clone with losses and metrics of its own, without smoothing or weights.

    If a temperature was chosen, the losses are those of the calibrated probabilities.

    Evaluating the model itself in the middle of an epoch would reset its metrics for the epoch.

    Args:
        model: in training; the layers and weights are shared, not copied.
        preparation: of the data; with the decisions, if they were made.
    """
    evaluator, outputs = clone(model), preparation.outputs
    losses = [measured_loss(output) for output in outputs]
    data = data_losses(losses) if adds_to_loss(model) else None
    evaluator.compile(loss=losses, metrics=streamed_metrics(preparation), weighted_metrics=data)
    return evaluator


def data_losses(
    losses: Sequence[keras.losses.Loss], weights: Sequence[float] | None = None
) -> list[list[keras.metrics.Metric]]:
    """Make metrics for each output's loss without penalties, times its weight in the sum."""
    return [
        [DataLoss(loss, weight)]
        for loss, weight in zip(losses, weights or [1.0] * len(losses), strict=True)
    ]


def streamed_metrics(preparation: Preparation) -> list[list[keras.metrics.Metric]]:
    """Make the metrics that Keras computes for each output, in addition to its loss."""
    return [[StreamedMetric(training_metric(one), one)] for one in preparation.outputs]


def part_scores(evaluator: keras.Model, batches: Batches) -> dict[str, float]:
    """Measure the loss and the metrics over all of the batches.

    Args:
        evaluator: as `make_evaluator` made it.
        batches: the part.

    Returns:
        `loss`, the metrics by `figure_names` in the units of the data, then `kl` and `data_loss`
        where the training has them.
    """
    # The last batch may be smaller: Keras weights each batch's loss by its examples.
    logs = evaluator.evaluate(batches, verbose=0, return_dict=True)
    scores = named_scores(evaluator, batches.preparation, logs)
    if draws_of(evaluator):
        scores[DIVERGENCE] = _divergence(evaluator, batches)
    return scores


def _divergence(model: keras.Model, batches: Batches) -> float:
    """Measure what `gaussian` layers add to the loss, without its weight, as a mean over examples.

    Keras has no metrics of layers under JAX, so the means and variances are computed once more.
    """
    if model not in _PARAMETERS:
        nodes = (node for layer in draws_of(model) for node in private.calls_of(layer))
        pairs = [tensor for node in nodes for tensor in private.inputs_of(node)]
        # Made once a model: each would be traced again.
        _PARAMETERS[model] = keras.Model(model.inputs, pairs)
    total, count = 0.0, 0
    for at in range(len(batches)):
        found = _PARAMETERS[model].predict_on_batch(batches[at][0])
        rows = len(found[0])
        for mean, logvar in zip(found[::2], found[1::2], strict=True):
            each = mean.astype(float), logvar.astype(float)
            terms = each[0] ** 2 + np.exp(each[1]) - 1 - each[1]
            # Kingma and Welling 2014, appendix B: half the sum of mu^2 + s^2 - 1 - log s^2.
            total += rows * float(terms.sum()) / 2 / len(mean)
        count += rows
    return total / count


_PARAMETERS: WeakKeyDictionary[keras.Model, keras.Model] = WeakKeyDictionary()
"""By a model, one that returns the means and log variances of its draws, in turn."""


def draws_of(model: keras.Model) -> list[Any]:
    """List the `gaussian` layers of a model.

    They are recognised by the class's name: for a model of an emitted program, Keras loads that
    program's own class.
    """
    name = GaussianDraw.__name__
    return [layer for layer in private.layers_within(model) if type(layer).__name__ == name]


def named_scores(
    model: keras.Model, preparation: Preparation, logs: Mapping[str, Any]
) -> dict[str, float]:
    """Return the loss and the metrics that Keras logs by netdsl's names, in the data's units.

    Args:
        model: compiled with `streamed_metrics`.
        preparation: its outputs in the model's order.
        logs: as Keras returns them for an epoch, a batch or an evaluation.
    """
    outputs = preparation.outputs
    found = {"loss": float(logs["loss"])}
    for name, output, theirs in zip(
        figure_names(outputs), outputs, model.output_names, strict=True
    ):
        metric = training_metric(output)
        # Keras prefixes a metric with the output's name only where there are several.
        value = logs[metric.name if len(outputs) == 1 else f"{theirs}_{metric.name}"]
        found[name] = metric.in_units(output, float(value))
    data = [float(value) for name, value in logs.items() if name.endswith(DATA_LOSS)]
    return {**found, DATA_LOSS: sum(data)} if data else found
