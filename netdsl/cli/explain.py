"""`netdsl explain`: what a code, a kind of layer or a statement means, and activations drawn."""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.arguments import add_force
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import in_colour, note, show_text
from netdsl.report.explain import explained, listed

EXAMPLES = (
    "explain N204",
    "explain conv",
    "explain use",
    "explain sigmoid -o sigmoid.svg",
    "explain activations -o activations.svg",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "what",
        nargs="?",
        metavar="CODE|KIND|STATEMENT",
        help="an error code, a kind of layer, or a statement; without it, all are listed",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="PICTURE",
        help="draw an activation, such as lrelu(0.1), or all `activations`, with derivatives: "
        ".svg, .png, .pdf or .tex",
    )
    add_force(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    target = target_of(options.output, options.force)
    if target is not None:
        from netdsl.drawing.picture import checked_suffix
        from netdsl.lab.curves import curves_picture

        checked_suffix(target)
        what = options.what or "activations"
        curves_picture(what).save(target)
        note(f"{target}: {what}")
        return 0
    text = listed() if options.what is None else explained(options.what, in_colour(sys.stdout))
    show_text(text, coloured=True)
    return 0
