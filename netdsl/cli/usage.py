"""How netdsl is called: its commands in groups, a command's usage line, and suggestions for unknown
words.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Sequence

from netdsl.cli.commands import COMMANDS, GROUPS
from netdsl.errors import did_you_mean

ABOUT = "A language for neural networks: describe, count and train them."

FAMILIAR = {
    "build": "compile",
    "convert": "emit",
    "fit": "train",
    "format": "fmt",
    "generate": "sample",
    "init": "new",
    "inspect": "data",
    "lint": "check",
    "list": "runs",
    "ls": "runs",
    "plot": "draw",
    "score": "evaluate",
    "summary": "table",
    "test": "evaluate",
    "validate": "check",
    "version": "--version",
}
"""The names that other programs have for the commands."""

_SPELT = ("--colour",)
"""Other spellings of options, which are not the keys of recipes that are called the same."""


def overview(width: int) -> str:
    """Write what netdsl is, and its commands by purpose.

    Args:
        width: the columns of the terminal.
    """
    return "\n".join([ABOUT, *_commands(width)])


def _commands(width: int) -> Iterator[str]:
    column = max(map(len, COMMANDS)) + 6
    for group, commands in GROUPS.items():
        yield f"\n{group}:"
        for name, about in commands.items():
            yield textwrap.fill(
                about,
                width,
                initial_indent=f"    {name}".ljust(column),
                subsequent_indent=" " * column,
                break_on_hyphens=False,
            )


def usage_of(parser: argparse.ArgumentParser) -> str:
    """Write how a command is called: its arguments, and the options that are required."""
    parts = [parser.prog, "[options]"]
    for action in parser._actions:
        name = str(action.metavar or action.dest)
        if action.option_strings:
            parts += [f"{action.option_strings[0]} {name}"] if action.required else []
        else:
            several = {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} [{name} ...]"}
            parts.append(several.get(str(action.nargs), name))
    return " ".join(parts)


def check_before(
    parser: argparse.ArgumentParser, before: Sequence[str], command: str | None
) -> None:
    """End with an error at an unknown option before the command, or at an unknown command."""
    known = parser._option_string_actions
    for word in before:
        flag = word.partition("=")[0] if word.startswith("--") else word[:2]
        if word.startswith("-") and flag not in known:
            parser.error(about_unknown(parser, word, ""))
    if command is not None and command not in COMMANDS:
        parser.error(about_command(command))


def about_command(name: str) -> str:
    """Say that there is no such command, and which one may be meant."""
    if name.endswith(".net") or ">" in name:
        shown = f'"{name}"' if ">" in name else name
        return _joined("a command comes first", f"`netdsl table {shown}` prints the layers")
    meant = FAMILIAR.get(name)
    near = f"did you mean `{meant}`?" if meant else did_you_mean(name, COMMANDS)
    return _joined(f"there is no command `{name}`", near)


def about_unknown(parser: argparse.ArgumentParser, word: str, following: str) -> str:
    """Say what an unknown word may mean.

    Args:
        parser: of a command, or of the whole command line.
        word: an option, perhaps with its value, or an argument too many.
        following: the argument after it.
    """
    if not word.startswith("-"):
        return f"`{word}` is one argument too many"
    flag, equals, value = word.partition("=")
    if not equals and not following.startswith("-"):
        value = following
    options, near = parser._option_string_actions, ""
    if "--set" in options and flag not in _SPELT:
        from netdsl.cli.recipe_keys import recipe_key

        near = recipe_key(flag, value, options)
    long = [name for name in options if name.startswith("--")]
    return _joined(f"{flag} is not an option", near or did_you_mean(flag, long))


def _joined(message: str, help: str) -> str:
    return f"{message}; {help}" if help else message
