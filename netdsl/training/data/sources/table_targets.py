"""The columns of a table that are learned: classes or values, for each output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.training.data.parts import classes_text
from netdsl.training.data.sources.parsed_table import (
    EXACT,
    ParsedColumn,
    ParsedTable,
    as_text,
    recoded,
    text_for_numbers,
)
from netdsl.training.preparation.readings import gives_classes
from netdsl.training.preparation.shapes import size
from netdsl.wording import enumerated

if TYPE_CHECKING:
    from netdsl.training.data.signature import NetworkSignature, TensorSpec
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.rows import Array

MAX_CLASSES = 1000


class TrainedTable(NamedTuple):
    """How a run's table was read, for reading others in the same way.

    Attributes:
        columns: the transforms of its columns, whichever input gets them.
        tables: the columns of each input.
        classes: the names of the classes of the first output.
        classes_by: for several targets, the names of the classes of each output.
        fitted: whether medians of the columns are known yet.
    """

    columns: TableTransform
    tables: tuple[TableTransform, ...]
    classes: tuple[str, ...]
    classes_by: tuple[tuple[str, ...], ...] = ()
    fitted: bool = True


class LearnedColumns(NamedTuple):
    """The columns of a table that an output learns.

    Attributes:
        names: of the columns.
        values: labels or values [n], or the values of several columns [n, columns].
        classes: the names of the classes; empty for values.
    """

    names: tuple[str, ...]
    values: Array
    classes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The name of the columns in messages."""
        names = enumerated(f"`{name}`" for name in self.names)
        return f"column{'s' if len(self.names) > 1 else ''} {names}"


def learned_columns(
    table: ParsedTable,
    targets: tuple[str, ...],
    signature: NetworkSignature,
    kept: TrainedTable | None,
    span: Span | None,
) -> tuple[LearnedColumns, ...]:
    """Return what each output learns: all the same target, each its own, or a single one all.

    With several targets, an output learns the column of its name; if the names differ, targets are
    assigned in their order.

    Raises:
        NetError: N518 where the number of targets is neither that of the outputs nor that of the
            single output's values, N520 for a class that a run does not know, N521 for a single
            class, N531 for text in place of numbers.
    """
    outputs = signature.outputs
    if len(targets) == 1:
        known = kept.classes if kept else ()
        one = _checked(table, targets[0], outputs[0], kept is not None, known, span)
        return (one,) * len(outputs)
    if len(outputs) == 1 and signature.sized:
        if math.prod(outputs[0].shape) != len(targets):
            raise _unlike(targets, outputs, span)
        return (_side_by_side(table, targets, span),)
    if signature.sized and len(outputs) != len(targets):
        raise _unlike(targets, outputs, span)
    names = [output.name for output in outputs]
    if set(names) == set(targets):
        targets = tuple(names)
    if not signature.sized:  # the network's outputs are not known yet
        outputs = outputs[:1] * len(targets)
    classes = kept.classes_by if kept else ((),) * len(outputs)
    return tuple(
        _checked(table, name, output, kept is not None, known, span)
        for name, output, known in zip(targets, outputs, classes, strict=True)
    )


def _unlike(targets: tuple[str, ...], outputs: Sequence[TensorSpec], span: Span | None) -> NetError:
    """Return the error N518 for another number of targets than of outputs."""
    gives = enumerated(f"{output.name} of {size(output.shape)}" for output in outputs)
    each = " and ".join(f"`@h > linear-1 as {name}`" for name in targets)
    return fail(
        "N518",
        f"there are {len(targets)} targets, and the network gives {gives}",
        span,
        help=f"end it with an output for each, {each}, or with one of all, `linear-{len(targets)}`",
    )


def _side_by_side(
    table: ParsedTable, targets: tuple[str, ...], span: Span | None
) -> LearnedColumns:
    """Return the values of several columns for one output. Raises NetError N531 for text."""
    import numpy as np

    columns = [table.column(name) for name in targets]
    for column in columns:
        if column.categories is not None:
            message = f"column `{column.name}` of {table.path} is text, and one of several targets"
            help = "an output learns several columns of numbers; give text an output of its own"
            raise fail("N531", message, span, help=help)
    return LearnedColumns(targets, np.stack([column.values for column in columns], axis=1))


def _checked(
    table: ParsedTable,
    name: str,
    tensor: TensorSpec,
    trained: bool,
    known: tuple[str, ...],
    span: Span | None,
) -> LearnedColumns:
    """Return what an output learns of one column. Raises NetError N520, N521, N531."""
    values, classes = _targets(table.column(name), table, tensor, trained, known, span)
    if len(classes) == 1:
        message = f"column `{name}` of {table.path} has only one class: {classes[0]}"
        raise fail("N521", message, span)
    return LearnedColumns((name,), values, classes)


def _targets(
    cells: ParsedColumn,
    table: ParsedTable,
    tensor: TensorSpec,
    trained: bool,
    known: tuple[str, ...],
    span: Span | None,
) -> tuple[Array, tuple[str, ...]]:
    """Return the targets [n], and the names of the classes if they are classes.

    Classes are texts, or integers other than 0, 1, ... that a softmax or sigmoid learns.

    Raises:
        NetError: N520 for a class that a run does not know, N531 for text in place of numbers.
    """
    import numpy as np

    if known:
        return _places(cells, table, known, span)
    if cells.categories is not None:
        if trained:
            raise text_for_numbers(cells.name, table, span)
        return _places(cells, table, cells.categories, span)
    y = cells.values
    # Integers beyond 2**53 are no longer distinct in the float that they were read as.
    if not ((y == np.floor(y)) & (np.abs(y) < EXACT)).all():
        return y, ()
    y = y.astype(np.int64)
    found = np.unique(y)
    # Labels that count from 0 are not changed, so that a class without examples keeps its place.
    from_0 = found[0] >= 0 and found[-1] < max(2, tensor.shape[-1])
    if trained or from_0 or not gives_classes(tensor.activation) or len(found) > MAX_CLASSES:
        return y, ()
    return _places(cells, table, tuple(map(str, found.tolist())), span)


def _places(
    cells: ParsedColumn, table: ParsedTable, classes: tuple[str, ...], span: Span | None
) -> tuple[Array, tuple[str, ...]]:
    """Return the place of each cell's text among the classes [n], and the classes.

    Raises:
        NetError: N520 for a text that is not one of them.
    """
    import numpy as np

    column = as_text(cells)
    places = recoded(column, classes)
    unknown = np.flatnonzero(np.isnan(places))
    if len(unknown):
        row = int(unknown[0])
        text = (column.categories or ())[int(column.values[row])]
        where = f"column `{cells.name}` of {table.path} holds `{text}` in {table.place(row)}"
        raise fail(
            "N520",
            f"{where}; the network knows {classes_text(classes)}",
            span,
            help=did_you_mean(text, classes),
        )
    return places.astype(np.int64), classes
