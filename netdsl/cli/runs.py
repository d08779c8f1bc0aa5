"""`netdsl runs`: a list of runs, or some side by side."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import add_format

EXAMPLES = ("runs", "runs --sort accuracy", "runs runs/lenet5-1 runs/lenet5-2")


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
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.runs.compare import compare_json, compare_text
    from netdsl.training.runs.listing import runs_json, runs_text

    as_json = options.format == "json"
    if len(options.folders) > 1:
        print((compare_json if as_json else compare_text)(options.folders))
    else:
        where = options.folders[0] if options.folders else "runs"
        print((runs_json if as_json else runs_text)(where, options.sort))
    return 0
