"""What messages, tables and pages say alike: amounts, lists, shapes, numbers, bytes.

Read at every start, so nothing is imported above.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

_THOUSANDS = ("", "k", "M", "G", "T", "P")
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi")
UNITS = {
    unit: base**power
    for base, units in ((1000, _THOUSANDS), (1024, _BINARY))
    for power, unit in enumerate(units)
    if unit
}
"""What a large number can be counted in."""


# --- amounts and lists ----------------------------------------------------------------------------


def plural(word: str, count: int) -> str:
    """Return the word for this count: `layer` for one, else `layers`."""
    return word if count == 1 else f"{word}s"


def counted(count: int, word: str) -> str:
    """Say how many there are: `1 example`, `12,345 examples`."""
    return f"{count:,} {plural(word, count)}"


def enumerated(words: Iterable[str]) -> str:
    """List words as a sentence does: `a`, `a and b`, `a, b and c`."""
    *first, last = words
    return " and ".join((", ".join(first), last)) if first else last


def first_few(words: Sequence[str], limit: int) -> str:
    """List the first words and count the others: `a, b, c and 12 more`."""
    shown = ", ".join(words[:limit])
    return f"{shown} and {len(words) - limit:,} more" if len(words) > limit else shown


def cut(text: str, limit: int) -> str:
    """Shorten a text to `limit` characters, the last three of which are dots then."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def represented(value: object) -> str:
    """Return a value as Python writes it: at most 60 characters, whatever its `repr` does."""
    try:
        text = repr(value)
    except Exception:  # of any class, and of integers of more than 4,300 digits
        return f"a value of the type {type(value).__name__}"
    return cut(text, 60)


FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with in a spreadsheet: some take the wide signs for the others."""


def spreadsheet_text(text: str) -> str:
    """Guard a text that a spreadsheet would run as a formula with a quotation mark before it.

    A carriage return becomes a space: Python's csv does not quote it, and it would begin a row.
    """
    guarded = f"'{text}" if text.startswith(FORMULA_SIGNS) else text
    return guarded.replace("\r", " ")


# --- shapes ---------------------------------------------------------------------------------------


def shape_text(shape: Iterable[object], scalar: str = "") -> str:
    """Write a shape as the language does: `28x28x6`; one without axes as `scalar`."""
    return "x".join(map(str, shape)) or scalar


def axes_text(sizes: Sequence[object]) -> str:
    """Write a size for each axis, once where all are alike: `3` for 3x3, `3x5`."""
    return str(sizes[0]) if sizes.count(sizes[0]) == len(sizes) else shape_text(sizes)


# --- numbers --------------------------------------------------------------------------------------


def number_text(value: float) -> str:
    """Write a figure with five digits, or with all of those before the point.

    `0.98765`, `1.5`, `12,346`.
    """
    return f"{value:,.0f}" if 10_000 <= abs(value) < 1e12 else f"{value:z.5g}"


def decimal_text(value: Fraction) -> str:
    """Write a fraction as a short decimal where that is exact, else as a ratio: `0.5`, `1/3`."""
    from fractions import Fraction as Exact

    short = repr(float(value))
    return short if Exact(short) == value else f"{value.numerator}/{value.denominator}"


def shortened(value: int, base: int = 1000) -> str:
    """Write a large number in few digits: 138,357,544 as `138.4 M`.

    By powers of 1024 (`base`) 527,792,056 as `503.3 Mi`.
    """
    prefixes = _THOUSANDS if base == 1000 else _BINARY
    power, number = 0, float(value)
    # By what the number is after it is rounded: 999,950 is `1.0 M`, and not `1000.0 k`.
    while round(abs(number), 1) >= base and power < len(prefixes) - 1:
        number, power = number / base, power + 1
    return f"{number:.1f} {prefixes[power]}" if power else f"{value:,}"


def in_units(value: float, unit: str) -> str:
    """Write a number in one of `UNITS`, with three digits or all before the point, halves to even.

    138,357,544 in M as `138 M`, 388,096 in Ki as `379 Ki`, 9,408 in k as `9.41 k`.
    """
    number = value / UNITS[unit]
    size = abs(number)
    digits = (
        # By what the number is after it is rounded: 99.96 has no decimal, as 100 has none.
        0 if size >= 99.95 or not number else 1 if size >= 9.995 else 2 if size >= 0.9995 else 3
    )
    return f"{number:,.{digits}f} {unit}"


def times_text(ratio: float) -> str:
    """Write how many times as much: `x1.04`."""
    return f"x{ratio:,.2f}" if ratio >= 0.1 else f"x{ratio:.2g}"


def bytes_text(count: int) -> str:
    """Write bytes in the largest unit of 2^10, 2^20, ... of which there is one, to a tenth, halves
    up: `58.1 MiB`.
    """
    power = 0
    while power < 4 and _tenths(count, power) >= 10_240:
        power += 1
    tenths = _tenths(count, power)
    return f"{tenths // 10:,}.{tenths % 10} {_BINARY[power]}B" if power else f"{count} B"


def _tenths(count: int, power: int) -> int:
    """Return bytes in tenths of 2^(10*power), rounded, halves up."""
    unit = 1 << 10 * power
    # In integers: halves are exact, where a float may lie on either side.
    return (20 * count + unit) // (2 * unit)
