"""How JSON is laid out where people read it as well: an entry a line, not a value a line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def json_text(values: Mapping[str, Any], depth: int = 1) -> str:
    """Write an object as JSON with a line for each entry; what lies deeper is in that line.

    Args:
        values: the object.
        depth: how many levels have a line for each entry; below the first these are lists of
            objects, and the objects in them. 2 gives each row of a table a line.
    """
    return _object(values, depth, "\n")


def json_number(value: float) -> float | None:
    """Return the number; None for infinities and NaN, which JSON does not have."""
    return value if math.isfinite(value) else None


def _object(values: Mapping[str, Any], depth: int, line: str) -> str:
    if not depth:
        return json.dumps(values)
    inner = f"{line}  "
    entries = (
        f"{inner}{json.dumps(key)}: {_value(value, depth - 1, inner)}"
        for key, value in values.items()
    )
    return f"{{{','.join(entries)}{line}}}"


def _value(value: Any, depth: int, line: str) -> str:
    if not (depth and value and isinstance(value, list) and isinstance(value[0], dict)):
        return json.dumps(value)
    inner = f"{line}  "
    return f"[{','.join(inner + _object(each, depth - 1, inner) for each in value)}{line}]"
