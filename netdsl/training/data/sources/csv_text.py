"""CSV texts: rows, the names of the columns, and cells that are numbers or texts."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING

from netdsl.errors import NetError, Span, fail
from netdsl.training.data.sources.cells import MISSING, cell_number, why_not_finite
from netdsl.training.data.sources.parsed_table import ParsedColumn, ParsedTable, text_column
from netdsl.training.preparation.ranges import LARGEST

if TYPE_CHECKING:
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.rows import Array


def parse_csv(
    path: str,
    content: bytes,
    header: bool | None,
    known: TableTransform | None,
    span: Span | None,
) -> ParsedTable:
    """Parse the columns of a CSV; of those that a run does not know, only the names.

    Raises:
        NetError: N536 not a table, N531 a cell that is not a number.
    """
    import numpy as np

    text = _decoded(path, content, span)
    rows = list(_rows(path, text, span))
    if not rows:
        raise fail("N536", f"{path} is empty", span)
    first = rows[0][1]
    if header is None:
        header = not any(_is_number(cell) for cell in first)
    names = _header(path, first, span) if header else list(map(str, range(1, len(first) + 1)))
    body = rows[1:] if header else rows
    # without names and the target, the columns are those of the run
    if not header and known and len(names) == len(known.columns):
        names = [column.name for column in known.columns]
    for line, row in body:
        if len(row) != len(names):
            cells = f"has {len(row)} cells, and the first has {len(names)}"
            raise fail("N536", f"line {line:,} of {path} {cells}", span)
    lines = [line for line, _ in body]
    comma = _separator(text) == ";"
    texts = {column.name: column.text for column in known.columns} if known else {}
    columns = []
    for place, name in enumerate(names):
        if known and name not in {*texts, known.target}:
            columns.append(ParsedColumn(name, np.full(len(body), np.nan), None))
            continue
        held = [row[place].strip() for _, row in body]
        columns.append(_column(path, name, held, lines, comma, texts.get(name), span))
    return ParsedTable(path, tuple(columns), np.array(lines, int), "line", header)


def _decoded(path: str, content: bytes, span: Span | None) -> str:
    """Decode a text in UTF-8, with or without a byte order mark. Raises NetError N536."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise fail("N536", f"{path} is UTF-16", span, help="save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f"byte 0x{content[error.start]:02x} in line {line:,}"
        raise fail(
            "N536", f"{path} is no UTF-8 text: {where}", span, help="save it as UTF-8"
        ) from None
    if "\0" in text:
        raise fail("N536", f"{path} is no text: it holds a zero byte", span)
    return text


def _separator(text: str) -> str:
    """Return the one of comma, semicolon and tab that is most frequent in the first line."""
    line = text.lstrip("\r\n").split("\n", 1)[0]
    bare = "".join(line.split('"')[::2])  # what is not in quotes
    return max(",;\t", key=bare.count)


def _rows(path: str, text: str, span: Span | None) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with its line. Raises NetError N536."""
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=_separator(text),
        strict=True,
        skipinitialspace=True,
    )
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        where = f"line {reader.line_num:,} of {path}"
        raise fail("N536", f"{where} is no row of a table: {error}", span) from None


def _header(path: str, first: list[str], span: Span | None) -> list[str]:
    """Return the names of the columns. Raises NetError N536 where one is empty or comes twice."""
    names = [cell.strip() for cell in first]
    for place, name in enumerate(names):
        if not name:
            raise fail(
                "N536",
                f"column {place + 1} of {path} has no name",
                span,
                help="name it; pandas writes no such column with to_csv(index=False)",
            )
        if name in names[:place]:
            places = f"{names.index(name) + 1} and {place + 1}"
            raise fail(
                "N536",
                f"the column `{name}` stands twice in {path}: {places}",
                span,
                help="a file without a row of names needs `header: no`",
            )
    return names


# --- cells ----------------------------------------------------------------------------------------


def _is_number(cell: str) -> bool:
    """Whether a cell of the first row holds a number: then the row is not one of names."""
    return cell_number(cell) is not None and cell.strip().lower() not in MISSING


def _column(
    path: str,
    name: str,
    cells: list[str],
    lines: list[int],
    comma: bool,
    text: bool | None,
    span: Span | None,
) -> ParsedColumn:
    """Return a column as numbers where most of its cells are some, else as texts.

    Args:
        path: the file.
        name: the column's name.
        cells: its cells, without blanks around them.
        lines: the line of each cell.
        comma: whether a comma may stand for the decimal point.
        text: whether the column holds text, None where that is to be found out.
        span: the place of the file's name in a recipe.

    Raises:
        NetError: N531 where a few cells are not numbers.
    """
    import numpy as np

    if not text and (values := _all_numbers(cells)) is not None:
        return ParsedColumn(name, values, None)
    found = [cell_number(cell, comma) for cell in cells] if not text else []
    wrong = [row for row, value in enumerate(found) if value is None]
    right = sum(value is not None and value == value for value in found)
    if text is None:
        words = sum(not why_not_finite(cells[row], comma) for row in wrong)
        text = words > 0 and right <= words
    if text:
        return text_column(name, cells)
    if wrong:
        place = f"`{cells[wrong[0]]}` in line {lines[wrong[0]]:,}"
        why = why_not_finite(cells[wrong[0]], comma)
        raise _not_a_number(f"column `{name}` of {path}", place, why, len(wrong), span)
    values = np.array(array("d", (value for value in found if value is not None)))
    return ParsedColumn(name, values, None)


def _not_a_number(what: str, place: str, why: str, count: int, span: Span | None) -> NetError:
    """Return the error N531 about cells that are not numbers, the first of them with its place."""
    more = f"{count:,} such cells; " if count > 1 else ""
    if not why:
        help = "an empty cell is a missing number"
    elif "large" in why:
        help = "divide the column"
    else:
        help = "leave a cell empty whose number is missing"
    message = f"{what} holds numbers, but {place}{f', {why}' if why else ''}"
    return fail("N531", message, span, help=more + help)


def _all_numbers(cells: list[str]) -> Array | None:
    """Return the cells' numbers where all are plainly numbers, as in nearly all such columns.

    That is many times as quick as looking at each cell.
    """
    import numpy as np

    try:
        values = np.array(cells, dtype=float)
    except ValueError:
        return None
    plain = len(values) > 0 and bool((np.abs(values) <= LARGEST).all())
    return values if plain and not any("_" in cell for cell in cells) else None
