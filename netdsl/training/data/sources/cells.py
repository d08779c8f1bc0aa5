"""What a cell of a table says: a number, nothing, or a text."""

from __future__ import annotations

import math

from netdsl.training.preparation.ranges import LARGEST

MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "?"))
"""What a cell of a column of numbers holds, in any case, where its number is missing.

Of a text only the empty cell is missing.
"""


def cell_number(cell: str, comma: bool = False) -> float | None:
    """Return the number that a cell holds.

    Args:
        cell: its text, without blanks around it.
        comma: whether a comma may stand for the decimal point.

    Returns:
        NaN where the cell is missing, None where it holds a text or a number beyond float32.
    """
    try:
        value = float(cell)
    except ValueError:
        if cell.lower() in MISSING:
            return float("nan")
        return cell_number(cell.replace(",", ".")) if comma and "," in cell else None
    return None if abs(value) > LARGEST or "_" in cell else value


def why_not_finite(cell: str, comma: bool) -> str:
    """Say why float32 does not hold the number of a cell; nothing for a text."""
    try:
        value = float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return ""
    if "_" in cell:
        return ""
    too_large = math.isfinite(value) or (math.isinf(value) and any(map(str.isdigit, cell)))
    return "which is too large for float32 (up to 3.4e38)" if too_large else "which is not finite"
