"""Examples to predict that are given in Python: arrays, or columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from netdsl.errors import did_you_mean, fail
from netdsl.training.data.prediction import PredictionInputs, selected, sound
from netdsl.training.data.sources.array_names import X
from netdsl.training.data.sources.cells import cells_of, why_not_finite
from netdsl.training.data.sources.parsed_table import (
    ParsedColumn,
    ParsedTable,
    text_column,
)
from netdsl.training.data.sources.python import as_array
from netdsl.training.preparation.ranges import LARGEST

if TYPE_CHECKING:
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.rows import Array
    from netdsl.training.preparation.transforms import Preparation

NAME = "the table given"


def given_inputs(inputs: Any, preparation: Preparation) -> PredictionInputs:
    """Read examples that are given in Python, raw, as in the training's data.

    Args:
        inputs: for one input an array [n, *shape] or one example [*shape]; for several inputs a
            dict of arrays by name, or a tuple of them in order; for a table a dict of columns, a
            data frame, or a list of dicts.
        preparation: the run's.

    Raises:
        NetError: N514 to N518, N524, N527, N530, N531, N533.
    """
    if columns := preparation.table:
        table = _table(inputs, columns)
        if not len(table.places):
            raise fail("N516", "there is nothing to predict")
        return selected(table, preparation, _numbered(len(table.places)))
    arrays = _arrays(inputs, [each.name for each in preparation.inputs])
    x = tuple(
        sound(array, input, f"`{input.name}`")
        for array, input in zip(arrays, preparation.inputs, strict=True)
    )
    if len({len(array) for array in x}) > 1:
        lengths = ", ".join(f"{len(array):,}" for array in x)
        raise fail("N515", f"each record requires an example for each input: {lengths}")
    return PredictionInputs(_numbered(len(x[0])), x)


def _numbered(count: int) -> list[str]:
    return [f"[{row}]" for row in range(count)]


def _arrays(inputs: Any, names: Sequence[str]) -> list[Array]:
    """Return an array for each input. Raises NetError N514, N533."""
    if isinstance(inputs, Mapping):
        if len(names) == 1 and list(inputs) == [X]:  # as in an .npz
            inputs = {names[0]: inputs[X]}
        for name in inputs:
            if name not in names:
                help = did_you_mean(str(name), names) or f"the inputs are {', '.join(names)}"
                raise fail("N514", f"the network has no input `{name}`", help=help)
        for name in names:
            if name not in inputs:
                raise fail("N514", f"nothing is given for the input `{name}`")
        return [as_array(inputs[name], f"`{name}`") for name in names]
    if len(names) == 1:
        return [as_array(inputs, "the array given")]
    if not isinstance(inputs, tuple) or len(inputs) != len(names):
        known = ", ".join(names)
        raise fail(
            "N514",
            f"the network has {len(names)} inputs: {known}",
            help="give a dict with an array for each, by its name",
        )
    return [as_array(array, f"`{name}`") for array, name in zip(inputs, names, strict=True)]


def _table(inputs: Any, columns: TableTransform) -> ParsedTable:
    """Return the columns of a dict, a data frame or dicts as a table. Raises N531, N533."""
    import numpy as np

    if isinstance(inputs, list | tuple) and inputs and all(isinstance(r, Mapping) for r in inputs):
        names = dict.fromkeys(name for row in inputs for name in row)
        inputs = {name: [row.get(name) for row in inputs] for name in names}
    elif hasattr(inputs, "columns") and hasattr(inputs, "__getitem__"):
        inputs = {name: inputs[name] for name in inputs.columns}
    if not isinstance(inputs, Mapping):
        known = ", ".join(column.name for column in columns.columns)
        raise fail(
            "N533",
            "the network was trained on a table; arrays have no columns",
            help=f"give a dict of columns, a data frame or a list of dicts: {known}",
        )
    # Columns that the network does not read may hold anything, as in a file.
    numbers = {column.name for column in columns.columns if not column.from_text}
    cells = {str(name): _cells(str(name), values) for name, values in inputs.items()}
    if len({len(values) for values in cells.values()}) > 1:
        lengths = ", ".join(f"`{name}` {len(values):,}" for name, values in cells.items())
        raise fail("N515", f"the columns have different lengths: {lengths}")
    made = tuple(_column(name, values, name not in numbers) for name, values in cells.items())
    count = len(made[0].values) if made else 0
    return ParsedTable(NAME, made, np.arange(count), "row", True)


def _cells(name: str, values: Any) -> list[Any]:
    """Return the cells of a column, None where they are masked. Raises NetError N533."""
    import numpy as np

    # As objects: NumPy would convert all cells to texts if one is a text.
    cells = np.atleast_1d(np.array(values, object))
    if np.ma.is_masked(values):
        cells[np.atleast_1d(np.ma.getmaskarray(values))] = None
    if cells.ndim > 1:
        raise fail("N533", f"column `{name}` of {NAME} is not one value for each row")
    return list(cells)


def _is_missing(cell: Any) -> bool:
    """Return whether a cell is None, NaN or the NA of pandas, whose comparisons are neither true
    nor false.
    """
    try:
        return cell is None or bool(cell != cell)
    except TypeError:
        return True


def _column(name: str, cells: list[Any], text: bool) -> ParsedColumn:
    """Return a column of texts or of numbers."""
    import numpy as np

    empty = [_is_missing(cell) for cell in cells]
    if text:
        texts = ["" if gap else _text(cell) for cell, gap in zip(cells, empty, strict=True)]
        return text_column(name, cells_of(texts))
    try:
        values = np.array(
            [np.nan if gap else float(cell) for cell, gap in zip(cells, empty, strict=True)]
        )
    except (TypeError, ValueError):
        raise fail(
            "N531", f"column `{name}` of {NAME} holds text; the network was trained on numbers"
        ) from None
    if len(beyond := np.flatnonzero(np.abs(values) > LARGEST)):
        value, row = values[beyond[0]], int(beyond[0])
        where = f"{value:g} in row {row:,}, {why_not_finite(str(value))}"
        raise fail("N531", f"column `{name}` of {NAME} holds {where}")
    return ParsedColumn(name, values, None)


def _text(cell: Any) -> str:
    """Return a cell as a text as in the training's file: integers without a decimal point."""
    import numpy as np

    # In a data frame a column of integers is one of floats as soon as a cell is missing.
    whole = isinstance(cell, float | np.floating) and float(cell).is_integer()
    return str(int(cell)) if whole else str(cell)
