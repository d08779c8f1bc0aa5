"""A metric as Keras computes it inside a compiled step: made from its definition.

This module imports Keras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from netdsl.training.metrics.answers import answers
from netdsl.training.metrics.definitions import Metric

if TYPE_CHECKING:
    from netdsl.training.preparation.outputs import OutputTransform


class StreamedMetric(keras.metrics.Metric):  # type: ignore[misc]
    """A metric of one output, counted step by step in single precision.

    Examples count alike, whatever their classes weigh in the loss. Its result is that of values as
    the loss takes them: `Metric.in_units` brings it to the data's units.
    """

    def __init__(self, metric: Metric, output: OutputTransform) -> None:
        super().__init__(name=metric.name, dtype="float32")
        self.metric, self.output = metric, output
        nothing = answers(
            np,
            output,
            output.targets(np.zeros((1, *_target_shape(output)), np.int64)),
            np.zeros((1, *output.shape)),
        )
        self.sums = [
            self.add_variable(np.shape(zero), "zeros", "float32", name=f"sum_{place}")
            for place, zero in enumerate(metric.sums(np, nothing))
        ]

    def update_state(self, y: Any, values: Any, sample_weight: Any = None) -> None:
        """Count a batch: targets as the loss takes them, and what the network gives."""
        found = answers(ops, self.output, y, ops.cast(values, "float32"))
        for held, more in zip(self.sums, self.metric.sums(ops, found), strict=True):
            held.assign_add(ops.cast(more, "float32"))

    def result(self) -> Any:
        """Return the metric of what was counted so far."""
        return self.metric.value(ops, tuple(self.sums))


def _target_shape(output: OutputTransform) -> tuple[int, ...]:
    """Return the shape of the data's targets of an example: labels represent the last axis."""
    return output.shape[:-1] if output.classes else output.shape
