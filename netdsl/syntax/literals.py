"""What tokens say: numbers, sizes, and the parts of a layer's word."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from netdsl.syntax.tree import Number

if TYPE_CHECKING:
    from fractions import Fraction

_STEP = re.compile(r"(?P<word>[A-Za-z_][A-Za-z0-9_×]*)(?P<amount>-[0-9_]+)?(?P<stride>/[0-9_x×]+)?")
_LARGEST_EXPONENT = 300


class Fault(Exception):
    """A mistake that is found while the tree is built."""

    def __init__(self, code: str, message: str, start: int, end: int, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.start, self.end, self.help = code, message, start, end, help


def number_value(text: str, start: int, end: int) -> int | Fraction:
    """The exact value of a number as it is written: `61_706`, `-1`, `0.5`, `1e-4`, `1/255`.

    Raises:
        Fault: for a number that no 64-bit integer, exponent of 300 or denominator other than 0 can
            hold.
    """
    plain = text.replace("_", "")
    if plain.isdigit() and len(plain) < 20:
        return int(plain)
    from fractions import Fraction

    upper, _, lower = plain.partition("/")
    exponent = re.search(r"[eE]([+-]?[0-9]+)", plain)
    if len(plain) > 400 or (
        exponent and (len(exponent[1]) > 4 or abs(int(exponent[1])) > _LARGEST_EXPONENT)
    ):
        raise Fault(
            "N404",
            f"the number {text[:24]}{'...' if len(text) > 24 else ''} is too long or too large",
            start,
            end,
        )
    divisor = Fraction(lower or "1")
    if not divisor:
        raise Fault("N112", f"{text} divides by zero", start, end)
    return _plain(Fraction(upper) / divisor)


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def sizes_of(text: str, start: int) -> tuple[Number, ...]:
    """The numbers of `7x7x512`, each with its place."""
    parts, at = [], start
    for part in re.split("[x×]", text):
        parts.append(Number(number_value(part, at, at + len(part)), at, at + len(part)))
        at += len(part) + 1
    return tuple(parts)


@lru_cache(maxsize=4096)
def step_parts(text: str) -> tuple[str, tuple[int, int] | None, tuple[int, int] | None]:
    """A STEP token's word, and where its amount and its stride stand in it."""
    match = _STEP.fullmatch(text)
    assert match, text
    amount = match.span("amount") if match["amount"] else None
    return (
        match["word"].replace("×", "x"),
        amount,
        match.span("stride") if match["stride"] else None,
    )
