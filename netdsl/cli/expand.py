"""`netdsl expand`: a network with every default, block and repeat written out."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import add_file
from netdsl.cli.inputs import read_networks
from netdsl.report.write import written_out

EXAMPLES = ("expand resnet50.net", 'expand "28x28x1 > conv3-8 > pool > fc-10"')


def set_up(parser: argparse.ArgumentParser) -> None:
    add_file(parser)


def run(options: argparse.Namespace) -> int:
    networks = read_networks(options.file, options).networks
    print("\n".join(map(written_out, networks)), end="")
    return 0
