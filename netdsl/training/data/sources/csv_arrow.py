"""Read rows of a CSV by pyarrow, where the text is so plain that Python would read the same."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

from netdsl.training.data.sources.arrow_cells import cells_in
from netdsl.training.data.sources.cells import MISSING, Cells, MixedCells
from netdsl.training.data.sources.csv_rows import (
    NotPlain,
    check_quotes,
    line_ends,
    part_of,
    parts,
    row_places,
)
from netdsl.training.data.sources.csv_text import CsvText
from netdsl.training.data.sources.odd_cells import OddPart, odd_cells, odd_words
from netdsl.training.preparation.ranges import LARGEST

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array
    from netdsl.training.preparation.table_format import NumberFormat

CONVERSION = re.compile(r"(?s)In CSV column #(\d+): .* to double: invalid value '(.*)'")
"""The message of pyarrow about a cell that is not a number."""

WIDE = 1_000
"""In a table with more columns the words for missing numbers are searched for first: for all
possible words pyarrow takes 30 KB for each column.
"""

MAX_WORDS = 2
"""After this many cells of a column that are not numbers it is read as texts."""

MAX_READINGS = 8
"""After this many columns that turn out not to be numbers all of them are read as texts."""


ReadColumn: TypeAlias = "Array | Cells | MixedCells"


def read_plain(
    text: CsvText, numbers: Mapping[str, bool], form: NumberFormat
) -> tuple[dict[str, ReadColumn], Array]:
    """Read the columns of a text.

    Args:
        text: the text to read.
        numbers: the columns to read, and whether each is likely to hold numbers.
        form: how numbers are written.

    Returns:
        For each column numbers, NaN where one is missing, or cells, or both if a few cells of a
        column of numbers are not numbers; and the line of each row.

    Raises:
        NotPlain: where Python has to read the text.
    """
    import numpy as np

    check_quotes(text)
    table, odd = _table(text, dict(numbers), form)
    lines = _lines(text, table.num_rows)
    read = {name: _column(table.column(name)) for name in numbers}
    blank = np.ones(table.num_rows, bool)
    for column in read.values():
        if isinstance(column, Cells):
            empty = column.texts.index("") if "" in column.texts else -1
            blank &= column.codes == empty
        else:
            blank &= np.isnan(column)
    columns: dict[str, ReadColumn] = {**read, **odd_cells(text, odd, read, _not_finite(table))}
    if not blank.any():
        return columns, lines
    # Rows of empty cells are left out, those of `NA` are not.
    kept = _not_empty(text, blank)
    for name, each in columns.items():
        columns[name] = each.at(kept) if isinstance(each, Cells | MixedCells) else each[kept]
    return columns, lines[kept]


def _table(
    text: CsvText, numbers: dict[str, bool], form: NumberFormat
) -> tuple[Any, list[OddPart]]:
    """Read a table, part by part.

    If a column turns out not to be all numbers, its other cells are read as missing; if these are
    more than a few different words, the column is read as texts.

    Returns:
        The table, and the parts of the text with words that were read as missing numbers.
    """
    import pyarrow

    read, divided = _reader(text, form), list(parts(text)) or [slice(text.body, text.body)]
    odd: frozenset[str] = frozenset()
    failed: Counter[str] = Counter()
    tables: list[Any] = []
    while len(tables) < len(divided):
        part = divided[len(tables)]
        try:
            tables.append(read(part, numbers, odd))
        except pyarrow.ArrowInvalid as error:
            found, readings = CONVERSION.match(str(error)), failed.total()
            # Another error, such as a row of another width, or the same error again: Python finds
            # the reason.
            if found is None or readings > MAX_READINGS:
                raise NotPlain(part_of(text, part)) from None
            name = text.names[int(found[1])]
            failed[name] += 1
            if readings < MAX_READINGS and failed[name] <= MAX_WORDS and found[2] not in odd:
                odd |= odd_words(part_of(text, part), found[2], numbers, form)
                continue
            if readings == MAX_READINGS:
                numbers = dict.fromkeys(numbers, False)
            numbers[name] = False
            # Read all parts again: those read so far have the column as numbers.
            tables.clear()
    places, words = [], [word.encode() for word in odd]
    first = 0
    for part, table in zip(divided, tables, strict=True):
        # A part read before the word was known may hold it only in a column of texts,
        # which `odd_cells` then leaves.
        if any(text.content.find(word, part.start, part.stop) >= 0 for word in words):
            places.append(OddPart(part_of(text, part), odd, first, table.num_rows))
        first += table.num_rows
    return pyarrow.concat_tables(tables), places


def _reader(text: CsvText, form: NumberFormat) -> Callable[..., Any]:
    """Return a function that reads some columns, as numbers or texts, of a part of a text."""
    import pyarrow
    from pyarrow import csv as arrow

    content = pyarrow.py_buffer(text.content)
    types = {True: pyarrow.float64(), False: pyarrow.string()}
    missing = _in_any_case(MISSING)
    if len(text.names) > WIDE:
        missing = [word for word in missing if word.encode() in text.content]
    rows = arrow.ReadOptions(column_names=text.names)
    # Only if there are quotes: with this set pyarrow cannot divide the text among threads.
    cells = arrow.ParseOptions(delimiter=text.separator, newlines_in_values=b'"' in text.content)

    def read(part: slice, numbers: Mapping[str, bool], odd: frozenset[str]) -> Any:
        convert = arrow.ConvertOptions(
            column_types={name: types[number] for name, number in numbers.items()},
            include_columns=list(numbers),
            null_values=[*missing, *odd],
            # `NA` in a column of texts is a text.
            strings_can_be_null=False,
            decimal_point=form.decimal,
        )
        return arrow.read_csv(pyarrow.BufferReader(content[part]), rows, cells, convert)

    return read


def _in_any_case(words: frozenset[str]) -> list[str]:
    """Return words in all combinations of upper and lower case."""
    return [
        "".join(letters)
        for word in words
        for letters in product(*({letter.lower(), letter.upper()} for letter in word))
    ]


def _not_finite(table: Any) -> dict[str, Array]:
    """Return the rows of cells that pyarrow reads as numbers but float32 cannot hold: `nan(1)`, or
    numbers beyond the largest.
    """
    import numpy as np
    import pyarrow

    found = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pyarrow.types.is_floating(column.type):
            held = np.abs(column.to_numpy()) <= LARGEST
            if np.count_nonzero(held) != len(held) - column.null_count:
                found[name] = np.flatnonzero(column.is_valid().to_numpy() & ~held)
    return found


def _column(column: Any) -> Array | Cells:
    """Return a column of pyarrow as numbers or cells."""
    import pyarrow
    from pyarrow import compute

    if pyarrow.types.is_floating(column.type):
        values: Array = column.to_numpy()
        return values
    # Python's reader rejects cells of over 131,072 characters, as from a quote that is not closed.
    longest = compute.max(compute.binary_length(column)).as_py() or 0
    if longest > csv.field_size_limit():
        raise NotPlain
    return cells_in(column)


# --- what pyarrow reads otherwise -----------------------------------------------------------------


def _not_empty(text: CsvText, blank: Array) -> Array:
    """Return for each row whether it has a cell that is not empty [n]; only those that may be
    `blank` are examined.
    """
    import numpy as np

    places, maybe = row_places(text), np.flatnonzero(blank)
    # One of the two readers finds a row that the other does not.
    if len(places.lines) != len(blank):
        raise NotPlain
    kept = ~blank
    found = [any(map(str.strip, row)) for row in places.cells(maybe)]
    if len(found) != len(maybe):
        raise NotPlain
    kept[maybe] = found
    return kept


def _lines(text: CsvText, count: int) -> Array:
    """Return the line of each row: consecutive, unless lines are empty or rows have several."""
    import numpy as np

    content = text.content
    ends = line_ends(content, text.body, len(content)) + (not content.endswith((b"\n", b"\r")))
    if ends == count:
        return np.arange(text.line, text.line + count)
    lines = row_places(text).lines
    if len(lines) != count:
        raise NotPlain
    return lines
