"""Cells of a CSV's column as numbers or as texts."""

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
        cells: what it holds.
        text: whether the column holds text, None where that should be found out.
        rows: the line of each, and the signs within numbers.
        form: what a recipe states of the file.
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
    found = [np.nan if cell in stated else cell_number(cell, numbers) for cell in cells.texts]
    counts = np.bincount(cells.codes, minlength=len(found))
    wrong = [place for place, value in enumerate(found) if value is None]
    if text is None and wrong:
        right = others + sum(
            int(counts[place])
            for place, value in enumerate(found)
            if value is not None and value == value
        )
        words = [
            place
            for place in wrong
            if not why_not_finite(cells.texts[place], numbers)
            and not is_number_somehow(cells.texts[place])
        ]
        otherwise = int(counts[wrong].sum() - counts[words].sum())
        if words and right + otherwise <= counts[words].sum():
            return text_column(name, cells, stated)
    if wrong:
        raise _not_a_number(name, cells, wrong, int(counts[wrong].sum()), rows, path, span)
    values = np.array(found, float)[cells.codes]
    return ParsedColumn(name, numbers_without(values, form.missing_values), None)


def mixed_column(
    name: str,
    cells: MixedCells,
    text: bool | None,
    rows: CellRows,
    form: TableFormat,
    path: str,
    span: Span | None,
) -> ParsedColumn | None:
    """Return a column of numbers in which a few cells are not; None where it is one of texts.

    The arguments are those of `column_of`; `rows` are those of the few.

    Raises:
        NetError: N531 where they are not numbers as `form` states them.
    """
    import numpy as np

    others = int(np.isfinite(cells.values).sum())
    odd = column_of(name, cells.odd, text, rows, form, path, span, others)
    if odd.categories is not None:
        return None
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
    """Return the error N531 about cells that are not numbers, the first of them with its place."""
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
