"""Which examples can be given the shape of a network's input, and shapes in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from netdsl.errors import Diagnostic, NetError, Span
from netdsl.wording import shape_text

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Shape


def needs_resize(example: Shape, wanted: Shape) -> bool:
    """Whether an example [h, w] or [h, w, c] must be resized, or given other channels."""
    return len(example) in (2, 3) and len(wanted) == 3 and wanted not in (example, (*example, 1))


def fits(example: Shape, wanted: Shape) -> bool:
    """Whether an example can be given the wanted shape."""
    if needs_resize(example, wanted):
        return math.prod(example) > 0 and (
            channels(example) == wanted[2] or {channels(example), wanted[2]} == {1, 3}
        )
    flat = len(example) <= 1 or len(wanted) == 1
    return (
        example == wanted
        or (*example, 1) == wanted
        or (flat and math.prod(example) == math.prod(wanted))
    )


def fits_indices(example: Shape, wanted: Shape) -> bool:
    """Whether an example of indices has the wanted shape, or lacks only its last axis of 1."""
    return wanted in (example, (*example, 1))


def channels(image: Shape) -> int:
    """Count the channels of an image [h, w] or [h, w, c]."""
    return image[2] if len(image) == 3 else 1


def misfit(example: Shape, wanted: Shape, what: str, span: Span | None = None) -> NetError:
    """Return the error N518 about examples that cannot be given the wanted shape."""
    message = f"{what} holds examples of {size(example)}, which cannot be converted to the network's input of {size(wanted)}"
    return NetError(
        Diagnostic(
            "N518",
            message,
            span,
            "images are resized to an input HxWxC with as many channels, or 1 for 3 or 3 for 1",
        )
    )


def size(shape: Shape) -> str:
    """Write the shape of an example, as the language does."""
    return shape_text(shape, "single numbers")
