"""What came of several folds: the mean of each figure, and its spread."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from netdsl.training.reporting.grid_report import GridRun, settings_text
from netdsl.training.runs.figures import figure_text
from netdsl.wording import counted

FOLD = "data.split.fold"
"""The key that says which fold is the test part."""


class FoldFigure(NamedTuple):
    """A figure over several folds.

    Attributes:
        name: of the figure.
        mean: over the folds.
        spread: the standard deviation of the folds, of n - 1; 0 of one fold.
        folds: how many there are.
    """

    name: str
    mean: float
    spread: float
    folds: int


def by_combination(found: Sequence[GridRun]) -> dict[str, list[GridRun]]:
    """Group trainings that differ in their fold alone, by their other settings in words."""
    combined: dict[str, list[GridRun]] = {}
    for run in found:
        others = [one for one in run.settings if one.key != FOLD]
        combined.setdefault(settings_text(others), []).append(run)
    return combined


def fold_figures(runs: Sequence[GridRun]) -> Iterator[FoldFigure]:
    """Yield the figures that all of some trainings have."""
    names = dict.fromkeys(name for run in runs for name in run.entry.figures)
    for name in names:
        values = [run.entry.figures[name] for run in runs if name in run.entry.figures]
        # A mean over some of the folds would look like that of all.
        if len(values) == len(runs):
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            yield FoldFigure(name, statistics.fmean(values), spread, len(values))


def describe_folds(found: Sequence[GridRun]) -> str:
    """Say the mean and the spread of each figure, a line for each combination of other keys."""
    lines = []
    for settings, runs in by_combination(found).items():
        each = (
            f"{one.name.replace('_', ' ')} {figure_text(one.mean, one.name)} ± "
            f"{figure_text(one.spread, one.name)}"
            for one in fold_figures(runs)
        )
        which = f" ({settings})" if settings else ""
        figures = ", ".join(each) or "none of them has figures"
        lines.append(f"mean of {counted(len(runs), 'fold')}{which}: {figures}")
    return "\n".join(lines)


def folds_csv(found: Sequence[GridRun]) -> str:
    """Write the mean and the spread of each figure as CSV."""
    import csv
    import io

    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["settings", "figure", "mean", "spread", "folds"])
    for settings, runs in by_combination(found).items():
        for one in fold_figures(runs):
            writer.writerow([settings, one.name, f"{one.mean:.6g}", f"{one.spread:.6g}", one.folds])
    return file.getvalue()
