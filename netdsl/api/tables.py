"""What a table shows of networks, from the arguments of public functions."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from netdsl.api import arguments
from netdsl.constants import PRECISIONS
from netdsl.report.columns import TableView, column_key, columns_and_scales


def table_view(
    by: str,
    columns: Sequence[str] | str,
    known: Collection[str],
    sorts: Collection[str],
    sort: str | None,
    batch: int,
    precision: str,
    bias: bool,
    units: bool,
) -> TableView:
    """Check the arguments that select the rows and columns of a table.

    Args:
        by: a level of `LEVELS`.
        columns: of `known`, with a unit or without.
        known: the columns that the table has.
        sorts: those of them that rows can be sorted by.
        sort: one of these.
        batch: examples that the memory is for.
        precision: a key of `PRECISIONS`.
        bias: whether `params` counts biases and the factors of norms.
        units: whether numbers are shortened.

    Raises:
        NetError: N107, N201, N625.
    """
    keys, scales = columns_and_scales(arguments.names("columns", columns), known)
    return TableView(
        by,
        keys,
        arguments.whole("batch", batch, 1),
        arguments.one_of("precision", precision, PRECISIONS),
        None
        if sort is None
        else column_key(arguments.text("sort", sort, "a column's name"), sorts),
        arguments.yes_or_no("bias", bias),
        arguments.yes_or_no("units", units),
        scales,
    )
