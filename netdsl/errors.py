"""Places in a text, messages about them, and how the messages are shown.

Every mistake that netdsl finds in what it is given (a network, a recipe, data, a run folder) is a `Diagnostic`; those that
end the work travel in a `NetError`. The renderers at the end are the only code that words the layout of a message.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Source:
    """A text and the name that messages call it by; it never changes."""

    __slots__ = ("name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    def __repr__(self) -> str:
        return f"<Source {self.name}: {len(self.text):,} characters>"

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a 0-based offset."""
        return self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset)

    def line(self, offset: int) -> str:
        """The line that holds the offset, without its end."""
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
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of the other."""
        return Span(self.source, self.start, other.end)


class Note(NamedTuple):
    """A second place that a message speaks of."""

    message: str
    span: Span


class Diagnostic(NamedTuple):
    """One message: what is wrong, where, and how to mend it.

    `label` stands beside the caret; `help` says the mend; `notes` are further places. A code that begins with W is a warning.
    """

    code: str
    message: str
    span: Span | None = None
    help: str = ""
    label: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def severity(self) -> str:
        return "warning" if self.code.startswith("W") else "error"


class NetError(Exception):
    """What was given has mistakes: `diagnostics` tells them all. The command line ends with `exit_code`."""

    exit_code = 1

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return render(self.diagnostics)


class RunError(NetError):
    """A run failed for a reason outside what was given: the disk, the memory, a loss that is no number."""

    exit_code = 3


def fail(code: str, message: str, span: Span | None = None, **more: Any) -> NetError:
    """A `NetError` of one diagnostic, to be raised."""
    return NetError(Diagnostic(code, message, span, **more))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a typo most likely meant, or None."""
    import difflib

    found = difflib.get_close_matches(word, sorted(set(known)), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing where no known word is near."""
    match = nearest(word, known)
    return f"did you mean `{match}`?" if match else ""


# --- showing ----------------------------------------------------------------------------------------------------------

_COLOURS = {"error": "\033[1;31m", "warning": "\033[1;33m", "place": "\033[34m", "help": "\033[36m", "bold": "\033[1m"}
_LONGEST_LINE = 160


def render(diagnostics: Sequence[Diagnostic], colour: bool = False) -> str:
    """The messages as text for a terminal, a blank line between them."""
    return "\n\n".join(_render_one(diagnostic, colour) for diagnostic in diagnostics)


def _render_one(diagnostic: Diagnostic, colour: bool) -> str:
    def paint(text: str, style: str) -> str:
        return f"{_COLOURS[style]}{text}\033[0m" if colour and text else text

    severity = diagnostic.severity
    lines = [paint(f"{severity}[{diagnostic.code}]", severity) + paint(f": {diagnostic.message}", "bold")]
    gutter = 1
    if diagnostic.span:
        gutter = len(str(diagnostic.span.source.position(diagnostic.span.start)[0]))
        lines += _excerpt(diagnostic.span, diagnostic.label, gutter, lambda text: paint(text, severity), paint)
    for note in diagnostic.notes:
        lines.append(f" {' ' * gutter}{paint('note', 'help')}: {note.message}")
        lines += _excerpt(note.span, "", gutter, lambda text: paint(text, "help"), paint)
    if diagnostic.help:
        indent = " " * (gutter + 7)
        lines.append(f" {' ' * gutter}{paint('help', 'help')}: " + diagnostic.help.replace("\n", "\n" + indent))
    return "\n".join(lines)


def _excerpt(span: Span, label: str, gutter: int, mark: Any, paint: Any) -> list[str]:
    """`--> file:line:column`, the source line, and carets under the span (cut to the line's end, or to what fits)."""
    source, start = span.source, span.start
    line_number, column = source.position(start)
    line = source.line(start)
    first, width = column - 1, max(1, min(span.end - start, len(line) - (column - 1)))
    if len(line) > _LONGEST_LINE:
        cut = max(0, first - _LONGEST_LINE // 2)
        line, first = line[cut : cut + _LONGEST_LINE], first - cut
        width = min(width, max(1, _LONGEST_LINE - first))
    margin = "".join("\t" if c == "\t" else " " * _cells(c) for c in line[:first])
    carets = "^" * max(1, sum(map(_cells, line[first : first + width])))
    bar = paint("|", "place")
    shown = "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)
    return [
        f"{' ' * (gutter + 1)}{paint('-->', 'place')} {source.name}:{line_number}:{column}",
        f"{' ' * (gutter + 2)}{bar}",
        f" {paint(str(line_number).rjust(gutter), 'place')} {bar} {shown.rstrip()}",
        f"{' ' * (gutter + 2)}{bar} {margin}{mark(f'{carets} {label}'.rstrip())}",
        f"{' ' * (gutter + 2)}{bar}",
    ]


def _cells(character: str) -> int:
    """The columns that a terminal gives a character."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """The diagnostic as plain values. Lines and columns count from 1; the end column is the first one behind the span."""
    places: dict[str, int | None] = dict.fromkeys(("line", "column", "end_line", "end_column"))
    if diagnostic.span:
        source, start, end = diagnostic.span
        places["line"], places["column"] = source.position(start)
        places["end_line"], places["end_column"] = source.position(end)
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "file": diagnostic.span.source.name if diagnostic.span else None,
        **places,
        "message": diagnostic.message,
        "help": diagnostic.help,
    }
