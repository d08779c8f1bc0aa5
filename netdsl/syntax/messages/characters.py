"""Characters that are not part of the language."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic
from netdsl.syntax.messages.stop import Stop

LOOKALIKES = {
    "→": ">",
    "⟶": ">",
    "⇒": ">",
    "➔": ">",
    "“": '"',
    "”": '"',
    "–": "-",
    "—": "-",
    "−": "-",
    "＞": ">",
}
"""Characters that people paste, and what they stand for."""


def lookalike(stop: Stop) -> Diagnostic | None:
    sign = stop.thing[:1]
    if not sign or sign == "×" or (sign.isascii() and sign.isprintable() and sign != "*"):
        return None
    times = re.match(r"\*[ \t]*([0-9]+)", stop.rest)
    if sign == "*" and not (times and stop.after_step):
        return None
    fix = (
        f"write `{LOOKALIKES[sign]}`"
        if sign in LOOKALIKES
        else "names are written in ASCII letters, digits and `_`"
    )
    if times:
        fix = f"write {stop.last_word or '(...)'} x{times[1]}"
    elif not sign.isprintable():
        fix = "remove it, or write a plain blank"
    shown = f"`{sign}`" if sign.isprintable() else f"this character (U+{ord(sign):04X})"
    return Diagnostic("N006", f"{shown} is not part of the language", stop.span(1), help=fix)


def single_quotes(stop: Stop) -> Diagnostic | None:
    if stop.thing != "'":
        return None
    quoted = re.match(r"'([A-Za-z0-9_]*)'", stop.rest)
    fix = (
        f"write {quoted[1]}, without quotes"
        if quoted and quoted[1]
        else 'strings stand in double quotes: "..."'
    )
    return Diagnostic(
        "N003",
        "`'` is not part of the language",
        stop.span(len(quoted.group()) if quoted else 1),
        help=fix,
    )
