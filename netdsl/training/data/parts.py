"""Examples in parts: what a source holds, and what is ready for training."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netdsl.training.data.views import joined_rows, rows_of

if TYPE_CHECKING:
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.rows import Array, Rows
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import DataSpec

INPUT = "input"
"""The target that is not an array of its own: each output learns the input of its shape."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples, and what should be learned of them.

    Attributes:
        x: an array [n, ...] for each input of the network.
        y: an array of labels or values [n, ...] for each output.
        name: `training`, `validation` or `test`.
        x_names, y_names: what messages call the arrays.
        weights: how much each example counts in the loss [n]; None where all count alike.
    """

    x: tuple[Rows, ...]
    y: tuple[Rows, ...]
    name: str
    x_names: tuple[str, ...] = ()
    y_names: tuple[str, ...] = ()
    weights: Array | None = None

    def __len__(self) -> int:
        return len(self.x[0])

    def at(self, rows: Array) -> Examples:
        """Return these rows of it."""
        x, y = (tuple(rows_of(array, rows) for array in arrays) for arrays in (self.x, self.y))
        weights = None if self.weights is None else self.weights[rows]
        return dataclasses.replace(self, x=x, y=y, weights=weights)

    def named(self, name: str) -> Examples:
        """Return the same examples under another name."""
        return dataclasses.replace(self, name=name)

    def joined(self, other: Examples) -> Examples:
        """Return the examples of both, under the name of this one."""
        x, y = (
            tuple(map(joined_rows, *arrays)) for arrays in ((self.x, other.x), (self.y, other.y))
        )
        return dataclasses.replace(self, x=x, y=y, weights=_joined_weights(self, other))


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
        target: the column or array that is learned.
        columns: those of a table of text and numbers.
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
    target: str | None = None
    columns: TableTransform | None = None
    notes: tuple[str, ...] = ()
    made: Mapping[str, Any] = field(default_factory=dict)


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
