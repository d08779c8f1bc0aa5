"""`netdsl expand`: a network with every default, block and repeat written out."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import add_file
from netdsl.cli.inputs import read_networks
from netdsl.errors import Source
from netdsl.limits import DEFAULT_LIMITS
from netdsl.report.write import written_out
from netdsl.syntax.format import laid_out

EXAMPLES = ("expand resnet50.net", 'expand "28x28x1 > conv3-8 > pool > fc-10"')


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_file(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    text = "\n".join(map(written_out, read_networks(options.file, options).networks))
    limits = DEFAULT_LIMITS._replace(source=4 * len(text), statements=len(text))
    print(laid_out(Source("expand", text), limits), end="")
    return 0
