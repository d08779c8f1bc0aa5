"""Examples in parts: as a source holds them, and ready for training."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.training.data.views import joined_rows, rows_of

if TYPE_CHECKING:
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.rows import Array, Rows
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import DataSpec

INPUT = "input"
"""The target `input`, which is not an array: each output learns the input of its shape."""


class RowKeys(NamedTuple):
    """Where examples are, and their times and groups.

    Attributes:
        places: the line or row of each in its file [n], or the path of its own file.
        word: what a place is: `line` or `row`; empty for a path.
        order: the time of each [n], as numbers or as days; None where no order is asked for.
        groups: the number of the group of each [n]; None where no groups are asked for.
        group_names: the names of the groups, by their numbers.
    """

    places: Array
    word: str
    order: Array | None = None
    groups: Array | None = None
    group_names: tuple[str, ...] = ()

    def place(self, row: int) -> str:
        """Write where an example is: `line 12`, or a path."""
        place = self.places[row]
        return f"{self.word} {int(place)}" if self.word else str(place)

    def at(self, rows: Array) -> RowKeys:
        """Return the keys of these rows."""
        order = None if self.order is None else self.order[rows]
        groups = None if self.groups is None else self.groups[rows]
        return RowKeys(self.places[rows], self.word, order, groups, self.group_names)

    def joined(self, other: RowKeys) -> RowKeys:
        """Return the keys of the rows of both, which are of one file."""
        import numpy as np

        def both(one: Array | None, more: Array | None) -> Array | None:
            # If one has none, the others would be taken for those of all rows.
            return None if one is None or more is None else np.concatenate([one, more])

        places = np.concatenate([self.places, other.places])
        order, groups = both(self.order, other.order), both(self.groups, other.groups)
        return RowKeys(places, self.word, order, groups, self.group_names)


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples, and their targets.

    Attributes:
        x: an array [n, ...] for each input of the network.
        y: an array of labels or values [n, ...] for each output.
        name: `training`, `validation` or `test`.
        x_names, y_names: what messages call the arrays.
        weights: how much each example counts in the loss [n]; None where all count alike.
        keys: where the examples are, for a table also their times and groups; None where the
            examples are the source's rows in order.
    """

    x: tuple[Rows, ...]
    y: tuple[Rows, ...]
    name: str
    x_names: tuple[str, ...] = ()
    y_names: tuple[str, ...] = ()
    weights: Array | None = None
    keys: RowKeys | None = None

    def __len__(self) -> int:
        return len(self.x[0])

    def at(self, rows: Array) -> Examples:
        """Return these rows."""
        x, y = (tuple(rows_of(array, rows) for array in arrays) for arrays in (self.x, self.y))
        weights = None if self.weights is None else self.weights[rows]
        keys = self.keys and self.keys.at(rows)
        return dataclasses.replace(self, x=x, y=y, weights=weights, keys=keys)

    def place(self, row: int) -> str:
        """Write where an example is in its source: `line 12`, `row 3`, or the path of its file."""
        return self.keys.place(row) if self.keys else f"row {row}"

    def with_places(self) -> Examples:
        """Return the same examples with their rows as keys, so that these are kept when divided."""
        import numpy as np

        keys = self.keys or RowKeys(np.arange(len(self)), "row")
        return dataclasses.replace(self, keys=keys)

    def named(self, name: str) -> Examples:
        """Return the same examples under another name."""
        return dataclasses.replace(self, name=name)

    def joined(self, other: Examples) -> Examples:
        """Return the examples of both, under the name of this one."""
        x, y = (
            tuple(map(joined_rows, *arrays)) for arrays in ((self.x, other.x), (self.y, other.y))
        )
        keys = self.keys and other.keys and self.keys.joined(other.keys)
        weights = _joined_weights(self, other)
        return dataclasses.replace(self, x=x, y=y, weights=weights, keys=keys)


def _joined_weights(one: Examples, other: Examples) -> Array | None:
    """Return the weights of two parts; those of a part without any are 1."""
    import numpy as np

    if one.weights is None and other.weights is None:
        return None
    both = (
        np.ones(len(part), np.float32) if part.weights is None else part.weights
        for part in (one, other)
    )
    return np.concatenate(list(both))


@dataclass(frozen=True, eq=False)
class SourceData:
    """What a source holds: a part to train on, and perhaps others to validate and to test with.

    Attributes:
        source: where it comes from.
        train, test, validation: the parts.
        classes: the names of the classes.
        own: whether the classes were found in this data.
        scale: the divisor of the source's numbers; None where the source does not determine it.
        target: the column or array that is learned, or several columns.
        pixel_range: the values of images of more than 8 bits that become 0 and 1.
        classes_by: for several target columns, the names of the classes of each output.
        columns_by: the columns of a table that each output learns.
        columns: those of a table of text and numbers, whichever input gets them.
        tables: for a table, the columns that each input gets.
        notes: what was done that a user should know.
        made: for generated data, the keys of a recipe's `data` it was made with, with every value.
    """

    source: str
    train: Examples
    test: Examples | None = None
    validation: Examples | None = None
    classes: tuple[str, ...] = ()
    own: bool = False
    scale: float | None = None
    target: str | tuple[str, ...] | None = None
    columns: TableTransform | None = None
    notes: tuple[str, ...] = ()
    made: Mapping[str, Any] = field(default_factory=dict)
    tables: tuple[TableTransform, ...] = ()
    pixel_range: tuple[float, float] | None = None
    classes_by: tuple[tuple[str, ...], ...] = ()
    columns_by: tuple[tuple[str, ...], ...] = ()

    def classes_of(self, place: int) -> tuple[str, ...]:
        """Return the names of the classes of an output."""
        return self.classes_by[place] if self.classes_by else self.classes


@dataclass(frozen=True, eq=False)
class Data:
    """Examples ready for training: three parts without a common example.

    Attributes:
        spec: the recipe's `data`, with every value.
        preparation: how the examples are prepared.
        train, validation, test: the parts.
        notes: what was done that a user should know.
    """

    spec: DataSpec
    preparation: Preparation
    train: Examples
    validation: Examples
    test: Examples
    notes: tuple[str, ...] = field(default=())


def classes_text(classes: tuple[str, ...]) -> str:
    """Write classes as messages do: `3 classes (setosa, versicolor, virginica)`."""
    shown = ", ".join(classes[:10]) + (", ..." if len(classes) > 10 else "")
    return f"{len(classes):,} class{'es' if len(classes) != 1 else ''} ({shown})"
