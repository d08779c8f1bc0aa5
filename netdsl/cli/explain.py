"""`netdsl explain`: what a code, a kind of layer or a statement means."""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.streams import print_in_colour
from netdsl.cli.terminal import in_colour
from netdsl.report.explain import explained, listed

EXAMPLES = ("explain N204", "explain conv", "explain use")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "what",
        nargs="?",
        metavar="CODE|KIND|STATEMENT",
        help="an error code, a kind of layer, or a statement; without it, all are listed",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    text = listed() if options.what is None else explained(options.what, in_colour(sys.stdout))
    print_in_colour(text, sys.stdout)
    return 0
