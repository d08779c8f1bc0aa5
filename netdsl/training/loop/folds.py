"""Cross-validation: one training for each fold, the mean of their figures, and each network's
predictions for the examples that it was not trained on.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import fail
from netdsl.files import write
from netdsl.training.evaluation.out_of_fold import OutOfFold, out_of_fold
from netdsl.training.evaluation.predict_text import predictions_csv
from netdsl.training.loop.grid import Grid, GridAxis, new_grid, train_grid
from netdsl.training.planning.plan import asked_for, plan
from netdsl.training.recipes.settings import RecipeSetting
from netdsl.training.reporting.fold_report import FOLD, by_combination, folds_csv
from netdsl.training.reporting.grid_report import GridRun
from netdsl.training.runs.folder import FOLDS_TABLE, OUT_OF_FOLD

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.reading import Fragment
    from netdsl.training.recipes.recipe import Recipe

MAX_FOLDS = 50
"""The most folds: more are most likely a mistake."""


def fold_axis(folds: int) -> GridAxis:
    """Return the axis of a grid that trains each fold. Raises NetError N505 for too many."""
    if not 2 <= folds <= MAX_FOLDS:
        raise fail("N505", f"`--folds` requires 2 to {MAX_FOLDS}, not {folds:,}")
    return GridAxis(FOLD, tuple(map(str, range(folds))))


def fold_settings(folds: int) -> list[RecipeSetting]:
    """Return the settings that each fold has in addition to its number."""
    return [RecipeSetting("data.split.test", repr(1 / folds))]


def test_share_note(recipe: Recipe | None, folds: int) -> str:
    """Return a note that a recipe's test part is not used; empty where it asks for none."""
    share = None if recipe is None else recipe.data.split.test
    if share is None:
        return ""
    return f"`data.split.test: {share:g}` is not used: each of the {folds} folds is a test part"


class TrainedFolds(NamedTuple):
    """The outcome of a cross-validation.

    Attributes:
        folder: of its runs.
        runs: one for each fold, in their order.
        pooled: the networks' predictions for the examples that they were not trained on.
    """

    folder: Path
    runs: list[GridRun]
    pooled: OutOfFold


def train_folds(
    network: Architecture | Fragment,
    recipe: Recipe,
    folds: int,
    *,
    data: Any = None,
    name: str | None = None,
    where: str | Path = "runs",
    quiet: bool = False,
    **keys: Any,
) -> TrainedFolds:
    """Train on each of some folds, as `netdsl train --folds` does.

    Args:
        network: the network to train.
        recipe: how to train it.
        folds: how many.
        data: a source as in a recipe, or the data itself.
        name: of the folder, before `-folds-N`; the network's where it is left out.
        where: the folder of runs.
        quiet: whether nothing is printed on standard error during the training.
        keys: `target` and `drop`, as in `plan`.

    Raises:
        NetError: for mistakes in what is given, before any folder is made; N506 for a recipe that
            names one fold, N507 for a GAN and for several hosts.
        RunError: where a training fails.
        KeyboardInterrupt: after Ctrl-C; what is finished by then is kept.
    """
    axis = fold_axis(folds)
    for key, asked in (("gan", recipe.is_gan), ("hosts", bool(recipe.hosts))):
        if asked:
            message = f"folds are trained one by one, each a network: `{key}` has no place there"
            raise fail("N507", message, recipe.span(key))
    if recipe.data.split.fold is not None:
        message = "the folds are all trained: `data.split.fold` has no place there"
        raise fail("N506", message, recipe.span("data.split.fold"), help="leave `fold` out")
    note = test_share_note(recipe, folds)
    if note and not quiet:
        print(f"note: {note}", file=sys.stderr, flush=True)
    whole, given = asked_for(recipe, data=data, **keys)

    def of_fold(settings: Sequence[RecipeSetting]) -> Recipe:
        split = dataclasses.replace(whole.data.split, test=1 / folds, fold=int(settings[0].value))
        return dataclasses.replace(whole, data=dataclasses.replace(whole.data, split=split))

    plan(network, of_fold([RecipeSetting(FOLD, "0")]), data=given)  # mistakes before any folder
    title = network.name if name is None else name
    grid = new_grid([axis], f"{title}-folds", {"folds": folds}, where)
    found = train_grid(grid, network, of_fold, {"data": given}, quiet, strict=True)
    (pooled,) = write_folds(grid, found, given).pooled.values()
    return TrainedFolds(grid.folder, found, pooled)


def has_folds(grid: Grid) -> bool:
    """Return whether a grid trains several folds."""
    return any(axis.key == FOLD and len(axis.values) > 1 for axis in grid.axes)


class WrittenFolds(NamedTuple):
    """The files that are written for folds.

    Attributes:
        files: their names in the grid's folder.
        pooled: by the settings of other keys, the networks' out-of-fold predictions.
    """

    files: list[str]
    pooled: dict[str, OutOfFold]


def write_folds(grid: Grid, found: Sequence[GridRun], data: Any = None) -> WrittenFolds:
    """Write the means of the figures, and for each combination of other keys the out-of-fold
    predictions.

    Args:
        grid: of the trainings.
        found: its trainings; those that have failed are left out.
        data: the data itself, where they were given it in Python.
    """
    trained = [run for run in found if not run.problem and not run.entry.problem]
    files, pooled = [FOLDS_TABLE], {}
    combined = by_combination(trained)
    for number, (settings, runs) in enumerate(combined.items(), 1):
        name = OUT_OF_FOLD if len(combined) == 1 else f"{number}-{OUT_OF_FOLD}"
        pooled[settings] = out_of_fold([grid.folder / run.entry.name for run in runs], data)
        write(grid.folder / name, predictions_csv(pooled[settings].records))
        files.append(name)
    write(grid.folder / FOLDS_TABLE, folds_csv(trained, pooled))
    return WrittenFolds(files, pooled)
