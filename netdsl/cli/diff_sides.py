"""The two files that `netdsl diff` compares, named by a person or by git."""

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
        file: its path, or the text or `-` that is given on the command line instead.
        place: for a copy that git made, where the text belongs in the working tree; the files that
            it uses are looked for there.
        label: what messages call it.
    """

    file: str
    place: str | None
    label: str

    def remark(self, text: str) -> str:
        """Return a note on which version of used files is read; empty where the text uses none."""
        if self.place is None or not re.search(r'(?m)^[ \t]*use[ \t]+"', text):
            return ""
        return (
            f"note: the files that {self.label} uses are read in their current version in the "
            "working tree"
        )

    @property
    def missing(self) -> bool:
        """Whether the file does not exist on this side, as it was added or deleted: git then names
        the null device.
        """
        return self.file in _NO_FILE


class DiffSides(NamedTuple):
    """The two sides, and whether git runs the command: then the exit code is 0 for differences."""

    a: DiffSide
    b: DiffSide
    by_git: bool = False


def sides_of(
    files: Sequence[str], place: str | None, environment: Mapping[str, str]
) -> DiffSides | None:
    """Return the two files of a command line; None where there are not two.

    A command line has two names, or the seven arguments of GIT_EXTERNAL_DIFF (nine for a renamed
    file). `git difftool --extcmd` sets BASE to where the file belongs.
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
    """Return one side; a file that is at its place in the working tree is called by its name."""
    if (
        place is not None
        and file not in (*_NO_FILE, "-")
        and os.path.realpath(file) != os.path.realpath(place)
    ):
        return DiffSide(file, place, f"{place} ({age})")
    label = "<stdin>" if file == "-" else "<text>" if holds_text(file) else file
    return DiffSide(file, None, label)


def with_places(messages: Iterable[Diagnostic], side: DiffSide) -> tuple[Diagnostic, ...]:
    """Return the messages about a side; where a used file was not found, with help that says where
    it is looked for.
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
