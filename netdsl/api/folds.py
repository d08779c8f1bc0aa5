"""Cross-validation: a network that is trained on each of some folds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from netdsl.api import arguments
from netdsl.api.records import Records
from netdsl.api.run import Run, asked_training
from netdsl.api.texts import trained_of

if TYPE_CHECKING:
    from netdsl.api.arguments import PathArgument
    from netdsl.api.keys import RecipeKeys
    from netdsl.api.run import RecipeArgument
    from netdsl.api.texts import NetworkArgument


@dataclass(frozen=True)
class CrossValidation:
    """The outcome of a cross-validation; `print` shows the means.

    Attributes:
        folder: of its runs, with `grid.csv`, `folds.csv` and `out_of_fold.csv`.
        runs: a Run for each fold, in their order; the fold is its test part.
        scores: a record for each fold: `fold`, counted from 0, `epochs`, and its figures by name,
            such as `val_loss`, `test_loss`, `test_accuracy`.
        mean: of each figure over the folds, by its name.
        spread: the standard deviation of each figure over the folds, with divisor n - 1.
        pooled: each figure of the test parts, as `accuracy`, over all of their examples together.
        baseline: the score of the simplest answer over these: the `answer`, the `figure` and its
            `value`; empty where there is none, as for tags.
        predictions: a record for each example, as `predict` returns them, by the network that was
            not trained on it, with its `fold`, and as `true` the right answer for each output.
    """

    folder: Path
    runs: tuple[Run, ...]
    scores: Records[dict[str, Any]]
    mean: dict[str, float]
    spread: dict[str, float]
    pooled: dict[str, float]
    baseline: dict[str, Any]
    predictions: Records[dict[str, Any]]
    _text: str = field(repr=False)

    def __str__(self) -> str:
        return self._text


def cross_validate(
    network: NetworkArgument,
    recipe: RecipeArgument = None,
    *,
    folds: int = 5,
    name: str | None = None,
    where: PathArgument = "runs",
    quiet: bool = False,
    **keys: Unpack[RecipeKeys],
) -> CrossValidation:
    """Train a network on each of some folds, as `netdsl train --folds` does.

    Each example is in the test part of one of the trainings. Each training begins with the same
    weights, and has a validation part of its own, taken from the other folds. Mistakes that can be
    found before the trainings are raised before a folder is made.

    Args:
        network: as for `train`, but no GAN.
        recipe: as for `train`.
        folds: how many, 2 to 50.
        name: of the folder `where/NAME-folds-N`; the network's name where it is left out.
        where: the folder of runs.
        quiet: whether nothing is printed during the training.
        keys: as for `train`.

    Returns:
        The scores of each fold, their means and spreads, and the out-of-fold predictions.

    Raises:
        NetError: with all mistakes in the network; N505 for other counts of folds.
        RecipeError: for what is wrong with the recipe.
        DataError: for what is wrong with the data, such as too few examples.
        RunError: N610 to N612 where the disk, the memory or the numbers of a training fail.
    """
    from netdsl.training.loop.folds import train_folds
    from netdsl.training.reporting.fold_report import SPREAD, fold_figures, fold_lines

    if name is not None:
        name = arguments.text("name", name, "a name of the folder")
    where, quiet = arguments.path("where", where), arguments.yes_or_no("quiet", quiet)
    folds = arguments.whole("folds", folds, 2)
    known, data = asked_training(recipe, keys)
    found = train_folds(
        trained_of("network", network, False),
        known,
        folds,
        **data,
        name=name,
        where=where,
        quiet=quiet,
    )
    figures = list(fold_figures(found.runs))
    scores = (
        {"fold": fold, "epochs": run.entry.epochs, **run.entry.figures}
        for fold, run in enumerate(found.runs)
    )
    return CrossValidation(
        found.folder,
        tuple(Run.load(found.folder / run.entry.name) for run in found.runs),
        Records(scores),
        {one.name: one.mean for one in figures},
        {one.name: one.spread for one in figures},
        dict(found.pooled.figures),
        dict(found.pooled.baseline),
        Records(found.pooled.records),
        "\n".join([*fold_lines(figures, len(found.runs), found.pooled), SPREAD]),
    )
