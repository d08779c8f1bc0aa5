"""`netdsl backward`: derivatives back through a network, node by node."""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.arguments import add_force, add_format
from netdsl.cli.lab_arguments import add_subject, add_values, opened
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import print_json

EXAMPLES = (
    "backward gates.net x=-2 y=5 z=-4",
    "backward gates.net x=-2 y=5 z=-4 -o gates.svg",
    'backward "2 > fc-3(tanh) > softmax-2" x="1 -1" --loss cross-entropy --target 0',
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from netdsl.lab.losses import LOSSES

    add_subject(parser)
    add_values(parser)
    parser.add_argument(
        "--of",
        metavar="OUTPUT",
        help="what is derived: an output, or one number of it: f[2] (default: the only output)",
    )
    parser.add_argument(
        "--loss", choices=LOSSES, help="what is derived instead, summed: a loss of the output"
    )
    parser.add_argument(
        "--target", metavar="VALUE", help="what the loss compares with: a class, or numbers"
    )
    parser.add_argument(
        "--training", action="store_true", help="work as in training: batch statistics, dropout"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="PICTURE",
        help="draw the network with its values and derivatives: .svg or .png",
    )
    add_force(parser)
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.lab.backward import backward
    from netdsl.lab.backward_text import backward_json, backward_text
    from netdsl.lab.losses import Asked
    from netdsl.lab.pictures import checked_picture, save_picture

    target = target_of(options.output, options.force)
    if target is not None:
        checked_picture(target)
    asked = Asked(options.of, options.loss, options.target, options.training, options.seed)
    subject, given = opened(options)
    found = backward(subject, given, asked)
    if target is not None:
        from netdsl.lab.circuit import backward_picture

        save_picture(backward_picture(subject.network, found), target)
        print(f"{target}: {subject.network.name}", file=sys.stderr)
    elif options.format == "json":
        print_json(backward_json(found))
    else:
        print(backward_text(found))
    return 0
