"""The metrics: which outputs have each, its formula, its direction and its unit.

A metric is accumulated: `sums` returns what a batch adds to its counters, `value` computes the
metric from the counters. So the console, early stopping, `evaluate` and the report have the same
value, whatever the batches. To add a metric, add an entry to `METRICS`.

Formulas take an array namespace `xp`, which is numpy or keras.ops: see `answers`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.training.metrics.answers import Answers
from netdsl.training.metrics.ranking import (
    average_precision,
    bins_of,
    calibration_error,
    ranked_scores,
    roc_auc,
)
from netdsl.training.preparation.outputs import LABELS, TAGS, VALUES

if TYPE_CHECKING:
    from netdsl.training.preparation.outputs import OutputTransform

Sums = tuple[Any, ...]

RANKED = 100
"""The most classes whose scores are ranked: all scores of a part must be held for this."""


class Metric(NamedTuple):
    """A metric of one output.

    Attributes:
        name: its name in recipes, files and JSON.
        tasks: the tasks of outputs that have it.
        sums: returns what a batch adds to the counters: `sums(xp, answers)`.
        value: computes the metric from the counters: `value(xp, sums)`.
        higher: whether more is better.
        share: whether it lies from 0 to 1, like an accuracy.
        power: the power of the data's unit that it is measured in: 1 for a mean error, 0 for a
            share.
        min_categories: the fewest classes that an output with it distinguishes.
        ranks: whether it needs all scores at once: its counters are arrays that are concatenated,
            not added, and it is for outputs with one answer for each example and at most `RANKED`
            classes.
        probable: whether it needs probabilities, and so is for outputs that give some.
    """

    name: str
    tasks: tuple[str, ...]
    sums: Callable[[Any, Answers], Sums]
    value: Callable[[Any, Sums], Any]
    higher: bool = True
    share: bool = True
    power: int = 0
    min_categories: int = 0
    ranks: bool = False
    probable: bool = False

    def has(self, output: OutputTransform) -> bool:
        """Return whether an output has the metric."""
        if self.ranks and (len(output.shape) > 1 or output.categories > RANKED):
            return False
        if self.probable and not output.probable:
            return False
        return output.task in self.tasks and output.categories >= self.min_categories

    @property
    def streams(self) -> bool:
        """Whether a compiled step can count it."""
        return not (self.ranks or self.probable)

    def in_units(self, output: OutputTransform, value: float) -> float:
        """Return the metric of standardised values in the data's units."""
        # A mean error of standardised values is multiplied by the spread, a mean squared error by
        # its square.
        return float(value) * output.spread**self.power


# --- counters -------------------------------------------------------------------------------------


def mean_of(measure: Callable[[Any, Answers], Any]) -> Callable[[Any, Answers], Sums]:
    """Return the counters of a mean over examples: the sum of the examples' means, and their count.

    Averaging over each example first keeps the sums small: single precision is exact up to
    16,777,216, and a step may have that many pixels.

    Args:
        measure: returns a number for each answer [n, ...].
    """

    def sums(xp: Any, answers: Answers) -> Sums:
        numbers = measure(xp, answers)
        size = math.prod(numbers.shape[1:])
        rows = xp.reshape(numbers, (-1, size) if size > 1 else (-1,))
        own = xp.mean(rows, axis=1) if size > 1 else rows
        return xp.sum(own), xp.shape(own)[0]

    return sums


def mean(xp: Any, sums: Sums) -> Any:
    """Return a mean from its sum and its count; 0 if the count is 0."""
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
        # Count the classes that do not come before the true one, itself among them; with NaN there
        # are none. By comparisons, not by sorting, so that of equal scores the first comes first on
        # every backend.
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
    # Wrong answers get an extra bin, which is cut off: bincount has no mask in a compiled step.
    right = xp.where(xp.equal(true, given), true, classes)
    return ClassCounts(
        xp.bincount(true, minlength=classes),
        xp.bincount(given, minlength=classes),
        xp.bincount(right, minlength=classes + 1)[:classes],
    )


def asked_counts(xp: Any, answers: Answers) -> ClassCounts:
    """Return the counts for precision, recall and F1: of two classes the positive's, else all."""
    counts = class_counts(xp, answers)
    if answers.categories == 2 and len(answers.true.shape) == 2:
        place = answers.positive
        return ClassCounts(*(count[place : place + 1] for count in counts))
    return counts


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
    """Return the share of right answers among those for a class [classes]; NaN without answers."""
    return share(xp, counts.right, counts.answered)


def recall(xp: Any, counts: ClassCounts) -> Any:
    """Return the share of a class's examples that are recognised [classes]; NaN without any."""
    return share(xp, counts.right, counts.support)


def f1(xp: Any, counts: ClassCounts) -> Any:
    """Return the harmonic mean of precision and recall [classes].

    It is NaN for a class that neither occurs nor is answered, 0 for one that is only answered.
    """
    return share(xp, 2 * counts.right, counts.support + counts.answered)


def iou(xp: Any, counts: ClassCounts) -> Any:
    """Return intersection over union, the Jaccard index [classes]; NaN where `f1` is."""
    return share(xp, counts.right, counts.support + counts.answered - counts.right)


def macro(xp: Any, values: Any) -> Any:
    """Return the mean over the classes that have a value; NaN where none has."""
    known = xp.equal(values, values)  # NaN does not equal itself
    count = xp.sum(xp.where(known, 1, 0))
    # Zeros in place of NaN before the sum: NaN times 0 is NaN.
    return share(xp, xp.sum(xp.where(known, values, 0.0)), count)


def r2(xp: Any, sums: Sums) -> Any:
    """Return the share of the targets' variance that is explained; NaN if they have none.

    With several elements, each has a mean of its own, and their variances are summed, as in
    scikit-learn's `r2_score(multioutput="variance_weighted")`.
    """
    squared, total, squares, count = sums
    # The sums are of values minus the first batch's mean (`Counter._shifted`): otherwise this
    # difference would lose all digits.
    variance = xp.sum(squares - xp.square(total) / count)
    # Divided by 1 if there is no variance: `where` computes both sides, and 0 / 0 would warn.
    return xp.where(variance > 0, 1 - squared / xp.where(variance > 0, variance, 1.0), math.nan)


def macro_of(measure: Callable[[Any, ClassCounts], Any]) -> Callable[[Any, Sums], Any]:
    """Return the mean of a measure of classes over those that have a value."""
    return lambda xp, sums: macro(xp, measure(xp, ClassCounts(*sums)))


def macro_ranked(measure: Callable[[Any, Any, Any], float]) -> Callable[[Any, Sums], Any]:
    """Return the mean of a measure of scores over the classes that have a value."""

    def value(xp: Any, sums: Sums) -> Any:
        scores, true = sums
        columns = range(scores.shape[1])
        return macro(xp, xp.array([measure(xp, scores[:, at], true[:, at]) for at in columns]))

    return value


# --- all of them ----------------------------------------------------------------------------------

ACCURACY = Metric("accuracy", (LABELS, TAGS), mean_of(right_answers), mean)
"""The share of right answers: of examples, of positions, or of tags."""


@cache
def top_accuracy(k: int) -> Metric:
    """Return the metric for the share of labels among the k likeliest classes, of more than k."""
    return Metric(f"top{k}_accuracy", (LABELS,), mean_of(in_top(k)), mean, min_categories=k + 1)


TOP5_ACCURACY = top_accuracy(5)
"""The share of labels among the five likeliest classes, for more than five classes."""

MACRO_F1 = Metric(
    "macro_f1",
    (LABELS, TAGS),
    class_counts,
    macro_of(f1),
)
"""The mean F1 of the classes that occur or are answered, as scikit-learn's
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

F1 = Metric("f1", (LABELS, TAGS), asked_counts, macro_of(f1))
"""F1 of the positive of two classes; for more classes and for tags, the mean."""

PRECISION = Metric("precision", (LABELS, TAGS), asked_counts, macro_of(precision))
"""Precision of the positive of two classes, else the mean over classes that are answered."""

RECALL = Metric("recall", (LABELS, TAGS), asked_counts, macro_of(recall))
"""Recall of the positive of two classes, else the mean."""

BALANCED_ACCURACY = Metric("balanced_accuracy", (LABELS,), class_counts, macro_of(recall))
"""The mean of the classes' recall, also for two classes."""

AUC = Metric("auc", (LABELS, TAGS), ranked_scores, macro_ranked(roc_auc), ranks=True)
"""The area under the ROC curve; for more than two classes the mean of each against the others."""

PR_AUC = Metric(
    "pr_auc", (LABELS, TAGS), ranked_scores, macro_ranked(average_precision), ranks=True
)
"""The average precision; for more than two classes the mean of each against the others."""

ECE = Metric(
    "ece",
    (LABELS,),
    bins_of,
    lambda xp, sums: calibration_error(xp, *sums),
    higher=False,
    probable=True,
)
"""The expected calibration error, of the likeliest class in fifteen bins."""

METRICS = (
    ACCURACY,
    ABSOLUTE_ERROR,
    TOP5_ACCURACY,
    MACRO_F1,
    RMSE,
    R2,
    F1,
    PRECISION,
    RECALL,
    BALANCED_ACCURACY,
    AUC,
    PR_AUC,
    ECE,
)
"""All metrics; the first one that an output has is reported in addition to its loss. There is also
a `top_accuracy` for each k.
"""


DIVERGENCE = "kl"
"""The figure of networks with `gaussian`: what it adds to the loss, without its weight."""

DATA_LOSS = "data_loss"
"""The figure of trainings with penalties: the loss without them."""

EXTRA = (DIVERGENCE, DATA_LOSS)
"""Figures that follow the metrics, where a training has them."""


def training_metric(output: OutputTransform) -> Metric:
    """Return the metric that is reported in addition to an output's loss during a training."""
    return next(metric for metric in METRICS if metric.has(output))


def figure_names(outputs: Sequence[OutputTransform]) -> list[str]:
    """Return the names of the outputs' metrics: `accuracy`, or with several `main_accuracy`."""
    names = [training_metric(output).name for output in outputs]
    if len(outputs) == 1:
        return names
    return [f"{output.name}_{name}" for output, name in zip(outputs, names, strict=True)]


def metric_named(name: str) -> Metric | None:
    """Return the metric of a figure's name, `accuracy` or `main_accuracy`; None for the loss."""
    if found := re.search(r"(?:^|_)top([1-9][0-9]{0,4})_accuracy$", name):
        return top_accuracy(int(found[1]))
    return max(
        (one for one in METRICS if name == one.name or name.endswith(f"_{one.name}")),
        # The longest: `main_balanced_accuracy` ends with `_accuracy`, too, `pr_auc` with `_auc`.
        key=lambda one: len(one.name),
        default=None,
    )


def is_share(figure: str) -> bool:
    """Return whether a figure lies from 0 to 1, like an accuracy."""
    metric = metric_named(figure)
    return metric is not None and metric.share


def higher_is_better(figure: str) -> bool:
    """Return whether a higher value of a figure is better, as of an accuracy, but not of a loss."""
    metric = metric_named(figure)
    return metric is not None and metric.higher


class AskedMetric(NamedTuple):
    """A metric that a recipe names: the output's place, the metric, the name of the figure."""

    place: int
    metric: Metric
    figure: str


def asked_metric(outputs: Sequence[OutputTransform], name: str) -> AskedMetric | None:
    """Find the metric that a recipe names: `f1` of the first output that has it, or `main_f1`.

    None where no output has it.

    Args:
        outputs: of the preparation, in the network's order.
        name: as a recipe writes it.
    """
    for place, output in enumerate(outputs):
        for metric in filter(None, (metric_named(name),)):
            named = f"{output.name}_{metric.name}"
            if name in (metric.name, named) and metric.has(output):
                return AskedMetric(place, metric, named if len(outputs) > 1 else metric.name)
    return None


def stopping_figure(outputs: Sequence[OutputTransform], metric: str | None) -> str:
    """Return the name of the figure that early stopping follows: the loss, or a metric."""
    asked = asked_metric(outputs, metric) if metric not in (None, "loss") else None
    return asked.figure if asked else "loss"
