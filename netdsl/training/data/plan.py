"""What is to be done to a table's examples for a network: scales, losses, classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, Span, fail
from netdsl.training.data.parts import INPUT, Gate, Table, Wanted
from netdsl.training.preparation.columns import TableTransform
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import LOGITS, MARGINS, PROBABILITIES, OutputTransform
from netdsl.training.preparation.ranges import ValueRange, scan
from netdsl.training.preparation.shapes import fits, fits_indices, misfit, size
from netdsl.training.preparation.transforms import Preparation

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Rows, Shape
    from netdsl.training.recipes.recipe import Recipe


def plan(table: Table, recipe: Recipe, wanted: Wanted) -> Preparation:
    """What is to be done to the table's examples for this network.

    Raises NetError N507 where the loss does not go with them, N518 for shapes, N526 for another
    number of classes, N527 for indices.
    """
    span = recipe.span("data.source")
    part = table.train
    inputs = tuple(
        _input(x, gate, f"{name} of {table.source}", table, recipe)
        for x, gate, name in zip(part.x, wanted.inputs, part.x_names, strict=True)
    )
    if table.target == INPUT:
        return Preparation(
            inputs, tuple(_copy(gate, inputs, recipe, span) for gate in wanted.outputs)
        )
    return Preparation(
        inputs,
        tuple(
            _output(y, gate, table, recipe) for y, gate in zip(part.y, wanted.outputs, strict=True)
        ),
    )


def _input(x: Rows, gate: Gate, what: str, table: Table, recipe: Recipe) -> InputTransform:
    span, example = recipe.span("data.source"), x.shape[1:]
    if gate.vocabulary:
        if not fits_indices(example, gate.shape):
            raise fail(
                "N518",
                f"{what} holds examples of {size(example)}; the network's input is {size(gate.shape)} indices",
                span,
            )
        made = InputTransform(gate.name, example, True, 1.0, False, gate.shape, gate.vocabulary)
        made.check_range(x, what, span)
        return made
    if isinstance(table.columns, TableTransform):
        return InputTransform(
            gate.name, example, False, 1.0, False, gate.shape, columns=table.columns
        )
    if not fits(example, gate.shape):
        raise misfit(example, gate.shape, what, span)
    seen = scan(x)
    scale = (
        recipe.data.scale or table.scale or (255.0 if x.dtype == "uint8" and seen.high > 1 else 1.0)
    )
    return InputTransform(
        gate.name,
        example,
        x.dtype.kind in "iub",
        scale,
        seen.low >= 0 and seen.high <= scale,
        gate.shape,
    )


# --- outputs --------------------------------------------------------------------------------------


class Labels(NamedTuple):
    """What the targets of an output look like: their shape without the batch, and what a look at
    them found.
    """

    shape: Shape
    seen: ValueRange


def _output(y: Rows, gate: Gate, table: Table, recipe: Recipe) -> OutputTransform:
    """What an output is compared with. Raises NetError N507, N526."""
    labels = Labels(y.shape[1:], scan(y))
    classes = _classes(labels, gate, recipe.loss)
    if table.own and table.classes and not classes:
        raise _no_classes(table, gate, recipe.span("data.source"))
    loss = recipe.loss or _loss(labels.seen, gate.activation, classes)
    names = table.classes if classes else ()
    soft = (
        not classes
        and loss == "binary"
        and gate.activation in PROBABILITIES["binary"]
        and labels.seen.not_whole is not None
    )
    output = OutputTransform(
        gate.name, gate.shape, gate.activation, loss, classes, names, soft=soft
    )
    if table.own and classes and len(table.classes) != classes:
        raise _other_classes(table, gate, recipe.span("data.source"))
    check_loss(output, labels.seen, recipe.span("loss"))
    return output


def _copy(
    gate: Gate, inputs: tuple[InputTransform, ...], recipe: Recipe, span: Span | None
) -> OutputTransform:
    """An output that learns the input of its shape, as it is prepared.

    Raises NetError N507, N518 where there is none.
    """
    for input in inputs:
        if not input.vocabulary and not input.columns and input.shape == gate.shape:
            likely = gate.activation in PROBABILITIES["binary"] and input.unit
            output = OutputTransform(
                gate.name,
                gate.shape,
                gate.activation,
                recipe.loss or ("binary" if likely else "squared"),
                0,
                copies=input.name,
            )
            seen = (
                ValueRange(0.0, 1.0, None, None)
                if input.unit
                else ValueRange(-math.inf, math.inf, None, None)
            )
            check_loss(output, seen, recipe.span("loss"))
            return output
    shapes = " and ".join(size(input.shape) for input in inputs)
    message = (
        f"the output {gate.name} of {size(gate.shape)} cannot learn the network's input of {shapes}"
    )
    raise fail(
        "N518",
        message,
        recipe.span("data.target") or span,
        help="`target: input` needs an output of the input's shape",
    )


def _classes(labels: Labels, gate: Gate, loss: str | None) -> int:
    """How many classes the output tells apart; 0 where the targets are values."""
    if gate.shape[-1] > 1:
        told = loss in ("cross-entropy", "hinge") or (
            loss is None and gate.activation in ("softmax", "logsoftmax")
        )
        return (
            gate.shape[-1]
            if told or (is_label(labels.shape, gate.shape) and labels.seen.not_whole is None)
            else 0
        )
    single = math.prod(labels.shape) == math.prod(gate.shape) == 1
    told = loss in ("binary", "hinge") or gate.activation in PROBABILITIES["binary"]
    return 2 if single and told and labels.seen.not_whole is None else 0


def is_label(given: Shape, output: Shape) -> bool:
    """Whether targets of this shape are a label for each example, or for each position of an
    output [..., classes].
    """
    return math.prod(given) == 1 if len(output) == 1 else given in (output[:-1], (*output[:-1], 1))


def _loss(seen: ValueRange, activation: str, classes: int) -> str:
    """The loss that goes with the output's activation and the targets."""
    if activation in PROBABILITIES["binary"] and (classes or (seen.low >= 0 and seen.high <= 1)):
        return "binary"
    if activation in PROBABILITIES["cross-entropy"] or (
        classes and activation in LOGITS["cross-entropy"]
    ):
        return "cross-entropy"
    return "squared"


def check_loss(output: OutputTransform, seen: ValueRange, span: Span | None) -> None:
    """Raises NetError N507 where the loss cannot be told from such an output or such targets."""
    loss = output.loss
    allowed = PROBABILITIES.get(loss, ()) + LOGITS.get(loss, ()) + MARGINS.get(loss, ())
    if allowed and output.activation not in allowed:
        words = ", ".join(f"`{word}`" for word in allowed)
        raise fail(
            "N507",
            f"the loss `{loss}` needs an output of {words}; the network ends with `{output.activation}`",
            span,
        )
    if loss == "cross-entropy" and (not output.classes or output.shape[-1] == 1):
        told = f"an output of {size(output.shape)}"
        raise fail(
            "N507",
            f"the loss `cross-entropy` needs class labels and two outputs or more, not {told}",
            span,
        )
    if loss == "hinge" and not output.classes:
        raise fail("N507", "the loss `hinge` needs class labels; the data holds values", span)
    if loss == "binary" and not output.classes and (seen.low < 0 or seen.high > 1):
        raise fail(
            "N507",
            f"the loss `binary` needs values from 0 to 1; the data holds {seen.low:g} to {seen.high:g}",
            span,
        )


def _no_classes(table: Table, gate: Gate, span: Span | None) -> NetError:
    message = f"{table.source} holds {listed(table.classes)}; the network gives values of {size(gate.shape)}"
    return fail("N526", message, span, help=f"end the network with {_end(len(table.classes))}")


def _other_classes(table: Table, gate: Gate, span: Span | None) -> NetError:
    message = f"{table.source} holds {listed(table.classes)}; the network's output of {size(gate.shape)} tells {max(2, gate.shape[-1])} apart"
    return fail("N526", message, span, help=f"end the network with {_end(len(table.classes))}")


def _end(classes: int) -> str:
    return "`sigmoid-1` or `softmax-2`" if classes == 2 else f"`softmax-{classes}`"


def listed(classes: tuple[str, ...]) -> str:
    """Classes in words: `3 classes (setosa, versicolor, virginica)`."""
    shown = ", ".join(classes[:10]) + (", ..." if len(classes) > 10 else "")
    return f"{len(classes):,} class{'es' if len(classes) != 1 else ''} ({shown})"
