"""`netdsl new`: a first network and recipe for a data set."""

from __future__ import annotations

import argparse
from pathlib import Path

from netdsl.cli.arguments import DATA_HELP, add_force
from netdsl.cli.data_options import add_data_options, help_in_options, spec_of
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.outputs import free_path
from netdsl.cli.terminal import note

EXAMPLES = (
    "new churn.net --data churn.csv --target churn",
    "new photos.net --data photos/",
    "new digits.net --data digits",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE.net", help="the network; FILE.yaml is its recipe")
    parser.add_argument(
        "-d", "--data", dest="source", metavar="DATA", required=True, help=DATA_HELP
    )
    add_data_options(parser)
    add_force(parser, "existing files")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    path = Path(options.file)
    if path.suffix != ".net":
        return wrong_usage("new", f"{options.file} does not end in .net")
    network, recipe = (free_path(one, options.force) for one in (path, path.with_suffix(".yaml")))
    from netdsl import files
    from netdsl.training.starter.starter import starter

    with help_in_options():
        made = starter(spec_of(options), path)
    files.write(network, made.network)
    files.write(recipe, made.recipe)
    for line in made.job.data.notes:
        note(line)
    written = f"{path} and {path.with_suffix('.yaml')}"
    note(f"{written}: {made.job.network.counts.params:,} params")
    note(f"next: netdsl train {path} {path.with_suffix('.yaml')}")
    return 0
