"""Parquet files, read by pyarrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from netdsl.errors import Span, fail, first_line
from netdsl.paths import require_regular
from netdsl.training.data.sources.arrays import unreadable
from netdsl.training.data.sources.arrow_cells import cells_in
from netdsl.training.data.sources.cells import why_not_finite
from netdsl.training.data.sources.date_cells import MICROSECONDS
from netdsl.training.data.sources.parsed_table import ParsedColumn, ParsedTable, text_column
from netdsl.training.preparation.ranges import LARGEST


def read_parquet(path: Path, span: Span | None) -> ParsedTable:
    """Read the columns of a Parquet file.

    Raises:
        NetError: N511 unreadable, N536 not Parquet, or with two columns of one name, N531 a column
            of another type.
    """
    import numpy as np
    import pyarrow
    import pyarrow.parquet

    try:
        require_regular(path)
        with path.open("rb") as file:
            # `read_table` calls a file with two columns of one name no Parquet file.
            table = pyarrow.parquet.ParquetFile(file).read()
    except pyarrow.ArrowException as error:
        raise fail("N536", f"{path} is not a Parquet file: {first_line(error)}", span) from None
    except OSError as error:
        raise unreadable(path, error, span) from None
    if twice := [name for name in table.column_names if table.column_names.count(name) > 1]:
        raise fail("N536", f"the column `{twice[0]}` is in {path} twice", span)
    columns = tuple(
        _column(str(path), name, table.column(name), span) for name in table.column_names
    )
    return ParsedTable(str(path), columns, np.arange(table.num_rows), "row", True)


def _column(path: str, name: str, column: Any, span: Span | None) -> ParsedColumn:
    """Return a column of numbers, of true and false as 1 and 0, of dates as days, or of texts.

    Raises:
        NetError: N531 for another type, or a number beyond float32.
    """
    import numpy as np
    import pyarrow
    from pyarrow import types

    kind = column.type
    if (
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_decimal(kind)
    ):
        # By way of bytes: true and false cannot be cast to floats directly.
        numbers = column.cast(pyarrow.uint8()) if types.is_boolean(kind) else column
        # Not `safe`: integers above 2**53 are rounded, as those of a CSV are.
        values = np.array(numbers.cast(pyarrow.float64(), safe=False).to_numpy())
        if len(beyond := np.flatnonzero(np.abs(values) > LARGEST)):
            value = values[beyond[0]]
            where = f"{value:g} in row {int(beyond[0]):,}, {why_not_finite(str(value))}"
            raise fail("N531", f"column `{name}` of {path} holds {where}", span)
        return ParsedColumn(name, values, None)
    if types.is_timestamp(kind) or types.is_date(kind):
        # In UTC and without the time zone, as dates of other files have none.
        moments = column.cast(pyarrow.timestamp("us")).to_numpy()
        days = moments.astype("datetime64[us]").astype(float) / MICROSECONDS
        days[np.isnat(moments)] = np.nan
        return ParsedColumn(name, days, None, days=True)
    # The type that pandas uses for categories.
    inner = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_string(inner) or types.is_large_string(inner):
        return text_column(name, cells_in(column.cast(pyarrow.string())))
    if types.is_null(kind):
        return ParsedColumn(name, np.full(len(column), np.nan), None)
    holds = f"column `{name}` of {path} holds {kind}, neither numbers, dates nor text"
    raise fail("N531", holds, span)
