"""`netdsl backward`: derivatives back through a network, node by node."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from netdsl.cli.arguments import (
    DATA_HELP,
    add_data,
    add_force,
    add_format,
    add_target,
    picture_file,
)
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.lab_arguments import add_subject, add_values, opened
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import note, print_json

if TYPE_CHECKING:
    from netdsl.lab.backward import Backward
    from netdsl.lab.weighted import WeightedNetwork

EXAMPLES = (
    "backward gates.net x=-2 y=5 z=-4",
    "backward gates.net x=-2 y=5 z=-4 -o gates.svg",
    'backward "2 > fc-3(tanh) > softmax-2" x="1 -1" --loss cross-entropy --target 0',
    'backward "2 > fc-3(tanh) > fc-2" "1 -1" --matrices',
    "backward mlp.net --data mnist --norms -o norms.svg",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from netdsl.lab.losses import LOSSES

    add_subject(parser)
    add_values(parser)
    parser.add_argument(
        "--of",
        metavar="OUTPUT",
        help="the output to differentiate, or one number of it: f[2] (default: the only output)",
    )
    parser.add_argument(
        "--loss", choices=LOSSES, help="differentiate a loss of the output instead, summed"
    )
    add_target(parser, "what the loss compares with: a class, or numbers", "VALUE")
    parser.add_argument(
        "--training", action="store_true", help="work as in training: batch statistics, dropout"
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--matrices",
        action="store_true",
        help="each layer's delta, its outer product with the input, and what is passed on",
    )
    shown.add_argument(
        "--norms",
        action="store_true",
        help="the norms of each layer's gradient and update in a first step on --data",
    )
    add_data(parser, f"for --norms: {DATA_HELP}")
    parser.add_argument(
        "-o",
        "--output",
        type=picture_file,
        metavar="PICTURE",
        help="draw the network with its values and derivatives, or the norms: .svg or .png",
    )
    add_force(parser)
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if options.norms:
        from netdsl.cli.backward_norms import run_norms

        return run_norms(options)
    if options.data is not None:
        return wrong_usage("backward", "--data is for --norms")
    if options.matrices and options.output is not None:
        return wrong_usage("backward", "-o draws values or norms, and --matrices is text")
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
        note(f"{target}: {subject.network.name}")
    elif options.matrices:
        print(_matrices(subject, found, options.format))
    elif options.format == "json":
        print_json(backward_json(found))
    else:
        print(backward_text(found))
    return 0


def _matrices(subject: WeightedNetwork, found: Backward, format: str) -> str:
    from netdsl.json_text import json_text
    from netdsl.lab.matrices import matrices_json, matrices_of, matrices_text

    layers = matrices_of(subject, found)
    if format == "json":
        return json_text(matrices_json(found, layers), depth=2)
    return matrices_text(found, layers)
