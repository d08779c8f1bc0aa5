"""Standardise a table's columns and target values by its training part."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from netdsl.errors import Span, fail
from netdsl.training.data.parts import Data
from netdsl.training.data.sources.toys import short_name
from netdsl.training.preparation.columns import NUMBER
from netdsl.training.preparation.readings import meaning_of
from netdsl.training.preparation.shapes import size
from netdsl.wording import counted, first_few

if TYPE_CHECKING:
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array


def fitted(data: Data, span: Span | None = None) -> Data:
    """Fit the transforms of a table's columns and target values to its training part.

    Raises:
        NetError: N518 where the network's input has another number of values than the columns
            give.
    """
    import numpy as np

    inputs: list[InputTransform] = []
    notes: list[str] = []
    for place, input in enumerate(data.preparation.inputs):
        if input.vocabulary or input.columns is None:
            inputs.append(input)
            continue
        # Medians and deviations are of the training part: the test part must not influence them.
        rows, *parts = (part.x[place][:] for part in (data.train, data.validation, data.test))
        columns = input.columns.fitted(rows, np.concatenate(parts))
        if math.prod(input.shape) != columns.width:
            gives = f"{short_name(data.spec.source or '')} gives {columns.description}"
            which = "the network's input" if len(data.preparation.inputs) == 1 else input.name
            raise fail(
                "N518", f"{gives}; {which} has {size(input.shape)}", span, help=_fitting(columns)
            )
        inputs.append(replace(input, columns=columns))
        notes += _filled((rows, *parts), columns)
        for name, part in zip(("validation", "test"), parts, strict=True):
            notes += _unseen(rows, part, name, columns)
        if data.spec.split.order:
            notes += _later(rows, parts[1], columns, data.spec.split.order)
    outputs = tuple(
        _standardised(output, y[:])
        for output, y in zip(data.preparation.outputs, data.train.y, strict=True)
    )
    table = data.preparation.table
    assert table is not None
    return replace(
        data,
        spec=replace(data.spec, missing=table.missing, header=table.header),
        preparation=replace(data.preparation, inputs=tuple(inputs), outputs=outputs),
        notes=(*data.notes, *notes, *_unlike_scales(data)),
    )


LARGE = 100
"""A column that gives at least this many numbers is proposed to be left out."""


def _fitting(columns: TableTransform) -> str:
    """Return what the network should begin with, and which columns make its input large."""
    help = f"begin the network with `input {columns.width}`"
    large = [name for name, width in columns.widths.items() if width > LARGE]
    rest = columns.width - sum(columns.widths[name] for name in large)
    if not large or not rest:
        return help
    each = ", ".join(f"{name} gives {columns.widths[name]:,} of them" for name in large)
    names = ",".join(large)
    return f"{help}; {each}: leave it out with --ignore {names}, and begin with `input {rest}`"


UNLIKE = 3
"""A target whose deviation is this many times that of another one dominates the loss."""


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


def _filled(parts: Sequence[Array], columns: TableTransform) -> Iterator[str]:
    """Yield notes on what replaced missing numbers in the rows of all parts."""
    import numpy as np

    first = {column.name: place for place, column in reversed(list(enumerate(columns.columns)))}
    for place, column in enumerate(columns.columns):
        if first[column.name] != place:  # another part of a date
            continue
        empty = sum(int(np.isnan(part[:, place]).sum()) for part in parts)
        if empty and not column.one_hot:
            filled = f"{counted(empty, 'missing value')} filled with the training median"
            yield f"{column.name}: {filled}, {column.shown(column.median)}"


def _unseen(rows: Array, others: Array, part: str, columns: TableTransform) -> Iterator[str]:
    """Yield notes on cells whose categories are in no training row, so that nothing is learned of
    them.
    """
    import numpy as np

    for place, column in enumerate(columns.columns):
        known, found = rows[:, place], others[:, place]
        found = found[~np.isnan(found)]
        unseen = found[~np.isin(found, known)]
        if column.one_hot and len(unseen):
            texts = sorted({column.categories[int(code)] for code in unseen})
            cells = f"{counted(len(unseen), 'cell')} in the {part} part ({first_few(texts, 3)})"
            yield f"{column.name}: {cells} with a category that no training row has"
        elif len(found) and np.isnan(known).all():
            yield f"{column.name}: empty in the training part, so nothing is learned from it"


BEYOND = 0.1
"""A column is reported if this share of the later rows has a number beyond all those trained on."""


def _later(rows: Array, later: Array, columns: TableTransform, order: str) -> Iterator[str]:
    """Report columns whose later numbers lie beyond those of the training rows.

    A network predicts such rows badly, and even later ones worse: the error on the test part is
    then lower than theirs will be. Dates and the order always increase, and are left out.

    Args:
        rows: of the training part [n, columns].
        later: those of the test part.
        columns: their transforms.
        order: the column of the rows' times.
    """
    import numpy as np

    found = []
    for place, column in enumerate(columns.columns):
        known, values = rows[:, place], later[:, place]
        known, values = known[~np.isnan(known)], values[~np.isnan(values)]
        if column.kind != NUMBER or column.name == order or not len(known) or not len(values):
            continue
        share = float(((values < known.min()) | (values > known.max())).mean())
        if share > BEYOND:
            found.append(f"{column.name} in {share:.0%}")
    if found:
        yield (
            f"of the later rows, which are tested on, {first_few(found, 3)} lie beyond what is "
            "trained on: expect larger errors the later a row is; the change since an earlier row, "
            "learned in place of the value, stays in its range"
        )


def _standardised(output: OutputTransform, y: Array) -> OutputTransform:
    """Standardise the values of an output that may give any number, by the training part."""
    if (
        output.classes
        or output.loss not in ("squared", "absolute")
        # A sigmoid cannot give standardised values, some of which are below 0.
        or meaning_of(output.activation) != "score"
    ):
        return output
    spread = float(y.std())
    # Values are compared too: rounding makes the deviation of values that are all 0.1 1e-17.
    varies = spread > 0 and y.min() < y.max()
    return replace(output, centre=float(y.mean()), spread=spread if varies else 1.0)
