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
_NAMED_FORM = r"[ \t]+[A-Za-z_][A-Za-z0-9_]*[ \t]*:"
ADDED_STATEMENTS = {
    "output": r"[ \t]+@",
    "learned": _NAMED_FORM,
    "fixed": _NAMED_FORM,
    "given": r"[ \t]+[A-Za-z_][A-Za-z0-9_]*[ \t]*=",
}
"""Words that came after version 0.1.0 count as a statement's only where its form follows: a file's
own blocks may have their names.
"""
CONTINUED = ("input", "flow", "def", "let")

_MARKS = re.compile(r'"[^"\n]*"|#[^\n]*|[()\[\]{}"\n]')
_CONTINUING = (">", "|", ")", "]", "}", ",")
"""What no statement begins with: after a mistake such a line belongs to the statement above."""
_GAP = re.compile(r"(?:[ \t]|#[^\n]*|\n)*")
_ADDED = "|".join(f"{word}(?={form})" for word, form in ADDED_STATEMENTS.items())
_STATEMENT = re.compile(rf"(?:{'|'.join(STATEMENT_WORDS)})(?![A-Za-z0-9_])|{_ADDED}")
_STATEMENT_LINE = re.compile(rf"(?:{'|'.join(STATEMENT_WORDS)})[ \t]|{_ADDED}")
_CLOSES = {")": "(", "]": "[", "}": "{"}
_CLOSER = {opener: closer for closer, opener in _CLOSES.items()}


class Extent(NamedTuple):
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


def split(source: Source, limits: Limits) -> Iterator[Extent | Broken]:
    """Yield the statements of a text, in order. Takes time linear in the text.

    Raises nothing: what is wrong with the brackets, the quotes or the size comes as `Broken`.
    """
    text = source.text
    if len(text) > limits.source:
        message = f"the text has {len(text):,} characters; the limit is {limits.source:,}"
        yield _too_long(source, 0, 0, "N401", message)
        return
    position, previous = 0, ""
    longest = min(limits.word, 2 * limits.terms)  # of what cannot exceed a bound
    for count in itertools.count(1):
        position = _GAP.match(text, position).end()  # type: ignore[union-attr]
        if position >= len(text):
            return
        if count > limits.statements:
            message = f"the text has more than {limits.statements:,} statements"
            yield _too_long(source, position, position, "N408", message)
            return
        found = _cut(source, position, limits)
        if text[position] == ">":
            reason = _stray_arrow(source, position, previous)
            found = Broken("flow", found.start, found.end, reason)
        elif isinstance(found, Extent) and found.end - found.start > longest:
            found = _bounded(found, source, limits)
        yield found
        position, previous = found.end, found.rule


def _too_long(source: Source, start: int, end: int, code: str, message: str) -> Broken:
    help, span = "split it into files that `use` each other", Span(source, start, start + 1)
    return Broken("flow", start, end, Diagnostic(code, message, span, help=help))


def _bounded(found: Extent, source: Source, limits: Limits) -> Extent | Broken:
    """Return the statement, or what it has too much of."""
    from netdsl.syntax.bounds import exceeded  # late: start-up is short

    reason = exceeded(Span(source, found.start, found.end), found.rule, limits)
    return Broken(*found, reason) if reason else found


def _cut(source: Source, start: int, limits: Limits) -> Extent | Broken:
    """Return the statement that begins at `start`."""
    text = source.text
    word = _STATEMENT.match(text, start)
    rule = word.group() if word else "flow"
    open_brackets: list[tuple[str, int]] = []
    inside_gap = start
    for mark in _MARKS.finditer(text, start):
        sign, at = mark.group(), mark.start()
        # A mark of a comment that the gap has passed.
        if at < inside_gap:
            continue
        if sign == "\n":
            if open_brackets:
                # Else one open bracket would swallow the rest of the file.
                if _STATEMENT_LINE.match(text, at + 1):
                    return Broken(rule, start, at, _never_closed(source, open_brackets[-1], at + 1))
                continue
            following = _GAP.match(text, at).end()  # type: ignore[union-attr]
            end = _last_character(text, start, at)
            # a chain is continued below by `>`; that of a `def` may begin below its `=`
            if rule in CONTINUED and (text.startswith(">", following) or text[end - 1] == "="):
                inside_gap = following
                continue
            return Extent(rule, start, end)
        if sign in "([{":
            open_brackets.append((sign, at))
            if len(open_brackets) > limits.brackets:
                message = f"more than {limits.brackets} brackets are open here"
                return _broken_to_line_end(
                    source, rule, start, Diagnostic("N402", message, Span(source, at, at + 1)), True
                )
        elif sign in ")]}":
            if not open_brackets or open_brackets[-1][0] != _CLOSES[sign]:
                problem = _mismatch(source, open_brackets, sign, at)
                return _broken_to_line_end(source, rule, start, problem, bool(open_brackets))
            open_brackets.pop()
        # `_MARKS` takes whole strings: a quote alone has no second one on its line.
        elif sign == '"':
            span = Span(source, at, at + len(source.line(at)) - source.position(at)[1] + 1)
            problem = Diagnostic(
                "N002",
                "this string is never closed",
                span,
                help='a string ends with `"` on the same line',
            )
            return _broken_to_line_end(source, rule, start, problem, bool(open_brackets))
    if open_brackets:
        return Broken(rule, start, len(text), _never_closed(source, open_brackets[-1], None))
    return Extent(rule, start, _last_character(text, start, len(text)))


def _last_character(text: str, start: int, end: int) -> int:
    """Return where the statement's own text ends.

    After its last character that is neither blank nor comment.
    """
    line_start = max(start, text.rfind("\n", start, end) + 1)
    if text.find("#", line_start, end) >= 0:  # a comment, or part of a string
        for mark in _MARKS.finditer(text, line_start, end):
            if mark.group().startswith("#"):
                end = mark.start()
                break
    line = text[line_start:end].rstrip(" \t")  # not the whole: it is asked of each line of a flow
    return line_start + len(line) if line else start + len(text[start:end].rstrip(" \t\n"))


def _broken_to_line_end(
    source: Source, rule: str, start: int, diagnostic: Diagnostic, is_open: bool
) -> Broken:
    """Return a statement that ends with the line of its mistake.

    Where brackets are open there, the lines after it that continue it belong to it.
    """
    assert diagnostic.span
    text, at = source.text, diagnostic.span.start
    while True:
        end = text.find("\n", at)
        if end < 0:
            return Broken(rule, start, len(text), diagnostic)
        at = _GAP.match(text, end).end()  # type: ignore[union-attr]
        if not is_open or not text.startswith(_CONTINUING, at):
            return Broken(rule, start, end, diagnostic)


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
        help=f"add the matching `{_CLOSER[sign]}`",
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
        f"`{sign}` closes nothing: `{opener}` is open and requires `{_CLOSER[opener]}`",
        span,
        help=f"write `{_CLOSER[opener]}` here, or earlier",
        notes=(Note("opened here", Span(source, where, where + 1)),),
    )


def _stray_arrow(source: Source, at: int, previous: str) -> Diagnostic:
    reason = (
        f"a `{previous}` statement cannot be continued" if previous else "there is nothing above it"
    )
    help = "begin the flow with a shape, `input`, a layer or `@name`"
    is_apart = previous not in ("", "net")
    return Diagnostic(
        "N003",
        f"a line that begins with `>` continues the statement above, but {reason}",
        Span(source, at, at + 1),
        help=f"put the `{previous}` statement before the flow, or {help}" if is_apart else help,
    )
