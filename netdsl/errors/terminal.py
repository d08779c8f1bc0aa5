"""Messages for a terminal: the line that they are about, with carets under the place."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from netdsl.errors.diagnostics import MAX_OF_A_CODE, Diagnostic, Span, first_of_each_code
from netdsl.errors.printable import in_one_line, printable

_COLOURS = {
    "error": "\033[1;31m",
    "warning": "\033[1;33m",
    "place": "\033[34m",
    "help": "\033[36m",
    "bold": "\033[1m",
}
# A whole network may be one line.
_LONGEST_LINE = 160

Paint = Callable[[str, str], str]
"""Gives a text in a style of `_COLOURS`."""


def render(
    diagnostics: Sequence[Diagnostic], colour: bool = False, limit: int | None = MAX_OF_A_CODE
) -> str:
    """Return the messages as text for a terminal, a blank line between them.

    Args:
        diagnostics: the messages.
        colour: whether it is in colour.
        limit: how many of a code are shown, the others being counted; None for all.
    """
    paint = _in_colour if colour else _plain
    shown, left_out = first_of_each_code(diagnostics, limit)
    texts = [_rendered(diagnostic, paint) for diagnostic in shown]
    texts += [paint(left_out_text(code, count), "bold") for code, count in left_out.items()]
    return "\n\n".join(texts)


def left_out_text(code: str, count: int) -> str:
    """Say how many messages of a code are not shown."""
    return f"and {count:,} more {code}: `netdsl check --all` shows them"


def _in_colour(text: str, style: str) -> str:
    # Printable before it is coloured: the text's own escapes must not reach the terminal.
    return f"{_COLOURS[style]}{printable(text)}\033[0m" if text else text


def _plain(text: str, style: str) -> str:
    return printable(text)


def _rendered(diagnostic: Diagnostic, paint: Paint) -> str:
    severity, span = diagnostic.severity, diagnostic.span
    lines = [
        paint(f"{severity}[{diagnostic.code}]", severity) + paint(f": {diagnostic.message}", "bold")
    ]
    gutter = len(str(span.source.position(span.start)[0])) if span else 1
    if span:
        lines += _excerpt(span, diagnostic.label, gutter, severity, paint)
    begin = " " * (gutter + 1)
    for note in diagnostic.notes:
        lines.append(f"{begin}{paint('note', 'help')}: {printable(note.message)}")
        lines += _excerpt(note.span, "", gutter, "help", paint)
    if diagnostic.help:
        text = printable(diagnostic.help).replace("\n", f"\n{begin}{' ' * len('help: ')}")
        lines.append(f"{begin}{paint('help', 'help')}: {text}")
    return "\n".join(lines)


def _excerpt(span: Span, label: str, gutter: int, style: str, paint: Paint) -> list[str]:
    """`--> file:line:column`, the source line, and carets under the span (cut to the line's end,
    or to what fits).
    """
    source, start = span.source, span.start
    line_number, column = source.position(start)
    line = source.line(start)
    first = column - 1
    if len(line) > _LONGEST_LINE:
        # The place in the middle of what is shown.
        cut = max(0, first - _LONGEST_LINE // 2)
        line, first = line[cut : cut + _LONGEST_LINE], first - cut
    # Tabs stay tabs, so that the carets are below the place whatever a tab's width is.
    margin = "".join("\t" if c == "\t" else " " * _cells(c) for c in line[:first])
    carets = "^" * max(1, sum(map(_cells, line[first : first + span.end - start])))
    bar = paint("|", "place")
    shown = "".join(
        c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line
    )
    return [
        f"{' ' * (gutter + 1)}{paint('-->', 'place')} "
        f"{in_one_line(source.name)}:{line_number}:{column}",
        f"{' ' * (gutter + 2)}{bar}",
        f" {paint(str(line_number).rjust(gutter), 'place')} {bar} {shown.rstrip()}",
        f"{' ' * (gutter + 2)}{bar} {margin}{paint(f'{carets} {label}'.rstrip(), style)}",
        f"{' ' * (gutter + 2)}{bar}",
    ]


def _cells(character: str) -> int:
    """Return the columns that a terminal gives a character."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
