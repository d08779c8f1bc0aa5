"""Figures of runs as text for people, and as values for JSON."""

from __future__ import annotations

from typing import Any

from netdsl.json_text import json_number
from netdsl.training.metrics.definitions import is_share
from netdsl.wording import number_text


def figure_text(value: Any, name: str) -> str:
    """Write a value for people; shares, as an accuracy, have four digits after the point."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:z.4f}" if is_share(name) else number_text(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def json_value(value: Any) -> Any:
    """Return the value; None for NaN and the infinities, which JSON does not have."""
    return json_number(value) if isinstance(value, float) else value
