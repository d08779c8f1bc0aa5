"""The parser of the command line: one for each command, made when the command is asked for."""

from __future__ import annotations

import argparse
import gettext
import os
from typing import Any

from netdsl import __version__, process
from netdsl.cli.commands import COMMANDS, load


def parser_for(requested: str | None) -> argparse.ArgumentParser:
    """Make the parser.

    Where a command is named, with that command alone: to make the parsers of all takes a
    millisecond or two.
    """
    if process.own:
        gettext.find = _nothing_found  # type: ignore[assignment]
    parser = argparse.ArgumentParser(
        prog="netdsl",
        description="A language for neural networks: describe, count and train them.",
        epilog="examples:\n  netdsl check lenet5.net\n"
        '  netdsl table "32x32x1 > conv5-6 > pool > fc-10"\n'
        "  netdsl train lenet5.net --data digits",
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"netdsl {__version__}")
    parsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", prog="netdsl", parser_class=_CommandParser
    )
    for name in [requested] if requested in COMMANDS else COMMANDS:
        parsers.add_parser(name, help=COMMANDS[name], command=name)
    return parser


def _nothing_found(*_: object, **__: object) -> list[str]:
    """Look for no translations of argparse's own words.

    There are none of netdsl's, and locale would be imported for it at every start.
    """
    return []


class _Help(argparse.RawDescriptionHelpFormatter):
    """Asks for the terminal's width itself.

    Argparse would import shutil for it, even where no help is printed.
    """

    def __init__(self, prog: str) -> None:
        try:
            width = int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size().columns
        except (ValueError, OSError):
            width = 80
        super().__init__(prog, width=width - 2)

    def add_argument(self, action: argparse.Action) -> None:
        """Leave room for the names of commands: argparse forgets that they are indented."""
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):
            self._action_max_length = max(map(len, action.choices)) + 4


class _CommandParser(argparse.ArgumentParser):
    """The parser of one command, which imports the command when there is something to parse."""

    def __init__(self, *, command: str, **settings: Any) -> None:
        about = COMMANDS[command]
        description = f"{about[0].upper()}{about[1:]}."
        super().__init__(description=description, formatter_class=_Help, **settings)
        self._command = command
        self._ready = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self._ready:
            return super().parse_known_args(args, namespace)
        self._ready = True
        command = load(self._command)
        self.epilog = "examples:\n" + "\n".join(f"  netdsl {call}" for call in command.EXAMPLES)
        command.set_up(self)
        self.set_defaults(run=command.run)
        positionals = self._get_positional_actions()
        if len(positionals) > 1 and positionals[-1].nargs == "*":  # options may be among them
            return self.parse_known_intermixed_args(args, namespace)
        return super().parse_known_args(args, namespace)
