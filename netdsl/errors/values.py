"""Messages as plain values, for JSON, and in one line."""

from __future__ import annotations

from typing import Any

from netdsl.errors.diagnostics import Diagnostic, Span


def as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return the diagnostic as plain values.

    Lines and columns count from 1; the end column is the first one after the span.
    """
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        **place_values(diagnostic.span),
        "message": diagnostic.message,
        "help": diagnostic.help,
        "notes": [
            {**place_values(note.span), "message": note.message} for note in diagnostic.notes
        ],
    }


def place_values(span: Span | None) -> dict[str, str | int | None]:
    """Return a place as plain values; each is None where there is none."""
    if not span:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


def place_text(span: Span) -> str:
    """Return a place as `file:line:column`."""
    return ":".join(map(str, (span.source.name, *span.source.position(span.start))))


def as_line(diagnostic: Diagnostic, file: str) -> str:
    """Return the message in one line, `file:line:column: error[N204] message`.

    `file` where it has no place of its own.
    """
    place = place_text(diagnostic.span) if diagnostic.span else file
    text = f"{place}: {diagnostic.severity}[{diagnostic.code}] {diagnostic.message}"
    return text.replace("\n", " ")
