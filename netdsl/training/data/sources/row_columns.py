"""Columns of a table that describe its rows: weights, times, groups, parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.errors.printable import in_one_line
from netdsl.training.data.parts import RowKeys
from netdsl.training.data.sources.column_kinds import as_times
from netdsl.training.data.sources.parsed_table import (
    ParsedColumn,
    ParsedTable,
    as_text,
    find_column,
)
from netdsl.training.data.weights import checked_weights

if TYPE_CHECKING:
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.rows import Array
    from netdsl.training.recipes.recipe import DataSpec

PARTS = {
    "training": ("train", "training", "0"),
    "validation": ("val", "valid", "validation", "dev", "1"),
    "test": ("test", "testing", "2"),
}
"""The names of parts in a column of parts, in upper or lower case."""


class RowColumns(NamedTuple):
    """The names of the columns that describe rows; None where there is none.

    Attributes:
        weight: how much a row counts.
        order: its time.
        group: the group it belongs to.
        part: the part it is in.
    """

    weight: str | None = None
    order: str | None = None
    group: str | None = None
    part: str | None = None

    @property
    def unlearned(self) -> list[str]:
        """The columns that a network does not get: all but the time."""
        return list(filter(None, (self.weight, self.group, self.part)))

    @property
    def needed(self) -> list[str]:
        """The columns whose cells may not be empty."""
        return list(filter(None, self))


def row_columns(
    table: ParsedTable,
    spec: DataSpec,
    kept: TableTransform | None,
    targets: tuple[str, ...],
) -> RowColumns:
    """Find the columns that describe rows; in data to evaluate on, they may be missing.

    Raises:
        NetError: N507 where one is the target, or has two meanings, N530 where one does not exist.
    """
    stated = {
        "weight": spec.weight,
        "order": spec.split.order,
        "group": spec.split.group,
        "part": spec.split.column,
    }
    # Data that a run is measured on, or predicts, need not have weights, times or groups.
    if kept:
        stated["weight"] = kept.weight
        return RowColumns(
            **{what: name if name in table.names else None for what, name in stated.items()}
        )
    keys = {"weight": "weight", "order": "split.order", "group": "split.group"}
    keys |= {"part": "split.column"}
    found = {
        what: find_column(name, table, spec.place(keys[what]))
        for what, name in stated.items()
        if name
    }
    known = dict.fromkeys(targets, "target")
    for what, name in found.items():
        if name in known:
            other = f"is the {known[name]}, and cannot be the {what} too"
            message = f"column `{name}` of {table.path} {other}"
            help = f"name another column, or leave `{keys[what]}` out"
            raise fail("N507", message, spec.place(keys[what]), help=help)
        known[name] = what
    return RowColumns(**found)


def row_weights(table: ParsedTable, name: str | None, span: Span | None) -> Array | None:
    """Return the weights of the rows. Raises NetError N517 where they are not numbers."""
    if name is None:
        return None
    column, what = table.column(name), f"column `{name}` of {table.path}"
    if column.categories is not None:
        raise fail("N517", f"the weights in {what} are not numbers", span)
    return checked_weights(column.values, what, span, table.place)


def row_keys(table: ParsedTable, columns: RowColumns, spec: DataSpec) -> RowKeys:
    """Return where rows are in their file, with their times and groups.

    Raises:
        NetError: N531 for a time that is neither a number nor a date.
    """
    order = groups = None
    names: tuple[str, ...] = ()
    if columns.order:
        place = spec.place("split.order")
        order = as_times(table.column(columns.order), table, spec, place).values
    if columns.group:
        grouped = as_text(table.column(columns.group))
        groups, names = grouped.values.astype(int), grouped.categories or ()
    return RowKeys(table.places, table.word, order, groups, names)


def rows_by_part(table: ParsedTable, name: str, span: Span | None) -> dict[str, Array]:
    """Return the rows of each part, by its name, as a column states them.

    Raises:
        NetError: N531 for what is not a part, N516 where there are no rows to train on.
    """
    import numpy as np

    column: ParsedColumn = as_text(table.column(name))
    known = {word: part for part, words in PARTS.items() for word in words}
    found: dict[str, list[int]] = {part: [] for part in PARTS}
    for place, text in enumerate(column.categories or ()):
        rows = np.flatnonzero(column.values == place)
        if not len(rows):
            continue
        part = known.get(text.lower())
        if part is None:
            raise _no_part(name, text, table, int(rows[0]), span)
        found[part] += rows.tolist()
    if not found["training"]:
        message = f"column `{name}` of {table.path} has no row of the training part"
        raise fail("N516", message, span, help=f"its rows are {', '.join(PARTS['training'][:2])}")
    return {part: np.array(sorted(rows), int) for part, rows in found.items() if rows}


def _no_part(name: str, text: str, table: ParsedTable, row: int, span: Span | None) -> NetError:
    where = f"`{in_one_line(text)}` in {table.place(row)}"
    message = f"column `{name}` of {table.path} holds {where}, which is not a part"
    words = [word for words in PARTS.values() for word in words if not word.isdigit()]
    return fail("N531", message, span, help=did_you_mean(text, words) or ", ".join(words))
