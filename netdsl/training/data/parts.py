"""Examples in parts: what a source holds, and what is ready for training."""

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
"""The target that is not an array of its own: each output learns the input of its shape."""


class RowKeys(NamedTuple):
    """What is known of examples besides what they hold.

    Attributes:
        places: the line or row of each in its file [n], or the path of a file of its own.
        word: what a place is: `line` or `row`; empty where it is a path.
        order: when each was [n], as numbers or as days; None where that is not asked for.
        groups: what each belongs to, as a number [n].
        group_names: the names of the groups, by their numbers.
    """

    places: Array
    word: str
    order: Array | None = None
    groups: Array | None = None
    group_names: tuple[str, ...] = ()

    def place(self, row: int) -> str:
        """Say where an example is: `line 12`, or a path."""
        place = self.places[row]
        return f"{self.word} {int(place)}" if self.word else str(place)

    def at(self, rows: Array) -> RowKeys:
        """Return what is known of these rows."""
        order = None if self.order is None else self.order[rows]
        groups = None if self.groups is None else self.groups[rows]
        return RowKeys(self.places[rows], self.word, order, groups, self.group_names)

    def joined(self, other: RowKeys) -> RowKeys:
        """Return what is known of the rows of both, of one file."""
        import numpy as np

        def both(one: Array | None, more: Array | None) -> Array | None:
            # Half of the times would be taken for all of them.
            return None if one is None or more is None else np.concatenate([one, more])

        places = np.concatenate([self.places, other.places])
        order, groups = both(self.order, other.order), both(self.groups, other.groups)
        return RowKeys(places, self.word, order, groups, self.group_names)


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples, and what should be learned of them.

    Attributes:
        x: an array [n, ...] for each input of the network.
        y: an array of labels or values [n, ...] for each output.
        name: `training`, `validation` or `test`.
        x_names, y_names: what messages call the arrays.
        weights: how much each example counts in the loss [n]; None where all count alike.
        keys: where the examples are, of a table with their times and groups; None where they are
            rows in their order.
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
        """Return these rows of it."""
        x, y = (tuple(rows_of(array, rows) for array in arrays) for arrays in (self.x, self.y))
        weights = None if self.weights is None else self.weights[rows]
        keys = self.keys and self.keys.at(rows)
        return dataclasses.replace(self, x=x, y=y, weights=weights, keys=keys)

    def place(self, row: int) -> str:
        """Say where an example is in its source: `line 12`, `row 3`, or the path of its file."""
        return self.keys.place(row) if self.keys else f"row {row}"

    def with_places(self) -> Examples:
        """Return the same examples, which know their rows wherever they are put."""
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
        own: whether they are those found in this data.
        scale: what the source's numbers are divided by, None where it does not say.
        target: the column or array that is learned, or several columns.
        pixel_range: the values of images of more than 8 bits that become 0 and 1.
        classes_by: of several columns the names of the classes of each output.
        columns_by: the columns of a table that each output learns.
        columns: those of a table of text and numbers, whichever input gets them.
        tables: of a table what each input gets.
        notes: what was done that a person should know.
        made: the keys of a recipe's `data` that it was made with, with every value.
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
        preparation: what is done to the examples.
        train, validation, test: the parts.
        notes: what was done that a person should know.
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
