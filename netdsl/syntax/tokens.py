"""What single tokens mean: numbers, sizes, words with their amount and stride."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from netdsl.syntax import tree
from netdsl.syntax.fault import Fault
from netdsl.syntax.lalr import Token

if TYPE_CHECKING:
    from fractions import Fraction

_STEP = re.compile(r"(?P<word>[A-Za-z_][A-Za-z0-9_×]*)(?P<amount>-[0-9_]+)?(?P<stride>/[0-9_x×]+)?")
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)")
# Kinds compute with floats as well, which end at 1.8e308.
_LARGEST_EXPONENT = 300
# 1e300 in full has 301; Python itself refuses integers from 4,301 digits on.
_MAX_CHARACTERS = 400


def number(token: Token) -> tree.Number:
    """Return a token that is a number alone."""
    return tree.Number(number_value(token.text, token.start, token.end), token.start, token.end)


def number_value(text: str, start: int, end: int) -> int | Fraction:
    """Return the exact value of a number as it is written: `61_706`, `-1`, `0.5`, `1e-4`, `1/255`.

    Args:
        text: the number.
        start: where it is written.
        end: where that ends.

    Raises:
        Fault: N404 for a number that is too long or too large, N112 for one over 0.
    """
    plain = text.replace("_", "")
    # Nearly all numbers, without importing `fractions`.
    if plain.isdigit() and len(plain) < 20:
        return int(plain)
    from fractions import Fraction  # late: start-up is short

    upper, _, lower = plain.partition("/")
    exponent = _EXPONENT.search(plain)
    # 1e300000000 would be a fraction of as many digits.
    if len(plain) > _MAX_CHARACTERS or (
        exponent and (len(exponent[1]) > 4 or abs(int(exponent[1])) > _LARGEST_EXPONENT)
    ):
        short = f"{text[:24]}{'...' if len(text) > 24 else ''}"
        raise Fault("N404", f"the number {short} is too long or too large", start, end)
    divisor = Fraction(lower or "1")
    if not divisor:
        raise Fault("N112", f"{text} divides by zero", start, end)
    value = Fraction(upper) / divisor
    return value.numerator if value.denominator == 1 else value


def sizes(text: str, start: int) -> tuple[tree.Number, ...]:
    """Return the numbers of `7x7x512`, each with its place."""
    numbers, at = [], start
    for part in re.split("[x×]", text):
        end = at + len(part)
        numbers.append(tree.Number(number_value(part, at, end), at, end))
        at = end + 1
    return tuple(numbers)


@lru_cache(maxsize=4096)
def step_parts(text: str) -> tuple[str, tuple[int, int] | None, tuple[int, int] | None]:
    """Return a STEP token's word, and where its amount and its stride are in it."""
    match = _STEP.fullmatch(text)
    assert match, text
    amount = match.span("amount") if match["amount"] else None
    stride = match.span("stride") if match["stride"] else None
    return match["word"].replace("×", "x"), amount, stride


def name(token: Token) -> tree.Name:
    """Return a STEP token where only a name can be.

    Raises:
        Fault: N004 where it has an amount or a stride.
    """
    word, amount, stride = step_parts(token.text)
    if amount or stride:
        at = token.start + (amount or stride or (0, 0))[0]
        message = f"only a name is allowed here, not `{token.text}`"
        help = f"write {re.sub('[-/]+', '_', token.text)}"
        raise Fault("N004", message, at, token.end, help)
    return tree.Name(word, token.start, token.end)
