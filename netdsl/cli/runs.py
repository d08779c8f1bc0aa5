"""`netdsl runs`: list runs, or compare some side by side."""

from __future__ import annotations

import argparse
import os

from netdsl.cli.arguments import RUNS, add_format, add_output, run_folder
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.outputs import free_path, show_or_write, target_of
from netdsl.cli.terminal import note

EXAMPLES = (
    "runs",
    "runs --sort accuracy",
    "runs compare lenet5-1 lenet5-2",
    "runs runs/lenet5-1 runs/lenet5-2 --curve curves.svg --figure accuracy",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "folders",
        nargs="*",
        metavar="FOLDER",
        type=run_folder,
        help="a folder of runs (default: runs), or two or more runs to compare, also after the "
        "word `compare`",
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
        help="what the chart shows: loss, val_loss, accuracy, rate (default: loss, of GANs "
        "generator_loss)",
    )
    parser.add_argument(
        "--over",
        choices=("epoch", "step", "seconds"),
        default="epoch",
        help="what the chart shows it over (default: epoch)",
    )
    add_format(parser)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.runs.compare import compare_json, compare_text
    from netdsl.training.runs.listing import run_folders, runs_json, runs_text

    folders, several = options.folders, len(options.folders) > 1
    if folders[:1] == ["compare"] and not os.path.isdir("compare"):
        folders = folders[1:]
        if len(folders) < 2:
            return wrong_usage("runs", "name two runs to compare, or more")
    where = folders[0] if folders else RUNS
    target = target_of(options.output, options.force)
    if options.curve:
        from netdsl.training.reporting.run_curves import write_run_curves

        path = free_path(options.curve, options.force)
        drawn = folders if several else run_folders(where)
        note(f"{path}: {write_run_curves(drawn, path, options.figure, options.over)}")
    as_json = options.format == "json"
    if several:
        text = (compare_json if as_json else compare_text)(folders)
    else:
        text = (runs_json if as_json else runs_text)(where, options.sort)
    show_or_write(text, target, "runs")
    return 0
