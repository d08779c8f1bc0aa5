"""The columns of a table as numbers.

A transform is stored for each column, and turns other rows into numbers in the same way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from netdsl.training.preparation.dates import CYCLIC, PARTS, date_text, part_values
from netdsl.training.preparation.table_format import PLAIN, UNSTATED, NumberFormat, TableFormat
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array, Floats

MISSING = ("median", "drop", "error")
"""How missing numbers are treated: replaced by the training part's median, the row left out, or an
error.
"""

NUMBER, ORDINAL, CATEGORY, DATE, TEXT = "number", "ordinal", "category", "date", "text"
READ = (NUMBER, ORDINAL, CATEGORY, DATE, TEXT)
"""The kinds of columns that a network reads."""


@dataclass(frozen=True)
class ColumnTransform:
    """From a column's cells to the numbers that a network takes.

    A number is standardised by the training part's mean and deviation, and a missing one is
    replaced by its median; the same is done with the place of an ordinal text in its order, and
    with a part of a date that is not a position in a cycle. A category becomes a number for each
    category, in their order.

    Attributes:
        name: of the column.
        kind: one of `READ`.
        part: for a date, one of `PARTS`: a date with several parts has several transforms.
        day_first: whether texts of dates have the day before the month; None where they do not
            show it.
        mean, deviation, median: of the training rows; the median of a date is a date, too.
        categories: the texts of categories, or of an order from the first; for a text the words of
            its vocabulary.
        length: for a column that has an input of indices of its own, how many indices.
        gaps: whether some of its cells were empty in the training's table.
    """

    name: str
    kind: str = NUMBER
    part: str = ""
    day_first: bool | None = None
    mean: float = 0.0
    deviation: float = 1.0
    median: float = 0.0
    categories: tuple[str, ...] = ()
    length: int = 0
    gaps: bool = False

    @property
    def one_hot(self) -> bool:
        """Whether the network gets a number for each category."""
        return self.kind == CATEGORY and not self.length

    @property
    def fixed(self) -> bool:
        """Whether it needs no statistics of the training rows."""
        return self.one_hot or self.length > 0

    @property
    def coded(self) -> bool:
        """Whether cells are replaced by their places among the categories."""
        return self.kind == CATEGORY or (self.kind == ORDINAL and bool(self.categories))

    @property
    def from_text(self) -> bool:
        """Whether cells are read as texts, whatever they look like."""
        return self.coded or self.kind in (DATE, TEXT)

    @property
    def width(self) -> int:
        """How many numbers the network gets for a cell."""
        if self.length:
            return self.length
        return len(self.categories) if self.one_hot else 2 if self.part in CYCLIC else 1

    @property
    def label(self) -> str:
        """The column's name, for a date with the part."""
        return f"{self.name} ({self.part})" if self.part else self.name

    def shown(self, cell: float) -> str:
        """Write a cell for people."""
        if math.isnan(cell):
            return "missing"
        if self.coded:
            return self.categories[int(cell)]
        return date_text(cell) if self.kind == DATE else f"{cell:.6g}"

    def fitted(self, values: Array) -> ColumnTransform:
        """Return this column with the statistics of the training rows [n].

        A column of one value is only centred. Categories are those of all rows: the width of a row
        must not depend on how rows are split.
        """
        import numpy as np

        known = values[~np.isnan(values)]
        # A column without any number has mean 0 and deviation 1: its cells become 0.
        if self.fixed or not len(known):
            return self
        median = float(np.median(known))
        filled = self._scalars(np, np.where(np.isnan(values), median, values))
        deviation = float(filled.std())
        return replace(
            self,
            mean=float(filled.mean()),
            # The deviation of rows that are all 0.1 is 1e-17: no other row may be divided by it.
            deviation=deviation if deviation > 0 and filled.min() < filled.max() else 1.0,
            median=median,
        )

    def numbers(self, values: Array) -> Floats:
        """Encode cells [n], NaN where one is missing, as [n, width].

        Numbers are standardised; a text is 1 for its category and else 0; a position in a cycle is
        its sine and cosine.
        """
        import numpy as np

        return np.asarray(self.encoded(np, values), np.float32)

    def encoded(self, xp: Any, values: Any) -> Any:
        """Encode cells as `numbers` does, categories as true and false.

        Args:
            xp: numpy or keras.ops.
            values: the cells [n] in float64; those of categories may be in float32.
        """
        if self.one_hot:
            return xp.equal(values[:, None], xp.arange(len(self.categories)))
        scalars = self._scalars(xp, xp.where(xp.isnan(values), self.median, values))
        if self.part in CYCLIC:
            angle = 2 * math.pi * scalars
            return xp.stack([xp.sin(angle), xp.cos(angle)], axis=1)
        return ((scalars - self.mean) / self.deviation)[:, None]

    def _scalars(self, xp: Any, values: Any) -> Any:
        return part_values(xp, values, self.part) if self.part else values

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> ColumnTransform:
        """Make the transform from what `dataclasses.asdict` gave.

        Raises:
            TypeError, KeyError, ValueError: where it is not one, or holds an impossible number.
        """
        kinds = {True: CATEGORY, False: NUMBER}  # of old runs, which had only texts and numbers
        given = {name: value for name, value in values.items() if name != "text"}
        if "text" in values:
            given["kind"] = kinds[values["text"]]
        made = cls(**{**given, "categories": tuple(map(str, given["categories"]))})
        if made.length < 0:
            raise ValueError(f"{made.length} indices")
        if made.kind not in READ or (made.part and made.part not in PARTS):
            raise ValueError(f"a column of the kind {made.kind}, part {made.part}")
        if not (
            math.isfinite(made.mean)
            and math.isfinite(made.median)
            and 0 < made.deviation < math.inf
        ):
            raise ValueError("an invalid mean, median or deviation")
        return made


@dataclass(frozen=True)
class TableTransform:
    """From the rows of a table to the numbers that a network takes.

    Rows [n, columns] hold numbers, days since 1970 for a date, and for a text the place of its
    category; NaN where a cell is missing or its text unknown.

    Attributes:
        columns: those that the network gets, in their order; for a date one for each part.
        targets: the columns that it learns.
        header: whether the file names its columns.
        missing: how missing numbers are treated, one of `MISSING`.
        weight: the column of the rows' weights; empty where all count alike.
        form: what the recipe states about the file's text.
        numbers: how numbers are written in the file.
        left_out: the other columns of the file.
        ids: those of the other columns that identify rows.
    """

    columns: tuple[ColumnTransform, ...]
    targets: tuple[str, ...]
    header: bool = True
    missing: str = "median"
    weight: str = ""
    form: TableFormat = UNSTATED
    numbers: NumberFormat = PLAIN
    left_out: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers the network gets for a row."""
        return sum(column.width for column in self.columns)

    @property
    def widths(self) -> dict[str, int]:
        """How many numbers the network gets for each column, by its name."""
        found: dict[str, int] = {}
        for column in self.columns:
            found[column.name] = found.get(column.name, 0) + column.width
        return found

    @property
    def numbered(self) -> list[str]:
        """The names of all columns but the target, for a file without names: their numbers."""
        # By length first: the names are numbers, and "10" comes after "9".
        return sorted((*self.widths, *self.left_out), key=lambda name: (len(name), name))

    @property
    def description(self) -> str:
        """The columns in words: `9 numbers: longitude, ..., ocean_proximity as 5`."""
        names = [f"{name} as {width}" if width > 1 else name for name, width in self.widths.items()]
        shown = (
            names
            if len(names) <= 20
            else [*names[:10], f"... ({len(names) - 15} more)", *names[-5:]]
        )
        left_out = ", ".join(self.left_out[:5]) + (", ..." if len(self.left_out) > 5 else "")
        without = f", without {left_out}" if left_out else ""
        return f"{counted(self.width, 'number')}: {', '.join(shown)}{without}"

    def fitted(self, rows: Array, others: Array) -> TableTransform:
        """Return these columns with the statistics of the training rows [n, columns].

        A column without any value in them gets the statistics of the `others`.
        """
        import numpy as np

        def known(place: int) -> Array:
            values = rows[:, place]
            return others[:, place] if np.isnan(values).all() else values

        # By places, not by names: the parts of a date are columns with the same name.
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
        columns = tuple(map(ColumnTransform.from_plain, values["columns"]))
        if values["missing"] not in MISSING:
            raise ValueError(values["missing"])
        # Keys read with `get` or `in` here are missing in old runs, which must still be read.
        form = TableFormat.from_plain(values["form"]) if "form" in values else UNSTATED
        numbers = NumberFormat(**values.get("numbers", {}))
        left_out = tuple(map(str, values.get("left_out", ())))
        ids = tuple(map(str, values.get("ids", ())))
        given = {name: value for name, value in values.items() if name != "target"}
        targets = values["targets"] if "targets" in values else [values["target"]]
        given["targets"] = tuple(map(str, targets))
        changed = {"columns": columns, "form": form, "numbers": numbers, "left_out": left_out}
        return cls(**{**given, **changed, "ids": ids})
