"""A table's columns and values, standardised by its training part."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from netdsl.errors import Span, fail
from netdsl.training.data.parts import Data, Examples
from netdsl.training.data.sources.toys import short_name
from netdsl.training.preparation.readings import meaning_of
from netdsl.training.preparation.shapes import size
from netdsl.wording import counted, first_few

if TYPE_CHECKING:
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array


def fitted(data: Data, span: Span | None = None) -> Data:
    """Fit the columns of a table, and the values to be learned, to the training part.

    Raises:
        NetError: N518 where the network's input has another number of values than the columns
            give.
    """
    import numpy as np

    input = data.preparation.inputs[0]
    old = input.columns
    assert old is not None
    rows = data.train.x[0][:]
    others = np.concatenate([part.x[0][:] for part in (data.validation, data.test)])
    columns = old.fitted(rows, others)
    if math.prod(input.shape) != columns.width:
        gives = f"{short_name(data.spec.source or '')} gives {columns.description}"
        raise fail(
            "N518",
            f"{gives}; the network's input has {size(input.shape)}",
            span,
            help=_fitting(columns),
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
        notes=(
            *data.notes,
            *_filled(data, columns),
            *_unlike_scales(data),
            *_unseen(rows, data.validation, columns),
            *_unseen(rows, data.test, columns),
        ),
    )


LARGE = 100
"""Numbers of one column from which on leaving it out is proposed."""


def _fitting(columns: TableTransform) -> str:
    """Say what the network should begin with, and which columns make its input large."""
    help = f"begin the network with `input {columns.width}`"
    large = [name for name, width in columns.widths.items() if width > LARGE]
    rest = columns.width - sum(columns.widths[name] for name in large)
    if not large or not rest:
        return help
    each = ", ".join(f"{name} gives {columns.widths[name]:,} of them" for name in large)
    names = ",".join(large)
    return f"{help}; {each}: leave it out with --ignore {names}, and begin with `input {rest}`"


UNLIKE = 3
"""A target whose values deviate this many times as much as another's is learned before it."""


def _unlike_scales(data: Data) -> Iterator[str]:
    """Report targets of one output whose scales differ: its loss is mostly that of the largest."""
    for output, y in zip(data.preparation.outputs, data.train.y, strict=True):
        if len(output.columns) < 2:
            continue
        deviations = y[:].std(axis=0)
        large, small = int(deviations.argmax()), int(deviations.argmin())
        if deviations[large] > UNLIKE * deviations[small]:
            names = output.columns
            yield (
                f"{names[large]} deviates by {deviations[large]:.4g} and {names[small]} by "
                f"{deviations[small]:.4g} in one output, whose loss is mostly that of the first: "
                "with an output for each, each is standardised"
            )


def _filled(data: Data, columns: TableTransform) -> Iterator[str]:
    """Say what was put in for missing numbers."""
    import numpy as np

    parts = (data.train, data.validation, data.test)
    first = {column.name: place for place, column in reversed(list(enumerate(columns.columns)))}
    for place, column in enumerate(columns.columns):
        if first[column.name] != place:  # another part of a date
            continue
        empty = sum(int(np.isnan(part.x[0][:, place]).sum()) for part in parts)
        if empty and not column.one_hot:
            filled = f"{counted(empty, 'missing value')} filled with the training median"
            yield f"{column.name}: {filled}, {column.shown(column.median)}"


def _unseen(rows: Array, part: Examples, columns: TableTransform) -> Iterator[str]:
    """Say which cells of a part nothing is learned of: what they hold is in no training row."""
    import numpy as np

    for place, column in enumerate(columns.columns):
        known, found = rows[:, place], part.x[0][:][:, place]
        found = found[~np.isnan(found)]
        unseen = found[~np.isin(found, known)]
        if column.one_hot and len(unseen):
            texts = sorted({column.categories[int(code)] for code in unseen})
            cells = (
                f"{counted(len(unseen), 'cell')} in the {part.name} part ({first_few(texts, 3)})"
            )
            yield f"{column.name}: {cells} with a category that no training row has"
        elif len(found) and np.isnan(known).all():
            yield f"{column.name}: empty in the training part, so nothing is learned from it"


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
