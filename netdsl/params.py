"""Values that a network's params take from outside: `-p`, recipes, run folders, Python.

One reader and one writer, for all four: `parse_param(param_text(value)) == value` for every value
that is not itself a text that reads as another one; those are quoted where they are written. A list
of numbers, or of such lists, is a tuple.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from netdsl.errors import fail
from netdsl.kinds.lists import MAX_ITEMS, MAX_NESTED, is_of_numbers
from netdsl.kinds.values import shown
from netdsl.limits import MAX_BITS
from netdsl.wording import represented

if TYPE_CHECKING:
    from fractions import Fraction
    from typing import TypeAlias

    Param: TypeAlias = int | Fraction | bool | str | tuple[Any, ...]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DIGITS = r"[0-9](?:_?[0-9]){0,639}"  # expressions refuse numbers of more than 2,048 bits
_WHOLE = re.compile(f"-?{_DIGITS}")
_NUMBER = re.compile(
    rf"-?(?:(?:{_DIGITS})(?:\.[0-9]{{0,639}})?|\.[0-9]{{1,639}})(?:[eE][-+]?[0-9]{{1,3}})?"
    rf"|-?{_DIGITS}/0*[1-9](?:_?[0-9]){{0,639}}"
)
_ITEM = re.compile(r"\s*([\[\](),]|[^\s\[\](),]+)")
_CLOSER = {"(": ")", "[": "]"}
YES_OR_NO = {"yes": True, "no": False}
"""What the two words are in expressions."""


def is_name(text: str) -> bool:
    """Return whether a text can name a param."""
    return _NAME.fullmatch(text) is not None


def parse_param(text: str) -> Param:
    """Return the value that a text means.

    An integer, an exact decimal or ratio, yes or no, a list of numbers, a text.
    """
    if text in YES_OR_NO:
        return YES_OR_NO[text]
    found = _list(text) if text[:1] in _CLOSER else _number(text)
    return text if found is None else found


def _number(text: str) -> int | Fraction | None:
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        from fractions import Fraction

        return _smallest(Fraction(text))
    return None


def _list(text: str) -> tuple[Any, ...] | None:
    """Return the list that a text is: `(32, 64)`, `[[1, 2], [3]]`; None where it is none."""
    levels: list[list[Any]] = [[]]
    closers: list[str] = []
    after_item = False
    for token in _ITEM.findall(text.rstrip()):
        if token in _CLOSER and not after_item and len(closers) < MAX_NESTED:
            closers.append(_CLOSER[token])
            levels.append([])
        elif not closers:
            return None
        elif token == "," and after_item:
            after_item = False
        # `(1)` is a number in brackets to the language, `[1]` a list.
        elif token == closers[-1] and after_item and (token == "]" or len(levels[-1]) > 1):
            closers.pop()
            inner = tuple(levels.pop())
            levels[-1].append(inner)
        elif not after_item and (number := _number(token)) is not None:
            levels[-1].append(number)
            after_item = True
        else:
            return None
    whole = None if closers else levels[0][0]
    return whole if is_of_numbers(whole) else None


def param_text(value: Param) -> str:
    """Return the value as `parse_param` reads it: `3`, `0.5`, `1/3`, `yes`, or the text itself."""
    return value if isinstance(value, str) else shown(value)


def reads_as_another(value: str) -> bool:
    """Return whether a text, written without quotes, would be read as another value."""
    return not isinstance(parse_param(value), str)


def as_declared(given: Any, own: Any) -> Any:
    """Return the value that a param takes whose own value is `own`.

    Yes and no are texts where a text is meant, and the other way round.
    """
    if isinstance(own, bool) and isinstance(given, str):
        return YES_OR_NO.get(given, given)
    return param_text(given) if isinstance(own, str) and isinstance(given, bool) else given


def exact_params(values: Mapping[str, Any]) -> dict[str, Param]:
    """Return params from Python as the language's exact values.

    A float is the decimal that it prints as, a NumPy scalar what Python calls it.

    Raises:
        TypeError: for what is not names with values, or a value that is not a number, a text, or
            yes or no, or a list of numbers.
        NetError: N107 for NaN and infinity, N404 for a number of more than 2,048 bits.
    """
    if not isinstance(values, Mapping):
        accepts = 'names with values, such as {"width": 32}'
        raise TypeError(f"`params` accepts {accepts}, not {represented(values)}")
    for name in values:
        if not isinstance(name, str):
            raise TypeError(f"`params` accepts names that are texts, not {represented(name)}")
    return {name: _exact(name, value) for name, value in values.items()}


def _exact(name: str, value: Any) -> Param:
    from fractions import Fraction
    from numbers import Rational

    accepts = f"the param `{name}` accepts a number, a text, yes or no, or a list of numbers"
    if isinstance(value, bool | str):
        # `str` of a subclass too: NumPy's texts are.
        return value if isinstance(value, bool) else str(value)
    if isinstance(value, list | tuple) or bool(getattr(value, "ndim", False)):
        listed = _exact_list(name, value, [MAX_ITEMS])
        if is_of_numbers(listed):
            return tuple(listed)
        raise TypeError(f"{accepts}, not {represented(value)}")
    if not isinstance(value, Rational):
        finite = _is_finite(value)
        if finite is None:
            raise TypeError(f"{accepts}, not {represented(value)}")
        if not finite:
            raise fail("N107", f"{accepts}, not {represented(value)}")
        value = _rational(value)
    number = value if isinstance(value, bool) else _smallest(Fraction(value))
    if isinstance(number, bool) or max(_bits(number)) <= MAX_BITS:
        return number
    bits = f"{max(_bits(number)):,} bits; expressions hold at most {MAX_BITS:,}"
    raise fail("N404", f"the param `{name}` is a number of {bits}")


def _exact_list(name: str, items: Iterable[Any], room: list[int], depth: int = 1) -> Any:
    """Return a list from Python; `room` counts down the numbers that it may still have."""
    found: list[Any] = []
    for item in items:
        room[0] -= 1
        if room[0] < 0 or depth > MAX_NESTED:
            raise fail("N404", f"the list of the param `{name}` has too many numbers or levels")
        several = isinstance(item, list | tuple) or bool(getattr(item, "ndim", False))
        found.append(_exact_list(name, item, room, depth + 1) if several else _exact(name, item))
    return tuple(found)


def _is_finite(value: Any) -> bool | None:
    """Return whether a number is finite; None for what is not one number."""
    try:
        return math.isfinite(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _rational(value: Any) -> Fraction | int | bool:
    """Return the number that a finite one from elsewhere is exactly, or yes or no."""
    from fractions import Fraction

    if str(getattr(value, "dtype", "")) == "bool":  # NumPy's
        return bool(value)
    if hasattr(value, "__index__"):
        return int(value)
    # float32's 0.1 is a tenth by its text; by its value it would be 0.10000000149.
    text = repr(float(value)) if isinstance(value, float) else str(value)
    return Fraction(text if _NUMBER.fullmatch(text) else repr(float(value)))


def _bits(number: int | Fraction) -> tuple[int, int]:
    return number.numerator.bit_length(), number.denominator.bit_length()


def _smallest(number: Fraction) -> int | Fraction:
    return int(number) if number.denominator == 1 else number
