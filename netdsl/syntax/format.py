"""The formatter: a text in, the same text in its one canonical form out (`docs/language.md`
describes it).

It works on each statement's tokens, not on the tree, so that comments keep their place wherever
they are. Three passes, each linear in the text and without recursion: `Reader` takes the tokens and
says what may be between them, `measured` finds how wide everything between two possible breaks is,
`lay_out` breaks the lines that have to be broken.
"""

from __future__ import annotations

import re

from netdsl.errors import NetError, Source
from netdsl.limits import Limits
from netdsl.syntax.formatting.layout import lay_out
from netdsl.syntax.formatting.page import Line, Page, comment_text
from netdsl.syntax.formatting.reader import TokenReader
from netdsl.syntax.parse import parse_text
from netdsl.syntax.split import split

WIDTH = 140
"""The columns of a line, where it can be broken."""

_GAP = re.compile(r"#[^\n]*|\n")


def format_text(source: Source, limits: Limits, width: int = WIDTH) -> str:
    """Return the text in canonical form.

    What it says and its comments are unchanged, and formatting it again changes nothing.

    Args:
        source: the text.
        limits: how much it may ask for.
        width: the columns of a line.

    Raises:
        NetError: with all diagnostics of the parser, where a statement has mistakes.
    """
    diagnostics = parse_text(source, limits).diagnostics
    if diagnostics:
        raise NetError(*diagnostics)
    return laid_out(source, limits, width)


def laid_out(source: Source, limits: Limits, width: int = WIDTH) -> str:
    """Return a text without mistakes in canonical form, as `format_text` does.

    Args:
        source: the text.
        limits: how much it may ask for.
        width: the columns of a line.
    """
    text, page, position = source.text, Page(width), 0
    # Statement by statement, as the parser reads them: a mistake cannot move text between two.
    for piece in split(source, limits):
        _between(text, position, piece.start, page)
        # To the end of its line: a comment there belongs to the statement.
        position = text.find("\n", piece.end)
        position = len(text) if position < 0 else position
        statement = TokenReader(text, piece.rule).read(piece.start, position)
        lay_out(statement, page, blank=_is_below_blank(text, piece.start))
    _between(text, position, len(text), page)
    return page.text()


def diff(before: str, after: str, name: str) -> str:
    """Return a unified diff from a text to its formatted form; empty where they are the same."""
    from difflib import unified_diff

    lines = [re.findall(r"[^\n]*\n|[^\n]+", text) for text in (before, after)]
    for text in lines:
        if text and not text[-1].endswith("\n"):
            # As `diff` and `git` write it, so that `patch` reads it.
            text[-1] += "\n\\ No newline at end of file\n"
    return "".join(unified_diff(lines[0], lines[1], fromfile=name, tofile=f"{name} (formatted)"))


def _between(text: str, start: int, end: int, page: Page) -> None:
    """Put the comments between two statements on the page."""
    for mark in _GAP.finditer(text, start, end):
        if mark.group() != "\n":
            page.lines.append(
                Line(comment_text(mark.group()), None, _is_below_blank(text, mark.start()))
            )


def _is_below_blank(text: str, at: int) -> bool:
    """Return whether the line above the one that `at` begins is blank."""
    before = text.rfind("\n", 0, at)
    return before >= 0 and not text[text.rfind("\n", 0, before) + 1 : before].strip()
