"""Messages as workflow commands of GitHub Actions."""

from __future__ import annotations

from netdsl.errors.diagnostics import Diagnostic
from netdsl.errors.values import place_text, place_values


def as_github(diagnostic: Diagnostic, file: str) -> str:
    """Return the message as a workflow command, which GitHub shows next to the line of a
    pull request; `file` where it has no place of its own.

    GitHub knows columns only of a place within one line.
    """
    place = place_values(diagnostic.span)
    shown = {"file": place["file"] or file, "line": place["line"], "endLine": place["end_line"]}
    if place["line"] == place["end_line"]:
        shown |= {"col": place["column"], "endColumn": place["end_column"]}
    shown["title"] = diagnostic.code
    properties = ",".join(
        f"{name}={_escaped(str(value), ':,')}" for name, value in shown.items() if value is not None
    )
    notes = [f"{note.message}: {place_text(note.span)}" for note in diagnostic.notes]
    help = [f"help: {diagnostic.help}"] if diagnostic.help else []
    text = "\n".join([diagnostic.message, *notes, *help])
    return f"::{diagnostic.severity} {properties}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    """Return text within a workflow command.

    `%`, line ends and, in properties, `:` and `,` as percent signs and hexadecimal digits.
    """
    return "".join(f"%{ord(c):02X}" if c in "%\r\n" or c in more else c for c in text)
