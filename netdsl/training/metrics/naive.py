"""What the simplest answer scores: always the most frequent class, or always the mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from netdsl.training.metrics.answers import truth
from netdsl.training.metrics.definitions import (
    figure_names,
    higher_is_better,
    training_metric,
)
from netdsl.training.preparation.outputs import LABELS, TAGS
from netdsl.training.preparation.rows import pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netdsl.training.data import Examples
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array, Rows

MEAN = "the mean"
"""The simplest answer where values are learned."""

FREQUENT = "the most frequent class"
"""The simplest answers of several parts, where they are different classes."""


def naive_baseline(
    train: Examples, part: Examples, outputs: Sequence[OutputTransform]
) -> dict[str, Any]:
    """Measure on a part what naming the same for every example scores, of the first output.

    Args:
        train: where the most frequent class and the mean are found.
        part: what is measured.
        outputs: what is learned.

    Returns:
        `answer`, the class's name or `MEAN`; `figure`, as scores name it; its `value`. Nothing for
        tags and for an output that gives an input back.
    """
    import numpy as np

    output = outputs[0]
    # An answer that is the same for all says nothing where an image must be given back.
    if output.task == TAGS or output.copies or not (len(train) and len(part)):
        return {}
    # From the training part: the part that is measured must not choose what it is measured by.
    constant, answer = _constant(train.y[0], output)
    right, count = 0.0, 0
    for true in _truths(part.y[0], output):
        errors = true == constant if output.task == LABELS else np.abs(true - constant)
        # The mean over positions of an example first, as the metric itself takes it.
        right += float(errors.mean(axis=tuple(range(1, errors.ndim))).sum())
        count += len(true)
    value = training_metric(output).in_units(output, right / count)
    return {"answer": answer, "figure": figure_names(outputs)[0], "value": value}


def mean_baseline(
    baselines: Sequence[Mapping[str, Any]], weights: Sequence[float] | None = None
) -> dict[str, Any]:
    """Return the mean of baselines of several parts, of one figure; nothing where one has none.

    Weighted by the examples of each part, it is that of all examples together.
    """
    if not baselines or not all(baselines):
        return {}
    weights = weights or [1.0] * len(baselines)
    values = [one["value"] * weight for one, weight in zip(baselines, weights, strict=True)]
    answers = list(dict.fromkeys(one["answer"] for one in baselines))
    # Parts of other training parts may have other classes as the most frequent.
    answer = answers[0] if len(answers) == 1 else FREQUENT
    figure = baselines[0]["figure"]
    return {"answer": answer, "figure": figure, "value": sum(values) / sum(weights)}


def baseline_text(baseline: Mapping[str, Any]) -> str:
    """Write a baseline after the scores that it is compared with: `; always No: 0.7683`."""
    return f"; always {baseline['answer']}: {baseline['value']:z.4f}" if baseline else ""


def baseline_warning(baseline: Mapping[str, Any], scores: Mapping[str, Any]) -> list[str]:
    """Warn of scores that the simplest answer reaches; nothing where they are better."""
    value = scores.get(baseline.get("figure", ""))
    if value is None:
        return []
    reached = baseline["value"]
    if value > reached if higher_is_better(baseline["figure"]) else value < reached:
        return []
    return [f"warning: not better than always answering {baseline['answer']}"]


def is_baseline(value: Any) -> bool:
    """Return whether a value from a file is a baseline."""
    return isinstance(value, dict) and (
        not value
        or (
            value.keys() == {"answer", "figure", "value"}
            and isinstance(value["answer"], str)
            and isinstance(value["figure"], str)
            and type(value["value"]) in (int, float)
        )
    )


def _constant(y: Rows, output: OutputTransform) -> tuple[Any, str]:
    """Return the simplest answer, by the training part, and what it is called."""
    import numpy as np

    if output.task == LABELS:
        each = (true.reshape(-1) for true in _truths(y, output))
        counts = sum(np.bincount(labels, minlength=output.categories) for labels in each)
        frequent = int(np.argmax(counts))
        return frequent, output.label(frequent)
    return sum(true.sum(axis=0) for true in _truths(y, output)) / len(y), MEAN


def _truths(y: Rows, output: OutputTransform) -> Iterator[Array]:
    """Yield what is true, piece by piece: labels [n, positions] or values [n, size]."""
    import numpy as np

    for _, piece in pieces(y):
        known = piece if output.classes else np.asarray(piece, np.float64)
        yield truth(np, output, output.targets(known, np.float64))
