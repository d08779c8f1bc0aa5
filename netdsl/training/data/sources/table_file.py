"""Files of rows and columns: CSV and Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from netdsl.paths import read_regular, standard_input
from netdsl.training.data.sources.arrays import unreadable
from netdsl.training.data.sources.csv_table import parse_csv
from netdsl.training.data.sources.parquet import read_parquet
from netdsl.training.data.sources.parsed_table import ParsedTable, as_text
from netdsl.training.preparation.table_format import UNSTATED, TableFormat

if TYPE_CHECKING:
    from netdsl.errors import Span
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.recipes.recipe import DataSpec

TEXT, BINARY = (".csv", ".tsv", ".txt"), (".parquet", ".pq")
SUFFIXES = (*TEXT, *BINARY)


def table_format(spec: DataSpec) -> TableFormat:
    """Return what a recipe states about a table's text."""
    thousands = {"space": " ", "none": ""}
    return TableFormat(
        {"tab": "\t", "space": " "}.get(spec.separator or "", spec.separator),
        spec.decimal,
        thousands.get(spec.thousands or "", spec.thousands),
        spec.encoding,
        spec.comment,
        spec.missing_values or (),
    )


def read_table_file(
    path: Path,
    form: TableFormat = UNSTATED,
    header: bool | None = None,
    known: TableTransform | None = None,
    kinds: Mapping[str, bool | None] = MappingProxyType({}),
    span: Span | None = None,
) -> ParsedTable:
    """Read the columns of a file; `-` is a CSV on standard input.

    Args:
        path: the file.
        form: what a recipe states about its text.
        header: whether its first row holds names; None to find out.
        known: the columns of a run: says which ones are text, and which are ignored.
        kinds: whether a column is text or numbers, whatever its cells look like; None leaves it to
            the cells.
        span: the place of the file's name in a recipe.

    Raises:
        NetError: N511 unreadable, N536 not a table, N531 a cell that is not a number.
    """
    if path.suffix.lower() in BINARY:
        return _with_texts(read_parquet(path, span), kinds)
    try:
        content = standard_input() if str(path) == "-" else read_regular(path)
    except OSError as error:
        raise unreadable(path, error, span) from None
    name = "standard input" if str(path) == "-" else str(path)
    return parse_csv(name, content, form, header, known, kinds, span)


def _with_texts(table: ParsedTable, kinds: Mapping[str, bool | None]) -> ParsedTable:
    """Return a table with some columns as text, even if they hold numbers."""
    return table._replace(
        columns=tuple(
            as_text(column) if kinds.get(column.name) and not column.days else column
            for column in table.columns
        )
    )
