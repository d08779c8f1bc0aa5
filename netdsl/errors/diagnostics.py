"""Places in a text, and messages about them.

Annotations are values here, not texts: every start pays for those of named tuples.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Source:
    """A text and the name that messages call it by; it never changes."""

    # Equal by identity: a source is hashed with each span, and its text may be 4 MB.
    __slots__ = ("_line_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._line_starts: list[int] = []

    def __repr__(self) -> str:
        return f"<Source {self.name}: {len(self.text):,} characters>"

    def position(self, offset: int) -> tuple[int, int]:
        """Return the 1-based line and column of a 0-based offset."""
        if not self._line_starts:  # computed at the first question
            self._line_starts += (0, *(mark.end() for mark in re.finditer("\n", self.text)))
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, offset: int) -> str:
        """Return the line that holds the offset, without its end."""
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end]


class Span(NamedTuple):
    """The characters `start` to `end` (excluded) of a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """Return the text of the place."""
        return self.source.text[self.start : self.end]

    def to(self, other: "Span") -> "Span":
        """Return the span from the start of this one to the end of the other."""
        return Span(self.source, self.start, other.end)


class Note(NamedTuple):
    """A second place that a message speaks of."""

    message: str
    span: Span


class Diagnostic(NamedTuple):
    """One message: what is wrong, where, and how to fix it.

    Attributes:
        code: one that begins with W is a warning.
        label: is shown next to the caret.
        help: how to fix it.
        notes: further places.
    """

    code: str
    message: str
    span: Span | None = None
    help: str = ""
    label: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def severity(self) -> str:
        """Return `error` or `warning`, by the code."""
        return "warning" if self.code.startswith("W") else "error"


def once(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return each message at each place once, with the notes of the first.

    A block says the same at every use. Of the warnings of one code at one place, and of the errors
    there that uses of a block lead to, the first says how many more there are.
    """
    first: dict[Any, Diagnostic] = {}
    more: dict[Any, int] = {}
    for diagnostic in diagnostics:
        merged = diagnostic.span is not None and (
            diagnostic.severity == "warning" or _use_of(diagnostic) is not None
        )
        # What blocks lead to differs in numbers from use to use: one message, and how many more.
        key = diagnostic.code, "" if merged else diagnostic.message, diagnostic.span
        known = first.setdefault(key, diagnostic)
        if known is diagnostic or not merged:
            continue
        if diagnostic.severity == "warning":
            more[key] = more.get(key, 0) + 1
        elif _use_of(known) == _use_of(diagnostic):  # another mistake of the same use
            first.setdefault((diagnostic.code, diagnostic.message, diagnostic.span), diagnostic)
        elif known.message != diagnostic.message:
            more[key] = more.get(key, 0) + 1
    for key, count in more.items():
        uses = f" (and {count:,} more {'use' if count == 1 else 'uses'})"
        first[key] = first[key]._replace(message=first[key].message + uses)
    return list(first.values())


def _use_of(diagnostic: Diagnostic) -> tuple[Span, ...] | None:
    """Return the uses of blocks that led to a diagnostic, if any did."""
    uses = tuple(note.span for note in diagnostic.notes if note.message == USED_HERE)
    return uses or None


USED_HERE = "used here"
"""What notes say of the use of a block that led to a mistake."""


CAUSE = "the default"
"""What notes say of the statement that causes a warning elsewhere: a comment there silences it."""


def cause(span: Span) -> Note:
    """Note the `default` statement that causes a warning elsewhere."""
    return Note(CAUSE, span)


class Shown(NamedTuple):
    """The diagnostics that people are shown of many.

    Attributes:
        diagnostics: the first of each code.
        left_out: how many more there are, by their code.
    """

    diagnostics: tuple[Diagnostic, ...]
    left_out: dict[str, int]


MAX_OF_A_CODE = 20
"""How many messages of one code people are shown."""


def first_of_each_code(diagnostics: Iterable[Diagnostic], limit: int | None) -> Shown:
    """Keep the first diagnostics of each code, and count the others.

    Args:
        diagnostics: all of them.
        limit: how many of a code are kept; None for all.
    """
    shown: list[Diagnostic] = []
    counts: dict[str, int] = {}
    for diagnostic in diagnostics:
        counts[diagnostic.code] = counts.get(diagnostic.code, 0) + 1
        if limit is None or counts[diagnostic.code] <= limit:
            shown.append(diagnostic)
    more = {code: count - limit for code, count in counts.items() if limit and count > limit}
    return Shown(tuple(shown), more)


def used_here(uses: Sequence[Span]) -> tuple[Note, ...]:
    """Note the uses of blocks that led to a place, innermost first.

    Args:
        uses: outermost first.
    """
    return tuple(Note(USED_HERE, use) for use in reversed(uses))
