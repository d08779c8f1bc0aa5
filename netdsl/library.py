"""The files that a text `use`s: the standard block library, and files next to it."""

from __future__ import annotations

import os

from netdsl.errors import (
    USED_HERE,
    Diagnostic,
    NetError,
    Note,
    Source,
    Span,
    did_you_mean,
    fail,
)
from netdsl.limits import Limits
from netdsl.sources import read_source
from netdsl.syntax import Parsed, parse_text

BLOCKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "blocks")


def library_of(block: str) -> str:
    """Return the file of the standard block library that defines a block; empty where none does."""
    begin = f"def {block}("
    for name in standard_names():
        text = read_source(os.path.join(BLOCKS, f"{name}.net")).text
        # By its text: parsing all libraries for a help would take longer than the check.
        if any(line.startswith(begin) for line in text.splitlines()):
            return name
    return ""


class Library:
    """Finds and parses used files, each once.

    Attributes:
        folder: the starting file's: nothing outside it is read; None allows no files.
        limits: how much a file may ask for.
        parsed: the files by their paths.
    """

    def __init__(self, folder: str | None, limits: Limits) -> None:
        self.folder = None if folder is None else os.path.realpath(folder or ".")
        self.limits = limits
        self.parsed: dict[str, Parsed] = {}

    def standard(self, name: str, place: Span) -> Parsed:
        """Return a file of the standard block library.

        Raises:
            NetError: N114 where there is none of this name.
        """
        path = os.path.join(BLOCKS, f"{name}.net")
        known = standard_names()
        if name not in known:
            listed = f"the libraries are {', '.join(known)}"
            help = did_you_mean(name, known) or (
                f'{listed}; write a file in quotes: use "{name}.net"'
            )
            raise fail("N114", f"there is no block library `{name}`", place, help=help)
        return self._parsed(path, place)

    def sibling(self, name: str, source: Source, place: Span) -> Parsed:
        """Return a file named from the folder of the one that uses it.

        Raises:
            NetError: N115 for a path that leads out of the starting file's folder, N601 where it
                cannot be read.
        """
        help = "save it, or use the standard blocks: use resnet"
        return self._parsed(self.path(name, source, place, 'use "blocks.net"', help), place)

    def path(self, name: str, source: Source, place: Span, example: str, unsaved: str) -> str:
        """Return the path of a file named from the folder of the one that names it.

        Args:
            name: as it is written.
            source: the text that names it.
            place: where.
            example: how such a file is named, for help.
            unsaved: help for a text that is in no file.

        Raises:
            NetError: N115 for a path that leads out of the starting file's folder.
        """
        if self.folder is None:
            help = unsaved
            raise fail(
                "N115",
                "a text without a file has no folder to read other files from",
                place,
                help=help,
            )
        # What is absolute on one system is refused on all: a text is portable.
        if not name or os.path.isabs(name) or "\\" in name or ":" in name or "\0" in name:
            help = f"write {example}, with no drive and no leading /"
            raise fail(
                "N115", "a used file is named relative to this one's folder", place, help=help
            )
        path = os.path.normpath(os.path.join(os.path.dirname(source.name), name))
        # Links are followed first: one inside the folder may lead out of it.
        real = os.path.realpath(path)
        if os.path.commonpath([real, self.folder]) != self.folder:
            message = "the used file is outside the folder of the file that was read first"
            raise fail("N115", message, place, help="move it into that folder, or below it")
        return path

    def texts(self) -> dict[str, str]:
        """Return the texts of the files next to the starting one that were used, by their paths
        from its folder.
        """
        if self.folder is None:
            return {}
        inside = {
            path: parsed
            for path, parsed in self.parsed.items()
            if os.path.dirname(path) != os.path.realpath(BLOCKS)
        }
        return {
            os.path.relpath(path, self.folder).replace(os.sep, "/"): parsed.source.text
            for path, parsed in inside.items()
        }

    def _parsed(self, path: str, place: Span) -> Parsed:
        # One file by two paths is parsed once, and its `let`s are the same pieces.
        key = os.path.realpath(path)
        if key not in self.parsed:
            try:
                self.parsed[key] = parse_text(read_source(path, self.limits), self.limits)
            except NetError as error:
                raise NetError(*(_used_at(place, each) for each in error.diagnostics)) from None
        return self.parsed[key]


def _used_at(place: Span, problem: Diagnostic) -> Diagnostic:
    notes = (*problem.notes, *note_of_use(problem.span, place))
    return problem._replace(span=problem.span or place, notes=notes)


def note_of_use(own: Span | None, place: Span) -> tuple[Note, ...]:
    """Return the note that a mistake in a used file carries, unless the place of use is its own."""
    return (Note(USED_HERE, place),) if own and own != place else ()


def standard_names() -> list[str]:
    """Return the names of the standard block library."""
    return (
        sorted(name[:-4] for name in os.listdir(BLOCKS) if name.endswith(".net"))
        if os.path.isdir(BLOCKS)
        else []
    )
