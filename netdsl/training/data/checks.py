"""Check examples and targets against a network's inputs and outputs."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from netdsl.errors import NetError, Span, fail
from netdsl.training.data.parts import INPUT, Examples
from netdsl.training.data.plan import is_label
from netdsl.training.data.views import PreparedRows
from netdsl.training.preparation.ranges import fractional_value, scan
from netdsl.training.preparation.readings import reads_margins
from netdsl.training.preparation.shapes import size

if TYPE_CHECKING:
    from netdsl.training.preparation.outputs import OutputTransform
    from netdsl.training.preparation.rows import Array, Rows, Shape
    from netdsl.training.preparation.transforms import Preparation


def checked(part: Examples, preparation: Preparation, span: Span | None) -> Examples:
    """Check a part, and bring its targets to the form that its preparation takes.

    Returns:
        The part, with `y` as labels for outputs of classes, and as the input for an output that
        copies one.

    Raises:
        NetError: N517 to N520, N527.
    """
    for input, x, name in zip(preparation.inputs, part.x, part.x_names, strict=True):
        input.check(x, name, span)
        if input.vocabulary:
            input.check_range(x, name, span)
    # A view of the inputs: an autoencoder's targets take no memory of their own.
    if any(output.copies for output in preparation.outputs):
        by_name = {
            input.name: PreparedRows(x, input)
            for input, x in zip(preparation.inputs, part.x, strict=True)
        }
        return dataclasses.replace(
            part,
            y=tuple(by_name[output.copies] for output in preparation.outputs),
            y_names=(INPUT,) * len(preparation.outputs),
        )
    both = zip(preparation.outputs, part.y, part.y_names, strict=True)
    return dataclasses.replace(
        part, y=tuple(_targets(output, y, name, span) for output, y, name in both)
    )


def _targets(output: OutputTransform, y: Rows, name: str, span: Span | None) -> Rows:
    """Return labels [n] or [n, *positions], or values that fit the output.

    Raises:
        NetError: N518 to N520.
    """
    if output.classes:
        return _labels(y, output, name, span)
    given, expected = y.shape[1:], output.shape
    # [n] for one value and [n, h, w] for one channel are usual.
    if given != expected and (*given, 1) != expected:
        flat = len(expected) == 1 and len(given) < 2
        raise fail(
            "N518",
            f"{name} holds values of {size(given)}; the network gives {size(expected)}",
            span,
            help=f"give the network as many outputs: {math.prod(given)}" if flat else "",
        )
    return y


def _labels(y: Rows, output: OutputTransform, name: str, span: Span | None) -> Rows:
    """Return class labels counted from 0: [n] or [n, *positions].

    They are given as such labels, or as one-hot rows; for hinge also as -1 and 1.

    Raises:
        NetError: N518 to N520.
    """
    import numpy as np

    positions: Shape = output.shape[:-1]
    if output.shape[-1] > 1 and y.shape[1:] == output.shape:
        rows = np.asarray(y[:])
        if not _one_hot(rows):
            raise fail("N519", f"the rows of {name} are not one-hot", span)
        return np.asarray(rows.argmax(axis=-1))
    if not is_label(y.shape[1:], output.shape):
        raise _no_labels(y, output, name, span)
    found = scan(y)
    if found.not_whole is not None:
        value = fractional_value(y, found.not_whole)
        raise fail(
            "N519",
            f"the labels in {name} are not integers: {value:g} in row {found.not_whole}",
            span,
        )
    # -1 and 1 are hinge's own labels; with a 0 among them the meaning is unclear.
    signs = output.shape == (1,) and reads_margins(output.loss) and found.low == -1
    if signs and np.isin(y[:], (-1, 1)).all():
        return np.asarray(np.asarray(y[:]).reshape(-1) > 0, np.int64)
    if found.low < 0 or found.high >= output.classes:
        labels = np.asarray(y[:])
        wrong = ((labels < 0) | (labels >= output.classes)).reshape(len(y), -1).any(axis=1)
        known = f"the network has outputs 0 to {output.classes - 1}"
        raise fail(
            "N520",
            f"the labels in {name} go from {found.low:g} to {found.high:g}; {known}",
            span,
            help=f"the first is in row {int(np.flatnonzero(wrong)[0])}; labels count from 0",
        )
    # Maps of labels that may exceed the memory are not copied; `targets` converts the rows of a
    # batch to integers.
    if positions and type(y) is not np.ndarray and y.shape[1:] == positions:
        return y
    return np.asarray(y[:]).reshape(len(y), *positions).astype(np.int64)


def _no_labels(y: Rows, output: OutputTransform, name: str, span: Span | None) -> NetError:
    """Return the error N518 for targets whose shape is not that of labels."""
    import numpy as np

    positions: Shape = output.shape[:-1]
    if len(y.shape) == len(output.shape) + 1 and _one_hot(rows := np.asarray(y[:])):
        classes = rows.shape[-1]
        return fail(
            "N518",
            f"{name} holds one-hot rows of {classes} classes; the network has {output.classes} "
            "outputs",
            span,
            help=f"give the network as many outputs: {classes}",
        )
    needed = (
        f"the network needs a label for each of {size(positions)}"
        if positions
        else "a class label is one number"
    )
    return fail("N518", f"{name} holds {size(y.shape[1:])} for each example; {needed}", span)


def _one_hot(rows: Array) -> bool:
    """Return whether all rows have a single 1 and 0 elsewhere."""
    return bool(((rows == 0) | (rows == 1)).all() and (rows.sum(axis=-1) == 1).all())
