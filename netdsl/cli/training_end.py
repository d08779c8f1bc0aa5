"""How a training ends, on one host and on several."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from netdsl.cli.exit_codes import INTERRUPTED, exit_code_of
from netdsl.cli.streams import print_in_colour
from netdsl.cli.terminal import in_colour
from netdsl.cli.then import follow

if TYPE_CHECKING:
    from netdsl.training.recipes.recipe import Recipe
    from netdsl.training.runs.run import RunResult


def on_hosts(
    recipe: Recipe | None, train: Callable[[], RunResult], then: Sequence[str] | None = None
) -> int:
    """Train, supervised if this is one of several hosts; the first of them prints the outcome.

    Args:
        recipe: of the training.
        train: trains.
        then: a command to run when the training has ended, without the run's folder.

    Returns:
        The exit code.
    """
    if recipe is None or not recipe.hosts:
        return _ended(train(), then)
    from netdsl.training.distributed.hosts import host_number, supervised

    me = host_number(recipe)
    return supervised(lambda: exit_code_of(lambda: _ended(train(), then, me == 0)))


def _ended(run: RunResult, then: Sequence[str] | None, report: bool = True) -> int:
    from netdsl.training.reporting.text import describe_run

    if report and in_colour(sys.stdout):
        from netdsl.cli.links import with_report_link

        print_in_colour(with_report_link(describe_run(run), run.folder), sys.stdout)
        sys.stdout.flush()
    elif report:
        print(describe_run(run), flush=True)
    if run.interrupted:
        return INTERRUPTED
    # Of several hosts, only on the one that has the run.
    return follow(then, [run.folder]) if then and report else 0
