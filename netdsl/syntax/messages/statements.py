"""First words, names and ends of statements."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic, Span, nearest
from netdsl.syntax.messages.stop import WORD, Stop
from netdsl.syntax.split import STATEMENT_WORDS


def unknown_statement(stop: Stop) -> Diagnostic | None:
    """`inputt 32x32x1`: a first word that is no statement, and then no flow."""
    first = WORD.match(stop.source.text, stop.start)
    if (
        stop.rule != "flow"
        or not first
        or stop.before != first.group()
        or not re.match(r"[A-Za-z0-9@_\"=]", stop.thing or " ")
    ):
        return None
    span = Span(stop.source, stop.start, stop.start + len(first.group()))
    meant = nearest(first.group(), STATEMENT_WORDS)
    if stop.thing == "=" and not meant:
        fix = f"`param {first.group()} = ...` sets a number, `def {first.group()}() = ...` a block"
        return Diagnostic("N003", f"`{first.group()} =` begins no statement", span, help=fix)
    repeat = re.match(r"[x×][0-9]", stop.thing)
    if repeat or (not meant and WORD.fullmatch(stop.thing)):
        return None
    fix = (
        f"did you mean `{meant}`?"
        if meant
        else f"statements begin with {', '.join(STATEMENT_WORDS)}; a flow with a shape or a layer"
    )
    return Diagnostic("N003", f"`{first.group()}` is no statement", span, help=fix)


def semicolon(stop: Stop) -> Diagnostic | None:
    if stop.thing != ";":
        return None
    fix = "begin the next statement on a line of its own"
    return Diagnostic("N003", "a statement ends with its line, not with `;`", stop.span(), help=fix)


def def_without_brackets(stop: Stop) -> Diagnostic | None:
    """`def f = ...`."""
    match = re.match(r"def[ \t\n]+([A-Za-z_][A-Za-z0-9_]*)$", stop.before)
    if stop.rule != "def" or stop.thing != "=" or not match:
        return None
    return Diagnostic(
        "N003",
        "a block is defined with brackets, also without parameters",
        stop.span(),
        help=f"write def {match[1]}() = ...",
    )


def name_expected(stop: Stop) -> Diagnostic | None:
    """`net 3x`, `param 5 = 2`, `as 3`."""
    if (
        not stop.thing
        or not stop.expected & {"STEP", "NAME"}
        or stop.expected & {"NUMBER", "LITERAL", "LBRACE", "LPAR"}
    ):
        return None
    if not re.search(r"\b(as|net|param|let|def|tie|transpose)$", stop.before):
        return None
    fix = "a name begins with a letter, and holds letters, digits and `_`"
    return Diagnostic("N003", f"`{stop.thing}` is no name", stop.span(), help=fix)
