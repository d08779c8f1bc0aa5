"""A metric that Keras computes inside a compiled step, made from its definition.

This module imports Keras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from netdsl.keras import private
from netdsl.training.metrics.answers import answers
from netdsl.training.metrics.definitions import DATA_LOSS, Metric

if TYPE_CHECKING:
    from netdsl.training.preparation.outputs import OutputTransform


class StreamedMetric(keras.metrics.Metric):  # type: ignore[misc]
    """A metric of one output, accumulated step by step in single precision.

    All examples count alike, whatever their classes' weights in the loss. The result is for values
    as the loss takes them: `Metric.in_units` converts it to the data's units.
    """

    def __init__(self, metric: Metric, output: OutputTransform) -> None:
        super().__init__(name=metric.name, dtype="float32")
        self.metric, self.output = metric, output
        # The `sums` of one artificial example give the shapes of the counters.
        nothing = answers(
            np,
            output,
            output.targets(np.zeros((1, *_target_shape(output)), np.int64)),
            np.ones((1, *output.shape)),
        )
        self.sums = [
            self.add_variable(np.shape(zero), "zeros", "float32", name=f"sum_{place}")
            for place, zero in enumerate(metric.sums(np, nothing))
        ]

    def update_state(self, y: Any, values: Any, sample_weight: Any = None) -> None:
        """Count a batch: targets as the loss takes them, and the network's numbers."""
        # With mixed precision the network gives float16, which counts only up to 2048.
        found = answers(ops, self.output, y, ops.cast(values, "float32"))
        for held, more in zip(self.sums, self.metric.sums(ops, found), strict=True):
            held.assign_add(ops.cast(more, "float32"))

    def result(self) -> Any:
        """Return the metric of what was counted so far."""
        return self.metric.value(ops, tuple(self.sums))


class DataLoss(keras.metrics.Metric):  # type: ignore[misc]
    """An output's loss without penalties: the mean over the batches' examples."""

    def __init__(self, loss: keras.losses.Loss, weight: float = 1.0) -> None:
        super().__init__(name=DATA_LOSS)
        self.loss, self.weight = loss, weight
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, y: Any, values: Any, sample_weight: Any = None) -> None:
        """Count a batch as the loss does."""
        count = ops.cast(ops.shape(values)[0], self.total.dtype)
        # Under a distribution strategy a loss is divided by the replicas; the mean here is not.
        mean = private.whole_loss(self.loss(y, values, sample_weight))
        mean = ops.cast(mean, self.total.dtype)
        self.total.assign_add(self.weight * mean * count)
        self.count.assign_add(count)

    def result(self) -> Any:
        """Return the mean of what was counted so far."""
        return self.total / ops.maximum(self.count, 1)


def _target_shape(output: OutputTransform) -> tuple[int, ...]:
    """Return the shape of an example's targets in the data: labels replace the last axis."""
    return output.shape[:-1] if output.classes else output.shape
