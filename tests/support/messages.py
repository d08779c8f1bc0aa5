"""Messages as text, for golden files."""

from __future__ import annotations

from collections.abc import Iterable

from netdsl.errors import Diagnostic, Source
from netdsl.reading import ReadOptions, check_source


def messages(texts: Iterable[str]) -> str:
    """Each text, and all that is said of it: places, labels, helps and notes."""
    return "\n\n".join("\n".join((text, *map(_whole, _found(text)))) for text in texts) + "\n"


def _found(text: str) -> Iterable[Diagnostic]:
    return check_source(Source("test", text), ReadOptions(), "test").diagnostics


def _whole(found: Diagnostic) -> str:
    place = f" at {found.span.start}-{found.span.end}" if found.span else ""
    lines = [f"{found.code}{place}: {found.message}"]
    lines += [f"label: {found.label}"] if found.label else []
    lines += [f"help: {found.help}"] if found.help else []
    for note in found.notes:
        at = f" at {note.span.start}-{note.span.end}" if note.span else ""
        lines.append(f"note{at}: {note.message}")
    return "\n".join(f"    {line}" for line in lines)
