"""The options and arguments of each command, read from its parser, for completion in shells."""

from __future__ import annotations

import argparse
import re
from typing import NamedTuple

from netdsl.cli.commands import COMMANDS
from netdsl.cli.common import add_common
from netdsl.cli.parser import CommandParser

FILES = re.compile(
    r"FILE|DATA|PICTURE|RECIPE|RUN|FOLDER|MODEL|SOURCE|INPUT|IMAGE|PATH|OTHER|A B|^TARGET|\]VALUE"
)
"""The metavars of values that are a file or a folder."""


class CompletedOption(NamedTuple):
    """An option.

    Attributes:
        names: `-d` and `--data`.
        about: its help.
        metavar: what its value is called; empty where it has none.
        words: the values that are known.
        files: whether a value may be a file.
    """

    names: tuple[str, ...]
    about: str
    metavar: str
    words: tuple[str, ...]
    files: bool


class CompletedCommand(NamedTuple):
    """A command, its options, and the known words and files that it takes."""

    name: str
    about: str
    options: tuple[CompletedOption, ...]
    words: tuple[str, ...]
    files: bool


def common_options() -> tuple[CompletedOption, ...]:
    """Return the options that may come before a command's name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-V", "--version", action="store_true", help="show the version")
    add_common(parser)
    return _options(parser)


def completed_commands() -> list[CompletedCommand]:
    """Return what may follow each command."""
    return [_completed(name, about) for name, about in COMMANDS.items()]


def _completed(name: str, about: str) -> CompletedCommand:
    # From the parsers themselves: a separate list of options would lack the newest.
    parser = CommandParser(command=name, prog=f"netdsl {name}")
    parser.declare()
    values = [action for action in parser._actions if not action.option_strings]
    return CompletedCommand(
        name,
        about,
        _options(parser),
        tuple(word for action in values for word in _words(action)),
        any(_is_file(action) for action in values),
    )


def _options(parser: argparse.ArgumentParser) -> tuple[CompletedOption, ...]:
    return tuple(
        CompletedOption(
            tuple(action.option_strings),
            " ".join((action.help or "").split()),
            "" if action.nargs == 0 else _metavar(action),
            _words(action),
            _is_file(action),
        )
        for action in parser._actions
        if action.option_strings and action.help != argparse.SUPPRESS
    )


def _metavar(action: argparse.Action) -> str:
    named = action.metavar or action.dest.upper()
    return named if isinstance(named, str) else " ".join(named)


def _words(action: argparse.Action) -> tuple[str, ...]:
    """Return the known values of an argument."""
    if action.choices is not None:
        return tuple(map(str, action.choices))
    metavar = _metavar(action)
    if metavar == "COMMAND":
        return tuple(COMMANDS)
    if metavar in ("DATA", "SOURCE"):
        from netdsl.training.data.sources.named import NAMES
        from netdsl.training.data.sources.toys import TOYS

        return (*NAMES, *TOYS)
    if metavar == "WORD":
        from netdsl.report.explain import explainable

        return (*explainable(), *COMMANDS)
    return ()


def _is_file(action: argparse.Action) -> bool:
    return action.nargs != 0 and action.choices is None and bool(FILES.search(_metavar(action)))
