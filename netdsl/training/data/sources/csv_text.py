"""CSV texts: their encoding, separator, rows and header."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from netdsl.errors import NetError, Span, fail
from netdsl.training.data.sources.cells import MISSING, cell_number
from netdsl.training.preparation.table_format import TableFormat
from netdsl.wording import counted

SEPARATORS = ",;\t|"
"""The separators of cells that are tried where a recipe does not state one."""

SPREADSHEET = re.compile(rb"sep=([ -~\t])(?=\r?\n|\r)")
"""A first line that names the separator."""

ENDS = re.compile(rb"\r\n|\n|\r")


class CsvText(NamedTuple):
    """A text of rows, and what is known about it before its cells are read.

    Attributes:
        path: the file.
        content: the text in UTF-8 without a byte order mark, its comments blanked out.
        separator: the sign between cells.
        names: those of the columns.
        header: whether the first row holds them.
        body: the byte at which the rows after it begin.
        line: the line at which they begin, from 1.
    """

    path: str
    content: bytes
    separator: str
    names: list[str]
    header: bool
    body: int
    line: int


def open_csv(
    path: str, content: bytes, form: TableFormat, header: bool | None, span: Span | None
) -> CsvText:
    """Decode a text and find its columns.

    Args:
        path: the file.
        content: its bytes.
        form: the format that a recipe states for it.
        header: whether the first row holds names; None to find out.
        span: the place of the file's name in a recipe.

    Raises:
        NetError: N536 where it is not a table.
    """
    content = _utf8(path, content, form.encoding, span)
    if form.comment:
        content = _without_comments(content, form.comment.encode())
    separator = form.separator or _separator(content)
    # `sep=;` in the first line is for Excel, and not a row.
    if said := SPREADSHEET.match(content):
        separator = form.separator or said[1].decode()
        content = content[said.end(1) :]  # its line end is kept, so that line numbers are right
    line, first = next(rows(path, content, separator, span), (0, []))
    if not first:
        raise fail("N536", f"{path} is empty", span)
    if header is None:
        header = not any(_is_number(cell) for cell in first)
    if not header:
        # As texts from 1: people count from 1, and `target: 3` names them so.
        names = [str(place + 1) for place in range(len(first))]
        return CsvText(path, content, separator, names, False, 0, 1)
    names = _header(path, first, span)
    ends = ENDS.finditer(content)
    end = [match.end() for match, _ in zip(ends, range(line), strict=False)]
    body = end[-1] if len(end) == line else len(content)
    return CsvText(path, content, separator, names, True, body, line + 1)


def rows(
    path: str, content: bytes, separator: str, span: Span | None, *, blank: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows, each with the line on which it ends.

    Rows of empty cells are left out, unless `blank` is set; empty lines are not rows.

    Raises:
        NetError: N536 where the text does not consist of rows.
    """
    # `newline=""`, so that the csv module handles line ends within quoted cells.
    text = io.TextIOWrapper(io.BytesIO(content), "utf-8", newline="")
    # `strict`: otherwise a quote that is not closed makes the rest of the file one cell.
    reader = csv.reader(text, delimiter=separator, strict=True, skipinitialspace=separator != " ")
    try:
        for row in reader:
            if (blank and row) or any(map(str.strip, row)):
                yield reader.line_num, row
    except csv.Error as error:
        where = f"line {reader.line_num:,} of {path}"
        raise fail("N536", f"{where} is not a row of a table: {error}", span) from None


def check_widths(text: CsvText, body: list[tuple[int, list[str]]], span: Span | None) -> None:
    """Raise NetError N536 where a row has more or fewer cells than the first."""
    for line, row in body:
        if len(row) != len(text.names):
            cells = f"has {counted(len(row), 'cell')}, but the first has {len(text.names)}"
            help = ""
            if text.names[0].startswith("#") or row[0].startswith("#"):
                help = 'lines that are comments are left out by data: {comment: "#"}'
            elif len(row) == len(text.names) + 1 and not row[-1].strip():
                help = "remove the separator that ends the line"
            elif len(text.names) == 1:
                help = "remove the lines before the names of the columns, "
                help += "or set data: {separator: ...}"
            raise fail("N536", f"line {line:,} of {text.path} {cells}", span, help=help)


# --- text -----------------------------------------------------------------------------------------


def _utf8(path: str, content: bytes, encoding: str | None, span: Span | None) -> bytes:
    """Return the text in UTF-8, without a byte order mark. Raises NetError N536."""
    if encoding is None and content.startswith((b"\xff\xfe", b"\xfe\xff")):
        help = "set it with data: {encoding: utf-16}; or save it as UTF-8"
        raise fail("N536", f"{path} is UTF-16", span, help=help)
    if encoding is not None:
        try:
            content = content.decode(encoding).encode()
        except UnicodeError as error:
            reason = f"{path} is not text in {encoding}: {error}"
            raise fail("N536", reason, span, help="leave `encoding` out for UTF-8") from None
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not content.isascii():
        _check_utf8(path, content, span)
    # Binary files have zero bytes, and would otherwise be rejected for some odd row.
    if b"\0" in content:
        raise fail("N536", f"{path} is not text: it holds a zero byte", span)
    return content


def _check_utf8(path: str, content: bytes, span: Span | None) -> None:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f"byte 0x{content[error.start]:02x} in line {line:,}"
        help = "state it, as in data: {encoding: latin-1}; or save it as UTF-8"
        raise fail("N536", f"{path} is not UTF-8 text: {where}", span, help=help) from None


def _without_comments(content: bytes, sign: bytes) -> bytes:
    """Blank out lines that begin with a sign, except those within quotes."""
    kept, quotes, end = [], 0, 0
    for found in re.finditer(rb"(?m)^" + re.escape(sign) + rb"[^\r\n]*", content):
        before = content[end : found.start()]
        quotes += before.count(b'"')
        commented = quotes % 2 == 0
        quotes += 0 if commented else found.group().count(b'"')
        kept += [before, b"" if commented else found.group()]
        end = found.end()
    return b"".join([*kept, content[end:]])


def _separator(content: bytes) -> str:
    """Return the separator of `SEPARATORS` that is most frequent in the first line."""
    content = content.lstrip(b"\r\n")
    end = content.find(b"\n")
    line = content[: end if end >= 0 else len(content)].decode()
    bare = "".join(line.split('"')[::2])  # what is not in quotes
    return max(SEPARATORS, key=bare.count)


UNNAMED = "Unnamed: 0"
"""The name that pandas gives to a first column without a name."""


# --- header ---------------------------------------------------------------------------------------


def _is_number(cell: str) -> bool:
    """Return whether a cell of the first row holds a number, so that it is not a row of names."""
    return cell_number(cell.strip()) is not None and cell.strip().lower() not in MISSING


def _header(path: str, first: list[str], span: Span | None) -> list[str]:
    """Return the names of the columns. Raises NetError N536 where one is empty or occurs twice.

    The first one may be empty, as in the index that pandas writes.
    """
    names = [cell.strip() for cell in first]
    if len(names) > 1 and not names[0]:
        names[0] = UNNAMED
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if not name:
            raise _without_name(path, place, place > 0 and place == len(names) - 1, span)
        if (earlier := places.setdefault(name, place)) != place:
            raise fail(
                "N536",
                f"the column `{name}` is in {path} twice: {earlier + 1} and {place + 1}",
                span,
                help="rename one of them; a file without a row of names needs `header: no`",
            )
    return names


def _without_name(path: str, place: int, last: bool, span: Span | None) -> NetError:
    help = "name it; pandas does not write such a column with to_csv(index=False)"
    if last:
        help = "name it, or remove the separator that ends the lines"
    return fail("N536", f"column {place + 1} of {path} has no name", span, help=help)
