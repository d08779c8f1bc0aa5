"""`netdsl resume`: a run that was stopped continues."""

from __future__ import annotations

import argparse
from pathlib import Path

from netdsl.cli.arguments import EACH_EPOCH, add_run_folder, add_verbose
from netdsl.cli.terminal import is_quiet
from netdsl.cli.training_end import on_hosts

EXAMPLES = ("resume runs/lenet5-1", "resume runs/mlp-grid-1")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run_folder(parser)
    add_verbose(parser, EACH_EPOCH)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.runs.folder import GRID

    if (Path(options.folder) / GRID).is_file():
        from netdsl.cli.grids import resume_grid

        return resume_grid(Path(options.folder))
    from netdsl.training.runs.inputs import read_recipe
    from netdsl.training.verbs import resume

    return on_hosts(
        read_recipe(Path(options.folder)), lambda: resume(options.folder, quiet=is_quiet())
    )
