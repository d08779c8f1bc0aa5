"""Random raw examples for an export that prepares them itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.training.export.prepared import array_of, indices_of
from netdsl.training.preparation.columns import DATE, TEXT

if TYPE_CHECKING:
    from netdsl.training.export.interface import ExportedInput, Interface
    from netdsl.training.preparation.columns import ColumnTransform
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.rows import Array
    from netdsl.training.preparation.transforms import Preparation

RAW_EXAMPLES = 16
"""The number of examples: enough for missing cells and unknown texts in each column."""

DAYS = 1000
"""The standard deviation, in days, of dates that are drawn around the median."""


def raw_examples(preparation: Preparation, interface: Interface) -> dict[str, Array]:
    """Draw examples [RAW_EXAMPLES, *shape] for each input of an export, with a fixed seed.

    Numbers are distributed like the training's; each column has a missing cell, and a column of
    texts an unknown text.
    """
    import numpy as np

    rng = np.random.default_rng(0)
    arrays = {input.name: input for input in preparation.inputs if not input.columns}
    columns = {
        column.name: column
        for input in preparation.inputs
        if input.columns
        for column in input.columns.columns
    }
    return {
        one.name: _cells(rng, one, columns[one.name])
        if one.name in columns
        else _array(rng, one, arrays[one.name])
        for one in interface.inputs
    }


def _cells(rng: Any, one: ExportedInput, column: ColumnTransform) -> Array:
    import numpy as np

    shape = (RAW_EXAMPLES, *one.shape)
    missing = rng.integers(RAW_EXAMPLES)
    if column.kind == TEXT:
        # The places of padding and of unknown words too.
        made: Array = rng.integers(0, len(one.texts) + 2, shape).astype(one.dtype)
        return made
    if one.coded:
        made = rng.choice(np.array([*one.texts, ""], object), shape)
        made[missing] = ""
        made[missing - 1] = "?" + max(one.texts, key=len, default="")  # none of them has this one
        return made
    spread = DAYS if column.kind == DATE else column.deviation
    made = column.median + spread * rng.normal(size=shape)
    # One missing cell in each column: the median replaces it, which is a constant of the export.
    made[missing] = np.nan
    return made


def _array(rng: Any, one: ExportedInput, input: InputTransform) -> Array:
    shape = (RAW_EXAMPLES, *one.shape)
    low, high = input.pixel_range or (0.0, input.scale)
    if input.vocabulary:
        drawn = rng.integers(0, input.vocabulary, shape)
    elif one.dtype != "float32":
        drawn = rng.integers(int(low), int(high) + 1, shape)
    elif input.unit or input.pixel_range:
        drawn = rng.uniform(low, high, shape)
    else:
        drawn = input.scale * rng.normal(size=shape)
    made: Array = drawn.astype(one.dtype)
    return made


def as_read(preparation: Preparation, examples: dict[str, Array]) -> tuple[Array, ...]:
    """Return examples of an export as `predict` reads them: an array for each input, for
    `Preparation.x`.
    """
    import numpy as np

    found: list[Array] = []
    for input in preparation.inputs:
        if input.columns is None:
            found.append(array_of(np, input, examples[input.name]))
            continue
        columns = input.columns.columns
        if input.vocabulary:
            cells = _codes(columns[0], examples[columns[0].name])
            found.append(indices_of(np, columns[0], cells).astype(np.int32))
            continue
        each = [_codes(column, examples[column.name])[:, 0] for column in columns]
        found.append(np.stack(each, axis=1))
    return tuple(found)


def _codes(column: ColumnTransform, cells: Array) -> Array:
    """Return the places of a column's texts [n, 1], NaN for unknown ones; numbers as they are."""
    import numpy as np

    if not column.coded:
        return cells
    places = {text: float(place) for place, text in enumerate(column.categories)}
    return np.array([[places.get(cell, np.nan) for cell in row] for row in cells.tolist()])
