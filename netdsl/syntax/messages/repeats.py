"""How often a step stands, where it cannot be said."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic
from netdsl.syntax.messages.stop import Stop


def repeat_order(stop: Stop) -> Diagnostic | None:
    """`conv3-64 as a x2`, `conv3-64 x2 x3`."""
    match = re.match(r"[x×]([0-9]+|\{)", stop.rest)
    if not match or "STEP" in stop.expected:
        return None
    named = re.search(r"\bas[ \t\n]+([A-Za-z_][A-Za-z0-9_]*)$", stop.before)
    if named:
        fix = f"write {match.group()} as {named[1]}: the name is then the last one's"
        return Diagnostic("N003", "the repeat stands before `as`", stop.span(), help=fix)
    if re.search(r"[ \t\n][x×]([0-9_]+|\{[^{}]*\})$", stop.before):
        return Diagnostic(
            "N003",
            "a step has one repeat",
            stop.span(),
            help="group the inner one: (conv3-64 x2) x3",
        )
    return None


def loose_repeat(stop: Stop) -> Diagnostic | None:
    """`conv3-64 x 3`: the number stands apart."""
    match = re.match(r"[x×][ \t]+([0-9]+|\{)", stop.rest)
    if not match or not stop.after_step:
        return None
    fix = f"write {stop.last_word or '(...)'} x{match[1]}"
    return Diagnostic(
        "N003", "the number of a repeat touches its `x`", stop.span(len(match.group())), help=fix
    )


def repeat_space(stop: Stop) -> Diagnostic | None:
    """`(...)x2`: the blank before the repeat is missing."""
    match = re.match(r"[x×]([0-9]+|\{)", stop.rest)
    if (
        not match
        or not stop.before
        or stop.source.text[stop.at - 1] in " \t\n"
        or not stop.after_step
    ):
        return None
    return Diagnostic(
        "N003",
        f"a blank stands before `{match.group()}`",
        stop.span(len(match.group())),
        help=f"write ` {match.group()}`",
    )
