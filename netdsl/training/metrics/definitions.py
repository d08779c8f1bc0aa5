"""The metrics: which outputs have each, its formula, its direction and its unit.

A metric is streamed: `sums` gives what a batch adds to its counters, `value` makes the metric of
the counters. So the console, early stopping, `evaluate` and the report have one answer, whatever
the batches. To add a metric is to add an entry to `METRICS`.

Formulas take an array namespace `xp`, which is numpy or keras.ops: see `answers`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.training.metrics.answers import Answers
from netdsl.training.preparation.outputs import LABELS, TAGS, VALUES

if TYPE_CHECKING:
    from netdsl.training.preparation.outputs import OutputTransform

Sums = tuple[Any, ...]


class Metric(NamedTuple):
    """A metric of one output.

    Attributes:
        name: how recipes, files and JSON call it.
        tasks: what an output must be asked for to have it.
        sums: of a batch, what it adds to the counters: `sums(xp, answers)`.
        value: the metric, of the counters: `value(xp, sums)`.
        higher: whether more is better.
        share: whether it lies in 0..1, as an accuracy does.
        power: of the data's unit that it is measured in; a mean error has 1, a share 0.
        min_categories: it is of outputs that tell this many classes apart, or more.
    """

    name: str
    tasks: tuple[str, ...]
    sums: Callable[[Any, Answers], Sums]
    value: Callable[[Any, Sums], Any]
    higher: bool = True
    share: bool = True
    power: int = 0
    min_categories: int = 0

    def has(self, output: OutputTransform) -> bool:
        """Return whether an output has the metric."""
        return output.task in self.tasks and output.categories >= self.min_categories

    def in_units(self, output: OutputTransform, value: float) -> float:
        """Return the metric of standardised values in the data's units."""
        return float(value) * output.spread**self.power


# --- counters -------------------------------------------------------------------------------------


def mean_of(measure: Callable[[Any, Answers], Any]) -> Callable[[Any, Answers], Sums]:
    """Return the counters of a mean over examples: the sum of the examples' means, and their count.

    `measure` gives a number for each answer [n, ...]. An example's mean keeps the sums small:
    single precision counts 16,777,216 examples, and a step may have as many pixels.
    """

    def sums(xp: Any, answers: Answers) -> Sums:
        numbers = measure(xp, answers)
        size = math.prod(numbers.shape[1:])
        rows = xp.reshape(numbers, (-1, size) if size > 1 else (-1,))
        own = xp.mean(rows, axis=1) if size > 1 else rows
        return xp.sum(own), xp.shape(own)[0]

    return sums


def mean(xp: Any, sums: Sums) -> Any:
    """Return a mean of its sum and its count; 0 before there is anything."""
    total, count = sums
    return total / xp.maximum(count, 1)


def right_answers(xp: Any, answers: Answers) -> Any:
    """Return 1 for each right answer, 0 for a wrong one [n, ...]."""
    return xp.where(xp.equal(answers.true, answers.given), 1.0, 0.0)


def in_top(k: int) -> Callable[[Any, Answers], Any]:
    """Return a measure that is 1 where the true class is among the k with the largest scores.

    Of equal scores the first comes first, as for the answer itself, so that k = 1 is the accuracy.
    """

    def measure(xp: Any, answers: Answers) -> Any:
        classes, true = xp.arange(answers.categories), answers.true[..., None]
        score = xp.sum(
            xp.where(xp.equal(true, classes), answers.scores, 0.0), axis=-1, keepdims=True
        )
        equal = xp.logical_and(xp.equal(answers.scores, score), classes >= true)
        # the classes that do not come before the true one, itself among them; compared with NaN
        # none are
        after = xp.sum(xp.where(xp.logical_or(score > answers.scores, equal), 1, 0), axis=-1)
        return xp.where(after > answers.categories - k, 1.0, 0.0)

    return measure


class ClassCounts(NamedTuple):
    """How often each class or tag was true (its support), was answered, and was both [classes]."""

    support: Any
    answered: Any
    right: Any


def class_counts(xp: Any, answers: Answers) -> ClassCounts:
    """Count true, answered and right classes or tags."""
    classes = answers.categories
    if len(answers.true.shape) == 3:  # tags
        both = answers.true * answers.given
        return ClassCounts(
            *(
                xp.sum(xp.reshape(array, (-1, classes)), axis=0)
                for array in (answers.true, answers.given, both)
            )
        )
    true, given = xp.reshape(answers.true, (-1,)), xp.reshape(answers.given, (-1,))
    right = xp.where(xp.equal(true, given), true, classes)
    return ClassCounts(
        xp.bincount(true, minlength=classes),
        xp.bincount(given, minlength=classes),
        xp.bincount(right, minlength=classes + 1)[:classes],
    )


def squared_sums(xp: Any, answers: Answers) -> Sums:
    """Sum squared errors, and for each element targets, their squares and their count [size]."""
    true, errors = answers.true, answers.given - answers.true
    return (
        xp.sum(xp.square(errors)),
        xp.sum(true, axis=0),
        xp.sum(xp.square(true), axis=0),
        xp.sum(xp.ones_like(true), axis=0),
    )


# --- values ---------------------------------------------------------------------------------------


def share(xp: Any, part: Any, whole: Any) -> Any:
    """Return part / whole, NaN where the whole is 0."""
    return xp.where(whole > 0, xp.divide(part, xp.maximum(whole, 1)), math.nan)


def precision(xp: Any, counts: ClassCounts) -> Any:
    """Return the share of right answers among those that name a class [classes]; NaN of none."""
    return share(xp, counts.right, counts.answered)


def recall(xp: Any, counts: ClassCounts) -> Any:
    """Return the share of a class that was answered [classes]; NaN of a class that is absent."""
    return share(xp, counts.right, counts.support)


def f1(xp: Any, counts: ClassCounts) -> Any:
    """Return the harmonic mean of precision and recall [classes].

    It is NaN of a class that is absent and never answered; 0 of one that is absent and answered.
    """
    return share(xp, 2 * counts.right, counts.support + counts.answered)


def iou(xp: Any, counts: ClassCounts) -> Any:
    """Return intersection over union, the Jaccard index [classes]; NaN as `f1` has it."""
    return share(xp, counts.right, counts.support + counts.answered - counts.right)


def macro(xp: Any, values: Any) -> Any:
    """Return the mean over the classes that have a value; NaN where none has."""
    known = xp.equal(values, values)  # NaN is not itself
    count = xp.sum(xp.where(known, 1, 0))
    return share(xp, xp.sum(xp.where(known, values, 0.0)), count)


def r2(xp: Any, sums: Sums) -> Any:
    """Return the share of the targets' variance that is explained; NaN where they have none.

    Of several elements each has a mean of its own, and their variances are added up: scikit-learn's
    `r2_score(multioutput="variance_weighted")`.
    """
    squared, total, squares, count = sums
    variance = xp.sum(squares - xp.square(total) / count)
    return xp.where(variance > 0, 1 - squared / xp.where(variance > 0, variance, 1.0), math.nan)


# --- all of them ----------------------------------------------------------------------------------

ACCURACY = Metric("accuracy", (LABELS, TAGS), mean_of(right_answers), mean)
"""The share of right answers: of examples, of positions, or of tags."""

TOP5_ACCURACY = Metric("top5_accuracy", (LABELS,), mean_of(in_top(5)), mean, min_categories=6)
"""The share of labels that are among the five likeliest classes, of more than five."""

MACRO_F1 = Metric(
    "macro_f1",
    (LABELS, TAGS),
    class_counts,
    lambda xp, sums: macro(xp, f1(xp, ClassCounts(*sums))),
)
"""The mean of the classes' F1, of those that occur or are answered: scikit-learn's
`f1_score(average="macro")`, whose classes are those of the labels and the answers together.
"""

ABSOLUTE_ERROR = Metric(
    "absolute_error",
    (VALUES,),
    mean_of(lambda xp, answers: xp.abs(answers.given - answers.true)),
    mean,
    higher=False,
    share=False,
    power=1,
)
"""The mean absolute error."""

RMSE = Metric(
    "rmse",
    (VALUES,),
    mean_of(lambda xp, answers: xp.square(answers.given - answers.true)),
    lambda xp, sums: xp.sqrt(mean(xp, sums)),
    higher=False,
    share=False,
    power=1,
)
"""The root of the mean squared error."""

R2 = Metric("r2", (VALUES,), squared_sums, r2, share=False)
"""The coefficient of determination."""

METRICS = (ACCURACY, ABSOLUTE_ERROR, TOP5_ACCURACY, MACRO_F1, RMSE, R2)
"""All metrics; the first that an output has is reported in addition to its loss."""


DIVERGENCE = "kl"
"""The figure of networks that draw: what `gaussian` adds to the loss, without its weight."""

DATA_LOSS = "data_loss"
"""The figure of trainings with penalties: the loss without them."""

EXTRA = (DIVERGENCE, DATA_LOSS)
"""Figures that come after the metrics, where a training has them."""


def training_metric(output: OutputTransform) -> Metric:
    """Return the metric that is reported in addition to an output's loss while it is trained."""
    return next(metric for metric in METRICS if metric.has(output))


def figure_names(outputs: Sequence[OutputTransform]) -> list[str]:
    """Return the names of the outputs' metrics: `accuracy`, or `main_accuracy` of several."""
    names = [training_metric(output).name for output in outputs]
    if len(outputs) == 1:
        return names
    return [f"{output.name}_{name}" for output, name in zip(outputs, names, strict=True)]


def metric_named(name: str) -> Metric | None:
    """Return the metric of a figure's name, `accuracy` or `main_accuracy`; None of the loss."""
    return max(
        (one for one in METRICS if name == one.name or name.endswith(f"_{one.name}")),
        key=lambda one: len(one.name),
        default=None,
    )


def is_share(figure: str) -> bool:
    """Return whether a figure lies in 0..1, as an accuracy does."""
    metric = metric_named(figure)
    return metric is not None and metric.share


def higher_is_better(figure: str) -> bool:
    """Return whether more of a figure, as of an accuracy, is better; less is of a loss."""
    metric = metric_named(figure)
    return metric is not None and metric.higher


def stopping_figure(outputs: Sequence[OutputTransform], metric: str | None) -> str:
    """Return the name of the figure that early stopping looks at: the loss, or the first metric."""
    return figure_names(outputs)[0] if metric not in (None, "loss") else "loss"
