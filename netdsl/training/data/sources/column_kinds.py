"""The kinds of a table's columns: numbers, categories, dates, texts, or identifiers of rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from netdsl.errors import Span, did_you_mean, fail
from netdsl.errors.printable import in_one_line
from netdsl.training.data.sources.cells import have_units
from netdsl.training.data.sources.date_cells import are_dates, read_dates
from netdsl.training.data.sources.parsed_table import (
    SHOWN,
    DateOrigin,
    ParsedColumn,
    ParsedTable,
    as_text,
    days_of,
    find_column,
    recoded,
)
from netdsl.training.preparation.columns import (
    CATEGORY,
    DATE,
    NUMBER,
    ORDINAL,
    TEXT,
    ColumnTransform,
)
from netdsl.training.preparation.dates import usual_parts
from netdsl.wording import enumerated, first_few

if TYPE_CHECKING:
    from netdsl.training.recipes.recipe import DataSpec

ID, DROP = "id", "drop"

Stated: TypeAlias = Mapping[str, str | tuple[str, ...]]
"""What a recipe states for columns, by their names: a kind, or the parts of a date."""

ROWS = 10
"""The fewest rows that show whether a column identifies them."""

WORDS = 3
"""A column of distinct cells is text if its cells have at least this many words on average."""

ID_NAME = re.compile(
    r"(unnamed: ?0)|(.*[ _.-])?(id|uuid|guid|index|idx|key|rownames|row|nr|#)", re.IGNORECASE
)
CAMEL_ID = re.compile(r".*[a-z]I[dD]")


class KindedColumn(NamedTuple):
    """A column of a table, and its kind.

    Attributes:
        cells: its values: numbers, places among categories, or for dates days since 1970.
        kind: `number`, `ordinal`, `category`, `date`, `text`, `id` or `drop`.
        parts: the parts of a date that the network gets.
        day_first: for dates in texts, whether the day precedes the month.
        note: the reason for its kind, where that is doubtful.
    """

    cells: ParsedColumn
    kind: str
    parts: tuple[str, ...] = ()
    day_first: bool | None = None
    note: str = ""

    @property
    def name(self) -> str:
        """The column's name."""
        return self.cells.name

    @property
    def read(self) -> bool:
        """Whether a network gets it among its numbers."""
        return self.kind not in (ID, DROP, TEXT)

    @property
    def gaps(self) -> bool:
        """Whether some of its cells are empty."""
        import numpy as np

        return bool(np.isnan(self.cells.values).any())

    @property
    def width(self) -> int:
        """How many numbers a network gets for a cell."""
        return sum(column.width for column in transforms(self))


def transforms(column: KindedColumn) -> Iterator[ColumnTransform]:
    """Yield the transforms of a column that is read, one for each part of a date."""
    categories, gaps = column.cells.categories or (), column.gaps
    for part in column.parts or ("",):
        yield ColumnTransform(
            column.name, column.kind, part, column.day_first, categories=categories, gaps=gaps
        )


def stated_kinds(table: ParsedTable, spec: DataSpec) -> Stated:
    """Return what a recipe states for columns, by the names that they have in the table.

    Raises:
        NetError: N530 for a column that does not exist, N507 where two keys disagree.
    """
    found: dict[str, str | tuple[str, ...]] = {}
    for name, kind in (spec.columns or {}).items():
        found[find_column(name, table, spec.place("columns", name))] = kind
    for name in spec.drop or ():
        span = spec.place("drop", name)
        column = find_column(name, table, span)
        if found.get(column, DROP) != DROP:
            message = f"`drop` leaves the column `{column}` out, and `columns` reads it"
            raise fail("N507", message, span, help="leave one of the two out")
        found[column] = DROP
    for name in spec.categories or {}:
        span = spec.place("categories", name)
        column = find_column(name, table, span)
        if found.setdefault(column, CATEGORY) not in (CATEGORY, ORDINAL, DROP):
            message = f"`categories` are stated for `{column}`, which `columns` reads otherwise"
            raise fail("N507", message, span, help="leave one of the two out")
    return found


def read_as(spec: DataSpec) -> dict[str, bool]:
    """Return which columns a recipe reads as texts (True) or as numbers (False).

    Columns that are left out are read as texts, which any cell can be; so are groups and parts.
    """
    split = spec.split
    found = {name: kind != NUMBER for name, kind in (spec.columns or {}).items() if kind != ORDINAL}
    found |= dict.fromkeys((*(spec.drop or ()), *(spec.categories or {})), True)
    found |= dict.fromkeys(filter(None, (split.group, split.column)), True)
    if split.order and not _is_date((spec.columns or {}).get(split.order, "")):
        found.pop(split.order, None)  # its times are read, even if it is left out
    return found


def as_times(
    column: ParsedColumn, table: ParsedTable, spec: DataSpec, span: Span | None
) -> ParsedColumn:
    """Return a column as numbers or dates that rows are ordered by.

    Raises:
        NetError: N531 where it holds other texts.
    """
    if column.categories is None:
        return column
    if are_dates(column.categories):
        return _date(column, table, spec, (), span).cells
    first = next(
        row for row in range(len(column.values)) if column.values[row] == column.values[row]
    )
    text = in_one_line(column.categories[int(column.values[first])])
    ordered = [
        one.name for one in table.columns if one.categories is None or _looks_like_dates(one)
    ]
    message = (
        f"column `{column.name}` of {table.path} holds texts such as `{text}` in "
        f"{table.place(first)}: rows have an order by numbers or dates"
    )
    help = f"name such a column: {first_few(ordered, 10)}" if ordered else "leave `order` out"
    raise fail("N531", message, span, help=help)


def _is_date(kind: str | tuple[str, ...]) -> bool:
    return kind == DATE or isinstance(kind, tuple)


def column_kinds(
    table: ParsedTable,
    stated: Stated,
    spec: DataSpec,
    others: Collection[str],
    span: Span | None,
) -> list[KindedColumn]:
    """Find the kinds of a table's columns, except those that are learned or weight rows.

    Args:
        table: as it was read.
        stated: what the recipe states for columns.
        spec: the recipe's `data`.
        others: the target and the weights.
        span: the place of the file's name in the recipe.

    Raises:
        NetError: N507, N531 for cells that are not of the stated kind.
    """
    made = []
    for column in table.columns:
        if column.name in others:
            continue
        kind = stated.get(column.name)
        if kind is None:
            made.append(_found(column, table, spec, span))
        elif _is_date(kind):
            made.append(_date(column, table, spec, kind if isinstance(kind, tuple) else (), span))
        elif kind == ORDINAL:
            made.append(KindedColumn(_ordered(column, table, spec, span), ORDINAL))
        elif kind in (CATEGORY, TEXT):
            made.append(KindedColumn(as_text(column), str(kind)))
        else:
            made.append(KindedColumn(column, str(kind)))
    return made


# --- what cells look like -------------------------------------------------------------------------


def _found(
    column: ParsedColumn, table: ParsedTable, spec: DataSpec, span: Span | None
) -> KindedColumn:
    """Find a column's kind by its cells."""
    if column.days or _looks_like_dates(column):
        return _date(column, table, spec, (), span)
    if column.categories is None:
        return _number_or_id(column, column.name == table.columns[0].name)
    count, texts = _known(column), column.categories
    # With few rows all texts may differ, even in a column of categories.
    if count < ROWS or len(texts) <= count / 2:
        return KindedColumn(column, CATEGORY, note=_constant(column))
    words = sum(_words(text) for text in texts) / len(texts)
    every = "every row"
    if len(texts) < count:
        every = f"nearly every row ({len(texts):,} in {count:,})"
    if words >= WORDS:
        note = f"{column.name} has another text of {words:.0f} words in {every}: it needs an input "
        note += f"of its own, as `input {column.name}: 64 of int(1000) > embed-16`"
        return KindedColumn(column, TEXT, note=note)
    note = (
        f"{column.name} has another text in {every}: left out as the name of the row; "
        f"data: {{columns: {{'{column.name}': category}}}} reads it"
    )
    if have_units(texts):
        note = (
            f"{column.name} holds numbers with a unit, as `{in_one_line(texts[0])}`, which are "
            "read as text and left out: take the unit out to get numbers"
        )
    return KindedColumn(column, ID, note=note)


def _words(text: str) -> int:
    """Count the words of a text; groups of digits, as in a telephone number, do not count."""
    return sum(any(map(str.isalpha, word)) for word in text.split())


def _constant(column: ParsedColumn) -> str:
    """Return a note for a column that has only one value; empty for others."""
    import numpy as np

    known = column.values[~np.isnan(column.values)]
    if len(known) < 2 or (known != known[0]).any():
        return ""
    value = column.categories[int(known[0])] if column.categories else f"{known[0]:g}"
    every = "every row" if len(known) == len(column.values) else "every cell that is not empty"
    return (
        f"{column.name} has the same value, {in_one_line(value)}, in {every}, from which nothing "
        f"is learned: data: {{drop: {column.name}}}"
    )


def _number_or_id(column: ParsedColumn, first: bool) -> KindedColumn:
    """Distinguish identifiers of rows, distinct integers in a column named so, from numbers.

    A first column of 0, 1, 2, ... gets a note, whatever its name.
    """
    import numpy as np

    values = column.values
    named = bool(ID_NAME.fullmatch(column.name) or CAMEL_ID.fullmatch(column.name))
    if not (named or first) or len(values) < ROWS or not (values == np.floor(values)).all():
        return KindedColumn(column, NUMBER, note=_constant(column))
    if named and len(np.unique(values)) == len(values):
        note = (
            f"{column.name} has another integer in every row: left out as the name of the row; "
            f"data: {{columns: {{'{column.name}': number}}}} reads it"
        )
        return KindedColumn(column, ID, note=note)
    counts_rows = first and values[0] in (0, 1) and bool((np.diff(values) == 1).all())
    note = f"{column.name} counts the rows: if it only names them, data: {{drop: {column.name}}}"
    return KindedColumn(column, NUMBER, note=note if counts_rows else _constant(column))


def _looks_like_dates(column: ParsedColumn) -> bool:
    """Return whether at least half of a column's texts are dates, or all of its numbers
    YYYYMMDD.
    """
    import numpy as np

    if column.categories is None:
        known = column.values[~np.isnan(column.values)]
        inside = len(known) > 0 and bool(((known >= 19000101) & (known < 21000101)).all())
        # A single 20240230 in a column of numbers shows that they are not dates: all must be.
        return inside and None not in read_dates(as_text(column).categories or ()).days
    return are_dates(column.categories)


def _known(column: ParsedColumn) -> int:
    import numpy as np

    return int((~np.isnan(column.values)).sum())


# --- dates ----------------------------------------------------------------------------------------


def _date(
    column: ParsedColumn,
    table: ParsedTable,
    spec: DataSpec,
    parts: tuple[str, ...],
    span: Span | None,
) -> KindedColumn:
    """Return a column of dates. Raises NetError N531 where a cell is not one, or may be two."""
    import numpy as np

    cells, day_first = column, None
    if not column.days:
        day_first = read_dates(as_text(column).categories or (), spec.day_first).day_first
        origin = SHOWN
        if spec.day_first is not None:
            origin = DateOrigin(stated=True, span=spec.place("day_first"))
        cells = days_of(column, table, spec.day_first, span, origin)
    known = cells.values[~np.isnan(cells.values)]
    parts = parts or (usual_parts(known) if len(known) else ("elapsed",))
    note = f"{column.name} holds dates: read as {enumerated(parts)}"
    return KindedColumn(cells, DATE, parts, day_first, note)


# --- orders ---------------------------------------------------------------------------------------


def _ordered(
    column: ParsedColumn, table: ParsedTable, spec: DataSpec, span: Span | None
) -> ParsedColumn:
    """Return an ordinal column: numbers as they are, texts in a stated order.

    Raises:
        NetError: N507 where texts have no stated order.
    """
    stated = (find_column(name, table, span) for name in spec.categories or {})
    if column.categories is None or column.name in stated:
        return column
    shown = ", ".join(map(in_one_line, column.categories[:4]))
    message = f"the order of the texts in column `{column.name}` of {table.path} is not known"
    help = f"data: {{categories: {{{column.name}: [{shown}]}}}} from the first to the last"
    raise fail("N507", message, span, help=help)


def with_categories(
    column: ParsedColumn, categories: tuple[str, ...], table: ParsedTable, span: Span | None
) -> ParsedColumn:
    """Return a column whose categories are stated. Raises NetError N531 for another text."""
    import numpy as np

    column = as_text(column)
    values = recoded(column, categories)
    other = np.flatnonzero(np.isnan(values) & ~np.isnan(column.values))
    if len(other):
        text = (column.categories or ())[int(column.values[other[0]])]
        where = f"`{text}` in {table.place(int(other[0]))}"
        raise fail(
            "N531",
            f"column `{column.name}` of {table.path} holds {where}, not a stated category",
            span,
            help=did_you_mean(text, categories) or f"the categories are {', '.join(categories)}",
        )
    return ParsedColumn(column.name, values, categories)
