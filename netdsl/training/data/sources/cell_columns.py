"""The cells of a column of a CSV file, as numbers or as texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from netdsl.errors import NetError, Span, fail
from netdsl.training.data.sources.cells import (
    Cells,
    MixedCells,
    cell_number,
    is_number_somehow,
    maybe_numbers,
    why_not_finite,
)
from netdsl.training.data.sources.parsed_table import ParsedColumn, text_column

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array
    from netdsl.training.preparation.table_format import NumberFormat, TableFormat


class CellRows(Protocol):
    """Where rows are in a file, and what its numbers look like."""

    @property
    def lines(self) -> Array:
        """The line of each row."""

    @property
    def numbers(self) -> NumberFormat:
        """How numbers are written."""


def column_of(
    name: str,
    cells: Cells,
    text: bool | None,
    rows: CellRows,
    form: TableFormat,
    path: str,
    span: Span | None,
    others: int = 0,
) -> ParsedColumn:
    """Return a column as numbers where most of its cells are numbers, else as texts.

    Args:
        name: the column's name.
        cells: of the column.
        text: whether the column holds text; None to find out.
        rows: the line of each row, and the file's number format.
        form: the format that a recipe states for the file.
        path: the file.
        span: the place of the file's name in a recipe.
        others: how many further rows hold numbers.

    Raises:
        NetError: N531 where a few cells are not numbers.
    """
    import numpy as np

    numbers, stated = rows.numbers, frozenset(form.missing_values)
    if text:
        return text_column(name, cells, stated)
    texts, maybe = cells.texts, maybe_numbers(cells.texts)
    found, wrong = np.full(len(texts), np.nan), np.ones(len(texts), bool)
    for place in maybe:
        if (value := cell_number(texts[place], numbers)) is not None:
            found[place], wrong[place] = value, False
    if stated:
        missing = [place for place, cell in enumerate(texts) if cell in stated]
        found[missing], wrong[missing] = np.nan, False
    counts = np.bincount(cells.codes, minlength=len(texts))
    if text is None and wrong.any():
        words = wrong.copy()
        words[[place for place in maybe if _is_number(texts[place], numbers)]] = False
        others += counts[~np.isnan(found) | (wrong & ~words)].sum()
        # Counted by rows, not by distinct texts: `unknown` in every second row is only one text.
        if words.any() and others <= counts[words].sum():
            return text_column(name, cells, stated)
    if wrong.any():
        places, count = np.flatnonzero(wrong).tolist(), int(counts[wrong].sum())
        raise _not_a_number(name, cells, places, count, rows, path, span)
    values = found[cells.codes]
    return ParsedColumn(name, numbers_without(values, form.missing_values), None)


def _is_number(cell: str, form: NumberFormat) -> bool:
    """Return whether a cell is a number, in some format or too large."""
    return bool(why_not_finite(cell, form)) or is_number_somehow(cell)


def mixed_column(
    name: str,
    cells: MixedCells,
    text: bool | None,
    rows: CellRows,
    form: TableFormat,
    path: str,
    span: Span | None,
) -> ParsedColumn | None:
    """Return a column of numbers in which a few cells are not numbers; None for a column of texts.

    The arguments are those of `column_of`; `rows` are those of the few cells.

    Raises:
        NetError: N531 where they are not numbers as `form` states them.
    """
    import numpy as np

    others = int(np.isfinite(cells.values).sum())
    odd = column_of(name, cells.odd, text, rows, form, path, span, others)
    if odd.categories is not None:
        return None
    # A copy: the values may be pyarrow's own memory, which is read-only.
    values = numbers_without(cells.values, form.missing_values).copy()
    values[cells.rows] = odd.values
    return ParsedColumn(name, values, None)


def numbers_without(values: Array, missing: Sequence[str]) -> Array:
    """Return numbers, NaN for those that are stated as missing."""
    import numpy as np

    stated = [number for cell in missing if (number := cell_number(cell)) is not None]
    return np.where(np.isin(values, stated), np.nan, values) if stated else values


def _not_a_number(
    name: str,
    cells: Cells,
    wrong: Sequence[int],
    count: int,
    rows: CellRows,
    path: str,
    span: Span | None,
) -> NetError:
    """Return the error N531 for cells that are not numbers, with the place of the first."""
    row, numbers = cells.first_row(wrong), rows.numbers
    cell = cells.texts[cells.codes[row]]
    why, more = why_not_finite(cell, numbers), f"{count:,} such cells; " if count > 1 else ""
    if why:
        help = "divide the column" if "large" in why else "leave cells with missing numbers empty"
    elif is_number_somehow(cell):
        why = f"where `{numbers.decimal}` is the decimal separator"
        why += f", as in `{numbers.reason}`" if numbers.reason else ""
        help = (
            "write all numbers alike, or state the separators: data: {decimal: ..., thousands: ...}"
        )
    else:
        help = "an empty cell is a missing number"
        quoted = json.dumps(cell, ensure_ascii=False)
        help += f"; data: {{missing_values: [{quoted}]}} reads this one so"
    place = f"`{cell}` in line {rows.lines[row]:,}{f', {why}' if why else ''}"
    message = f"column `{name}` of {path} holds numbers, but {place}"
    return fail("N531", message, span, help=more + help)
