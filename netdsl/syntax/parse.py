"""A text's statements as trees, and what is wrong with the others."""

import re
from functools import cache
from typing import NamedTuple

from netdsl.errors import Diagnostic, Source, Span
from netdsl.limits import Limits
from netdsl.syntax.build import Builder
from netdsl.syntax.fault import Fault
from netdsl.syntax.lalr import Parser, Unexpected, load_tables
from netdsl.syntax.split import Broken, Piece, split
from netdsl.syntax.tree import Statement

_MOST_REPORTED = 100
_NAMED = re.compile(
    r"(?:def|let|param|net|input)[ \t]+([A-Za-z_][A-Za-z0-9_]*)|\bas[ \t]+([A-Za-z_][A-Za-z0-9_]*)"
)


class Parsed(NamedTuple):
    """What a text says.

    Attributes:
        statements: those that could be read, in order.
        diagnostics: what is wrong with the others.
        lost_names: names that the others would have brought in: not knowing them is no further
            mistake.
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
        lost.update(
            name
            for pair in _NAMED.findall(source.text, piece.start, piece.end)
            for name in pair
            if name
        )
        diagnostics.append(result)
        if len(diagnostics) >= _MOST_REPORTED:
            break
    return Parsed(
        source, tuple(statements), tuple(diagnostics), frozenset(lost), _description(source.text)
    )


def _parse_statement(source: Source, piece: Piece) -> Statement | Diagnostic:
    try:
        return _parser().parse(source.text, piece.start, piece.end, piece.rule)  # type: ignore[no-any-return]
    except Fault as fault:
        return Diagnostic(
            fault.code, fault.message, Span(source, fault.start, fault.end), help=fault.help
        )
    except Unexpected as error:
        from netdsl.syntax.messages import explain  # late: start-up is short
        from netdsl.syntax.mistakes.stop import Stop

        at = piece.end if error.at is None else error.at
        return explain(Stop(source, piece.rule, piece.start, piece.end, at, error.expected))


@cache
def _parser() -> Parser:
    return Parser(load_tables(), Builder())


def _description(text: str) -> str:
    """The comment lines at the top of a text, up to the first line that is none."""
    lines = []
    for line in text.split("\n"):
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    return "\n".join(lines).strip()
