"""`netdsl expand`: a network with every default, block and repeat written out."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import add_file, add_output
from netdsl.cli.inputs import read_networks
from netdsl.cli.outputs import show_or_write, target_of
from netdsl.errors import Source
from netdsl.limits import DEFAULT_LIMITS
from netdsl.report.write import written_out
from netdsl.syntax.format import laid_out

EXAMPLES = (
    "expand resnet50.net",
    "expand resnet50.net -o written_out.net",
    'expand "28x28x1 > conv3-8 > pool > fc-10"',
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_file(parser)
    add_output(parser, "FILE.net")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    target = target_of(options.output, options.force)
    networks = read_networks(options.file, options).networks
    text = "\n".join(map(written_out, networks))
    # An expanded text may be longer than files may be: netdsl itself has written it.
    limits = DEFAULT_LIMITS._replace(source=len(text), statements=len(text))
    laid = laid_out(Source("expand", text), limits).removesuffix("\n")
    show_or_write(laid, target, ", ".join(network.name for network in networks))
    return 0
