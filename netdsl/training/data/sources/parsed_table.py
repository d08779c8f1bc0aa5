"""A table as it was read from a file: columns of numbers and of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.errors.printable import in_one_line
from netdsl.training.data.sources.cells import Cells, order_of
from netdsl.training.data.sources.date_cells import DateTexts, in_other_order, read_dates
from netdsl.training.preparation.columns import DATE, TEXT
from netdsl.training.preparation.table_format import PLAIN, NumberFormat
from netdsl.training.preparation.tokens import tokens
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.preparation.columns import ColumnTransform, TableTransform
    from netdsl.training.preparation.rows import Array
    from netdsl.training.recipes.recipe import DataSpec

EXACT = 2**53
"""Integers below this one are exact in a 64-bit float."""


class ParsedColumn(NamedTuple):
    """A column of a file.

    Attributes:
        name: its name.
        values: numbers [n], or the places of texts in `categories`; NaN where a cell is empty.
        categories: the texts, sorted; None for a column of numbers.
        days: whether the numbers are dates, as days since 1970.
    """

    name: str
    values: Array
    categories: tuple[str, ...] | None
    days: bool = False


class ParsedTable(NamedTuple):
    """The columns of a file.

    Attributes:
        path: the file.
        columns: its columns, in their order.
        places: for each row the line (of text) or row (of Parquet) that messages name.
        word: what a place is: `line` or `row`.
        header: whether the file names its columns.
        numbers: how its numbers are written.
        notes: what a user should know about how it was read.
    """

    path: str
    columns: tuple[ParsedColumn, ...]
    places: Array
    word: str
    header: bool
    numbers: NumberFormat = PLAIN
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> ParsedColumn:
        """Return the column of this name."""
        return self.columns[self.names.index(name)]

    def place(self, row: int) -> str:
        """Write where a row is in the file: `line 12`."""
        return f"{self.word} {self.places[row]:,}"

    def at(self, rows: Array) -> ParsedTable:
        """Return the table of only these rows."""
        columns = tuple(column._replace(values=column.values[rows]) for column in self.columns)
        return self._replace(columns=columns, places=self.places[rows])

    def named_columns(self) -> str:
        """Return the names of the columns, as a help."""
        names = self.names
        if not self.header:
            return f"it has no column names: its columns are the numbers 1 to {len(names)}"
        return f"the columns are {', '.join(names if len(names) <= 20 else [*names[:20], '...'])}"


def text_column(name: str, cells: Cells, missing: frozenset[str] = frozenset()) -> ParsedColumn:
    """Make a column of texts; the empty text and those stated as `missing` are missing cells."""
    import numpy as np

    texts, order, empty = cells.texts, order_of(cells.texts), {"", *missing}
    known = np.ones(len(texts), bool)
    known[[place for place, text in enumerate(texts) if text in empty]] = False
    order = order[known[order]]
    codes = np.full(len(texts), np.nan)
    codes[order] = np.arange(len(order))
    categories = tuple(map(texts.__getitem__, order.tolist()))
    return ParsedColumn(name, codes[cells.codes], categories)


def as_text(column: ParsedColumn) -> ParsedColumn:
    """Return a column of numbers as one of texts, integers without a decimal point."""
    import numpy as np

    if column.categories is not None:
        return column
    missing = np.isnan(column.values)
    found, codes = np.unique(column.values[~missing], return_inverse=True)
    texts = [str(int(value)) if value.is_integer() else str(value) for value in found.tolist()]
    order = np.argsort(texts)
    values = np.full(len(column.values), np.nan)
    # `order` maps places to numbers; its own sorting order is the inverse.
    values[~missing] = np.argsort(order)[codes]
    return ParsedColumn(column.name, values, tuple(texts[place] for place in order))


def recoded(column: ParsedColumn, categories: Sequence[str]) -> Array:
    """Return the places of a column's texts among other categories: [n], NaN for other texts."""
    import numpy as np

    known = {text: float(place) for place, text in enumerate(categories)}
    column = as_text(column)
    places = np.array([*(known.get(text, np.nan) for text in column.categories or ()), np.nan])
    # The last place is for missing cells, so that one lookup serves all.
    codes = np.where(np.isnan(column.values), len(places) - 1, column.values).astype(int)
    return np.asarray(places[codes])


class DateOrigin(NamedTuple):
    """Where the order of day and month comes from, if the texts do not show it.

    Attributes:
        stated: from a recipe.
        trained: from the dates of a run's training.
        span: the place in the recipe.
    """

    stated: bool = False
    trained: bool = False
    span: Span | None = None

    @property
    def clause(self) -> str:
        """Return where it comes from, for messages."""
        return "by `day_first`" if self.stated else "in the training"


SHOWN = DateOrigin()
"""The order comes from the texts alone."""


def days_of(
    column: ParsedColumn,
    table: ParsedTable,
    day_first: bool | None,
    span: Span | None,
    origin: DateOrigin = SHOWN,
) -> ParsedColumn:
    """Return the dates of a column as days since 1970.

    Args:
        column: of texts, or of days already.
        table: where it is.
        day_first: whether the day precedes the month; None to find out by the texts.
        span: the place of the file's name in a recipe.
        origin: of `day_first`.

    Raises:
        NetError: N531 for a text that is not a date, or may be one of two.
    """
    import numpy as np

    if column.days:
        return column
    column = as_text(column)
    found: DateTexts = read_dates(column.categories or (), day_first)
    if found.unclear:
        message = (
            f"column `{column.name}` of {table.path} holds dates such as `{found.unclear}`, which "
            "may have the day or the month first"
        )
        way_out = "write them as 2024-12-31, or train with " if origin.trained else ""
        raise fail("N531", message, span, help=f"{way_out}data: {{day_first: yes}}, or no")
    wrong = [place for place, day in enumerate(found.days) if day is None]
    rows = np.flatnonzero(np.isin(column.values, wrong))
    if len(rows):
        raise _not_a_date(column, table, rows, found, span, origin)
    days = np.array([*(np.nan if day is None else day for day in found.days), np.nan])
    codes = np.where(np.isnan(column.values), len(days) - 1, column.values).astype(int)
    return ParsedColumn(column.name, days[codes], None, days=True)


def _not_a_date(
    column: ParsedColumn,
    table: ParsedTable,
    rows: Array,
    found: DateTexts,
    span: Span | None,
    origin: DateOrigin,
) -> NetError:
    """Return the error N531 for texts that are not dates, in these rows.

    For a date in the other order of day and month it also names what determines the order.
    """
    texts = column.categories or ()

    def where(row: int) -> str:
        return f"`{in_one_line(texts[int(column.values[row])])}` in {table.place(row)}"

    first, more = int(rows[0]), f" ({counted(len(rows), 'such row')})" if len(rows) > 1 else ""
    holds = f"column `{column.name}` of {table.path} holds {where(first)}"
    if not in_other_order(texts[int(column.values[first])], found.day_first):
        help = (
            f"correct it, or say what the column is: data: {{columns: {{{column.name}: category}}}}"
        )
        return fail("N531", f"{holds}, not a date{more}", span, help=help)
    order = ("day", "month") if found.day_first else ("month", "day")
    if not found.shown_by:
        known = f"{origin.clause} the {order[0]} is first"
        message = f"{holds}, which has the {order[1]} first{more}; {known}"
        help = f"write all dates as 2024-12-31{', or leave `day_first` out' * origin.stated}"
        return fail("N531", message, origin.span or span, help=help)
    shown = (column.values == texts.index(found.shown_by)).nonzero()[0]
    message = (
        f"{holds}, which has the {order[1]} first{more}, and {where(int(shown[0]))}, which has the "
        f"{order[0]} first"
    )
    return fail("N531", message, span, help="write all dates of a column alike, as 2024-12-31")


# --- columns by their names -----------------------------------------------------------------------


def find_column(expected: str | None, table: ParsedTable, span: Span | None = None) -> str:
    """Find the column of this name, or of this number: from 1 up, or -1 for the last.

    Raises:
        NetError: N530 where there is none, or none is named.
    """
    if expected is None:
        message = f"no target column is given for {table.path}"
        raise fail(
            "N530",
            message,
            span,
            help=f"give it with --target COLUMN, or `target` in a recipe; {table.named_columns()}",
        )
    # The name first: a column may be called `2`.
    if expected in table.names:
        return expected
    try:
        number = int(expected)
    except ValueError:
        raise no_column(expected, table, span) from None
    if not 1 <= abs(number) <= len(table.names):
        raise fail(
            "N530",
            f"{table.path} has no column {number}: it has {len(table.names)}",
            span,
            help="columns count from 1; -1 is the last",
        )
    return table.names[number - 1 if number > 0 else number]


def find_targets(
    expected: str | tuple[str, ...] | None, table: ParsedTable, spec: DataSpec | None = None
) -> tuple[str, ...]:
    """Find the columns that are learned: one, or several separated by commas or in a list.

    Raises:
        NetError: N506 for a column that is named twice, N530 as `find_column` does.
    """

    def place(name: str | None = None) -> Span | None:
        return spec.place("target", name) if spec else None

    if isinstance(expected, str) and "," in expected and expected not in table.names:
        expected = tuple(name.strip() for name in expected.split(","))
    if not isinstance(expected, tuple):
        return (find_column(expected, table, place()),)
    found = tuple(find_column(name, table, place(name)) for name in expected)
    if twice := [name for name in found if found.count(name) > 1]:
        raise fail("N506", f"the target `{twice[0]}` is named twice", place())
    return found


def no_column(name: str, table: ParsedTable, span: Span | None) -> NetError:
    """Return the error N530 for a column that does not exist."""
    return fail(
        "N530",
        f"{table.path} has no column `{name}`",
        span,
        help=did_you_mean(name, table.names) or table.named_columns(),
    )


def select(table: ParsedTable, columns: TableTransform, span: Span | None = None) -> Array:
    """Return the rows of a table as the columns of a run have them: [n, columns].

    Raises:
        NetError: N530 for a column that is not there, N531 for cells of another kind, or empty.
    """
    import numpy as np

    found = {column.name: column for column in table.columns}
    if len(columns.columns) == 1 and columns.columns[0].length:
        return indices(table, columns.columns[0], span)
    made = []
    for column in columns.columns:
        if column.name not in found:
            raise no_column(column.name, table, span)
        cells = found[column.name]
        if column.kind == DATE:
            cells = days_of(cells, table, column.day_first, span, DateOrigin(trained=True))
        # Only for Parquet: a CSV is read as the run's column was.
        elif not column.coded and cells.categories is not None:
            raise text_for_numbers(column.name, table, span)
        if columns.missing == "error" and (empty := np.flatnonzero(np.isnan(cells.values))).size:
            raise empty_cells(column.name, table, empty, span)
        made.append(recoded(cells, column.categories) if column.coded else cells.values)
    return np.stack(made, axis=1) if made else np.zeros((len(table.places), 0))


def indices(table: ParsedTable, column: ColumnTransform, span: Span | None = None) -> Array:
    """Return a column as an input of indices has it [n, length].

    A text becomes its words, none if it is missing; a category becomes its place from 1, or 0 if it
    is missing or unknown.

    Raises:
        NetError: N530 for a column that is not there.
    """
    import numpy as np

    if column.name not in table.names:
        raise no_column(column.name, table, span)
    cells = as_text(table.column(column.name))
    if column.kind != TEXT:
        places = recoded(cells, column.categories)[:, None]
        return np.where(np.isnan(places), 0, places + 1).astype(np.int32)
    each = tokens((*(cells.categories or ()), ""), column.categories, column.length)
    rows = np.where(np.isnan(cells.values), len(each) - 1, cells.values).astype(int)
    return np.asarray(each[rows])


def text_for_numbers(name: str, table: ParsedTable, span: Span | None) -> NetError:
    """Return the error N531 for a column of text that a run has as numbers."""
    message = f"column `{name}` of {table.path} has text; the network was trained on numbers"
    return fail("N531", message, span)


def empty_cells(name: str, table: ParsedTable, empty: Array, span: Span | None) -> NetError:
    """Return the error N531 for a column with empty cells, in these rows."""
    rows = f"{counted(len(empty), 'row')}, first in {table.place(int(empty[0]))}"
    return fail(
        "N531",
        f"column `{name}` of {table.path} is empty in {rows}",
        span,
        help="fill it in, or leave such rows out: data: {missing: drop}",
    )
