"""Rows of a CSV read by pyarrow, where the text is plain enough that it reads what Python does."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from netdsl.training.data.sources.arrow_cells import cells_in
from netdsl.training.data.sources.cells import MISSING, Cells
from netdsl.training.data.sources.csv_text import CsvText, rows
from netdsl.training.preparation.ranges import LARGEST

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array
    from netdsl.training.preparation.table_format import NumberFormat

MAX_READINGS = 8
"""After this many columns that turn out not to be numbers all of them are read as texts."""


class NotPlain(Exception):
    """The text is not as pyarrow reads it: Python reads it, and finds what is wrong."""


def read_plain(
    text: CsvText, numbers: Mapping[str, bool], form: NumberFormat
) -> tuple[dict[str, Array | Cells], Array]:
    """Read the columns of a text.

    Args:
        text: is read.
        numbers: the columns to read, and whether each is likely to hold numbers.
        form: the signs within numbers.

    Returns:
        Numbers, NaN where one is missing, or cells for each column; and the line of each row.

    Raises:
        NotPlain: where Python has to read the text.
    """
    import numpy as np

    _check_quotes(text)
    table = _table(text, dict(numbers), form)
    lines = _lines(text, table.num_rows)
    columns: dict[str, Array | Cells] = {}
    blank = np.ones(table.num_rows, bool)
    for name in numbers:
        column = columns[name] = _column(table.column(name))
        if isinstance(column, Cells):
            blank &= np.array([not cell for cell in column.texts], bool)[column.codes]
        else:
            blank &= np.isnan(column)
    if not blank.any():
        return columns, lines
    # rows of empty cells are left out, those of `NA` are not
    kept = _not_empty(text, blank)
    for name, column in columns.items():
        columns[name] = column.at(kept) if isinstance(column, Cells) else column[kept]
    return columns, lines[kept]


def _table(text: CsvText, numbers: dict[str, bool], form: NumberFormat) -> Any:
    """Read a table: columns that turn out not to be all numbers are read as texts."""
    import pyarrow
    from pyarrow import csv as arrow

    content = pyarrow.py_buffer(text.content)[text.body :]
    types = {True: pyarrow.float64(), False: pyarrow.string()}
    for reading in range(MAX_READINGS + 2):
        try:
            return arrow.read_csv(
                pyarrow.BufferReader(content),
                arrow.ReadOptions(column_names=text.names),
                arrow.ParseOptions(
                    delimiter=text.separator, newlines_in_values=b'"' in text.content
                ),
                arrow.ConvertOptions(
                    column_types={name: types[number] for name, number in numbers.items()},
                    include_columns=list(numbers),
                    null_values=_in_any_case(MISSING),
                    strings_can_be_null=False,
                    decimal_point=form.decimal,
                ),
            )
        except pyarrow.ArrowInvalid as error:
            column = re.match(r"In CSV column #(\d+): .* to double", str(error))
            if column is None or reading > MAX_READINGS:
                raise NotPlain from None
            if reading == MAX_READINGS:
                numbers = dict.fromkeys(numbers, False)
            else:
                numbers[text.names[int(column[1])]] = False
    raise NotPlain


def _in_any_case(words: frozenset[str]) -> list[str]:
    """Return words in every mixture of upper and lower case."""
    return [
        "".join(letters)
        for word in words
        for letters in product(*({letter.lower(), letter.upper()} for letter in word))
    ]


def _column(column: Any) -> Array | Cells:
    """Return a column of pyarrow's as numbers or cells."""
    import numpy as np
    import pyarrow

    if pyarrow.types.is_floating(column.type):
        values: Array = column.to_numpy()
        # what is spelled `nan(1)`, or is beyond the largest number, is looked at as text
        if np.count_nonzero(np.abs(values) <= LARGEST) != len(values) - column.null_count:
            raise NotPlain
        return values
    cells = cells_in(column)
    if any(len(text) > csv.field_size_limit() for text in cells.texts):
        raise NotPlain
    return cells


# --- what pyarrow reads otherwise -----------------------------------------------------------------


def _check_quotes(text: CsvText) -> None:
    """Check that quotes begin and end cells, and are closed; pyarrow takes them anywhere."""
    if b'"' not in text.content:
        return
    import numpy as np

    content = np.frombuffer(text.content, np.uint8)[text.body :]
    quotes = np.flatnonzero(content == ord('"'))
    if len(quotes) % 2:
        raise NotPlain
    opening, closing = quotes[::2], quotes[1::2]
    edges = np.array([ord(text.separator), *b"\r\n"], np.uint8)
    before = opening[opening > 0] - 1
    after = closing[closing < len(content) - 1] + 1
    inner = np.isin(content[before], edges) | np.isin(before, closing)
    outer = np.isin(content[after], edges) | np.isin(after, opening)
    if not (inner.all() and outer.all()):
        raise NotPlain


def _not_empty(text: CsvText, blank: Array) -> Array:
    """Say of each row whether it holds a cell [n]; those that may be `blank` are looked at."""
    import numpy as np

    maybe = iter(blank.tolist())
    kept = [not next(maybe, True) or any(map(str.strip, row)) for _, row in _body(text)]
    if len(kept) != len(blank):
        raise NotPlain
    return np.array(kept, bool)


def _body(text: CsvText) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows below the names, those of empty cells too, each with its line."""
    found = rows(text.path, text.content, text.separator, None, blank=True)
    return ((line, row) for line, row in found if line >= text.line)


def _lines(text: CsvText, count: int) -> Array:
    """Return the line of each row: they follow each other, unless some are empty or rows long."""
    import numpy as np

    content = text.content
    ends = content.count(b"\n", text.body) + (not content.endswith(b"\n"))
    # a carriage return alone ends a line too
    alone = b"\r" in content and content.count(b"\r", text.body) > content.count(b"\r\n", text.body)
    if ends == count and not alone:
        return np.arange(text.line, text.line + count)
    lines = np.array([line for line, _ in _body(text)], int)
    if len(lines) != count:
        raise NotPlain
    return lines
