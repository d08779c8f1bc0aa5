"""`netdsl explain`: what a code, a kind of layer, a statement, a figure, a key of a recipe or a
command means, and activations drawn.
"""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.arguments import add_force
from netdsl.cli.commands import COMMANDS
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import in_colour, note, show_text
from netdsl.report.explain import explainable, explained, listed

EXAMPLES = (
    "explain N204",
    "explain conv",
    "explain use",
    "explain macs",
    "explain optimizer",
    "explain table",
    "explain sigmoid -o sigmoid.svg",
    "explain activations -o activations.svg",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "what",
        nargs="?",
        metavar="WORD",
        help="an error code, a kind of layer, a statement, a figure, a key of a recipe, or a "
        "command; without it, all are listed",
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
    show_text(listed() if options.what is None else _page(options.what), coloured=True)
    return 0


def _page(what: str) -> str:
    """Return the explanation of a name; of a command its help."""
    colour = in_colour(sys.stdout)
    if what not in COMMANDS:
        return explained(what, colour, COMMANDS)
    from netdsl.cli.parser import help_of

    more = [explained(what, colour)] if what in explainable() else []
    return "\n\n".join([help_of(what).rstrip(), *more])
