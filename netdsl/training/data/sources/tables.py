"""Tables of text and numbers: CSV and Parquet files, their columns, and the one that is learned."""

from __future__ import annotations

import csv
import io
import math
import os
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.training.data.parts import INPUT, Data, Part, Table, Wanted
from netdsl.training.data.plan import listed
from netdsl.training.data.sources.arrays import unreadable
from netdsl.training.preparation.columns import ColumnTransform, TableTransform
from netdsl.training.preparation.ranges import LARGEST
from netdsl.training.preparation.shapes import counted, size

if TYPE_CHECKING:
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array
    from netdsl.training.recipes.recipe import DataSpec

TEXT, BINARY = (".csv", ".tsv", ".txt"), (".parquet", ".pq")
SUFFIXES = (*TEXT, *BINARY)

NOTHING = frozenset(("", "na", "n/a", "nan", "null", "none", "?"))
"""What a cell of a column of numbers holds, in any case, where its number is missing.

Of a text only the empty cell is missing.
"""

DISTINCT = ("softmax", "logsoftmax", "sigmoid", "hsigmoid")
"""The activations behind which whole numbers are classes."""

MOST_CLASSES = 1000

EXACT = 2**53
"""Whole numbers that a float of 64 bits holds exactly."""


class Cells(NamedTuple):
    """A column [n]: numbers, or the places of texts in `categories`; NaN where a cell is empty."""

    name: str
    values: Array
    categories: tuple[str, ...] | None


class Sheet(NamedTuple):
    """A file's columns, and for each row the line (of text) or the row (of a Parquet file) that
    messages speak of.
    """

    path: str
    columns: tuple[Cells, ...]
    places: Array
    word: str
    header: bool

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def place(self, row: int) -> str:
        return f"{self.word} {self.places[row]:,}"

    def at(self, rows: Array) -> Sheet:
        columns = tuple(column._replace(values=column.values[rows]) for column in self.columns)
        return self._replace(columns=columns, places=self.places[rows])


def read_table(
    path: Path, spec: DataSpec, wanted: Wanted, kept: Kept | None, span: Span | None = None
) -> Table:
    """The rows of a CSV or Parquet file and their targets; with `kept`, what a run has kept of its
    table, read in the same way.

    Raises NetError N511, N516, N518, N520, N530 to N532, N536.
    """
    if len(wanted.inputs) != 1 or wanted.inputs[0].vocabulary:
        taken = "indices" if len(wanted.inputs) == 1 else f"{len(wanted.inputs)} inputs"
        raise fail(
            "N518",
            f"{path} is a table, which goes into one input of numbers; the network takes {taken}",
            span,
        )
    if (
        spec.target == INPUT
        and not kept
        and INPUT not in (sheet := read_sheet(path, spec.header, None, span)).names
    ):
        help = f"name the column that is learned: {_known(sheet)}; an autoencoder takes the numbers as an .npz file"
        raise fail(
            "N507", f"`target: input` is for arrays and images; {path} is a table", span, help=help
        )
    missing = kept.columns.missing if kept else spec.missing or "median"
    sheet = read_sheet(
        path, kept.columns.header if kept else spec.header, kept.columns if kept else None, span
    )
    target = find_column(kept.columns.target if kept else spec.target, sheet, span)
    looked_at = (
        {*(column.name for column in kept.columns.columns), target} if kept else set(sheet.names)
    )
    if not len(sheet.places):
        raise fail("N516", f"{path} has no rows", span)
    if not kept:
        _hollow(sheet, span)
    sheet, notes = _complete(sheet, target, looked_at, missing, span)
    if not (sheet.header or kept or spec.header is False):
        notes = (
            f"{path.name} has no row of names: its columns are the numbers 1 to {len(sheet.names)}",
            *notes,
        )
    if not len(sheet.places):
        raise fail("N516", f"{path} has no rows without an empty cell", span)
    cells = sheet.columns[sheet.names.index(target)]
    y, classes = _targets(cells, sheet, wanted, kept, span)
    if len(classes) == 1:
        raise fail("N521", f"column `{target}` of {path} holds one class only: {classes[0]}", span)
    seen = [column for column in sheet.columns if column.name != target]
    if not seen:
        raise fail(
            "N530",
            f"{path} has no column but the target `{target}`: there is nothing to learn it from",
            span,
        )
    if kept:
        columns, x = kept.columns, select(sheet, kept.columns, span)
    else:
        columns = TableTransform(
            tuple(_column(column) for column in seen), target, sheet.header, missing
        )
        x = _matrix(seen, len(y))
    part = Part(
        (x,),
        (y,) * len(wanted.outputs),
        "all",
        (f"the rows of {path.name}",),
        (f"column `{target}`",) * len(wanted.outputs),
    )
    source = os.path.abspath(path)
    return Table(
        source,
        part,
        classes=classes,
        own=bool(classes),
        target=target,
        columns=columns,
        notes=notes,
    )


class Kept(NamedTuple):
    """What a run has kept of its table."""

    columns: TableTransform
    classes: tuple[str, ...]


def _column(cells: Cells) -> ColumnTransform:
    return ColumnTransform(
        cells.name, cells.categories is not None, categories=cells.categories or ()
    )


def _matrix(columns: Sequence[Cells], rows: int) -> Array:
    """The columns side by side: float64 [rows, columns]."""
    import numpy as np

    return (
        np.stack([column.values for column in columns], axis=1) if columns else np.zeros((rows, 0))
    )


def select(sheet: Sheet, columns: TableTransform, span: Span | None = None) -> Array:
    """The rows of a sheet as the columns of a run have them: [n, columns].

    Raises NetError N530 for a missing one, N531.
    """
    import numpy as np

    found = {column.name: column for column in sheet.columns}
    made = []
    for column in columns.columns:
        if column.name not in found:
            raise no_column(column.name, sheet, span)
        cells = found[column.name]
        if (
            not column.text and cells.categories is not None
        ):  # of Parquet: a CSV is read as the column is kept
            raise fail(
                "N531",
                f"column `{column.name}` of {sheet.path} holds text; the network was trained on numbers",
                span,
            )
        if columns.missing == "error" and (empty := np.flatnonzero(np.isnan(cells.values))).size:
            raise _missing(column.name, sheet, empty, span)
        made.append(_codes(cells, column) if column.text else cells.values)
    return np.stack(made, axis=1) if made else np.zeros((len(sheet.places), 0))


def _codes(cells: Cells, column: ColumnTransform) -> Array:
    """The places of a column's texts among the categories that a run knows; NaN for others."""
    import numpy as np

    known = {text: place for place, text in enumerate(column.categories)}
    if cells.categories is None:  # numbers in Parquet, text when the run was trained
        return np.array([known.get(f"{value:g}", np.nan) for value in cells.values])
    places = np.array([*(known.get(text, np.nan) for text in cells.categories), np.nan])
    return np.asarray(
        places[np.where(np.isnan(cells.values), len(cells.categories), cells.values).astype(int)]
    )


def find_column(wanted: str | None, sheet: Sheet, span: Span | None = None) -> str:
    """The column of this name, or of this number: from 1 on, or -1 for the last.

    Raises NetError N530.
    """
    if wanted is None:
        message = f"which column of {sheet.path} is learned is not said"
        raise fail("N530", message, span, help=f"name it with `target`: {_known(sheet)}")
    if wanted in sheet.names:
        return wanted
    try:
        number = int(wanted)
    except ValueError:
        raise no_column(wanted, sheet, span) from None
    if not 1 <= abs(number) <= len(sheet.names):
        raise fail(
            "N530",
            f"{sheet.path} has no column {number}: it has {len(sheet.names)}",
            span,
            help="columns count from 1; -1 is the last",
        )
    return sheet.names[number - 1 if number > 0 else number]


def no_column(name: str, sheet: Sheet, span: Span | None) -> NetError:
    return fail(
        "N530",
        f"{sheet.path} has no column `{name}`",
        span,
        help=did_you_mean(name, sheet.names) or _known(sheet),
    )


def _known(sheet: Sheet) -> str:
    if not sheet.header:
        return f"it has no row of names, and its columns are the numbers 1 to {len(sheet.names)}"
    return f"the columns are {', '.join(sheet.names if len(sheet.names) <= 20 else [*sheet.names[:20], '...'])}"


# --- targets --------------------------------------------------------------------------------------


def _targets(
    cells: Cells, sheet: Sheet, wanted: Wanted, kept: Kept | None, span: Span | None
) -> tuple[Array, tuple[str, ...]]:
    """The targets [n], and the names of the classes where they are some.

    Classes are texts, or the whole numbers behind a softmax or sigmoid that are not just 0, 1, ...
    Raises NetError N520, N531.
    """
    import numpy as np

    texts = _as_texts(cells)
    if kept and kept.classes:
        return _places(texts, cells, sheet, kept.classes, span)
    if cells.categories is not None:
        if kept:
            raise fail(
                "N531",
                f"column `{cells.name}` of {sheet.path} holds text; the network was trained on numbers",
                span,
            )
        return _places(texts, cells, sheet, cells.categories, span)
    y, gate = cells.values, wanted.outputs[0]
    if not ((y == np.floor(y)) & (np.abs(y) < EXACT)).all():
        return y, ()
    y = y.astype(np.int64)
    found = np.unique(y)
    counted = found[0] >= 0 and found[-1] < max(2, gate.shape[-1])
    if kept or counted or gate.activation not in DISTINCT or len(found) > MOST_CLASSES:
        return y, ()
    return _places(texts, cells, sheet, tuple(map(str, found.tolist())), span)


def _as_texts(cells: Cells) -> list[str]:
    """A column's cells as texts; whole numbers without a point."""
    if cells.categories is not None:
        return [cells.categories[int(code)] for code in cells.values]
    return [
        str(int(value)) if value.is_integer() else str(value) for value in cells.values.tolist()
    ]


def _places(
    texts: list[str], cells: Cells, sheet: Sheet, classes: tuple[str, ...], span: Span | None
) -> tuple[Array, tuple[str, ...]]:
    """The place of each text among the classes: [n]."""
    import numpy as np

    known = {text: place for place, text in enumerate(classes)}
    for row, text in enumerate(texts):
        if text not in known:
            message = f"column `{cells.name}` of {sheet.path} holds `{text}` in {sheet.place(row)}; the network knows {listed(classes)}"
            raise fail("N520", message, span, help=did_you_mean(text, classes))
    return np.array([known[text] for text in texts], np.int64), classes


def _complete(
    sheet: Sheet, target: str, names: set[str], missing: str, span: Span | None
) -> tuple[Sheet, tuple[str, ...]]:
    """The sheet without the rows that are to be left out, and what was done.

    Raises NetError N531 where a cell may not be empty.
    """
    import numpy as np

    by_name = {
        column.name: np.isnan(column.values) for column in sheet.columns if column.name in names
    }
    if missing != "drop":
        for name in by_name if missing == "error" else [target]:
            if (empty := np.flatnonzero(by_name[name])).size:
                raise _missing(name, sheet, empty, span)
    if missing == "drop":
        left_out = np.logical_or.reduce(list(by_name.values()))
        told = f"{int(left_out.sum()):,} of {len(left_out):,} rows are left out: a cell is empty"
        return sheet.at(~left_out), (told,) if left_out.any() else ()
    texts = [
        column
        for column in sheet.columns
        if column.categories is not None and column.name in names and by_name[column.name].any()
    ]
    return sheet, tuple(
        f"{counted(int(by_name[one.name].sum()), 'empty cell')} in {one.name}: none of its categories"
        for one in texts
    )


def _hollow(sheet: Sheet, span: Span | None) -> None:
    """Raises NetError N531 where a column has no value at all."""
    import numpy as np

    for column in sheet.columns:
        if np.isnan(column.values).all():
            message = f"column `{column.name}` of {sheet.path} is empty in all of its {counted(len(sheet.places), 'row')}"
            raise fail("N531", message, span, help="leave the column out of the file")


def _missing(name: str, sheet: Sheet, empty: Array, span: Span | None) -> NetError:
    message = f"column `{name}` of {sheet.path} is empty in {counted(len(empty), 'row')}, first in {sheet.place(int(empty[0]))}"
    return fail(
        "N531", message, span, help="fill it in, or leave such rows out: data: {missing: drop}"
    )


# --- reading --------------------------------------------------------------------------------------


def read_sheet(
    path: Path,
    header: bool | None = None,
    known: TableTransform | None = None,
    span: Span | None = None,
) -> Sheet:
    """The columns of a file; `-` is a CSV on standard input.

    `known` says which columns are text, and which are not looked at.

    Raises NetError N511 unreadable, N536 no table, N531 a cell that is no number, N532 no package
    for Parquet.
    """
    if path.suffix.lower() in BINARY:
        return _parquet(path, span)
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise unreadable(path, error, span) from None
    return _csv("standard input" if str(path) == "-" else str(path), content, header, known, span)


def _csv(
    path: str, content: bytes, header: bool | None, known: TableTransform | None, span: Span | None
) -> Sheet:
    """The columns of a CSV; of those that a run does not know, the names only."""
    import numpy as np

    text = _decoded(path, content, span)
    lines = list(_rows(path, text, span))
    if not lines:
        raise fail("N536", f"{path} is empty", span)
    first = lines[0][1]
    if header is None:
        header = not any(
            number(cell) is not None and cell.strip().lower() not in NOTHING for cell in first
        )
    names = (
        _header(path, first, span) if header else [str(place) for place in range(1, len(first) + 1)]
    )
    body = lines[1:] if header else lines
    if (
        not header and known and len(names) == len(known.columns)
    ):  # the target's column is not there
        names = [column.name for column in known.columns]
    for line, row in body:
        if len(row) != len(names):
            raise fail(
                "N536",
                f"line {line:,} of {path} has {len(row)} cells, and the first has {len(names)}",
                span,
            )
    columns = []
    comma = _separator(text) == ";"
    texts = {column.name: column.text for column in known.columns} if known else {}
    for place, name in enumerate(names):
        if known and name not in {*texts, known.target}:
            columns.append(Cells(name, np.full(len(body), np.nan), None))
            continue
        cells = [row[place].strip() for _, row in body]
        columns.append(
            _cells(path, name, cells, [line for line, _ in body], comma, texts.get(name), span)
        )
    return Sheet(path, tuple(columns), np.array([line for line, _ in body], int), "line", header)


def _decoded(path: str, content: bytes, span: Span | None) -> str:
    """The text of a file, which is UTF-8 with or without a mark. Raises NetError N536."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise fail("N536", f"{path} is UTF-16", span, help="save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise fail(
            "N536",
            f"{path} is no UTF-8 text: byte 0x{content[error.start]:02x} in line {line:,}",
            span,
            help="save it as UTF-8",
        ) from None
    if "\0" in text:
        raise fail("N536", f"{path} is no text: it holds a zero byte", span)
    return text


def _separator(text: str) -> str:
    """What stands between the cells: the one of comma, semicolon and tab that the first line has
    most of.
    """
    line = text.lstrip("\r\n").split("\n", 1)[0]
    quoted = line.split('"')
    bare = "".join(quoted[::2])
    return max(",;\t", key=bare.count)


def _rows(path: str, text: str, span: Span | None) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with its line. Raises NetError N536."""
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
        raise fail(
            "N536", f"line {reader.line_num:,} of {path} is no row of a table: {error}", span
        ) from None


def _header(path: str, first: list[str], span: Span | None) -> list[str]:
    """The names of the columns. Raises NetError N536 where one is empty or stands twice."""
    names = [cell.strip() for cell in first]
    for place, name in enumerate(names):
        if not name:
            message = f"column {place + 1} of {path} has no name"
            raise fail(
                "N536",
                message,
                span,
                help="name it; pandas writes no such column with to_csv(index=False)",
            )
        if name in names[:place]:
            message = f"the column `{name}` stands twice in {path}: {names.index(name) + 1} and {place + 1}"
            raise fail(
                "N536", message, span, help="a file without a row of names needs `header: no`"
            )
    return names


def number(cell: str, comma: bool = False) -> float | None:
    """The number that a cell holds, NaN where it holds nothing, None where it holds a text or a
    number beyond all measure.
    """
    try:
        value = float(cell)
    except ValueError:
        if cell.lower() in NOTHING:
            return float("nan")
        return number(cell.replace(",", ".")) if comma and "," in cell else None
    return None if abs(value) > LARGEST or "_" in cell else value


def _beyond(cell: str, comma: bool) -> str:
    """What keeps a number from being one that the network takes; nothing for a text."""
    try:
        value = float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return ""
    if "_" in cell:
        return ""
    if math.isinf(value) and any(map(str.isdigit, cell)):
        return "which is too large for float32 (up to 3.4e38)"
    return (
        "which is too large for float32 (up to 3.4e38)"
        if math.isfinite(value)
        else "which is not finite"
    )


def _cells(
    path: str,
    name: str,
    cells: list[str],
    lines: list[int],
    comma: bool,
    text: bool | None,
    span: Span | None,
) -> Cells:
    """A column as numbers where most of its cells are some, else as texts.

    Raises NetError N531 where a few are not.
    """
    import numpy as np

    if not text and (values := _all_numbers(cells)) is not None:
        return Cells(name, values, None)
    found = [number(cell, comma) for cell in cells] if not text else []
    wrong = [row for row, value in enumerate(found) if value is None]
    right = sum(value is not None and value == value for value in found)
    if text is None:
        words = sum(not _beyond(cells[row], comma) for row in wrong)
        text = words > 0 and right <= words
    if text:
        return _texts(name, cells)
    if wrong:
        cell = cells[wrong[0]]
        beyond = _beyond(cell, comma)
        what = f", {beyond}" if beyond else ""
        message = f"column `{name}` of {path} holds numbers, but `{cell}` in line {lines[wrong[0]]:,}{what}"
        more = f"{len(wrong):,} such cells; " if len(wrong) > 1 else ""
        mend = (
            "divide the column"
            if "large" in beyond
            else "leave a cell empty whose number is missing"
        )
        raise fail(
            "N531",
            message,
            span,
            help=more + (mend if beyond else "an empty cell is a missing number"),
        )
    return Cells(name, np.array(array("d", (value for value in found if value is not None))), None)


def _all_numbers(cells: list[str]) -> Array | None:
    """The cells' numbers where plainly all are some: what nearly all columns of numbers are, and
    many times as quick.
    """
    import numpy as np

    try:
        values = np.array(cells, dtype=float)
    except ValueError:
        return None
    plain = len(values) > 0 and bool((np.abs(values) <= LARGEST).all())
    return values if plain and not any("_" in cell for cell in cells) else None


def _texts(name: str, cells: Sequence[str | None]) -> Cells:
    """A column of texts as places among its categories, which are sorted."""
    import numpy as np

    categories = tuple(sorted({cell for cell in cells if cell}))
    places = {text: float(place) for place, text in enumerate(categories)}
    return Cells(
        name, np.array([places[cell] if cell else np.nan for cell in cells], float), categories
    )


def _parquet(path: Path, span: Span | None) -> Sheet:
    """The columns of a Parquet file. Raises NetError N511, N536, N531, N532."""
    import numpy as np

    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise fail(
            "N532", f"{path} needs pyarrow to be read", span, help="pip install 'netdsl[parquet]'"
        ) from None
    try:
        with path.open("rb") as file:
            table = pyarrow.parquet.read_table(file)
    except pyarrow.ArrowException as error:
        raise fail(
            "N536", f"{path} is no Parquet file: {str(error).splitlines()[0]}", span
        ) from None
    except OSError as error:
        raise unreadable(path, error, span) from None
    if twice := [name for name in table.column_names if table.column_names.count(name) > 1]:
        raise fail("N536", f"the column `{twice[0]}` stands twice in {path}", span)
    columns = tuple(
        _arrow(str(path), name, table.column(name), pyarrow, span) for name in table.column_names
    )
    return Sheet(str(path), columns, np.arange(table.num_rows), "row", True)


def _arrow(path: str, name: str, column: Any, pyarrow: Any, span: Span | None) -> Cells:
    """A column of a Parquet file: numbers, true and false as 1 and 0, or texts."""
    import numpy as np

    kind, types = column.type, pyarrow.types
    if (
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_decimal(kind)
    ):
        values = np.array(
            [np.nan if value is None else float(value) for value in column.to_pylist()], float
        )
        if len(beyond := np.flatnonzero(np.abs(values) > LARGEST)):
            told = _beyond(str(values[beyond[0]]), False)
            raise fail(
                "N531",
                f"column `{name}` of {path} holds {values[beyond[0]]:g} in row {int(beyond[0]):,}, {told}",
                span,
            )
        return Cells(name, values, None)
    inner = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_string(inner) or types.is_large_string(inner):
        return _texts(name, column.to_pylist())
    if types.is_null(kind):
        return Cells(name, np.full(len(column), np.nan), None)
    raise fail("N531", f"column `{name}` of {path} holds {kind}, neither numbers nor text", span)


# --- fitting --------------------------------------------------------------------------------------


def fitted(data: Data, span: Span | None = None) -> Data:
    """Data of a table with what its training part tells of the columns and of the values to be
    learned.

    Raises NetError N518 where the network's input has another number of values than the columns
    give, N531 where the training part has no value of one.
    """
    import numpy as np

    input = data.preparation.inputs[0]
    old = input.columns
    assert old is not None
    rows = data.train.x[0][:]
    for place, column in enumerate(old.columns):
        if np.isnan(rows[:, place]).all():
            message = f"column `{column.name}` of {data.spec.source} is empty in all {counted(len(rows), 'row')} of the training part"
            raise fail(
                "N531", message, span, help="leave the column out of the file, or fill it in"
            )
    columns = old.fitted(rows)
    if math.prod(input.shape) != columns.width:
        message = f"{Path(data.spec.source or '').name} gives {columns.description}; the network's input has {size(input.shape)}"
        raise fail("N518", message, span, help=f"begin the network with `input {columns.width}`")
    train, validation, test = (
        replace(part, x=(columns.recoded(part.x[0][:], old),))
        for part in (data.train, data.validation, data.test)
    )
    outputs = tuple(
        _standardised(output, y[:])
        for output, y in zip(data.preparation.outputs, data.train.y, strict=True)
    )
    return replace(
        data,
        spec=replace(data.spec, missing=columns.missing, header=columns.header),
        preparation=replace(
            data.preparation, inputs=(replace(input, columns=columns),), outputs=outputs
        ),
        train=train,
        validation=validation,
        test=test,
        notes=(
            *data.notes,
            *_filled(data, columns),
            *_unseen(data.validation, validation, columns),
            *_unseen(data.test, test, columns),
        ),
    )


def _filled(data: Data, columns: TableTransform) -> Iterator[str]:
    """What was put in for missing numbers."""
    import numpy as np

    for place, column in enumerate(columns.columns):
        empty = sum(
            int(np.isnan(part.x[0][:, place]).sum())
            for part in (data.train, data.validation, data.test)
        )
        if empty and not column.text:
            them = "it" if empty == 1 else "them"
            yield f"{counted(empty, 'missing number')} in {column.name}: the training part's median {column.median:g} stands for {them}"


def _unseen(before: Part, after: Part, columns: TableTransform) -> Iterator[str]:
    """Which texts are in no training row."""
    import numpy as np

    lost = np.isnan(after.x[0][:]).sum(axis=0) - np.isnan(before.x[0][:]).sum(axis=0)
    for column, count in zip(columns.columns, lost.tolist(), strict=True):
        if count:
            yield f"{counted(count, 'text')} of {column.name} in the {after.name} part, in no training row: none of its categories"


def _standardised(output: OutputTransform, y: Array) -> OutputTransform:
    """The output, its values standardised by the training part where it may give any number."""
    if (
        output.classes
        or output.loss not in ("squared", "absolute")
        or output.activation != "linear"
    ):
        return output
    spread = float(y.std())
    return replace(output, centre=float(y.mean()), spread=spread if spread > 0 else 1.0)
