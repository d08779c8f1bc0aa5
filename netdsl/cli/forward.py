"""`netdsl forward`: numbers through a network, layer by layer."""

from __future__ import annotations

import argparse
from pathlib import Path

from netdsl.cli.arguments import add_force, add_format
from netdsl.cli.lab_arguments import add_subject, add_values, opened
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import note, print_json

EXAMPLES = (
    'forward "10x1 > conv3-1(pad=0)" x="1 4 3 -1 2 -4 1 0 2 -1"',
    "forward lenet5.net seven.png --at conv_2",
    "forward runs/lenet5-1 seven.png --at gap -o codes.npy",
    "forward sobel.net photo.png -o edges.png",
    "forward gates.net x=-2 y=5 z=-4 -o gates.svg",
    'forward "2 > bn" "1 2; 3 4; 5 6" --training',
    "forward large.net photo.png --engine keras --at gap",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_subject(parser)
    add_values(parser)
    parser.add_argument("--at", metavar="NAME", help="one layer or named point")
    parser.add_argument(
        "--training",
        action="store_true",
        help="work as in training: statistics of the batch, dropout drawn by --seed",
    )
    parser.add_argument(
        "--engine",
        choices=("numpy", "keras"),
        default="numpy",
        help="numpy: float64, by definition; keras: float32, for large inputs (default: numpy)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where to write one layer's numbers, the last one's without --at: .npy, or .png; or "
        "the network with all numbers as a picture: .svg",
    )
    add_force(parser)
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.lab.forward import Computation, values_json, values_of, values_text
    from netdsl.lab.given import saved

    target = target_of(options.output, options.force)
    subject, given = opened(options)
    how = Computation(options.engine, options.training, options.seed)
    drawn = target is not None and target.suffix == ".svg"
    name = options.at
    # A file holds one array: without --at it is that of the last layer.
    if name is None and target is not None and not drawn:
        name = subject.network.graph.layers[-1].name
    found = values_of(subject, given, how, name)
    if target is not None and drawn:
        from netdsl.lab.circuit import forward_picture

        forward_picture(subject.network, found).save(target)
        note(f"{target}: {subject.network.name}")
    elif target is not None:
        saved(found[-1].array, Path(target))
        note(f"{target}: {found[-1].name}")
    elif options.format == "json":
        print_json(values_json(found))
    else:
        print(values_text(found))
    return 0
