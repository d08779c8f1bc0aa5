"""`netdsl compile`: a network as a Keras model."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import add_file, add_force
from netdsl.cli.inputs import read_network
from netdsl.cli.outputs import free_model_path
from netdsl.cli.terminal import is_quiet
from netdsl.files import save

EXAMPLES = ("compile lenet5.net -o lenet5.keras",)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_file(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="MODEL.keras",
        help="where to write it (default: the network's name)",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the initial weights")
    add_force(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.keras.build import build

    network = read_network(options)
    path = free_model_path(options.output or f"{network.name}.keras", options.force)
    save(path, build(network, options.seed).save)
    if not is_quiet():
        print(f"{path}: {network.name}, {network.counts.params:,} params")
    return 0
