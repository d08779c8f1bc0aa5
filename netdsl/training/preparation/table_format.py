"""How the text of a table is written: separators, number format, encoding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of a file are written.

    Attributes:
        decimal: `.` or `,` before the fraction.
        thousands: the sign between groups of three digits; empty where there is none.
        reason: the cell that decided, as text; empty where it was stated or nothing decides.
    """

    decimal: str = "."
    thousands: str = ""
    reason: str = field(default="", compare=False)


PLAIN = NumberFormat()
"""Numbers as programs write them: `1234.5`."""


@dataclass(frozen=True)
class TableFormat:
    """What a recipe states about a table's text; None means that the file decides.

    Attributes:
        separator: the sign between cells.
        decimal: the sign before the fraction of a number.
        thousands: the sign between groups of three digits.
        encoding: of the bytes; UTF-8 where it is not stated.
        comment: lines that begin with it are left out.
        missing_values: cells that are missing, in addition to those that always are.
    """

    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    comment: str | None = None
    missing_values: tuple[str, ...] = ()

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> TableFormat:
        """Make the format from what `dataclasses.asdict` gave."""
        return cls(**{**values, "missing_values": tuple(values["missing_values"])})


UNSTATED = TableFormat()
"""The file decides everything."""
