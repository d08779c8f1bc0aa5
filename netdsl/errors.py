"""Places in a text, messages about them, and how the messages are shown.

Every mistake that netdsl finds in what it is given (a network, a recipe, data, a run folder) is a
`Diagnostic`; those that end the work travel in a `NetError`. The renderers at the end are the only
code that words the layout of a message.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple


class Source:
    """A text and the name that messages call it by; it never changes."""

    __slots__ = ("_line_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._line_starts: list[int] = []

    def __repr__(self) -> str:
        return f"<Source {self.name}: {len(self.text):,} characters>"

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a 0-based offset."""
        if not self._line_starts:  # worked out at the first question
            self._line_starts += (0, *(mark.end() for mark in re.finditer("\n", self.text)))
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

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

    `label` stands beside the caret; `help` says the mend; `notes` are further places. A code that
    begins with W is a warning.
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
    """What was given has mistakes: `diagnostics` tells them all.

    The command line ends with `exit_code`.
    """

    exit_code = 1

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return render(self.diagnostics)


class RunError(NetError):
    """A run failed for a reason outside what was given: the disk, the memory, a loss that is no
    number.
    """

    exit_code = 3


def fail(code: str, message: str, span: Span | None = None, **more: Any) -> NetError:
    """A `NetError` of one diagnostic, to be raised."""
    return NetError(Diagnostic(code, message, span, **more))


def first_line(error: BaseException) -> str:
    """What an exception of some library says, cut to its first line; its type where it says
    nothing.
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a typo most likely meant, or None."""
    import difflib

    names = sorted(set(known))
    found = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if not found and len(word) > 2:
        lower = {name.lower(): name for name in names}
        found = [
            lower[name] for name in difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
        ]
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing where no known word is near."""
    match = nearest(word, known)
    return f"did you mean `{match}`?" if match else ""


def once(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Each message at each place once, with the notes of the first: a block says the same at
    every use.
    """
    first: dict[Any, Diagnostic] = {}
    for diagnostic in diagnostics:
        first.setdefault((diagnostic.code, diagnostic.message, diagnostic.span), diagnostic)
    return list(first.values())


# --- showing --------------------------------------------------------------------------------------

_COLOURS = {
    "error": "\033[1;31m",
    "warning": "\033[1;33m",
    "place": "\033[34m",
    "help": "\033[36m",
    "bold": "\033[1m",
}
_LONGEST_LINE = 160


def render(diagnostics: Sequence[Diagnostic], colour: bool = False) -> str:
    """The messages as text for a terminal, a blank line between them."""
    return "\n\n".join(_render_one(diagnostic, colour) for diagnostic in diagnostics)


def _render_one(diagnostic: Diagnostic, colour: bool) -> str:
    def paint(text: str, style: str) -> str:
        return f"{_COLOURS[style]}{text}\033[0m" if colour and text else text

    severity = diagnostic.severity
    lines = [
        paint(f"{severity}[{diagnostic.code}]", severity) + paint(f": {diagnostic.message}", "bold")
    ]
    gutter = 1
    if diagnostic.span:
        gutter = len(str(diagnostic.span.source.position(diagnostic.span.start)[0]))
        lines += _excerpt(
            diagnostic.span, diagnostic.label, gutter, lambda text: paint(text, severity), paint
        )
    for note in diagnostic.notes:
        lines.append(f" {' ' * gutter}{paint('note', 'help')}: {note.message}")
        lines += _excerpt(note.span, "", gutter, lambda text: paint(text, "help"), paint)
    if diagnostic.help:
        indent = " " * (gutter + 7)
        lines.append(
            f" {' ' * gutter}{paint('help', 'help')}: "
            + diagnostic.help.replace("\n", "\n" + indent)
        )
    return "\n".join(lines)


def _excerpt(span: Span, label: str, gutter: int, mark: Any, paint: Any) -> list[str]:
    """`--> file:line:column`, the source line, and carets under the span (cut to the line's end,
    or to what fits).
    """
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
    shown = "".join(
        c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line
    )
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


def as_line(diagnostic: Diagnostic, file: str) -> str:
    """The message in one line, `file:line:column: error[N204] message`; `file` where it has no
    place of its own.
    """
    return f"{_where(diagnostic.span) or file}: {diagnostic.severity}[{diagnostic.code}] {diagnostic.message}".replace(
        "\n", " "
    )


def _where(span: Span | None) -> str:
    return ":".join(map(str, (span.source.name, *span.source.position(span.start)))) if span else ""


def as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """The diagnostic as plain values. Lines and columns count from 1; the end column is the
    first one behind the span.
    """
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        **_place(diagnostic.span),
        "message": diagnostic.message,
        "help": diagnostic.help,
        "notes": [{**_place(note.span), "message": note.message} for note in diagnostic.notes],
    }


def _place(span: Span | None) -> dict[str, str | int | None]:
    if not span:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    (line, column), (end_line, end_column) = (
        span.source.position(span.start),
        span.source.position(span.end),
    )
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


def as_github(diagnostic: Diagnostic, file: str) -> str:
    """The message as a workflow command of GitHub Actions, which shows it beside the line of a pull
    request.

    GitHub knows columns only of a place within one line.
    """
    place = _place(diagnostic.span)
    shown = {"file": place["file"] or file, "line": place["line"], "endLine": place["end_line"]}
    if place["line"] == place["end_line"]:
        shown |= {"col": place["column"], "endColumn": place["end_column"]}
    shown["title"] = diagnostic.code
    properties = ",".join(
        f"{name}={_escaped(str(value), ':,')}" for name, value in shown.items() if value is not None
    )
    notes = [f"{note.message}: {_where(note.span)}" for note in diagnostic.notes]
    text = "\n".join(
        [diagnostic.message, *notes, *([f"help: {diagnostic.help}"] if diagnostic.help else [])]
    )
    return f"::{diagnostic.severity} {properties}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    """Text within a workflow command: `%`, line ends and, in properties, `:` and `,` as percent
    signs and hexadecimal digits.
    """
    return "".join(f"%{ord(c):02X}" if c in "%\r\n" or c in more else c for c in text)


def as_sarif(
    files: Sequence[tuple[str, Sequence[Diagnostic]]], titles: Mapping[str, str], version: str
) -> dict[str, Any]:
    """The messages of some files as a SARIF 2.1.0 log of one run. `titles` names the codes;
    those that occur become rules.
    """
    codes = sorted({diagnostic.code for _, diagnostics in files for diagnostic in diagnostics})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": titles.get(code, code)},
            "help": {"text": f"netdsl explain {code}"},
            "defaultConfiguration": {"level": "warning" if code.startswith("W") else "error"},
        }
        for code in codes
    ]
    results = [
        _sarif_result(diagnostic, codes.index(diagnostic.code), file)
        for file, diagnostics in files
        for diagnostic in diagnostics
    ]
    driver = {"name": "netdsl", "version": version, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }


def _sarif_result(diagnostic: Diagnostic, rule: int, file: str) -> dict[str, Any]:
    help = f"\nhelp: {diagnostic.help}" if diagnostic.help else ""
    result = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": diagnostic.message + help},
        "locations": [_sarif_location(diagnostic.span, file)],
    }
    if diagnostic.notes:
        result["relatedLocations"] = [
            {"id": number, **_sarif_location(note.span, file), "message": {"text": note.message}}
            for number, note in enumerate(diagnostic.notes, 1)
        ]
    return result


def _sarif_location(span: Span | None, file: str) -> dict[str, Any]:
    from urllib.parse import quote

    name = span.source.name if span else file
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(name.replace("\\", "/"))}}
    if span:
        place = _place(span)
        names = {
            "startLine": "line",
            "startColumn": "column",
            "endLine": "end_line",
            "endColumn": "end_column",
        }
        physical["region"] = {name: place[key] for name, key in names.items()}
    return {"physicalLocation": physical}
