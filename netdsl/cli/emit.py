"""`netdsl emit`: a network as a Keras program."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import add_file, add_force
from netdsl.cli.inputs import read_networks
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import note
from netdsl.emit.program import program
from netdsl.files import write

EXAMPLES = ("emit vgg16.net", "emit resnet50.net -o resnet50.py")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_file(parser)
    parser.add_argument(
        "-o", "--output", metavar="MODEL.py", help="where to write it (default: standard output)"
    )
    add_force(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    target = target_of(options.output, options.force)
    networks = read_networks(options.file, options).networks
    if target is None:
        print(program(networks), end="")
    else:
        write(target, program(networks))
        note(f"{target}: {', '.join(network.name for network in networks)}")
    return 0
