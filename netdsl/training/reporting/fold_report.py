"""The results of several folds: the mean of each figure, and its spread."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.training.metrics.naive import baseline_text, baseline_warning
from netdsl.training.reporting.grid_report import GridRun, settings_text
from netdsl.training.runs.figures import figure_text
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.evaluation.out_of_fold import OutOfFold

FOLD = "data.split.fold"
"""The key that says which fold is the test part."""


class FoldFigure(NamedTuple):
    """A figure over several folds.

    Attributes:
        name: of the figure.
        mean: over the folds.
        spread: the standard deviation over the folds, with n - 1; 0 for one fold.
        folds: how many there are.
    """

    name: str
    mean: float
    spread: float
    folds: int


SPREAD = "± is the standard deviation of the folds' figures, of the sample (n - 1)"
"""What the spread is."""


def by_combination(found: Sequence[GridRun]) -> dict[str, list[GridRun]]:
    """Group trainings that differ in their fold alone, by their other settings in words."""
    combined: dict[str, list[GridRun]] = {}
    for run in found:
        others = [one for one in run.settings if one.key != FOLD]
        combined.setdefault(settings_text(others), []).append(run)
    return combined


def fold_figures(runs: Sequence[GridRun]) -> Iterator[FoldFigure]:
    """Yield the figures that all of these trainings have."""
    names = dict.fromkeys(name for run in runs for name in run.entry.figures)
    for name in names:
        values = [run.entry.figures[name] for run in runs if name in run.entry.figures]
        # A mean over some of the folds would look like that of all.
        if len(values) == len(runs):
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            yield FoldFigure(name, statistics.fmean(values), spread, len(values))


def describe_folds(found: Sequence[GridRun], pooled: Mapping[str, OutOfFold]) -> str:
    """Write the mean and the spread of each figure, and the figures over all examples together, for
    each combination of other keys.

    Args:
        found: the trainings.
        pooled: for each combination's settings, the figures over the predictions out of fold.
    """
    lines: list[str] = []
    for settings, runs in by_combination(found).items():
        which = f" ({settings})" if settings else ""
        lines += fold_lines(list(fold_figures(runs)), len(runs), pooled.get(settings), which)
    return "\n".join([*lines, SPREAD])


def fold_lines(
    figures: Sequence[FoldFigure], folds: int, pooled: OutOfFold | None, which: str = ""
) -> Iterator[str]:
    """Yield the means and the spreads of some folds, then the figures over all examples together,
    each next to the score of the simplest answer.

    Args:
        figures: of the folds.
        folds: how many there are.
        pooled: the figures over the predictions out of fold; None where these are not known.
        which: the folds that are meant, in brackets.
    """
    each = ", ".join(
        f"{_words(one.name)} {figure_text(one.mean, one.name)} ± "
        f"{figure_text(one.spread, one.name)}"
        for one in figures
    )
    simplest = baseline_text(pooled.mean_baseline) if pooled else ""
    of_all = each or "none of them has figures"
    yield f"mean of {counted(folds, 'fold')}{which}: {of_all}{simplest}"
    if not pooled or not pooled.figures:
        return
    tested = len(pooled.records)
    all_figures = ", ".join(
        f"test {_words(name)} {figure_text(value, name)}" for name, value in pooled.figures.items()
    )
    yield (
        f"all {counted(tested, 'test example')} together{which}: {all_figures}"
        f"{baseline_text(pooled.baseline)}"
    )
    yield from baseline_warning(pooled.baseline, pooled.figures)
    # With growing blocks in time the first block is only trained on.
    if tested < pooled.examples:
        yield f"{tested:,} of {counted(pooled.examples, 'example')} are in a test part{which}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def folds_csv(found: Sequence[GridRun], pooled: Mapping[str, OutOfFold]) -> str:
    """Write the mean and the spread of each figure as CSV, and the figure over all examples out of
    fold together, empty for other parts.
    """
    import csv
    import io

    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["settings", "figure", "mean", "spread", "folds", "pooled"])
    for settings, runs in by_combination(found).items():
        own = pooled[settings].figures if settings in pooled else {}
        together = {f"test_{name}": f"{value:.6g}" for name, value in own.items()}
        for one in fold_figures(runs):
            numbers = [f"{one.mean:.6g}", f"{one.spread:.6g}", one.folds]
            writer.writerow([settings, one.name, *numbers, together.get(one.name)])
    return file.getvalue()
