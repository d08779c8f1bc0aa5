"""Signs that are not part of the language."""

from __future__ import annotations

import re

from netdsl.errors import Diagnostic
from netdsl.syntax.mistakes.stop import Stop

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
"""Signs that editors put for those of the language."""


def lookalike(stop: Stop) -> Diagnostic | None:
    """`conv3–64`, `conv3-64 → pool`, `conv3-64 * 2`."""
    # `@é`: the sign after the `@` is the one that is wrong.
    if stop.rest[:1] == "@" and not stop.rest[1:2].isascii():
        stop = stop._replace(at=stop.at + 1)
    sign = stop.thing[:1]
    if not sign or sign == "×" or (sign.isascii() and sign.isprintable() and sign != "*"):
        return None
    times = re.match(r"\*[ \t]*([0-9]+)", stop.rest)
    if sign == "*" and not (times and stop.is_after_step):
        return None
    if times:
        help = f"write {stop.last_word or '(...)'} x{times[1]}"
    elif not sign.isprintable():
        help = "remove it, or write a plain space"
    elif sign in LOOKALIKES:
        help = f"write `{LOOKALIKES[sign]}`"
    else:
        help = "names are written in ASCII letters, digits and `_`"
    # A no-break space or a mark of direction cannot be seen in a message.
    shown = f"`{sign}`" if sign.isprintable() else f"this character (U+{ord(sign):04X})"
    return stop.error(f"{shown} is not part of the language", help, 1, "N006")


def single_quotes(stop: Stop) -> Diagnostic | None:
    """`pad='same'`."""
    if stop.thing != "'":
        return None
    quoted = re.match(r"'([A-Za-z0-9_]*)'", stop.rest)
    help = 'strings are written in double quotes: "..."'
    if quoted and quoted[1]:
        help = f"write {quoted[1]}, without quotes"
    length = len(quoted.group()) if quoted else 1
    return stop.error("`'` is not part of the language", help, length)
