"""Comments that silence warnings: `# netdsl: ignore W703`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from netdsl.errors import CAUSE, Diagnostic, Source, Span

_STRING_OR_COMMENT = r'"[^"\n]*"|#[^\n]*'
_IGNORE = r"#[ \t]*netdsl:[ \t]*ignore\b[ \t]*(?:[A-Z][0-9]+[, \t]*)*"


def silenced(diagnostics: Iterable[Diagnostic], source: Source, whole: bool) -> list[Diagnostic]:
    """Return the diagnostics without the warnings that a comment silences.

    It is on their line, or on that of the `default` statement that causes them.

    Args:
        diagnostics: of the text, and of files that it uses.
        source: the text.
        whole: whether every warning of `source` is among them: then comments that silence nothing
            are warned of.
    """
    ignored: dict[Source, dict[int, set[str]]] = {}  # by source, the codes by their lines
    kept: list[Diagnostic] = []
    hit: set[tuple[int, str]] = set()
    for diagnostic in diagnostics:
        places = _places(diagnostic)
        silencing = [place for place in places if _is_ignored(diagnostic.code, place, ignored)]
        hit |= {
            (source.position(place.start)[0], diagnostic.code)
            for place in silencing
            if place.source is source
        }
        if not silencing:
            kept.append(diagnostic)
    if whole:
        kept += _idle_ignores(source, hit)
    return kept


def _places(diagnostic: Diagnostic) -> list[Span]:
    """Return where a comment can silence a diagnostic: where it is, and where its cause is."""
    if diagnostic.span is None or diagnostic.severity != "warning":
        return []
    return [diagnostic.span, *(note.span for note in diagnostic.notes if note.message == CAUSE)]


def _is_ignored(code: str, place: Span, known: dict[Source, dict[int, set[str]]]) -> bool:
    """Return whether a comment on the line of a place silences a code."""
    if place.source not in known:
        known[place.source] = {line: set(codes) for line, _, codes in _ignores(place.source)}
    lines = known[place.source]
    return bool(lines) and code in lines.get(place.source.position(place.start)[0], ())


def _ignores(source: Source) -> Iterator[tuple[int, Span, list[str]]]:
    """Yield the comments that silence: their line, place and codes."""
    # A search in C first: most texts have no such comment, and are not scanned.
    if "netdsl:" not in source.text:
        return
    # Strings are matched, so that a `#` within one begins no comment.
    for comment in re.finditer(_STRING_OR_COMMENT, source.text):
        ignore = re.search(_IGNORE, comment.group())
        if ignore and comment.group().startswith("#"):
            start = comment.start() + ignore.start()
            span = Span(source, start, start + len(ignore.group().rstrip()))
            yield source.position(start)[0], span, re.findall("[A-Z][0-9]+", ignore.group())


def _idle_ignores(source: Source, hit: set[tuple[int, str]]) -> Iterator[Diagnostic]:
    """Yield warnings of comments that silence nothing."""
    for line, span, codes in _ignores(source):
        if not codes:
            help = "write the codes: # netdsl: ignore W703"
            yield Diagnostic("W718", "this comment gives no code", span, help=help)
        for code in codes:
            if (line, code) in hit:
                continue
            message, help = f"there is no {code} on this line to ignore", "remove it"
            if code.startswith("N"):
                message = f"{code} is an error, which no comment silences"
                help = "fix it, or remove the comment"
            yield Diagnostic("W718", message, span, help=help)
