"""The `netdsl` command: from its arguments to the command that they name, and its exit code.

Data goes to standard output, messages to standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from netdsl import __version__, process
from netdsl.cli.commands import COMMANDS, Command
from netdsl.cli.exit_codes import WRONG_USAGE, exit_code_of


def run() -> NoReturn:
    """Run the `netdsl` command in this process, which is its own."""
    process.own = True
    process.end(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: what follows `netdsl`; by default those of this process.

    Returns:
        The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser(given[0] if given else None)
    options = parser.parse_args(given)
    if options.command is None:
        parser.print_help()
        return WRONG_USAGE
    return exit_code_of(lambda: options.run(options))


def _parser(wanted: str | None) -> argparse.ArgumentParser:
    """Make the parser; where a command is named, with that command alone: to make the parsers of
    all takes a millisecond or two.
    """
    parser = argparse.ArgumentParser(
        prog="netdsl",
        description="Neural networks written down, counted, and trained.",
        epilog="examples:\n  netdsl check lenet5.net\n"
        '  netdsl table "32x32x1 > conv5-6 > pool > fc-10"\n  netdsl train lenet5.net --data digits',
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"netdsl {__version__}")
    parsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", prog="netdsl", parser_class=_CommandParser
    )
    named = {wanted: COMMANDS[wanted]} if wanted in COMMANDS else COMMANDS
    for name, command in named.items():
        parsers.add_parser(name, help=command.help, command=command)
    return parser


class _Help(argparse.RawDescriptionHelpFormatter):
    """Asks for the terminal's width itself: argparse would import shutil for it, even where no
    help is printed.
    """

    def __init__(self, prog: str) -> None:
        try:
            width = int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size().columns
        except (ValueError, OSError):
            width = 80
        super().__init__(prog, width=width - 2)


class _CommandParser(argparse.ArgumentParser):
    """The parser of one command, which imports the command when there is something to parse."""

    def __init__(self, *, command: Command, **settings: Any) -> None:
        description = command.help[0].upper() + command.help[1:] + "."
        super().__init__(description=description, formatter_class=_Help, **settings)
        self._command = command

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        command = self._command.load()
        self.epilog = "examples:\n" + "\n".join(f"  netdsl {call}" for call in command.EXAMPLES)
        command.set_up(self)
        self.set_defaults(run=command.run)
        return super().parse_known_args(args, namespace)
