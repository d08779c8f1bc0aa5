"""What the keys that name columns of a table accept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netdsl.errors import did_you_mean
from netdsl.training.recipes.values import (
    OneOf,
    TextValue,
    ValueList,
    ValueProblem,
    ValueType,
    inside,
    shown,
)

KINDS = ("number", "ordinal", "category", "date", "text", "id", "drop")
"""What a column of a table may be."""

DATE_PARTS = ("elapsed", "year", "month", "day", "weekday", "hour")
"""The parts of a date that a network may be given."""


@dataclass(frozen=True)
class ColumnValue(TextValue):
    """A column by its name, or by its number: from 1 up, -1 is the last."""

    description: str = "a column"

    def plain(self, value: Any) -> Any:
        value = super().plain(value)
        # `target: 3` in YAML is read as an integer, but a table looks columns up by texts.
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


ANY_OF_BOTH = OneOf((*KINDS, *DATE_PARTS))
COLUMN = ColumnValue("a column's name or number, `input`, or a file of targets")


@dataclass(frozen=True)
class ColumnKindValue(ValueList):
    """What a column of a table is: a kind, or the parts of a date."""

    each: ValueType = ANY_OF_BOTH
    distinct: bool = True

    @property
    def description(self) -> str:
        return f"one of {', '.join(f'`{word}`' for word in KINDS)}, or of a date a list of " + (
            ", ".join(f"`{part}`" for part in DATE_PARTS)
        )

    def read(self, text: str) -> Any:
        # One part without brackets is a list of one: `columns: {day: weekday}`.
        return (text,) if text in DATE_PARTS else text

    def quoted(self, text: str) -> Any:
        return self.read(text)

    def plain(self, value: Any) -> Any:
        return self.read(value) if isinstance(value, str) else super().plain(value)

    def check(self, value: Any) -> None:
        if isinstance(value, tuple):
            if kind := next((one for one in value if one in KINDS), None):
                parts = ", ".join(f"`{part}`" for part in DATE_PARTS)
                message = f"holds `{kind}` in a list: a column is of one kind"
                raise ValueProblem("N505", message, f"write `{kind}` alone; a list is of {parts}")
            for place, one in enumerate(value):
                if one not in DATE_PARTS:
                    near = did_you_mean(str(one), DATE_PARTS)
                    with inside(place):
                        message = f"requires {self.description}, not {shown(one)}"
                        raise ValueProblem("N505", message, near)
            super().check(value)
        elif not isinstance(value, str):
            raise ValueProblem("N504", f"requires {self.description}, not {shown(value)}")
        elif value not in KINDS:
            near = did_you_mean(value, (*KINDS, *DATE_PARTS))
            raise ValueProblem("N505", f"requires {self.description}, not {shown(value)}", near)


@dataclass(frozen=True)
class TargetValue(ValueList):
    """A column, or several as a tuple; `input`, or a file of targets."""

    each: ValueType = COLUMN
    distinct: bool = True

    def read(self, text: str) -> Any:
        return text

    def quoted(self, text: str) -> Any:
        return text

    def plain(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return tuple(map(self.each.plain, value))
        return self.each.plain(value)

    def check(self, value: Any) -> None:
        if isinstance(value, tuple):
            super().check(value)
        else:
            self.each.check(value)
