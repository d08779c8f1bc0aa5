"""Text to statements: each is cut out by lines and brackets alone, so that one broken statement
never spoils the next.

Everything costly is refused here, before the parser runs: it counts characters, open brackets and
the terms of expressions.
"""

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from netdsl.errors import Diagnostic, Note, Source, Span
from netdsl.limits import Limits

STATEMENT_WORDS = ("net", "use", "param", "default", "def", "let", "input", "tie", "expect")
_CONTINUED = ("input", "flow", "def", "let")

_MARKS = re.compile(r'"[^"\n]*"|#[^\n]*|[()\[\]{}"\n]')
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD_OR_OTHER = re.compile(r'"[^"\n]*"|#[^\n]*|(?<![\w.])(?P<word>[A-Za-z_][\w.]*)')
_GAP = re.compile(r"(?:[ \t]|#[^\n]*|\n)*")
_BLANK = re.compile(r"[ \t\n]*")
_STATEMENT_LINE = re.compile(rf"(?:{'|'.join(STATEMENT_WORDS)})[ \t]")
_BRACES = re.compile(r"\{[^{}]*\}")
_WHEN = re.compile(r"\bwhen[ \t\n]*\(")
_TERM = re.compile(r"[A-Za-z0-9_.]+|[-+]")
_CLOSES = {")": "(", "]": "[", "}": "{"}
_CLOSER = {opener: closer for closer, opener in _CLOSES.items()}


class Piece(NamedTuple):
    """A statement's place, and the rule that parses it: its first word, or `flow`."""

    rule: str
    start: int
    end: int


class Broken(NamedTuple):
    """A statement that cannot be parsed, and why."""

    rule: str
    start: int
    end: int
    diagnostic: Diagnostic


def split(source: Source, limits: Limits) -> Iterator[Piece | Broken]:
    """The statements of a text, in order. Takes time linear in the text.

    Raises nothing: what is wrong with the brackets, the quotes or the size comes as `Broken`.
    """
    text = source.text
    if len(text) > limits.source:
        message = f"the text has {len(text):,} characters, more than the limit of {limits.source:,}"
        yield Broken(
            "flow",
            0,
            0,
            Diagnostic(
                "N401",
                message,
                Span(source, 0, 1),
                help="split it into files that `use` each other",
            ),
        )
        return
    position, previous = 0, ""
    for count in itertools.count(1):
        position = _GAP.match(text, position).end()  # type: ignore[union-attr]
        if position >= len(text):
            return
        if count > limits.statements:
            message = f"the text has more than {limits.statements:,} statements"
            span = Span(source, position, position + 1)
            yield Broken(
                "flow",
                position,
                position,
                Diagnostic("N408", message, span, help="split it into files that `use` each other"),
            )
            return
        piece = _cut(source, position, limits)
        if text[position] == ">":
            piece = Broken("flow", piece.start, piece.end, _stray_arrow(source, position, previous))
        elif isinstance(piece, Piece):
            too_long = _too_long_word(source, piece, limits) or _too_many_terms(
                source, piece, limits
            )
            piece = Broken(*piece, too_long) if too_long else piece
        yield piece
        position, previous = piece.end, piece.rule


def _cut(source: Source, start: int, limits: Limits) -> Piece | Broken:
    """The statement that begins at `start`."""
    text = source.text
    word = _WORD.match(text, start)
    rule = word.group() if word and word.group() in STATEMENT_WORDS else "flow"
    open_brackets: list[tuple[str, int]] = []
    inside_gap = start
    for mark in _MARKS.finditer(text, start):
        sign, at = mark.group(), mark.start()
        if at < inside_gap:
            continue
        if sign == "\n":
            if open_brackets:
                if _STATEMENT_LINE.match(text, at + 1):
                    return Broken(rule, start, at, _never_closed(source, open_brackets[-1], at + 1))
                continue
            following = _GAP.match(text, at).end()  # type: ignore[union-attr]
            if rule in _CONTINUED and (
                text[following : following + 1] == ">" or _ends_in_equals(text, start, at)
            ):
                inside_gap = following
                continue
            return Piece(rule, start, _last_character(text, start, at))
        if sign in "([{":
            open_brackets.append((sign, at))
            if len(open_brackets) > limits.brackets:
                message = f"more than {limits.brackets} brackets are open here"
                return _broken_to_line_end(
                    source, rule, start, Diagnostic("N402", message, Span(source, at, at + 1))
                )
        elif sign in ")]}":
            if not open_brackets or open_brackets[-1][0] != _CLOSES[sign]:
                problem = _mismatch(source, open_brackets, sign, at)
                return _broken_to_line_end(source, rule, start, problem)
            open_brackets.pop()
        elif sign == '"':
            span = Span(source, at, at + len(source.line(at)) - source.position(at)[1] + 1)
            problem = Diagnostic(
                "N002",
                "this string is never closed",
                span,
                help='a string ends with `"` on the same line',
            )
            return _broken_to_line_end(source, rule, start, problem)
    if open_brackets:
        return Broken(rule, start, len(text), _never_closed(source, open_brackets[-1], None))
    return Piece(rule, start, _last_character(text, start, len(text)))


def _ends_in_equals(text: str, start: int, at: int) -> bool:
    """Whether the statement's line ends in `=`: the chain of a `def` may begin on the next line."""
    return text[_last_character(text, start, at) - 1] == "="


def _last_character(text: str, start: int, end: int) -> int:
    """Where the statement's own text ends: behind its last character that is neither blank nor
    comment.
    """
    line_start = max(start, text.rfind("\n", start, end) + 1)
    for mark in _MARKS.finditer(text, line_start, end):
        if mark.group().startswith("#"):
            end = mark.start()
            break
    return start + len(text[start:end].rstrip(" \t\n"))


def _broken_to_line_end(source: Source, rule: str, start: int, diagnostic: Diagnostic) -> Broken:
    assert diagnostic.span
    end = source.text.find("\n", diagnostic.span.start)
    return Broken(rule, start, len(source.text) if end < 0 else end, diagnostic)


def _never_closed(source: Source, bracket: tuple[str, int], statement: int | None) -> Diagnostic:
    sign, at = bracket
    notes = (
        (Note("this line begins a new statement", Span(source, statement, statement + 1)),)
        if statement
        else ()
    )
    return Diagnostic(
        "N001",
        f"`{sign}` is never closed",
        Span(source, at, at + 1),
        help=f"add the `{_CLOSER[sign]}` that belongs to it",
        notes=notes,
    )


def _mismatch(
    source: Source, open_brackets: list[tuple[str, int]], sign: str, at: int
) -> Diagnostic:
    span = Span(source, at, at + 1)
    if not open_brackets:
        return Diagnostic(
            "N001",
            f"`{sign}` closes nothing",
            span,
            help=f"remove it, or open a `{_CLOSES[sign]}` before it",
        )
    opener, where = open_brackets[-1]
    return Diagnostic(
        "N001",
        f"`{sign}` closes nothing: `{opener}` is open, and wants `{_CLOSER[opener]}`",
        span,
        help=f"write `{_CLOSER[opener]}` here, or before",
        notes=(Note("opened here", Span(source, where, where + 1)),),
    )


def _stray_arrow(source: Source, at: int, previous: str) -> Diagnostic:
    reason = (
        f"a `{previous}` statement cannot be continued" if previous else "nothing stands above it"
    )
    return Diagnostic(
        "N003",
        f"a line that begins with `>` continues the statement above, but {reason}",
        Span(source, at, at + 1),
        help="begin the flow with a shape, `input`, a layer or `@name`",
    )


def _too_long_word(source: Source, piece: Piece, limits: Limits) -> Diagnostic | None:
    """Names are written in messages and layers' names, so their length is bounded."""
    if piece.end - piece.start <= limits.word:
        return None
    for word in _WORD_OR_OTHER.finditer(source.text, piece.start, piece.end):
        if word["word"] and len(word["word"]) > limits.word:
            message = f"this word has {len(word['word']):,} characters, more than the limit of {limits.word}"
            return Diagnostic("N403", message, Span(source, *word.span()))
    return None


def _too_many_terms(source: Source, piece: Piece, limits: Limits) -> Diagnostic | None:
    """Long expressions are refused by a count of their terms: the parser would take seconds for
    200,000 additions.
    """
    if piece.end - piece.start <= 2 * limits.terms:
        return None
    for start, end in _expressions(source.text, piece):
        if (
            end - start > 2 * limits.terms
            and sum(1 for _ in _TERM.finditer(source.text, start, end)) > 2 * limits.terms
        ):
            message = f"this expression has more than {limits.terms:,} terms"
            return Diagnostic("N403", message, Span(source, start, end))
    return None


def _expressions(text: str, piece: Piece) -> Iterator[tuple[int, int]]:
    """Where the statement holds expressions: in braces, behind `param`, in the condition of
    `when`.
    """
    if piece.rule == "param":
        yield piece.start, piece.end
    for braces in _BRACES.finditer(text, piece.start, piece.end):
        yield braces.span()
    for when in _WHEN.finditer(text, piece.start, piece.end):
        depth = 0
        for mark in re.compile(r"[(),]").finditer(text, when.end(), piece.end):
            if depth == 0 and mark.group() in ",)":
                yield when.end(), mark.start()
                break
            depth += {"(": 1, ")": -1, ",": 0}[mark.group()]
