"""Numbers at the digits that they are written with: 0.73 is right for .7311."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from netdsl.kinds.values import Shape
from netdsl.syntax import tree

_DIGITS = re.compile(r"[-+]?[0-9]*\.?([0-9]*)(?:[eE]([-+]?[0-9]+))?")
_CLOSE = 1e-9
"""How much a computed number may differ from an exact one, relative to it where it is large."""


def places_of(node: tree.Number | tree.Expression, text: str) -> int | None:
    """Return how many decimal places a number is written with.

    None for one that is exact: an integer, a ratio, an expression.

    Args:
        node: the number.
        text: the whole text that it is in.
    """
    written = _DIGITS.fullmatch(text[node.start : node.end].replace("_", ""))
    if not isinstance(node, tree.Number) or not written:
        return None
    # 1.5e-3 has four decimal places.
    places = len(written[1]) - int(written[2] or 0)
    return places if places > 0 else None


def agrees(number: Any, places: int | None, computed: float) -> bool:
    """Return whether a computed number is the written one, at its digits."""
    try:
        expected = float(number)
    # A fraction beyond 1e308.
    except OverflowError:
        return False
    # Half of the last digit: what would be rounded to the written number.
    half = 0.0 if places is None else 0.5 * 10.0**-places
    return abs(computed - expected) <= half + _CLOSE * max(1.0, abs(expected))


def computed_text(computed: float, places: int | None) -> str:
    """Write a computed number with two digits more than the one that it should be."""
    if math.isnan(computed):
        return "NaN"
    if places is not None and math.isfinite(computed):
        return f"{computed:.{places + 2}f}"
    return right_text(computed, None)


def right_text(computed: float, places: int | None) -> str:
    """Write a computed number as a text could state it."""
    if places is not None:
        return f"{computed:.{places}f}"
    close = math.isfinite(computed) and abs(computed - round(computed)) <= _CLOSE * max(
        1.0, abs(computed)
    )
    return str(round(computed)) if close else f"{computed:.10g}"


def nested_text(texts: Sequence[str], form: Shape) -> str:
    """Write texts of numbers as lists of this form, which may need the first of them alone."""
    if not form:
        return texts[0]
    step = math.prod(form[1:])
    inner = (nested_text(texts[at * step :], form[1:]) for at in range(form[0]))
    return f"[{', '.join(inner)}]"


def position_text(index: int, form: Shape) -> str:
    """Write where a number is in lists of this form: `[0][2]`; nothing where it is alone."""
    if math.prod(form) == 1:
        return ""
    places = []
    for length in reversed(form):
        index, place = divmod(index, length)
        places.append(f"[{place}]")
    return "".join(reversed(places))
