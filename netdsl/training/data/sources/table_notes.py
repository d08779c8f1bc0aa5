"""What a user should know about a table's values before a network learns them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from netdsl.errors.printable import in_one_line
from netdsl.training.data.sources.cells import have_units
from netdsl.training.data.sources.row_columns import PARTS
from netdsl.wording import counted, enumerated

if TYPE_CHECKING:
    from netdsl.training.data.sources.parsed_table import ParsedColumn, ParsedTable


def table_notes(table: ParsedTable, left_out: Collection[str] = ()) -> tuple[str, ...]:
    """Return notes on doubts about how a table was read, and on values that may represent missing
    numbers.

    Args:
        table: the table.
        left_out: columns that get no notes.
    """
    found = (
        note
        for column in table.columns
        if column.name not in left_out and not column.days
        for note in (*_sentinels(column), *_units(column), *_parts(column), *_spellings(column))
    )
    return (*table.notes, *found)


def _units(column: ParsedColumn) -> Iterator[str]:
    """Report a column of text whose cells are numbers with a unit."""
    texts = column.categories or ()
    if len(texts) > 1 and have_units(texts):
        yield (
            f"{column.name} holds numbers with a unit, as `{texts[0]}`, which are read as text: "
            f"{len(texts):,} categories; take the unit out to get numbers"
        )


def _parts(column: ParsedColumn) -> Iterator[str]:
    """Report a column that seems to state which part a row is in: `train`, `test`."""
    texts = {text.casefold() for text in column.categories or ()}
    if texts & set(PARTS["training"]) and texts <= {
        one for names in PARTS.values() for one in names
    }:
        yield (
            f"{column.name} holds {enumerated(sorted(texts))}: if these are the parts of the data, "
            f"data: {{split: {column.name}}}"
        )


def _spellings(column: ParsedColumn) -> Iterator[str]:
    """Report texts that differ only in case or in spaces: `yes`, `Yes`."""
    alike: dict[str, list[str]] = {}
    for text in column.categories or ():
        alike.setdefault(" ".join(text.casefold().split()), []).append(text)
    for texts in alike.values():
        if len(texts) > 1:
            names = " and ".join(f"`{in_one_line(text)}`" for text in texts)
            yield (
                f"{column.name} has {names}, which differ only in case or spaces: "
                f"{len(texts)} categories; write them alike if they mean the same"
            )
            return


def _sentinels(column: ParsedColumn) -> Iterator[str]:
    """Report a number of nines, such as -999, that is far from all others and occurs repeatedly."""
    import numpy as np

    known = np.unique(column.values[~np.isnan(column.values)], return_counts=True)
    if column.categories is not None or len(known[0]) < 3:
        return
    values, counts = known
    for end, inner in ((0, values[1:]), (-1, values[:-1])):
        value = float(values[end])
        digits = f"{abs(value):.0f}"
        # Further away than the range of all others: 99 among percentages is a percentage.
        far = min(abs(value - inner[0]), abs(value - inner[-1])) > inner[-1] - inner[0]
        if (
            counts[end] > 1
            and value.is_integer()
            and set(digits) == {"9"}
            and digits != "9"
            and far
        ):
            yield (
                f"{column.name} is {value:g} in {counted(int(counts[end]), 'row')}, far from its "
                f"other numbers: if it means missing, data: {{missing_values: [{value:g}]}}"
            )
