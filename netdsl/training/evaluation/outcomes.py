"""What a network says of a part's examples: its metrics, and its worst mistakes.

This module imports numpy. Nothing of the network's outputs is kept but counts, sums and a number
for each example, so that the outputs of a large part need not fit into the memory.
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
    """What the network says at one output of a part's examples.

    Attributes:
        output: the output.
        part: what the examples are of: `test`, or `training` where there is no test part.
        examples: the number of examples.
        wrong: how many of them are wrong.
        counter: its metrics.
        uncalibrated: of outputs read at a temperature, the calibration error without it.
        points: of values, some (target, prediction) in the data's units.
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
    """Look at what a network says of a part, at each output.

    Args:
        predict: takes prepared inputs [n, *input] and gives its outputs [n, *output].
        part: the examples.
        preparation: what is done to them.
        batch: the examples that are predicted at a time.
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
    # A NaN answer is as wrong as can be; sorted as NaN it would be lost.
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
        """Take some of a batch; nothing where the output gives classes."""
        if self.output.task != VALUES:
            return
        # Every rows-th example of the whole part, wherever batches begin.
        chosen = slice(-self.seen % self.rows, None, self.rows), slice(None, None, self.columns)
        pairs = [array[chosen].reshape(-1) for array in (found.true, found.given)]
        self._kept.append(self.output.original(np.stack(pairs, axis=1)))
        self.seen += len(found.true)

    def points(self) -> tuple[tuple[float, float], ...]:
        """Return (target, prediction) in the data's units, where both are finite."""
        points = np.concatenate([np.zeros((0, 2)), *self._kept])
        finite = points[np.isfinite(points).all(axis=1)]
        return tuple((float(x), float(y)) for x, y in finite.astype(np.float32))
