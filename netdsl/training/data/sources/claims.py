"""Check the shapes and types that arrays in a file claim before they are unpacked: a small file can
claim any amount.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from netdsl.errors import Span, fail
from netdsl.training.data.sources.images import MAX_PIXELS
from netdsl.training.preparation.shapes import fits, fits_indices, misfit, needs_resize, size
from netdsl.wording import counted

if TYPE_CHECKING:
    from netdsl.training.data.npz import ArrayHeader
    from netdsl.training.data.signature import TensorSpec
    from netdsl.training.preparation.rows import Rows, Shape


def check_form(array: Rows | ArrayHeader, what: str, span: Span | None = None) -> None:
    """Check that an array has rows of numbers, by its shape and type alone.

    Raises:
        NetError: N516 without rows, N517 with anything but numbers.
    """
    if array.dtype.kind not in "biuf":
        kind = "text" if array.dtype.kind in "US" else str(array.dtype)
        raise fail("N517", f"{what} holds {kind}, not numbers", span)
    if not array.shape:
        raise fail(
            "N516",
            f"{what} is a single number, not an array of examples",
            span,
            help="the first axis counts the examples: [n, ...]",
        )
    if 0 in array.shape:
        raise fail("N516", f"{what} is empty: {size(array.shape)}", span)


def check_alike(
    arrays: Mapping[str, Rows | ArrayHeader], first: str, source: str, span: Span | None = None
) -> None:
    """Check that all arrays have as many rows as `first`. Raises NetError N515."""
    rows = arrays[first].shape[0]
    for name, array in arrays.items():
        if array.shape[0] != rows:
            both = f"{counted(rows, 'row')} and {name} has {array.shape[0]:,}"
            raise fail("N515", f"{first} of {source} has {both}", span)


def check_example(example: Shape, tensor: TensorSpec, what: str, span: Span | None = None) -> None:
    """Check that an input can be made of examples of this shape.

    Raises:
        NetError: N518.
    """
    if tensor.vocabulary:
        if not fits_indices(example, tensor.shape):
            takes = f"the network's input is {size(tensor.shape)} indices"
            raise fail("N518", f"{what} holds examples of {size(example)}; {takes}", span)
        return
    if not fits(example, tensor.shape):
        raise misfit(example, tensor.shape, what, span)
    check_pixels(example, tensor.shape, what, span)


def check_pixels(example: Shape, shape: Shape, what: str, span: Span | None = None) -> None:
    """Check that examples which would be resized are not larger than image files may be.

    Raises:
        NetError: N518.
    """
    if needs_resize(example, shape) and (pixels := math.prod(example[:2])) > MAX_PIXELS:
        message = f"{what} holds images of {size(example)}, {pixels:,} pixels each"
        raise fail("N518", message, span, help=f"at most {MAX_PIXELS:,} are resized")


def check_targets(
    given: Shape, shape: Shape, examples: int, what: str, span: Span | None = None
) -> None:
    """Check that the targets of an example are not more numbers than the network gives or takes.

    Smaller ones are not checked here: they are read, and rejected with a better reason.

    Args:
        given: the shape of an example's targets.
        shape: that of the output.
        examples: how many numbers the network takes for an example.
        what: what messages call the targets.
        span: the place of the data in a recipe.

    Raises:
        NetError: N518.
    """
    # Targets that are no larger than the examples cost no more memory than these: they are read,
    # and refused for a better reason.
    if math.prod(given) > max(examples, math.prod(shape)):
        message = f"{what} holds values of {size(given)}; the network gives {size(shape)}"
        raise fail("N518", message, span)
