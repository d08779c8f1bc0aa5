"""Tables in CSV texts: columns of numbers and of texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, Span, fail
from netdsl.training.data.sources.cell_columns import column_of, mixed_column, numbers_without
from netdsl.training.data.sources.cells import Cells, MixedCells, cell_number, cells_of
from netdsl.training.data.sources.csv_arrow import ReadColumn, read_plain
from netdsl.training.data.sources.csv_rows import NotPlain, columns_with_zeros, row_places
from netdsl.training.data.sources.csv_text import CsvText, check_widths, open_csv, rows
from netdsl.training.data.sources.number_format import (
    SHOWING,
    Evidence,
    choose,
    evidence_of,
    may_be_thousands,
    stated_format,
    three_digits,
    with_point,
)
from netdsl.training.data.sources.parsed_table import ParsedColumn, ParsedTable
from netdsl.training.preparation.table_format import PLAIN, NumberFormat, TableFormat

if TYPE_CHECKING:
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.rows import Array

ZERO = re.compile(r"[+-]?0[0-9]")
"""The beginning of a number with a leading 0, as codes have."""

SAMPLE = 100
"""How many rows are examined to guess which columns hold numbers."""


def parse_csv(
    path: str,
    content: bytes,
    form: TableFormat,
    header: bool | None,
    known: TableTransform | None,
    kinds: Mapping[str, bool | None],
    span: Span | None,
) -> ParsedTable:
    """Parse the columns of a CSV; for those that a run does not know, only the names.

    `kinds` states which columns are texts and which are numbers, whatever their cells look like;
    None leaves it to the cells.

    Raises:
        NetError: N536 not a table, N531 a cell that is not a number.
    """
    import numpy as np

    text = open_csv(path, content, form, header, span)
    # Without names and without the target, the columns are those of the run.
    if not text.header and known and len(text.names) == len(known.numbered):
        text = text._replace(names=known.numbered)
    if known:
        kinds = {**kinds, **{column.name: column.from_text for column in known.columns}}
    read = {*kinds, *((*known.targets, known.weight) if known else text.names)}
    requested = {name: kinds.get(name) for name in text.names if name in read}
    held = _read(text, requested, form, known.numbers if known else PLAIN, span)
    columns = []
    for name in text.names:
        values = held.columns.get(name)
        if values is None:
            columns.append(ParsedColumn(name, np.full(len(held.lines), np.nan), None))
            continue
        if isinstance(values, MixedCells):
            mixed = mixed_column(
                name, values, kinds.get(name), held.within(values), form, path, span
            )
            if mixed is not None:
                columns.append(mixed)
                continue
            values = _as_cells(text, [name], held)[name]
        if isinstance(values, Cells):
            columns.append(column_of(name, values, kinds.get(name), held, form, path, span))
        else:
            columns.append(ParsedColumn(name, numbers_without(values, form.missing_values), None))
    notes = () if known or stated_format(form) else tuple(_doubts(text, columns, held))
    if not known:
        notes += tuple(_leading_zeros(text, columns, held))
    return ParsedTable(path, tuple(columns), held.lines, "line", text.header, held.numbers, notes)


class HeldColumns(NamedTuple):
    """The columns of a text, as they were read.

    Attributes:
        columns: numbers, or cells that are not interpreted yet.
        lines: the line of each row.
        numbers: how numbers are written.
    """

    columns: Mapping[str, ReadColumn]
    lines: Array
    numbers: NumberFormat

    def within(self, column: MixedCells) -> HeldColumns:
        """Return these columns, with the rows in which the cells of one are not numbers."""
        return self._replace(lines=self.lines[column.rows])

    def texts(self) -> Iterator[tuple[str, Cells, HeldColumns]]:
        """Yield the names of columns, the cells that are still texts, and the rows of these."""
        for name, column in self.columns.items():
            if isinstance(column, Cells):
                yield name, column, self
            elif isinstance(column, MixedCells):
                yield name, column.odd, self.within(column)


def _read(
    text: CsvText,
    requested: Mapping[str, bool | None],
    form: TableFormat,
    before: NumberFormat,
    span: Span | None,
) -> HeldColumns:
    """Read columns with the number format that a recipe states, or that the cells show.

    Raises:
        NetError: N536 not rows, N531 where `1,234` may be one of two numbers.
    """
    # Most files show their number format in the first rows, and are then read once.
    sample = _sample(text, requested, span)
    shown = evidence_of((column.texts, 0) for column in sample.values())
    stated = stated_format(form)
    numbers = stated or choose(shown, text.separator, before) or PLAIN
    held = _columns(text, requested, sample, numbers, span)
    if stated:
        return held
    every = _evidence(held, shown)
    found = choose(every, text.separator, before)
    if found is None:
        raise _either(text, every.either[","], held, span)
    # The same format, with the cell that shows it among all rows.
    if found == numbers:
        return held._replace(numbers=found)
    return _columns(text, requested, sample, found, span)


def _columns(
    text: CsvText,
    requested: Mapping[str, bool | None],
    sample: Mapping[str, Cells],
    numbers: NumberFormat,
    span: Span | None,
) -> HeldColumns:
    """Read columns by pyarrow, or by Python where the text is not plain. Raises NetError N536."""
    import numpy as np

    # By the sample: if a column turns out otherwise, it is read again, and the result is right.
    likely = {
        name: not is_text
        and all(cell_number(cell, numbers) is not None for cell in sample[name].texts)
        for name, is_text in requested.items()
    }
    try:
        return HeldColumns(*read_plain(text, likely, numbers), numbers)
    except NotPlain as reason:
        _check_plain_widths(reason.part or text, span)
    body = list(rows(text.path, text.content, text.separator, span))[1 if text.header else 0 :]
    check_widths(text, body, span)
    places = {name: place for place, name in enumerate(text.names) if name in requested}
    columns = {name: cells_of(row[place] for _, row in body) for name, place in places.items()}
    return HeldColumns(columns, np.array([line for line, _ in body], int), numbers)


def _check_plain_widths(text: CsvText, span: Span | None) -> None:
    """Find a row of another width without reading the others, where the text is plain.

    Raises:
        NetError: N536 where a row that is not empty has more or fewer cells than the first.
    """
    try:
        places = row_places(text)
    except NotPlain:
        return
    others = places.of_other_widths()
    for line, row in zip(places.lines[others].tolist(), places.cells(others), strict=False):
        if any(map(str.strip, row)):
            check_widths(text, [(line, row)], span)


def _sample(
    text: CsvText, requested: Mapping[str, bool | None], span: Span | None
) -> dict[str, Cells]:
    """Return the cells of the first rows of the right width."""
    first = 1 if text.header else 0
    found = rows(text.path, text.content, text.separator, span)
    body = [row for _, row in islice(found, first, first + SAMPLE) if len(row) == len(text.names)]
    places = {name: place for place, name in enumerate(text.names) if name in requested}
    return {name: cells_of(row[place] for row in body) for name, place in places.items()}


def _as_cells(text: CsvText, names: Sequence[str], held: HeldColumns) -> dict[str, Cells]:
    """Return columns as texts; those that were read as numbers are read again, all at once."""
    kept = {name: held.columns[name] for name in names}
    found = {name: column for name, column in kept.items() if isinstance(column, Cells)}
    if len(found) == len(kept):
        return found
    # All columns are read, as a row may be empty in some columns only.
    numbers = {name: not isinstance(column, Cells) for name, column in held.columns.items()}
    again, _ = read_plain(text, {**numbers, **dict.fromkeys(kept, False)}, held.numbers)
    return found | {name: each for name, each in again.items() if isinstance(each, Cells)}


# --- signs within numbers -------------------------------------------------------------------------


def _evidence(held: HeldColumns, shown: Evidence) -> Evidence:
    """Return what all cells show, those of the sample first."""
    import numpy as np

    mixed = [column for column in held.columns.values() if isinstance(column, MixedCells)]
    numbers = [column for column in held.columns.values() if isinstance(column, np.ndarray)]
    numbers += [column.values for column in mixed]
    point = with_point(numbers) if held.numbers.decimal == "." else ""
    texts = [(c.texts, 0) for c in held.columns.values() if isinstance(c, Cells)]
    texts += [(column.odd.texts, len(np.unique(column.values[:SHOWING]))) for column in mixed]
    every = evidence_of(texts, point)
    return Evidence(*({**more, **first} for first, more in zip(shown, every, strict=True)))


def _either(text: CsvText, cell: str, held: HeldColumns, span: Span | None) -> NetError:
    """Return the error N531 for a comma that may be decimal or separate thousands."""
    name, cells, own = next(each for each in held.texts() if cell in each[1].texts)
    line = own.lines[cells.first_row([cells.texts.index(cell)])]
    fraction, whole = cell.replace(",", "."), cell.replace(",", "")
    message = (
        f"column `{name}` of {text.path} holds `{cell}` in line {line:,}, "
        f"which may be {fraction} or {whole}"
    )
    help = f'data: {{decimal: ","}} reads it as {fraction}, data: {{thousands: ","}} as {whole}'
    return fail("N531", message, span, help=help)


def _leading_zeros(
    text: CsvText, columns: Sequence[ParsedColumn], held: HeldColumns
) -> Iterator[str]:
    """Report numbers that begin with a 0, which is lost: they may be codes."""
    zeros = set(columns_with_zeros(text)).intersection(held.columns)
    numbers = [each for each in columns if each.categories is None and each.name in zeros]
    if not numbers:
        return
    texts = _as_cells(text, [column.name for column in numbers], held)
    for column in numbers:
        cells = texts[column.name]
        codes = [place for place, cell in enumerate(cells.texts) if ZERO.match(cell)]
        if codes:
            row = cells.first_row(codes)
            cell = cells.texts[cells.codes[row]]
            yield (
                f"numbers in {column.name} begin with 0, as `{cell}` in line {held.lines[row]:,}, "
                f"which is read as {column.values[row]:g}; "
                f"data: {{columns: {{{column.name}: category}}}} reads texts"
            )


def _doubts(text: CsvText, columns: Sequence[ParsedColumn], held: HeldColumns) -> Iterator[str]:
    """Report numbers whose fractions may be thousands instead."""
    sign = held.numbers.decimal
    doubted = [
        column.name
        for column in columns
        if column.categories is None and may_be_thousands(column.values)
    ]
    texts = _as_cells(text, doubted, held)
    for name in doubted:
        if cell := next(three_digits(texts[name].texts, sign), None):
            yield (
                f"all fractions in {name} have three digits, as in {cell}: `{sign}` is "
                f'read as the decimal separator; data: {{thousands: "{sign}"}} reads thousands'
            )
