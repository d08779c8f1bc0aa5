"""`netdsl backward`: derivatives back through a network, node by node."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import add_format
from netdsl.cli.lab_arguments import add_subject, add_values, opened
from netdsl.cli.terminal import print_json

EXAMPLES = (
    "backward gates.net x=-2 y=5 z=-4",
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
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.lab.backward import backward
    from netdsl.lab.backward_text import backward_json, backward_text
    from netdsl.lab.losses import Asked

    asked = Asked(options.of, options.loss, options.target, options.training)
    subject, given = opened(options)
    found = backward(subject, given, asked)
    if options.format == "json":
        print_json(backward_json(found))
    else:
        print(backward_text(found))
    return 0
