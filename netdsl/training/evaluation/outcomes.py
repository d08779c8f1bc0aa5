"""A network's metrics and its worst mistakes on a part's examples.

This module imports numpy. Only counts, sums and a number for each example are kept, so that the
outputs for a large part need not fit into the memory.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from netdsl.training.evaluation.mistakes import Mistake, worst_mistakes, wrongness
from netdsl.training.evaluation.network_outputs import in_batches
from netdsl.training.metrics.counters import Counter
from netdsl.training.metrics.definitions import ECE, METRICS
from netdsl.training.preparation.outputs import VALUES

if TYPE_CHECKING:
    from netdsl.training.data import Examples
    from netdsl.training.evaluation.network_outputs import Predict
    from netdsl.training.metrics.answers import Answers
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array
    from netdsl.training.preparation.transforms import Preparation

POINTS = 1_500
"""The most points of a scatter plot."""


class Outcome(NamedTuple):
    """How one output of a network answers a part's examples.

    Attributes:
        output: the output.
        part: the part: `test`, or `training` where there is no test part.
        examples: the number of examples.
        wrong: how many of them are answered wrongly.
        counter: its metrics.
        uncalibrated: for an output with a temperature, the calibration error without it.
        points: for values, some pairs (target, prediction) in the data's units.
        worst: the worst mistakes.
    """

    output: OutputTransform
    part: str
    examples: int
    wrong: int
    counter: Counter
    uncalibrated: Counter | None
    points: tuple[tuple[float, float], ...]
    worst: tuple[Mistake, ...]


def outcomes(
    predict: Predict, part: Examples, preparation: Preparation, batch: int
) -> tuple[Outcome, ...]:
    """Examine a network's answers for a part, at each output.

    Args:
        predict: returns outputs [n, *output] for prepared inputs [n, *input].
        part: the examples.
        preparation: how they are prepared.
        batch: how many examples are predicted at a time.
    """
    outputs = preparation.outputs
    counters = [Counter(output, METRICS) for output in outputs]
    before = [
        Counter(replace(output, temperature=1.0), [ECE])
        if output.temperature != 1 and ECE.has(output)
        else None
        for output in outputs
    ]
    scatters = [Scatter(output, len(part)) for output in outputs]
    ranks = np.zeros((len(outputs), len(part)))
    for rows, given in in_batches(predict, part.x, preparation, batch):
        for place, (values, y) in enumerate(zip(given, part.y, strict=True)):
            found = counters[place].update(np.asarray(y[rows]), values)
            scatters[place].update(found)
            if (uncalibrated := before[place]) is not None:
                uncalibrated.update(np.asarray(y[rows]), values)
            ranks[place, rows] = wrongness(outputs[place], found)
    # An answer of NaN counts as infinitely wrong; sorted as NaN it would be lost.
    ranks = np.nan_to_num(ranks, nan=np.inf)
    return tuple(
        Outcome(
            output,
            part.name,
            len(part),
            int((ranks[place] > 0).sum()),
            counters[place],
            before[place],
            scatters[place].points(),
            worst_mistakes(predict, part, preparation, place, ranks[place]),
        )
        for place, output in enumerate(outputs)
    )


class Scatter:
    """Some of an output's targets and predictions, at equal distances."""

    def __init__(self, output: OutputTransform, examples: int) -> None:
        self.output, self.seen = output, 0
        size = math.prod(output.shape)
        self.rows = max(1, math.ceil(examples * min(size, POINTS) / POINTS))
        self.columns = math.ceil(size / POINTS)
        self._kept: list[Array] = []

    def update(self, found: Answers) -> None:
        """Take some points of a batch; none if the output gives classes."""
        if self.output.task != VALUES:
            return
        # At equal distances over the whole part, wherever batches begin.
        chosen = slice(-self.seen % self.rows, None, self.rows), slice(None, None, self.columns)
        pairs = [array[chosen].reshape(-1) for array in (found.true, found.given)]
        self._kept.append(self.output.original(np.stack(pairs, axis=1)))
        self.seen += len(found.true)

    def points(self) -> tuple[tuple[float, float], ...]:
        """Return (target, prediction) in the data's units, where both are finite."""
        points = np.concatenate([np.zeros((0, 2)), *self._kept])
        finite = points[np.isfinite(points).all(axis=1)]
        return tuple((float(x), float(y)) for x, y in finite.astype(np.float32))
