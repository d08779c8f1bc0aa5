"""Values and options as an imported file writes them: short, and as people do."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from netdsl.kinds import Argument, Word
from netdsl.kinds.options import Option
from netdsl.kinds.values import Dims, shown


def value_text(value: Any) -> str:
    """Write a value: `0.2`, `1/255`, `same`, `(0, 1, 0, 1)`."""
    if isinstance(value, Fraction):
        return _number_text(value)
    if isinstance(value, Word):
        inside = ", ".join(map(_argument_text, value.arguments))
        return f"{value.text}({inside})" if value.arguments else value.text
    if isinstance(value, tuple) and not isinstance(value, Dims):
        return f"({', '.join(map(value_text, value))})"
    return shown(value)


def _number_text(value: Fraction) -> str:
    """Write a short decimal where one is exact, else 1/n, else a ratio."""
    if value < 0:
        return f"-{_number_text(-value)}"  # 1/-3 is not written
    short = repr(float(value))
    if Fraction(short) == value:
        return short.replace("e-0", "e-")
    # 1/255 rather than 0.00392156862745098: people write scales so.
    inverse = float(1 / value)
    if value.numerator == 1:
        return f"1/{value.denominator}"
    return f"1/{inverse:g}" if 1 / Fraction(f"{inverse:g}") == value else shown(value)


def _argument_text(argument: Argument) -> str:
    """Write an argument in the brackets of a word: a flag that is set is its name alone."""
    if argument.name is None:
        return value_text(argument.value)
    if argument.value is True:
        return argument.name
    return f"{argument.name}={value_text(argument.value)}"


def option_text(option: Option[Any], value: Any) -> str:
    """Write an option with its value: as the bare value where it can only belong to this option."""
    bare = isinstance(value, Word) and option.of_bare(value) is not None
    return value_text(value) if bare else _argument_text(Argument(option.name, value))
