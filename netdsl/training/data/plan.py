"""Plan how a source's examples are prepared for a network: scales, losses, classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, Span, fail
from netdsl.training.data.parts import INPUT, SourceData, classes_text
from netdsl.training.data.signature import NetworkSignature, TensorSpec
from netdsl.training.data.sources.claims import check_example
from netdsl.training.data.sources.date_cells import NOT_DATES, are_dates
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.ranges import ValueRange, scan
from netdsl.training.preparation.readings import (
    PERCEPTRON,
    activations_for,
    decides,
    gives_distribution,
    reads_logits,
    reads_probabilities,
)
from netdsl.training.preparation.shapes import size
from netdsl.training.preparation.transforms import Preparation
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Shape
    from netdsl.training.recipes.recipe import Recipe


DISTINCT = 20
"""At least this many different texts are not taken for classes if they are over half the rows."""


def plan(held: SourceData, recipe: Recipe, signature: NetworkSignature) -> Preparation:
    """Plan how a source's examples are prepared for a network.

    Raises:
        NetError: N507 where the loss does not fit them, N518 for shapes, N526 for another number of
            classes, N527 for indices.
    """
    span = recipe.data_span
    inputs = tuple(
        _input(place, tensor, held, recipe) for place, tensor in enumerate(signature.inputs)
    )
    if held.target == INPUT:
        return Preparation(
            inputs, tuple(_copy(tensor, inputs, recipe, span) for tensor in signature.outputs)
        )
    return Preparation(
        inputs,
        tuple(
            _output(place, tensor, held, recipe) for place, tensor in enumerate(signature.outputs)
        ),
    )


def _input(place: int, tensor: TensorSpec, held: SourceData, recipe: Recipe) -> InputTransform:
    x, what = held.train.x[place], f"{held.train.x_names[place]} of {held.source}"
    span, example = recipe.data_span, x.shape[1:]
    columns = held.tables[place] if held.tables else None
    if tensor.vocabulary or columns is None:
        check_example(example, tensor, what, span)
    if tensor.vocabulary:
        made = InputTransform(
            tensor.name, example, True, 1.0, False, tensor.shape, tensor.vocabulary, columns
        )
        made.check_range(x, what, span)
        return made
    if columns is not None:
        return InputTransform(
            tensor.name, example, False, 1.0, False, tensor.shape, columns=columns
        )
    values = scan(x)
    scale = (
        recipe.data.scale
        or held.scale
        or (255.0 if x.dtype == "uint8" and values.high > 1 else 1.0)
    )
    return InputTransform(
        tensor.name,
        example,
        x.dtype.kind in "iub",
        scale,
        values.low >= 0 and values.high <= scale,
        tensor.shape,
        crop_from=_crop_from(example, tensor, recipe),
        pixel_range=held.pixel_range,
    )


def _crop_from(example: Shape, tensor: TensorSpec, recipe: Recipe) -> int:
    """Return the height that images are resized to before they are cropped; 0 without cropping."""
    images = len(example) in (2, 3) and len(tensor.shape) == 3
    asked = recipe.augment.crop_from or 0
    return asked if images and asked >= tensor.shape[0] else 0  # else `augment` is rejected


# --- outputs --------------------------------------------------------------------------------------


class TargetFacts(NamedTuple):
    """The targets of an output: their shape without the batch, and the range of their values."""

    shape: Shape
    values: ValueRange


def _output(place: int, tensor: TensorSpec, held: SourceData, recipe: Recipe) -> OutputTransform:
    """Plan the targets of an output. Raises NetError N507, N526."""
    y, names = held.train.y[place], held.classes_of(place)
    targets, stated = TargetFacts(y.shape[1:], scan(y)), (recipe.losses or {}).get(tensor.name)
    asked = stated or recipe.loss.name
    classes = _classes(targets, tensor, asked)
    if held.own and names and not classes:
        raise _no_classes(held, names, tensor, recipe.data_span)
    loss = asked or _loss(targets.values, tensor.activation, classes)
    soft = not classes and loss == "binary" and targets.values.not_whole is not None
    output = OutputTransform(
        tensor.name,
        tensor.shape,
        tensor.activation,
        loss,
        classes,
        names if classes else (),
        soft=soft,
        reduce=recipe.loss.reduce or "mean",
        columns=() if classes or not held.columns_by else held.columns_by[place],
    )
    if held.own and classes and names and len(names) != classes:
        raise _other_classes(held, names, tensor, recipe.data_span)
    check_loss(output, targets.values, recipe.span("losses" if stated else "loss"))
    return output


def _copy(
    tensor: TensorSpec, inputs: tuple[InputTransform, ...], recipe: Recipe, span: Span | None
) -> OutputTransform:
    """Plan an output that learns the input of its shape, as it is prepared.

    Raises:
        NetError: N507, N518 where there is none.
    """
    for input in inputs:
        if not input.vocabulary and not input.columns and input.shape == tensor.shape:
            likely = reads_probabilities("binary", tensor.activation) and input.unit
            output = OutputTransform(
                tensor.name,
                tensor.shape,
                tensor.activation,
                recipe.loss.name or ("binary" if likely else "squared"),
                0,
                copies=input.name,
                reduce=recipe.loss.reduce or "mean",
            )
            values = (
                ValueRange(0.0, 1.0, None, None)
                if input.unit
                else ValueRange(-math.inf, math.inf, None, None)
            )
            check_loss(output, values, recipe.span("loss"))
            return output
    shapes = " and ".join(size(input.shape) for input in inputs)
    message = (
        f"the output {tensor.name} of {size(tensor.shape)} cannot reproduce the network's input "
        f"of {shapes}"
    )
    raise fail(
        "N518",
        message,
        recipe.span("data.target") or span,
        help="`target: input` needs an output of the input's shape",
    )


def _classes(targets: TargetFacts, tensor: TensorSpec, loss: str | None) -> int:
    """Count the classes that the output distinguishes; 0 where the targets are values."""
    if tensor.shape[-1] > 1:
        chosen = loss in ("cross-entropy", "hinge") or (
            loss is None and gives_distribution(tensor.activation)
        )
        return (
            tensor.shape[-1]
            if chosen
            or (is_label(targets.shape, tensor.shape) and targets.values.not_whole is None)
            else 0
        )
    single = math.prod(targets.shape) == math.prod(tensor.shape) == 1
    chosen = (
        loss in ("binary", "hinge", PERCEPTRON)
        or reads_probabilities("binary", tensor.activation)
        or (loss is None and decides(tensor.activation))
    )
    return 2 if single and chosen and targets.values.not_whole is None else 0


def is_label(given: Shape, output: Shape) -> bool:
    """Return whether targets are one label per example or per position [..., classes]."""
    return math.prod(given) == 1 if len(output) == 1 else given in (output[:-1], (*output[:-1], 1))


def _loss(values: ValueRange, activation: str, classes: int) -> str:
    """Choose the loss that fits the output's activation and the targets."""
    if decides(activation) and classes == 2:
        return PERCEPTRON
    if reads_probabilities("binary", activation) and (
        classes or (values.low >= 0 and values.high <= 1)
    ):
        return "binary"
    if reads_probabilities("cross-entropy", activation) or (
        classes and reads_logits("cross-entropy", activation)
    ):
        return "cross-entropy"
    return "squared"


def check_loss(output: OutputTransform, values: ValueRange, span: Span | None) -> None:
    """Raise NetError N507 where the loss does not fit the output or the targets."""
    loss = output.loss
    allowed = activations_for(loss)
    if allowed and output.activation not in allowed:
        words = ", ".join(f"`{word}`" for word in allowed)
        ends = f"the network ends with `{output.activation}`"
        raise fail("N507", f"the loss `{loss}` needs an output of {words}; {ends}", span)
    if loss == "cross-entropy" and (not output.classes or output.shape[-1] == 1):
        needs = "needs class labels and two outputs or more"
        message = f"the loss `cross-entropy` {needs}, not an output of {size(output.shape)}"
        raise fail("N507", message, span)
    if loss == "hinge" and not output.classes:
        raise fail("N507", "the loss `hinge` needs class labels; the data holds values", span)
    if loss == PERCEPTRON and (output.classes != 2 or math.prod(output.shape) > 1):
        message = f"the loss `{loss}` needs one output and two classes, 0 and 1"
        raise fail("N507", message, span)
    if loss == "binary" and not output.classes and (values.low < 0 or values.high > 1):
        holds = f"the data holds {values.low:g} to {values.high:g}"
        raise fail("N507", f"the loss `binary` needs values from 0 to 1; {holds}", span)


def _no_classes(
    held: SourceData, names: tuple[str, ...], tensor: TensorSpec, span: Span | None
) -> NetError:
    message = (
        f"{held.source} holds {classes_text(names)}; "
        f"the network gives values of {size(tensor.shape)}"
    )
    return fail("N526", message, span, help=_way_on(held, names))


def _other_classes(
    held: SourceData, names: tuple[str, ...], tensor: TensorSpec, span: Span | None
) -> NetError:
    message = (
        f"{held.source} holds {classes_text(names)}; the network's output of "
        f"{size(tensor.shape)} has {max(2, tensor.shape[-1])} classes"
    )
    return fail("N526", message, span, help=_way_on(held, names))


def _way_on(held: SourceData, names: tuple[str, ...]) -> str:
    """Return the help: how a network for the classes must end, or that the target holds none."""
    parts = (held.train, held.validation, held.test)
    rows = sum(len(part) for part in parts if part is not None)
    if are_dates(names):
        return NOT_DATES
    if len(names) > DISTINCT and 2 * len(names) > rows:
        return (
            f"{len(names):,} different texts in {counted(rows, 'row')} are names or "
            "sentences rather than classes: name another target"
        )
    return f"end the network with {_end(len(names))}"


def _end(classes: int) -> str:
    return "`sigmoid-1` or `softmax-2`" if classes == 2 else f"`softmax-{classes}`"
