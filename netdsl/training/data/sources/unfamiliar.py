"""Cells that a run's network was not trained on: unknown categories and missing values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import did_you_mean
from netdsl.training.data.sources.date_cells import has_order, read_dates
from netdsl.training.data.sources.parsed_table import as_text
from netdsl.training.preparation.columns import CATEGORY, DATE, TEXT
from netdsl.training.preparation.dates import date_text
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.data.sources.parsed_table import ParsedColumn, ParsedTable
    from netdsl.training.preparation.columns import ColumnTransform, TableTransform
    from netdsl.training.preparation.rows import Array

LISTED = 5
"""The most notes that are shown one by one."""


class CellNote(NamedTuple):
    """A message about a cell that the network was not trained on, and the rows that hold it.

    `filled` says that the cell is empty, in a column that had empty cells in the training.
    """

    message: str
    rows: Array
    filled: bool = False


def unfamiliar_cells(
    table: ParsedTable, columns: TableTransform, fitted: bool = True
) -> list[CellNote]:
    """Find the cells of a table that a run's columns do not know.

    Args:
        table: the table.
        columns: the transforms of its columns.
        fitted: whether medians are known; else missing numbers are reported later.
    """
    found = {column.name: column for column in table.columns}
    distinct = {column.name: column for column in columns.columns}  # one part of each date
    return [
        note
        for column in distinct.values()
        if column.name in found
        for note in _notes(found[column.name], column, fitted, columns.missing != "drop")
    ]


def _notes(
    cells: ParsedColumn, column: ColumnTransform, fitted: bool, kept: bool
) -> Iterator[CellNote]:
    """Yield the notes on a column; rows with empty cells were `kept` in the training, or not."""
    import numpy as np

    known = column.gaps and kept

    empty = np.flatnonzero(np.isnan(cells.values))
    # A part that is read together with the training file: medians are known only later.
    if len(empty) and (fitted or column.fixed):
        if column.kind not in (CATEGORY, TEXT):
            what = f"the training median, {column.shown(column.median)}, is used"
            yield CellNote(f"{column.name} is missing: {what}", empty, filled=known)
        elif not known:
            what = "it has no words" if column.kind == TEXT else "it is not one of its categories"
            yield CellNote(f"{column.name} is missing: {what}", empty)
    if column.kind == DATE and column.day_first is None and not cells.days:
        yield from _other_dates(as_text(cells))
    if not column.coded:
        return
    cells = as_text(cells)
    texts, codes = cells.categories or (), cells.values
    unknown = [place for place, text in enumerate(texts) if text not in column.categories]
    for place in unknown:
        rows = np.flatnonzero(codes == place)
        if len(rows):
            near = did_you_mean(texts[place], column.categories)
            is_none = f"`{texts[place]}` is not one of the categories of {column.name}"
            yield CellNote(f"{is_none}{f' ({near})' if near else ''}", rows)


def _other_dates(cells: ParsedColumn) -> Iterator[CellNote]:
    """Yield a note on dates that show an order of day and month, if the training's dates do not."""
    import numpy as np

    texts = cells.categories or ()
    found = read_dates(texts)
    ordered = [place for place, text in enumerate(texts) if has_order(text)]
    rows = np.flatnonzero(np.isin(cells.values, ordered))
    if found.day_first is None or not len(rows):
        return
    place = int(cells.values[rows[0]])
    day, first = found.days[place], "day" if found.day_first else "month"
    if day is not None:  # a text that is not a date is an error
        yield CellNote(
            f"{cells.name} is read with the {first} first, `{texts[place]}` as {date_text(day)}: "
            "the training's dates show no such order; to state it, train with data: "
            f"{{day_first: {'yes' if found.day_first else 'no'}}}",
            rows,
        )


def summaries(notes: Sequence[CellNote], table: ParsedTable) -> tuple[str, ...]:
    """Return how often each cell occurs, and where first; of many, the others are counted."""
    shown = [
        f"{one.message} ({counted(len(one.rows), 'row')}, first in {table.place(int(one.rows[0]))})"
        for one in notes[:LISTED]
    ]
    if rest := notes[LISTED:]:
        rows = sum(len(one.rows) for one in rest)
        shown.append(f"{len(rest):,} more such values in {counted(rows, 'cell')}")
    return tuple(shown)
