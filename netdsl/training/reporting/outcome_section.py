"""What the network says of the test part at one output: a section of the report."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

from netdsl.training.metrics.definitions import (
    ABSOLUTE_ERROR,
    MACRO_F1,
    R2,
    RMSE,
    f1,
    precision,
    recall,
)
from netdsl.training.preparation.outputs import TAGS, VALUES
from netdsl.training.reporting.charts import scatter
from netdsl.training.reporting.html import figure_of, section, table
from netdsl.training.reporting.mistakes_section import mistakes_of
from netdsl.wording import number_text

if TYPE_CHECKING:
    from netdsl.training.evaluation.outcomes import Outcome
    from netdsl.training.metrics.counters import Counter
    from netdsl.training.preparation.outputs import OutputTransform

CLASSES = 30
"""The most classes that are listed one by one."""

MATRIX = 30
"""The most classes of a confusion matrix; of more, so many confused pairs are shown."""


def outcome_section(found: Outcome, several: bool) -> str:
    """Return the section of an output: its figures and its worst mistakes."""
    name = f"Test part: {found.output.name}" if several else "Test part"
    shown = _values(found) if found.output.task == VALUES else _classes(found.counter)
    return section(name, shown + mistakes_of(found))


def _values(found: Outcome) -> str:
    absolute, root, explained = (
        found.counter.result(metric) for metric in (ABSOLUTE_ERROR, RMSE, R2)
    )
    figures = [
        ("Mean absolute error", number_text(absolute)),
        ("root mean squared error", number_text(root)),
    ]
    if math.prod(found.output.shape) == 1 and not math.isnan(explained):
        figures.append(("R²", f"{explained:.4f}"))
    words = "; ".join(f"{name} <b>{value}</b>" for name, value in figures)
    about = "on the dashed line the prediction is the target"
    chart = figure_of(scatter("Predictions", about, found.points))
    return f"<p>{words}.</p><div class=charts>{chart}</div>"


def _classes(counter: Counter) -> str:
    output, confusion, parts = counter.output, counter.confusion, []
    if confusion and output.categories <= MATRIX:
        parts.append(_matrix(confusion.matrix(), output))
    parts.append(_by_class(counter))
    if confusion and output.categories > MATRIX and (pairs := confusion.mistakes(MATRIX)):
        rows = (
            [output.label(given), output.label(said), f"{count:,}"] for given, said, count in pairs
        )
        parts.append(table("Most confused", ["given", "predicted", "times"], rows, left=2))
    return f"{_shares(counter)}<div class=side>{''.join(parts)}</div>"


def _shares(counter: Counter) -> str:
    """Say how many are right, and how many would be by answering the same for all."""
    output, counts = counter.output, counter.class_counts
    if output.task == TAGS:
        answers = math.prod(output.shape) * counter.examples
        return f"<p>{answers:,} times yes or no, one for each output of each example.</p>"
    labels, right, most = counts.support.sum(), counts.right.sum(), int(counts.support.argmax())
    usual = int(counts.support[most])
    what = "positions" if output.dense else "examples"
    return (
        f"<p><b>{right:,}</b> of {labels:,} {what} right, {_percent(right, labels)}. Always saying "
        f"{escape(output.label(most))}, the most frequent class, would be right in "
        f"{_percent(usual, labels)}.</p>"
    )


def _percent(count: int, of: int) -> str:
    return f"{100 * count / of:.1f}\u00a0%" if of else "–"


def _matrix(matrix: Any, output: OutputTransform) -> str:
    """Return the confusion matrix: a row for each given class.

    Its cells are shaded by their share of the row.
    """
    import numpy as np

    names = [escape(output.label(label)) for label in range(len(matrix))]
    tall = " tall" if max(map(len, names)) > 4 else ""
    size = " small" if len(names) > 16 else ""
    head = "".join(f"<th><span>{name}</span></th>" for name in names)
    shares = matrix / matrix.sum(axis=1, keepdims=True).clip(1)
    wrong = shares * (1 - np.eye(len(matrix)))
    most = float(wrong.max()) or 1.0
    rows = []
    for given, counts in enumerate(matrix.tolist()):
        cells = "".join(
            _cell(count, shares[given, said], most, given == said, f"{names[given]} → {name}")
            for said, (count, name) in enumerate(zip(counts, names, strict=True))
        )
        rows.append(f"<tr><th>{names[given]}</th>{cells}</tr>")
    caption = "<caption>Given down, predicted across</caption>"
    body = f"{caption}<thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class=wide><table class="heat{tall}{size}">{body}</table></div>'


def _cell(count: int, share: float, most: float, right: bool, what: str) -> str:
    """Return a cell of the matrix.

    Right ones are shaded by their share of the row, wrong ones beside the largest of these.
    """
    if not count:
        return "<td></td>"
    shade = share if right else 0.8 * math.sqrt(share / most)
    kind = ("hit" if right else "miss") + (" deep" if right and shade > 0.6 else "")
    title = f"{what}: {count:,}, {100 * share:.1f} % of the row"
    return f'<td class="{kind}" style="--s:{shade:.2f}" title="{title}">{count:,}</td>'


def _by_class(counter: Counter) -> str:
    """Return precision, recall and F1 of each class; of many, of those with the lowest F1."""
    import numpy as np

    output, counts = counter.output, counter.class_counts
    shares = [metric(np, counts).tolist() for metric in (f1, precision, recall)]
    rows = list(zip(*shares, counts.support.tolist(), range(output.categories), strict=True))
    caption = "By class"
    if len(rows) > CLASSES:
        caption = f"The {CLASSES} classes of {len(rows):,} with the lowest F1"
        known = (row for row in rows if not math.isnan(row[0]))
        rows = sorted(known, key=lambda row: (row[0], row[-1]))[:CLASSES]
    cells = (
        [
            output.label(label),
            f"{support:,}",
            *("–" if math.isnan(share) else share for share in (right, found)),
            _hundredths(score),
        ]
        for score, right, found, support, label in rows
    )
    heads = ["output" if output.task == TAGS else "class", "given", "precision", "recall", "F1"]
    foot = ["mean", "", "", "", _hundredths(counter.result(MACRO_F1))]
    return table(f"{caption}, in %", heads, cells, foot=foot)


def _hundredths(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.1f}"
