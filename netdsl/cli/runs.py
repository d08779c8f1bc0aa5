"""`netdsl runs`: a list of runs, or some side by side."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import add_force, add_format
from netdsl.cli.outputs import free_path
from netdsl.cli.terminal import note
from netdsl.wording import counted

EXAMPLES = (
    "runs",
    "runs --sort accuracy",
    "runs runs/lenet5-1 runs/lenet5-2",
    "runs runs/lenet5-1 runs/lenet5-2 --curve curves.svg --figure accuracy",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "folders",
        nargs="*",
        metavar="FOLDER",
        help="a folder of runs (default: runs), or two or more runs to compare",
    )
    parser.add_argument(
        "--sort", metavar="FIGURE", help="the best first: loss, accuracy, params, seconds"
    )
    parser.add_argument(
        "--curve", metavar="FILE", help="draw the runs' curves in one chart, .svg or .png"
    )
    parser.add_argument(
        "--figure",
        metavar="FIGURE",
        default="loss",
        help="what the chart shows: loss, val_loss, accuracy, rate (default: loss)",
    )
    parser.add_argument(
        "--over",
        choices=("epoch", "step", "seconds"),
        default="epoch",
        help="what the chart shows it over (default: epoch)",
    )
    add_force(parser)
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.runs.compare import compare_json, compare_text
    from netdsl.training.runs.listing import run_folders, runs_json, runs_text

    where = options.folders[0] if options.folders else "runs"
    several = len(options.folders) > 1
    if options.curve:
        from netdsl.training.reporting.run_curves import write_run_curves

        path = free_path(options.curve, options.force)
        folders = options.folders if several else run_folders(where)
        write_run_curves(folders, path, options.figure, options.over)
        note(f"{path}: {options.figure} of {counted(len(folders), 'run')}")
    as_json = options.format == "json"
    if several:
        print((compare_json if as_json else compare_text)(options.folders))
    else:
        print((runs_json if as_json else runs_text)(where, options.sort))
    return 0
