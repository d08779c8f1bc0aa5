"""The loggers by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdsl.errors import did_you_mean, fail
from netdsl.training.planning.requirements import LOGGER_PACKAGES, require_loggers
from netdsl.training.recipes.flatten import flatten
from netdsl.training.reporting.loggers.guarded import Guarded
from netdsl.training.reporting.loggers.mlflow import MLflow
from netdsl.training.reporting.loggers.tensorboard import TensorBoard
from netdsl.training.reporting.loggers.wandb import Wandb

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.recipes.recipe import Recipe
    from netdsl.training.reporting.loggers.figures import Logger

LOGGERS: dict[str, Callable[[Path, Mapping[str, Any]], Logger]] = {
    "tensorboard": TensorBoard,
    "mlflow": MLflow,
    "wandb": Wandb,
}
"""What opens each logger, given a run folder and the run's settings."""


def check_loggers(names: Sequence[str]) -> None:
    """Check the names of loggers, before a folder is made.

    Raises:
        NetError: N641 for a name that is not a logger's, N602 where its package is not installed.
    """
    for name in names:
        if name not in LOGGER_PACKAGES:
            known = f"the loggers are {', '.join(LOGGER_PACKAGES)}"
            help = did_you_mean(name, LOGGER_PACKAGES) or known
            raise fail("N641", f"there is no logger `{name}`", help=help)
    require_loggers(names)


def open_loggers(names: Sequence[str], folder: Path, settings: Mapping[str, Any]) -> list[Logger]:
    """Open the loggers of these names for a run that begins or continues in the folder.

    Raises:
        NetError: as `check_loggers` does.
    """
    check_loggers(names)
    return [
        # A name given twice would write every figure twice.
        Guarded(name, partial(LOGGERS[name], folder, settings))
        for name in dict.fromkeys(names)
    ]


def run_settings(network: Architecture, recipe: Recipe, speed: str) -> dict[str, Any]:
    """Return the settings of a run by name: the recipe's keys, the network, its parameters.

    Args:
        network: what is trained.
        recipe: with every value.
        speed: the way of taking steps, which may have been measured instead of set in the recipe.
    """
    plain = {
        name: value if isinstance(value, int | float | str) else str(value)
        for name, value in flatten(recipe).items()
    }
    return {"network": network.name, "parameters": network.counts.params, **plain, "speed": speed}
