"""The parser of the command line, with one for each command that is made only when needed."""

from __future__ import annotations

import argparse
import gettext
import os
from collections.abc import Sequence
from typing import Any, NoReturn

from netdsl import __version__, process
from netdsl.cli.commands import COMMANDS, load
from netdsl.cli.common import COMMON_DEFAULTS, VALUED, add_common


def parser_for(requested: str | None, first: bool = False) -> argparse.ArgumentParser:
    """Make the parser.

    If a command is named, it has that command alone, as making the parsers of all commands takes a
    millisecond or two.

    Args:
        requested: the command that is named, if any.
        first: whether the command is the first argument, so that no option comes before it.
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
    # All of them only for the list of commands, and to suggest one for an unknown word.
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
    """Return the first argument that is neither a common option nor the value of one."""
    words = iter(given)
    for word in words:
        # `--color=never` is one word, and needs no skipping.
        if word in VALUED:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def _nothing_found(*_: object, **__: object) -> list[str]:
    """Find no translations of argparse's messages.

    netdsl's own messages have none, and searching would import `locale` at every start.
    """
    return []


class _Help(argparse.RawDescriptionHelpFormatter):
    """Asks for the terminal's width itself.

    Argparse would import `shutil` for it, even where no help is printed.
    """

    def __init__(self, prog: str) -> None:
        try:
            width = int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size().columns
        except (ValueError, OSError):
            width = 80
        super().__init__(prog, width=width - 2)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """Write the value of an option once, as Python 3.13 does: `-d, --data DATA`."""
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {value}"


class _MainParser(argparse.ArgumentParser):
    """The parser of the whole command line."""

    def format_help(self) -> str:
        from netdsl.cli.usage import overview

        self.description = overview(self._get_formatter()._width)
        return super().format_help()

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        word = command_in(args)
        before = args if word is None else args[: args.index(word)]
        if before or word not in COMMANDS:
            from netdsl.cli.usage import check_before

            check_before(self, before, word)
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            refuse(self, unknown[0])
        return options


class CommandParser(argparse.ArgumentParser):
    """The parser of one command, which imports the command only when it parses something."""

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
        self._ready = True
        command = load(self._command)
        self.epilog = "examples:\n" + "\n".join(f"  netdsl {call}" for call in command.EXAMPLES)
        command.set_up(self)
        add_common(self)
        self.set_defaults(run=command.run)

    def _parse_optional(self, arg_string: str) -> Any:
        """Take `-:width=8` for a FILE: standard input with a param."""
        return None if arg_string.startswith("-:") else super()._parse_optional(arg_string)

    def format_help(self) -> str:
        """Write the help, its first line without the options."""
        self._shorten_usage()
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """End with an error; where FILE is missing, with a help for beginners (`NO_FILE`)."""
        self._shorten_usage()
        help = getattr(load(self._command), "NO_FILE", "")
        # Recognised by argparse's words for a missing argument, as there is no other way.
        if help and message.endswith(": FILE"):
            message = f"{message}\n  help: {help}"
        super().error(message)

    def _shorten_usage(self) -> None:
        from netdsl.cli.usage import usage_of

        # Argparse's own usage lists every option, in ten lines for some commands.
        self.usage = self.usage or usage_of(self)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse what follows the command's name; nothing of it is left over."""
        if self._ready:
            return super().parse_known_args(args, namespace)
        self.declare()
        known = self._option_string_actions
        for place, word in enumerate(args):
            if word == "--":
                break
            flag = word.partition("=")[0]
            # Before argparse, which would take an unknown option's value for a FILE and report
            # that.
            if word.startswith("--") and " " not in flag and flag not in known:
                refuse(self, word, *args[place + 1 : place + 2])
        found, unknown = super().parse_known_args(args, namespace)
        last = self._get_positional_actions()[-1:]
        if unknown and last and last[0].nargs in ("*", "+"):
            # Options are among the words of the last argument.
            self._shorten_usage()
            found, unknown = self.parse_known_intermixed_args(args, namespace)
        if unknown:
            refuse(self, unknown[0])
        return found, unknown


def refuse(parser: argparse.ArgumentParser, word: str, following: str = "") -> NoReturn:
    """End with an error about a word that a parser does not know.

    Args:
        parser: of a command, or of the whole command line.
        word: an option, perhaps with its value, or an argument too many.
        following: the argument after it.
    """
    from netdsl.cli.usage import about_unknown

    parser.error(about_unknown(parser, word, following))
