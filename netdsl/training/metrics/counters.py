"""Metrics of one output, accumulated over batches in NumPy and in double precision."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from netdsl.training.metrics.answers import Answers, answers, probabilities
from netdsl.training.metrics.definitions import MACRO_F1, ClassCounts, Metric, Sums
from netdsl.training.preparation.outputs import LABELS, VALUES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array

    Ints = NDArray[np.int64]


FEW = 1_000
"""Up to this many classes, pairs are counted faster in a matrix than by sorting them."""


class Counter:
    """Accumulates metrics of an output, batch by batch.

    Attributes:
        output: the output.
        metrics: the given metrics that the output has.
        examples: how many were counted.
        confusion: for labels, how often each class was answered for each class.
    """

    def __init__(self, output: OutputTransform, metrics: Iterable[Metric]) -> None:
        self.output = output
        self.metrics = tuple(metric for metric in metrics if metric.has(output))
        self.confusion = Confusion(output.categories) if output.task == LABELS else None
        self.examples = 0
        self._sums: dict[str, Sums] = {}
        self._joined: dict[str, list[Sums]] = {}
        self._origin: Any = None

    def update(self, y: Array, values: Array) -> Answers:
        """Count a batch.

        Args:
            y: labels or values [n, ...] as the data has them.
            values: the network's numbers [n, *shape].

        Returns:
            The true answers and those of the network.
        """
        y = np.asarray(y) if self.output.classes else np.asarray(y, np.float64)
        # In double precision, unlike the compiled step: `evaluate` sums over any number of
        # examples.
        targets = self.output.targets(y, np.float64)
        found = answers(np, self.output, targets, np.asarray(values, np.float64))
        self.examples += len(found.true)
        if self.confusion:
            self.confusion.update(found.true, found.given)
        shifted = self._shifted(found) if self.output.task == VALUES else found
        for metric in self.metrics:
            self._add(metric, shifted)
        return found

    def _add(self, metric: Metric, found: Answers) -> None:
        if metric.ranks or metric.probable:
            # A class's scores compare between examples only once they are normalised, as
            # scikit-learn has them; and bins are of probabilities.
            found = found._replace(scores=probabilities(np, self.output, found.scores))
        sums, before = metric.sums(np, found), self._sums.get(metric.name)
        if metric.ranks:
            # Joined once at the end: joining at each batch would copy all scores each time.
            self._joined.setdefault(metric.name, []).append(sums)
            return
        if before is not None:
            sums = tuple(old + new for old, new in zip(before, sums, strict=True))
        self._sums[metric.name] = sums

    def _shifted(self, found: Answers) -> Answers:
        """Subtract the first batch's mean from values: sums of squares lose digits far from 0."""
        if self._origin is None:
            self._origin = found.true.mean(axis=0)
        return found._replace(true=found.true - self._origin, given=found.given - self._origin)

    def result(self, metric: Metric) -> float:
        """Return one of the metrics over all batches, in the data's units."""
        value = metric.value(np, self.sums(metric))
        return metric.in_units(self.output, float(value))

    def sums(self, metric: Metric) -> Sums:
        """Return the counters of one of the metrics."""
        if metric.ranks:
            parts = self._joined[metric.name]
            self._joined[metric.name] = [tuple(map(np.concatenate, zip(*parts, strict=True)))]
            return self._joined[metric.name][0]
        return self._sums[metric.name]

    @property
    def class_counts(self) -> ClassCounts:
        """The counts of each class or tag, where macro F1 is one of the metrics."""
        return ClassCounts(*self._sums[MACRO_F1.name])


class Confusion:
    """Counts which class was answered for which class.

    Only pairs that occur are stored, so that there may be many classes.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self._found: list[tuple[Ints, Ints]] = []

    def update(self, true: Array, given: Array) -> None:
        """Count the labels of a batch, two arrays of one shape."""
        # One number for each pair (true, given), so that pairs are counted like numbers.
        codes = np.asarray(true, np.int64).reshape(-1) * self.classes + given.reshape(-1)
        if self.classes > FEW:
            self._found.append(np.unique(codes, return_counts=True))
            return
        counts = np.bincount(codes)
        found = np.flatnonzero(counts)
        self._found.append((found, counts[found]))

    def matrix(self) -> Ints:
        """Return the counts [true, answered]."""
        codes, counts = self._counts()
        matrix = np.zeros(self.classes * self.classes, np.int64)
        matrix[codes] = counts
        return matrix.reshape(self.classes, self.classes)

    def mistakes(self, limit: int) -> list[tuple[int, int, int]]:
        """Return the most frequent (true, answered, count) that differ, the most frequent first."""
        codes, counts = self._counts()
        true, given = codes // self.classes, codes % self.classes
        wrong = np.flatnonzero(true != given)
        order = wrong[np.argsort(-counts[wrong], kind="stable")[:limit]]
        return [(int(true[at]), int(given[at]), int(counts[at])) for at in order]

    def _counts(self) -> tuple[Ints, Ints]:
        """Return each pair that occurs, as a single number, and how often it occurs."""
        codes, places = np.unique(
            np.concatenate([codes for codes, _ in self._found]), return_inverse=True
        )
        counts = np.zeros(len(codes), np.int64)
        np.add.at(counts, places, np.concatenate([counts for _, counts in self._found]))
        self._found = [(codes, counts)]
        return codes, counts
