"""Sizes in bytes as people write them."""

from __future__ import annotations

import re
from fractions import Fraction

# 18 digits: beyond any memory, and no text is long enough to be slow.
_SIZE = re.compile(r"\s*(\d{1,18}(?:\.\d{1,18})?)\s*([A-Za-z]{0,3})\s*", re.ASCII)
_UNITS = {"": 1, "b": 1}
_UNITS |= {f"{prefix}ib": 1 << 10 * power for power, prefix in enumerate("kmgt", 1)}
_UNITS |= {f"{prefix}b": 1000**power for power, prefix in enumerate("kmgt", 1)}


def parse_size(text: str) -> int:
    """Return a number of bytes: `24GiB`, `1.5 GiB` (2^30 each), `500MB` (10^6 each), `4096`.

    A fraction of a byte is cut off.

    Raises:
        ValueError: for anything else.
    """
    found = _SIZE.fullmatch(text)
    unit = found[2].lower() if found else ""
    if found is None or unit not in _UNITS:
        hint = "write it like 24GiB"
        if found and unit in ("k", "m", "g", "t"):
            hint = f"write {found[1]}{unit.upper()}iB or {found[1]}{unit.upper()}B"
        raise ValueError(f"{text[:40]!r} is not a size in bytes; {hint}")
    # Exact: a product of floats may lie just below a whole byte, and would be cut off there.
    return int(Fraction(found[1]) * _UNITS[unit])
