"""The section of the report about one output: its predictions for the test part."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.training.metrics.definitions import (
    ABSOLUTE_ERROR,
    AUC,
    BALANCED_ACCURACY,
    ECE,
    F1,
    MACRO_F1,
    PR_AUC,
    PRECISION,
    R2,
    RECALL,
    RMSE,
    f1,
    precision,
    recall,
)
from netdsl.training.metrics.naive import ROW_BEFORE
from netdsl.training.preparation.outputs import LABELS, TAGS, VALUES
from netdsl.training.reporting.charts import scatter
from netdsl.training.reporting.mistakes_section import MistakesSection, mistakes_of
from netdsl.training.reporting.reliability import reliability
from netdsl.training.reporting.tables import ConfusionTable, MatrixCell, ReportTable
from netdsl.wording import number_text

if TYPE_CHECKING:
    from netdsl.training.evaluation.outcomes import Outcome
    from netdsl.training.metrics.counters import Counter
    from netdsl.training.preparation.outputs import OutputTransform

CLASSES = 30
"""The most classes that are listed one by one."""

MATRIX = 30
"""The most classes of a confusion matrix; of more, this many confused pairs are shown."""


UNITS = "Errors are in the units of the data's values."
"""The sentence about errors in values that have no name."""

SHOWN = (
    ("F1", F1),
    ("precision", PRECISION),
    ("recall", RECALL),
    ("balanced accuracy", BALANCED_ACCURACY),
    ("AUC", AUC),
    ("PR-AUC", PR_AUC),
)
"""Figures of classes; for two classes, the first three are those of the positive one."""


class OutcomeSection(NamedTuple):
    """What the report says of an output.

    Attributes:
        title: the section's title.
        figures: names and values of the figures that sum it up.
        threshold: a sentence on the probability above which an answer is yes, if it was chosen.
        number: the number that the sentence begins with.
        sentence: how good the predictions are.
        charts: drawings, as SVG.
        matrix: the confusion matrix.
        tables: figures by class.
        mistakes: the worst.
    """

    title: str
    figures: Sequence[tuple[str, str]] = ()
    threshold: str = ""
    number: str = ""
    sentence: str = ""
    charts: Sequence[str] = ()
    matrix: ConfusionTable | None = None
    tables: Sequence[ReportTable] = ()
    mistakes: MistakesSection | None = None


def outcome_section(
    found: Outcome, several: bool, baseline: Mapping[str, Any] = MappingProxyType({})
) -> OutcomeSection:
    """Return the section of an output: its figures and its worst mistakes.

    Args:
        found: what is known of the output.
        several: whether there are other outputs.
        baseline: the score of the simplest answer, found in the training part; without it, the
            simplest answer is found in the part itself.
    """
    title = f"{found.part.capitalize()} part"
    title += f": {found.output.name}" if several else ""
    section = OutcomeSection(title, mistakes=mistakes_of(found))
    if found.output.task == VALUES:
        return _with_values(section, found, baseline)
    return _with_classes(section._replace(charts=_reliability(found)), found.counter, baseline)


def _reliability(found: Outcome) -> Sequence[str]:
    """Draw how reliable the probabilities are, if the output gives some."""
    if ECE not in found.counter.metrics:
        return ()
    error = found.counter.result(ECE)
    about = f"calibration error (ECE) {error:z.4f}"
    lines = {"": _bins(found.counter)}
    if found.uncalibrated:
        temperature = found.output.temperature
        about += f", {found.uncalibrated.result(ECE):z.4f} without a temperature"
        lines = {
            f"at temperature {temperature:.3g}": lines[""],
            "without": _bins(found.uncalibrated),
        }
    about += "; dashed: the probability is the share"
    return (reliability("Reliability", about, lines),)


def _bins(counter: Counter) -> list[tuple[float, float, float]]:
    return [(float(n), float(sure), float(right)) for n, sure, right in counter.sums(ECE)[0].T]


def _with_values(
    section: OutcomeSection, found: Outcome, baseline: Mapping[str, Any]
) -> OutcomeSection:
    absolute, root, explained = (
        found.counter.result(metric) for metric in (ABSOLUTE_ERROR, RMSE, R2)
    )
    figures = [
        ("Mean absolute error", number_text(absolute)),
        ("root mean squared error", number_text(root)),
    ]
    # R² over several values would depend on how far apart their means are.
    if math.prod(found.output.shape) == 1 and not math.isnan(explained):
        figures.append(("R²", f"{explained:z.4f}"))
    about = "on the dashed line the prediction equals the target"
    columns = ", ".join(found.output.columns[:4])
    units = f"Errors are in the units of {columns}." if columns else UNITS
    if baseline:
        simple = f"always answering {baseline['answer']} has {number_text(baseline['value'])}"
        if ROW_BEFORE in baseline:
            simple += f", the target of the row before {number_text(baseline[ROW_BEFORE])}"
        units += f" For comparison, by the mean absolute error: {simple}."
    chart = scatter("Predictions", about, found.points)
    return section._replace(figures=figures, sentence=units, charts=(chart,))


def _with_classes(
    section: OutcomeSection, counter: Counter, baseline: Mapping[str, Any]
) -> OutcomeSection:
    output, confusion, tables = counter.output, counter.confusion, [_by_class(counter)]
    if confusion and output.categories > MATRIX and (pairs := confusion.mistakes(MATRIX)):
        rows = [
            [output.label(given), output.label(said), f"{count:,}"] for given, said, count in pairs
        ]
        tables.append(ReportTable("Most confused", ["given", "predicted", "times"], rows, left=2))
    matrix = None
    if confusion and output.categories <= MATRIX:
        matrix = _matrix(confusion.matrix(), output)
    return _with_shares(section, counter, baseline)._replace(matrix=matrix, tables=tables)


def _with_shares(
    section: OutcomeSection, counter: Counter, baseline: Mapping[str, Any]
) -> OutcomeSection:
    """Say how many answers are right, and how many would be with one answer for all."""
    output, counts = counter.output, counter.class_counts
    names = SHOWN if output.task == LABELS and output.categories == 2 else SHOWN[3:]
    shown = [(name, metric) for name, metric in names if metric in counter.metrics]
    figures = [(name, counter.result(metric)) for name, metric in shown]
    if output.task == LABELS and output.categories == 2:
        of = f" of {output.label(output.positive)}"
        named = ("F1", "precision", "recall", "PR-AUC")
        figures = [(name + of if name in named else name, value) for name, value in figures]
    section = section._replace(
        figures=[(name, f"{value:z.4f}") for name, value in figures if not math.isnan(value)]
    )
    if output.thresholds:
        listed = ", ".join(f"{one:.4g}" for one in output.thresholds[:CLASSES])
        about = f"Yes is said above a probability of {listed}. "
        if output.task == LABELS:
            about = f"{output.label(output.positive)} is said above a probability of {listed}. "
        section = section._replace(threshold=about)
    if output.task == TAGS:
        answers = math.prod(output.shape) * counter.examples
        sentence = f"{answers:,} yes/no answers, one for each output of each example."
        return section._replace(sentence=sentence)
    labels, right, frequent = counts.support.sum(), counts.right.sum(), int(counts.support.argmax())
    usual, name = int(counts.support[frequent]), output.label(frequent)
    name += ", the most frequent class"
    if baseline:
        usual = round(baseline["value"] * labels)
        name = f"{baseline['answer']}, the most frequent class of the training part"
    what = "positions" if output.dense else "examples"
    sentence = (
        f"of {labels:,} {what} right, {_percent(right, labels)}. Always saying "
        f"{name}, would be right in {_percent(usual, labels)}."
    )
    return section._replace(number=f"{right:,}", sentence=sentence)


def _percent(count: int, of: int) -> str:
    return f"{100 * count / of:z.1f}\u00a0%" if of else "–"


def _matrix(matrix: Any, output: OutputTransform) -> ConfusionTable:
    """Return the confusion matrix, its cells shaded by their share of the row.

    The cells of right answers are shaded by that share, the others relative to the largest of the
    wrong ones.
    """
    import numpy as np

    shares = matrix / matrix.sum(axis=1, keepdims=True).clip(1)
    # A good network makes few mistakes: shaded by their share of the row all would look white. The
    # root makes rare ones more visible.
    largest = float((shares * (1 - np.eye(len(matrix)))).max()) or 1.0

    def cell(given: int, said: int) -> MatrixCell | None:
        count, share, right = int(matrix[given, said]), float(shares[given, said]), given == said
        if not count:
            return None
        shade = share if right else 0.8 * math.sqrt(share / largest)
        kind = ("hit" if right else "miss") + (" deep" if right and shade > 0.6 else "")
        return MatrixCell(f"{count:,}", share, shade, kind)

    labels = range(len(matrix))
    rows = [[cell(given, said) for said in labels] for given in labels]
    return ConfusionTable([output.label(label) for label in labels], rows)


def _by_class(counter: Counter) -> ReportTable:
    """Return precision, recall and F1 of each class; of many, only those with the lowest F1."""
    import numpy as np

    output, counts = counter.output, counter.class_counts
    shares = [metric(np, counts).tolist() for metric in (f1, precision, recall)]
    rows = list(zip(*shares, counts.support.tolist(), range(output.categories), strict=True))
    caption = "By class"
    if len(rows) > CLASSES:
        caption = f"The {CLASSES} classes of {len(rows):,} with the lowest F1"
        # Classes that are neither given nor predicted have no F1.
        known = (row for row in rows if not math.isnan(row[0]))
        rows = sorted(known, key=lambda row: (row[0], row[-1]))[:CLASSES]
    cells = [
        [
            output.label(label),
            f"{support:,}",
            *("–" if math.isnan(share) else share for share in (right, found)),
            _hundredths(score),
        ]
        for score, right, found, support, label in rows
    ]
    heads = ["output" if output.task == TAGS else "class", "given", "precision", "recall", "F1"]
    foot = ["mean", "", "", "", _hundredths(counter.result(MACRO_F1))]
    return ReportTable(f"{caption}, in %", heads, cells, foot=foot)


def _hundredths(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:z.1f}"
