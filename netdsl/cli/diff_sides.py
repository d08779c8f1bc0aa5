"""The two files that `netdsl diff` is asked for, by a person or by git."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from netdsl.errors import Diagnostic
from netdsl.sources import holds_text

_NO_FILE = ("/dev/null", os.devnull)  # git says /dev/null on every system


class DiffSide(NamedTuple):
    """One of the two files.

    Attributes:
        file: where its text is, or what is on the command line in its place.
        place: where the text belongs in the working tree, of a copy that git made; the files that
            it uses are looked for there.
        label: what messages call it.
    """

    file: str
    place: str | None
    label: str

    def remark(self, text: str) -> str:
        """Return what a reader of an older version should know.

        Nothing where its text uses no file.
        """
        if self.place is None or not re.search(r'(?m)^[ \t]*use[ \t]+"', text):
            return ""
        return (
            f"note: the files that {self.label} uses are read in their current version in the "
            "working tree"
        )

    @property
    def missing(self) -> bool:
        """Whether git says with it that there is no such file: it was added, or deleted."""
        return self.file in _NO_FILE


class DiffSides(NamedTuple):
    """What is compared, and whether git asks: then the exit code says only that it can continue."""

    a: DiffSide
    b: DiffSide
    by_git: bool = False


def sides_of(
    files: Sequence[str], place: str | None, environment: Mapping[str, str]
) -> DiffSides | None:
    """Return the two files of a command line.

    Two names, or the seven arguments of GIT_EXTERNAL_DIFF (nine of a renamed file); else None.

    `git difftool --extcmd` says in BASE where the file belongs.
    """
    if len(files) in (7, 9):
        return DiffSides(
            _side(files[1], files[0], "old"),
            _side(files[4], files[7] if len(files) == 9 else files[0], "new"),
            by_git=True,
        )
    if len(files) != 2:
        return None
    if place is None and "GIT_DIFFTOOL_EXTCMD" in environment:
        place = environment.get("BASE")
    return DiffSides(_side(files[0], place, "old"), _side(files[1], place, "new"))


def _side(file: str, place: str | None, age: str) -> DiffSide:
    """Return a file.

    One that is in its place in the working tree already is called by its name alone.
    """
    if (
        place is not None
        and file not in (*_NO_FILE, "-")
        and os.path.realpath(file) != os.path.realpath(place)
    ):
        return DiffSide(file, place, f"{place} ({age})")
    label = "<stdin>" if file == "-" else "<text>" if holds_text(file) else file
    return DiffSide(file, None, label)


def with_places(messages: Iterable[Diagnostic], side: DiffSide) -> tuple[Diagnostic, ...]:
    """Return the messages about a side.

    Where a used file was not found, with what decides where it is looked for.
    """
    if side.place is None:
        help = "for a copy elsewhere, --path says where it belongs: used files are read there"
    else:
        help = (
            f"used files are read next to {side.place} in the working tree, in their current "
            "version"
        )
    return tuple(
        m._replace(help=help) if m.code == "N601" and m.span is not None and not m.help else m
        for m in messages
    )
