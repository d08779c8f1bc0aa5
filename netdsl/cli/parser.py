"""The parser of the command line: one for each command, made when the command is asked for."""

from __future__ import annotations

import argparse
import gettext
import os
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from netdsl import __version__, process
from netdsl.cli.commands import COMMANDS, load
from netdsl.cli.common import COMMON_DEFAULTS, VALUED, add_common


def parser_for(requested: str | None, first: bool = False) -> argparse.ArgumentParser:
    """Make the parser.

    Where a command is named, with that command alone: to make the parsers of all takes a
    millisecond or two.

    Args:
        requested: the command that is named, if any.
        first: whether it is the first argument, so that no option comes before it.
    """
    if process.own:
        gettext.find = _nothing_found  # type: ignore[assignment]
    parser = _MainParser(
        prog="netdsl",
        usage="netdsl [options] COMMAND ...",
        epilog="examples:\n  netdsl check lenet5.net\n"
        '  netdsl table "32x32x1 > conv5-6 > pool > fc-10"\n'
        "  netdsl train lenet5.net --data digits\n  netdsl help train\n\n"
        "exit codes: 0 fine, 1 errors in a file, recipe or data, 2 wrong usage, 3 a run failed,\n"
        "130 interrupted",
        formatter_class=_Help,
        allow_abbrev=False,
    )
    if not first:
        parser.add_argument("-V", "--version", action="version", version=f"netdsl {__version__}")
        add_common(parser)
    parser.set_defaults(**COMMON_DEFAULTS)
    parsers = parser.add_subparsers(
        dest="command",
        metavar="COMMAND",
        prog="netdsl",
        parser_class=CommandParser,
        help=argparse.SUPPRESS,
    )
    for name in [requested] if requested in COMMANDS else COMMANDS:
        parsers.add_parser(name, command=name)
    return parser


def help_of(command: str | None) -> str:
    """Write the help of a command, or of the whole command line."""
    if command is None:
        return parser_for(None).format_help()
    parser = CommandParser(command=command, prog=f"netdsl {command}")
    parser.declare()
    return parser.format_help()


def command_in(given: Sequence[str]) -> str | None:
    """Return the first argument that is not an option of all commands, or the value of one."""
    words = iter(given)
    for word in words:
        if word in VALUED:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


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


class _Parser(argparse.ArgumentParser):
    """A parser that names what was meant by an option that it does not have."""

    def suggestion(self, flag: str, value: str) -> str:
        """Say what an unknown option may mean, given with this value; nothing if none is near."""
        from netdsl.errors import did_you_mean

        known = self._option_string_actions
        return did_you_mean(flag, [name for name in known if name.startswith("--")])

    def refuse_unknown(self, given: Sequence[str]) -> None:
        """End with an error at the first option that the parser does not have."""
        for place, word in enumerate(given):
            flag, equals, value = word.partition("=")
            if word == "--":
                return
            if not word.startswith("--") or " " in flag or flag in self._option_string_actions:
                continue
            following = given[place + 1] if place + 1 < len(given) else ""
            self.not_an_option(flag, value if equals else following)

    def not_an_option(self, flag: str, value: str = "") -> NoReturn:
        """End with an error about an option that the parser does not have."""
        suggestion = self.suggestion(flag, "" if value.startswith("-") else value)
        self.error("; ".join(filter(None, [f"{flag} is not an option", suggestion])))


class _MainParser(_Parser):
    """The parser of the whole command line."""

    def format_help(self) -> str:
        from netdsl.cli.overview import overview

        self.description = overview(self._get_formatter()._width)
        return super().format_help()

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        word = command_in(args)
        before = args if word is None else args[: args.index(word)]
        self.refuse_unknown(before)
        for flag in before:
            if flag[:1] == "-" != flag[1:2] and flag[:2] not in self._option_string_actions:
                self.not_an_option(flag)
        if word is not None and word not in COMMANDS:
            from netdsl.errors import did_you_mean

            message = f"there is no command `{word}`"
            self.error("; ".join(filter(None, [message, did_you_mean(word, COMMANDS)])))
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.not_an_option(unknown[0])
        return options


class CommandParser(_Parser):
    """The parser of one command, which imports the command when there is something to parse."""

    def __init__(self, *, command: str, **settings: Any) -> None:
        about = COMMANDS[command]
        description = f"{about[0].upper()}{about[1:]}."
        super().__init__(
            description=description, formatter_class=_Help, allow_abbrev=False, **settings
        )
        self._command = command
        self._ready = False

    def declare(self) -> None:
        """Add the command's arguments, and those of all commands."""
        if self._ready:
            return
        self._ready = True
        command = load(self._command)
        self.epilog = "examples:\n" + "\n".join(f"  netdsl {call}" for call in command.EXAMPLES)
        command.set_up(self)
        add_common(self)
        self.set_defaults(run=command.run)
        self.usage = self.usage or " ".join([self.prog, "[options]", *self._required()])

    def _required(self) -> Iterator[str]:
        """Write what follows the options, and the options that are required."""
        for action in self._actions:
            name = str(action.metavar or action.dest)
            if action.option_strings:
                if action.required:
                    yield f"{action.option_strings[0]} {name}"
            else:
                several = {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} [{name} ...]"}
                yield several.get(str(action.nargs), name)

    def error(self, message: str) -> NoReturn:
        """End with an error; without a FILE also with what a beginner may do (`NO_FILE`)."""
        help = getattr(load(self._command), "NO_FILE", "")
        if help and message.endswith(": FILE"):
            message = f"{message}\n  help: {help}"
        super().error(message)

    def suggestion(self, flag: str, value: str) -> str:
        """Say what an unknown option may mean: of a training also a key of its recipe."""
        if "--set" in self._option_string_actions:
            from netdsl.cli.recipe_keys import recipe_key

            if found := recipe_key(flag, value, self._option_string_actions):
                return found
        return super().suggestion(flag, value)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse what follows the command's name; nothing of it is left over."""
        if self._ready:
            return super().parse_known_args(args, namespace)
        self.declare()
        self.refuse_unknown(args)
        positionals = self._get_positional_actions()
        if len(positionals) > 1 and positionals[-1].nargs == "*":  # options may be among them
            found, unknown = self.parse_known_intermixed_args(args, namespace)
        else:
            found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            if unknown[0].startswith("-"):
                self.not_an_option(unknown[0])
            self.error(f"`{unknown[0]}` is one argument too many")
        return found, unknown
