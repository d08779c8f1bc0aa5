"""Check which examples can be converted to the shape of a network's input; shapes as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from netdsl.errors import Diagnostic, NetError, Span
from netdsl.wording import shape_text

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Shape


def needs_resize(example: Shape, expected: Shape) -> bool:
    """Return whether an example [h, w] or [h, w, c] must be resized, or given other channels."""
    return (
        len(example) in (2, 3) and len(expected) == 3 and expected not in (example, (*example, 1))
    )


def uncut_shape(shape: Shape, crop_from: int) -> Shape:
    """Return the shape of the images of this height that an input [h, w, c] is cut out of.

    The width is in proportion. Without a height, or with one that is too small, it is the input's.
    """
    if len(shape) != 3 or crop_from < shape[0]:
        return shape
    height, width, depth = shape
    # At least the input's width: rounding may be a pixel short, and a cut must fit.
    return crop_from, max(width, round(crop_from * width / height)), depth


def fits(example: Shape, expected: Shape) -> bool:
    """Return whether an example can be converted to the requested shape."""
    if needs_resize(example, expected):
        return math.prod(example) > 0 and (
            # Grey and colour can be converted; the meaning of other channels is unknown.
            channels(example) == expected[2] or {channels(example), expected[2]} == {1, 3}
        )
    # Shapes with several axes are not rearranged: [2, 8] to [8, 2] would be nonsense.
    flat = len(example) <= 1 or len(expected) == 1
    return (
        example == expected
        or (*example, 1) == expected
        or (flat and math.prod(example) == math.prod(expected))
    )


def fits_indices(example: Shape, expected: Shape) -> bool:
    """Return whether an example of indices has the shape, or lacks only its last axis of 1."""
    return expected in (example, (*example, 1))


def channels(image: Shape) -> int:
    """Count the channels of an image [h, w] or [h, w, c]."""
    return image[2] if len(image) == 3 else 1


def misfit(example: Shape, expected: Shape, what: str, span: Span | None = None) -> NetError:
    """Return the error N518 for examples that cannot be converted to the requested shape."""
    message = (
        f"{what} holds examples of {size(example)}, which cannot be converted to the network's "
        f"input of {size(expected)}"
    )
    help = "images are resized to an input HxWxC with as many channels, or 1 for 3 or 3 for 1"
    if len(example) == 1:
        help = f"give examples of {size(expected)}, or a network with the input {size(example)}"
    return NetError(Diagnostic("N518", message, span, help))


def size(shape: Shape) -> str:
    """Write the shape of an example, as the language does."""
    return shape_text(shape, "single numbers")
