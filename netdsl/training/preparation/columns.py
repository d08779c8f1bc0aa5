"""The columns of a table as numbers.

What is kept of each makes numbers of other rows in the same way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from netdsl.training.preparation.table_format import PLAIN, UNSTATED, NumberFormat, TableFormat

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array, Floats

MISSING = ("median", "drop", "error")
"""What is done where a number is missing: the training part's median, the row is left out, or an
error.
"""


@dataclass(frozen=True)
class ColumnTransform:
    """From a column's cells to the numbers that a network takes.

    A column of numbers is standardised by the training part's mean and deviation, and its median
    replaces a missing number. A column of text gives a number for each category, in their order.
    """

    name: str
    text: bool = False
    mean: float = 0.0
    deviation: float = 1.0
    median: float = 0.0
    categories: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """The numbers that the network gets of a cell."""
        return len(self.categories) if self.text else 1

    def fitted(self, values: Array) -> ColumnTransform:
        """Return this column with the statistics of the training rows [n].

        A column of one value is only centred. Categories are not the training rows' alone: the
        width of a row must not depend on how rows are split.
        """
        import numpy as np

        known = values[~np.isnan(values)]
        if self.text or not len(known):
            return self
        median = float(np.median(known))
        filled = np.where(np.isnan(values), median, values)
        deviation = float(filled.std())
        return replace(
            self,
            mean=float(filled.mean()),
            deviation=deviation if deviation > 0 else 1.0,
            median=median,
        )

    def numbers(self, values: Array) -> Floats:
        """Encode cells [n], NaN where one is missing, as [n, width].

        Numbers are standardised; a text is 1 for its category and else 0.
        """
        import numpy as np

        if self.text:
            return np.asarray(values[:, None] == np.arange(len(self.categories)), np.float32)
        filled = np.where(np.isnan(values), self.median, values)
        return np.asarray(((filled - self.mean) / self.deviation)[:, None], np.float32)


@dataclass(frozen=True)
class TableTransform:
    """From the rows of a table to the numbers that a network takes.

    Rows [n, columns] hold numbers, and for a text the place of its category; NaN where a cell is
    missing or its text unknown.

    Attributes:
        columns: those that the network sees, in their order.
        target: the column that it learns.
        header: whether the file names its columns.
        missing: what is done where a number is missing, one of `MISSING`.
        weight: the column of the rows' weights; empty where all count alike.
        form: what the recipe states of the file's text.
        numbers: the signs within its numbers.
    """

    columns: tuple[ColumnTransform, ...]
    target: str
    header: bool = True
    missing: str = "median"
    weight: str = ""
    form: TableFormat = UNSTATED
    numbers: NumberFormat = PLAIN

    @property
    def width(self) -> int:
        """The numbers that the network gets of a row."""
        return sum(column.width for column in self.columns)

    @property
    def description(self) -> str:
        """The columns in words: `9 numbers: longitude, ..., ocean_proximity as 5`."""
        names = [
            f"{column.name} as {column.width}" if column.text else column.name
            for column in self.columns
        ]
        shown = (
            names
            if len(names) <= 20
            else [*names[:10], f"... ({len(names) - 15} more)", *names[-5:]]
        )
        return f"{self.width:,} numbers: {', '.join(shown)}"

    def fitted(self, rows: Array, others: Array) -> TableTransform:
        """Return these columns with the statistics of the training rows [n, columns].

        A column without any value in them has those of the `others`.
        """
        import numpy as np

        def known(place: int) -> Array:
            values = rows[:, place]
            return others[:, place] if np.isnan(values).all() else values

        columns = tuple(column.fitted(known(at)) for at, column in enumerate(self.columns))
        return replace(self, columns=columns)

    def encode(self, rows: Array) -> Floats:
        """Encode rows [n, columns] for the network: float32 [n, width]."""
        import numpy as np

        made = [
            column.numbers(np.asarray(rows[:, place], float))
            for place, column in enumerate(self.columns)
        ]
        return np.concatenate(made, axis=1) if made else np.zeros((len(rows), 0), np.float32)

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> TableTransform:
        """Make the transform from what `dataclasses.asdict` gave.

        Raises:
            TypeError, KeyError, ValueError: where it is not one, or holds an impossible number.
        """
        columns = tuple(
            ColumnTransform(**{**one, "categories": tuple(map(str, one["categories"]))})
            for one in values["columns"]
        )
        if not all(
            math.isfinite(one.mean) and math.isfinite(one.median) and 0 < one.deviation < math.inf
            for one in columns
        ):
            raise ValueError("an invalid mean, median or deviation")
        if values["missing"] not in MISSING:
            raise ValueError(values["missing"])
        form = TableFormat.from_plain(values["form"]) if "form" in values else UNSTATED
        numbers = NumberFormat(**values.get("numbers", {}))
        return cls(**{**values, "columns": columns, "form": form, "numbers": numbers})
