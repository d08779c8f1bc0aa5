"""Cross-validation: one training for each fold, the mean of their figures, and what each network
says of the examples that it was not trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from netdsl.errors import fail
from netdsl.files import write
from netdsl.training.evaluation.out_of_fold import fold_records
from netdsl.training.evaluation.predict_text import predictions_csv
from netdsl.training.loop.grid import Grid, GridAxis
from netdsl.training.recipes.settings import RecipeSetting
from netdsl.training.reporting.fold_report import FOLD, by_combination, folds_csv
from netdsl.training.reporting.grid_report import GridRun
from netdsl.training.runs.folder import FOLDS_TABLE, OUT_OF_FOLD

MAX_FOLDS = 50
"""More are most likely a mistake."""


def fold_axis(folds: int) -> GridAxis:
    """Return the axis of a grid that trains each fold. Raises NetError N505 for too many."""
    if not 2 <= folds <= MAX_FOLDS:
        raise fail("N505", f"`--folds` requires 2 to {MAX_FOLDS}, not {folds:,}")
    return GridAxis(FOLD, tuple(map(str, range(folds))))


def fold_settings(folds: int) -> list[RecipeSetting]:
    """Return the settings that each fold has besides its number."""
    return [RecipeSetting("data.split.test", repr(1 / folds))]


def has_folds(grid: Grid) -> bool:
    """Return whether a grid trains several folds."""
    return any(axis.key == FOLD and len(axis.values) > 1 for axis in grid.axes)


def write_folds(grid: Grid, found: Sequence[GridRun]) -> list[Path]:
    """Write the means of the figures, and for each combination of other keys what the networks
    say of the folds.

    Args:
        grid: what was trained.
        found: its trainings; those that have failed are left out.

    Returns:
        The files.
    """
    trained = [run for run in found if not run.problem and not run.entry.problem]
    table = grid.folder / FOLDS_TABLE
    write(table, folds_csv(trained))
    files = [table]
    combined = list(by_combination(trained).values())
    for number, runs in enumerate(combined, 1):
        name = OUT_OF_FOLD if len(combined) == 1 else f"{number}-{OUT_OF_FOLD}"
        folders = [grid.folder / run.entry.name for run in runs]
        write(grid.folder / name, predictions_csv(list(fold_records(folders))))
        files.append(grid.folder / name)
    return files
