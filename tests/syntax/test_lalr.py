"""The parser that runs the tables, against Lark's own run of the same grammar: the same trees,
and the same stops with the same tokens.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lark import Lark, TextSlice, Token, Tree
from lark.exceptions import UnexpectedInput
from support import programs

from netdsl.errors import Source
from netdsl.limits import Limits
from netdsl.syntax import lalr
from netdsl.syntax.grammar import load_tables
from netdsl.syntax.split import Extent, split
from netdsl.syntax.tables import STARTS

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("examples/*.net"), *ROOT.glob("netdsl/blocks/*.net")])


class Plain:
    """A builder that keeps a rule's name and parts."""

    def __getattr__(self, name: str) -> Any:
        return lambda parts: (name, [_plain(part) for part in parts])


def _plain(part: Any) -> Any:
    match part:
        case Tree():
            return (str(part.data), [_plain(child) for child in part.children])
        case Token():
            return (part.type, str(part), part.start_pos, part.end_pos)
        case lalr.Token():
            return tuple(part)
    return part


@cache
def ours() -> lalr.Parser:
    return lalr.Parser(load_tables(), Plain())


@cache
def theirs() -> Lark:
    text = (ROOT / "grammar" / "netdsl.lark").read_text(encoding="utf-8")
    return Lark(
        text, parser="lalr", lexer="contextual", start=list(STARTS), maybe_placeholders=True
    )


def our_result(text: str, piece: Extent) -> Any:
    try:
        return ours().parse(text, piece.start, piece.end, piece.rule)
    except lalr.Unexpected as error:
        return "stop", error.at, error.expected


def their_result(text: str, piece: Extent) -> Any:
    try:
        return _plain(theirs().parse(TextSlice(text, piece.start, piece.end), start=piece.rule))
    except UnexpectedInput as error:
        token = getattr(error, "token", None)
        at: int | None = error.pos_in_stream
        if token is not None and token.type == "$END":
            at = None
        elif token is not None and token.type.startswith(
            "REPEAT"
        ):  # the blanks before it belong to the token
            at = token.end_pos - len(token.lstrip())
        return "stop", at, frozenset(error.interactive_parser.accepts())  # type: ignore[attr-defined]


def pieces(text: str) -> list[Extent]:
    return [piece for piece in split(Source("test", text), Limits()) if isinstance(piece, Extent)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_give_the_trees_that_lark_gives(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for piece in pieces(text):
        assert our_result(text, piece) == their_result(text, piece), text[piece.start : piece.end]


@pytest.mark.slow
def test_random_programs_whole_and_broken_go_as_far_as_with_lark() -> None:
    random = Random(7)
    stops = 0
    for _ in range(300):
        text = programs.program(random).text
        for broken in (text, *(programs.mutated(random, text) for _ in range(3))):
            for piece in pieces(broken):
                result = our_result(broken, piece)
                assert result == their_result(broken, piece), broken[piece.start : piece.end]
                stops += result[0] == "stop"
    assert stops > 200
