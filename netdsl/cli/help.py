"""`netdsl help`: the help of a command, or of all."""

from __future__ import annotations

import argparse

from netdsl.cli.commands import COMMANDS
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.terminal import show_text
from netdsl.cli.usage import about_command

EXAMPLES = ("help", "help train")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "about", nargs="?", metavar="COMMAND", help="a command; without it, all are listed"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.cli.parser import help_of

    if options.about is not None and options.about not in COMMANDS:
        return wrong_usage("help", about_command(options.about))
    show_text(help_of(options.about).rstrip())
    return 0
