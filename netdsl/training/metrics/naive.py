"""The score of the simplest answer: always the most frequent class, or always the mean.

For a series, there is also that of answering the target of the row before.
"""

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
"""The simplest answer for values."""

FREQUENT = "the most frequent class"
"""The simplest answers for several parts, if these are different classes."""

ROW_BEFORE = "row_before"
"""The key for the score of the simplest forecast of a series: the target of the row before."""


def naive_baseline(
    train: Examples,
    part: Examples,
    outputs: Sequence[OutputTransform],
    known: Sequence[Examples] = (),
) -> dict[str, Any]:
    """Measure on a part the score of the same answer for every example, at the first output.

    Args:
        train: the part that determines the most frequent class and the mean.
        part: the part to measure on.
        outputs: of the preparation.
        known: the parts of the data; the row before the first one of a series is in one of them.

    Returns:
        `answer`, the class's name or `MEAN`; `figure`, named as in scores; its `value`; for values
        in an order of time `row_before`, the score of answering the target of the row before. Empty
        for tags and for an output that reconstructs an input.
    """
    import numpy as np

    output = outputs[0]
    # Where an image must be reconstructed, one answer for all examples is useless as a baseline.
    if output.task == TAGS or output.copies or not (len(train) and len(part)):
        return {}
    # From the training part: the part that is measured must not determine the answer.
    constant, answer = _constant(train.y[0], output)
    right, count = 0.0, 0
    for true in _truths(part.y[0], output):
        errors = true == constant if output.task == LABELS else np.abs(true - constant)
        # First the mean over the positions of an example, as in the metric itself.
        right += float(errors.mean(axis=tuple(range(1, errors.ndim))).sum())
        count += len(true)
    metric, error = training_metric(output), _row_before(part, output, known)
    value = metric.in_units(output, right / count)
    more = {} if error is None else {ROW_BEFORE: metric.in_units(output, error)}
    return {"answer": answer, "figure": figure_names(outputs)[0], "value": value, **more}


def mean_baseline(
    baselines: Sequence[Mapping[str, Any]], weights: Sequence[float] | None = None
) -> dict[str, Any]:
    """Return the mean baseline of several parts, for one figure; empty if a part has none.

    Weighted by the examples of each part, it is that of all examples together.
    """
    if not baselines or not all(baselines):
        return {}
    weights = weights or [1.0] * len(baselines)
    # That of the row before only if all parts have it, so that the same examples are compared.
    figures = [name for name in ("value", ROW_BEFORE) if all(name in one for one in baselines)]
    means = {
        name: sum(one[name] * weight for one, weight in zip(baselines, weights, strict=True))
        / sum(weights)
        for name in figures
    }
    answers = list(dict.fromkeys(one["answer"] for one in baselines))
    # Each part's training part may have another most frequent class.
    answer = answers[0] if len(answers) == 1 else FREQUENT
    return {"answer": answer, "figure": baselines[0]["figure"], **means}


def baseline_text(baseline: Mapping[str, Any]) -> str:
    """Write a baseline after the scores that it is compared with: `; always No: 0.7683`."""
    if not baseline:
        return ""
    always = f"; always {baseline['answer']}: {baseline['value']:z.4f}"
    return always + (
        f"; the row before: {baseline[ROW_BEFORE]:z.4f}" if ROW_BEFORE in baseline else ""
    )


def baseline_warning(baseline: Mapping[str, Any], scores: Mapping[str, Any]) -> list[str]:
    """Return a warning if the scores are not better than the simplest answer's."""
    value = scores.get(baseline.get("figure", ""))
    if value is None:
        return []
    simple = {f"always answering {baseline['answer']}": baseline["value"]}
    if ROW_BEFORE in baseline:
        simple["answering the target of the row before"] = baseline[ROW_BEFORE]
    higher = higher_is_better(baseline["figure"])
    return [
        f"warning: not better than {what}"
        for what, reached in simple.items()
        if not (value > reached if higher else value < reached)
    ]


def is_baseline(value: Any) -> bool:
    """Return whether a value from a file is a baseline."""
    return isinstance(value, dict) and (
        not value
        or (
            value.keys() - {ROW_BEFORE} == {"answer", "figure", "value"}
            and isinstance(value["answer"], str)
            and isinstance(value["figure"], str)
            and type(value["value"]) in (int, float)
            and type(value.get(ROW_BEFORE, value["value"])) in (int, float)
        )
    )


def _constant(y: Rows, output: OutputTransform) -> tuple[Any, str]:
    """Return the simplest answer, by the training part, and its name."""
    import numpy as np

    if output.task == LABELS:
        each = (true.reshape(-1) for true in _truths(y, output))
        counts = sum(np.bincount(labels, minlength=output.categories) for labels in each)
        frequent = int(np.argmax(counts))
        return frequent, output.label(frequent)
    return sum(true.sum(axis=0) for true in _truths(y, output)) / len(y), MEAN


def _row_before(part: Examples, output: OutputTransform, known: Sequence[Examples]) -> float | None:
    """Return the mean error of answering the target of the row before, in the order of time.

    None for classes, for rows without times, and if two rows have the same time, as neither is
    before the other then.
    """
    import numpy as np

    times = _times(part)
    if output.task == LABELS or times is None or len(np.unique(times)) < len(times):
        return None
    true = np.concatenate(list(_truths(part.y[0], output)))[np.argsort(times)]
    ends = [
        (found.max(), found.argmax(), one) for one in known if (found := _times(one)) is not None
    ]
    if earlier := [end for end in ends if end[0] < times.min()]:
        _, row, last = max(earlier, key=lambda end: end[0])
        true = np.concatenate([*_truths(last.y[0][row : row + 1], output), true])
    # If the data begins with the part, no row precedes its first one.
    return float(np.abs(np.diff(true, axis=0)).mean()) if len(true) > 1 else None


def _times(part: Examples) -> Array | None:
    """Return the times of a part's rows [n]; None where it has none."""
    return part.keys.order if part.keys and len(part) else None


def _truths(y: Rows, output: OutputTransform) -> Iterator[Array]:
    """Yield the true answers, piece by piece: labels [n, positions] or values [n, size]."""
    import numpy as np

    for _, piece in pieces(y):
        known = piece if output.classes else np.asarray(piece, np.float64)
        yield truth(np, output, output.targets(known, np.float64))
