"""How a training ends, on one host and on several."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from netdsl.cli.exit_codes import INTERRUPTED, exit_code_of

if TYPE_CHECKING:
    from netdsl.training.recipes.recipe import Recipe
    from netdsl.training.runs.run import RunResult


def on_hosts(recipe: Recipe | None, train: Callable[[], RunResult]) -> int:
    """Train, watched where this is one of several hosts; the first of them says what came of it.

    Returns:
        The exit code.
    """
    if recipe is None or not recipe.hosts:
        return _ended(train())
    from netdsl.training.distributed.hosts import host_number, supervised

    me = host_number(recipe)
    return supervised(lambda: exit_code_of(lambda: _ended(train(), report=me == 0)))


def _ended(run: RunResult, report: bool = True) -> int:
    from netdsl.training.reporting.text import describe_run

    if report:
        print(describe_run(run))
    return INTERRUPTED if run.interrupted else 0
