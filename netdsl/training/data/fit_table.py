"""A table's columns and values, standardised by its training part."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import Span, fail
from netdsl.training.data.parts import Data, Examples
from netdsl.training.preparation.readings import meaning_of
from netdsl.training.preparation.shapes import size
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array


def fitted(data: Data, span: Span | None = None) -> Data:
    """Fit the columns of a table, and the values to be learned, to the training part.

    Raises:
        NetError: N518 where the network's input has another number of values than the columns
            give, N531 where the training part has no value of a column.
    """
    input = data.preparation.inputs[0]
    old = input.columns
    assert old is not None
    rows = data.train.x[0][:]
    _check_columns(rows, old, data, span)
    columns = old.fitted(rows)
    if math.prod(input.shape) != columns.width:
        gives = f"{Path(data.spec.source or '').name} gives {columns.description}"
        raise fail(
            "N518",
            f"{gives}; the network's input has {size(input.shape)}",
            span,
            help=f"begin the network with `input {columns.width}`",
        )
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


def _check_columns(rows: Array, columns: TableTransform, data: Data, span: Span | None) -> None:
    """Raise NetError N531 where a column has no value in the training part."""
    import numpy as np

    for place, column in enumerate(columns.columns):
        if np.isnan(rows[:, place]).all():
            where = f"in all {counted(len(rows), 'row')} of the training part"
            raise fail(
                "N531",
                f"column `{column.name}` of {data.spec.source} is empty {where}",
                span,
                help="leave the column out of the file, or fill it in",
            )


def _filled(data: Data, columns: TableTransform) -> Iterator[str]:
    """Say what was put in for missing numbers."""
    import numpy as np

    parts = (data.train, data.validation, data.test)
    for place, column in enumerate(columns.columns):
        empty = sum(int(np.isnan(part.x[0][:, place]).sum()) for part in parts)
        if empty and not column.text:
            filled = f"{counted(empty, 'missing value')} filled with the training median"
            yield f"{column.name}: {filled}, {column.median:g}"


def _unseen(before: Examples, after: Examples, columns: TableTransform) -> Iterator[str]:
    """Say which texts are in no training row."""
    import numpy as np

    lost = np.isnan(after.x[0][:]).sum(axis=0) - np.isnan(before.x[0][:]).sum(axis=0)
    for column, count in zip(columns.columns, lost.tolist(), strict=True):
        if count:
            where = f"in the {after.name} part, in no training row"
            yield f"{counted(count, 'text')} of {column.name} {where}: none of its categories"


def _standardised(output: OutputTransform, y: Array) -> OutputTransform:
    """Standardise the values of an output that may give any number, by the training part."""
    if (
        output.classes
        or output.loss not in ("squared", "absolute")
        or meaning_of(output.activation) != "score"
    ):
        return output
    spread = float(y.std())
    return replace(output, centre=float(y.mean()), spread=spread if spread > 0 else 1.0)
