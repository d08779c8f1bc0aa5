"""`netdsl resume`: continue a run that was stopped, or train one that has ended for longer."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from netdsl.cli.arguments import EACH_EPOCH, add_run_folder, add_verbose, positive
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.terminal import is_quiet
from netdsl.cli.training_end import on_hosts

EXAMPLES = ("resume runs/lenet5-1", "resume runs/lenet5-1 --more 40", "resume runs/mlp-grid-1")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_folder(parser)
    add_verbose(parser, EACH_EPOCH)
    parser.add_argument(
        "--more",
        type=positive,
        metavar="N",
        help="train a run that has ended for N more epochs, from its last weights; without `ema` "
        "the optimizer is reset",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.runs.folder import GRID

    if os.path.isfile(Path(options.folder) / GRID):
        from netdsl.cli.grids import resume_grid

        if options.more:
            return wrong_usage("resume", "--more is for one run, not for a grid")
        return resume_grid(Path(options.folder))
    from netdsl.training.runs.inputs import read_recipe
    from netdsl.training.verbs import resume

    return on_hosts(
        read_recipe(Path(options.folder)),
        lambda: resume(options.folder, quiet=is_quiet(), more=options.more),
    )
