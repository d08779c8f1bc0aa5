"""A text's statements as trees, and what is wrong with the others."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from netdsl.errors import Diagnostic, Source, Span
from netdsl.limits import Limits
from netdsl.syntax.build import Builder, Fault
from netdsl.syntax.messages import Stop, explain
from netdsl.syntax.split import Broken, Piece, split
from netdsl.syntax.tree import Statement

_MOST_REPORTED = 100
_NAMED = re.compile(r"(?:def|let|param|net|input)[ \t]+([A-Za-z_][A-Za-z0-9_]*)|\bas[ \t]+([A-Za-z_][A-Za-z0-9_]*)")


class Parsed(NamedTuple):
    """What a text says.

    Attributes:
        statements: those that could be read, in order.
        diagnostics: what is wrong with the others.
        lost_names: names that the others would have brought in: not knowing them is no further mistake.
        description: the comment block at the very top.
    """

    source: Source
    statements: tuple[Statement, ...]
    diagnostics: tuple[Diagnostic, ...]
    lost_names: frozenset[str]
    description: str


def parse_text(source: Source, limits: Limits) -> Parsed:
    """All statements of a text, each parsed alone. Raises nothing that the text can cause."""
    statements: list[Statement] = []
    diagnostics: list[Diagnostic] = []
    lost: set[str] = set()
    for piece in split(source, limits):
        result = piece.diagnostic if isinstance(piece, Broken) else _parse_statement(source, piece)
        if not isinstance(result, Diagnostic):
            statements.append(result)
            continue
        lost.update(name for pair in _NAMED.findall(source.text, piece.start, piece.end) for name in pair if name)
        diagnostics.append(result)
        if len(diagnostics) >= _MOST_REPORTED:
            break
    return Parsed(source, tuple(statements), tuple(diagnostics), frozenset(lost), _description(source.text))


def _parse_statement(source: Source, piece: Piece) -> Statement | Diagnostic:
    from lark import TextSlice
    from lark.exceptions import UnexpectedInput

    try:
        return _lark().parse(TextSlice(source.text, piece.start, piece.end), start=piece.rule)  # type: ignore[no-any-return]
    except Fault as fault:
        return Diagnostic(fault.code, fault.message, Span(source, fault.start, fault.end), help=fault.help)
    except UnexpectedInput as error:
        return explain(Stop(source, piece.rule, piece.start, piece.end, *_stop(error, piece)))


def _stop(error: Any, piece: Piece) -> tuple[int, frozenset[str]]:
    """Where the parser stopped, and the names of the tokens that it could have taken."""
    token = getattr(error, "token", None)
    at = piece.end if token is not None and token.type == "$END" else error.pos_in_stream
    if token is not None and token.type in ("REPEAT", "REPEAT_BRACE"):
        at = token.end_pos - len(token.lstrip())
    return at, frozenset(error.interactive_parser.accepts())


@cache
def _lark() -> Any:
    from lark import Lark
    from lark.lexer import LexerState, LexerThread, LineCounter

    from netdsl.syntax.tables import load_tables

    class FromHere(LexerThread):
        """Lark counts the lines before a statement anew for each: linear in the file, for every one. Places here are offsets."""

        @classmethod
        def from_text(cls, lexer: Any, text: Any) -> LexerThread:
            counter = LineCounter("\n")  # type: ignore[no-untyped-call]
            counter.char_pos = text.start
            return cls(lexer, LexerState(text, counter))

    tables = load_tables()
    tables["data"]["options"] |= {"transformer": Builder(), "_plugins": {"LexerThread": FromHere}}
    return Lark.load(tables)


def _description(text: str) -> str:
    """The comment lines at the top of a text, up to the first line that is none."""
    lines = []
    for line in text.split("\n"):
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    return "\n".join(lines).strip()
