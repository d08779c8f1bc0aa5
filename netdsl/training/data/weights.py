"""How much each example counts in the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from netdsl.errors import NetError, Span, fail

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array, Rows

WEIGHTED = (
    "examples have weights: they count in the training loss, not in the figures of evaluation"
)
"""The note for examples that do not all count alike."""


def not_single(what: str, span: Span | None) -> NetError:
    """Return the error N518 for weights with several numbers for an example."""
    return fail("N518", f"the weights in {what} are not one number for each example", span)


def checked_weights(
    weights: Rows,
    what: str,
    span: Span | None = None,
    place: Callable[[int], str] = "row {}".format,
) -> Array:
    """Return weights as float32 [n], after checking that each can be a factor of the loss.

    Args:
        weights: numbers [n] or [n, 1].
        what: what messages call them.
        span: the place of the data in a recipe.
        place: returns where the weight of an example is.

    Raises:
        NetError: N518 for another shape, N517 for text, for a number that is negative or not
            finite, and where all are 0.
    """
    import numpy as np

    found = np.asarray(weights[:])
    if found.dtype.kind not in "biuf":
        raise fail("N517", f"the weights in {what} are not numbers", span)
    if found.ndim == 0 or found.size != len(found):
        raise not_single(what, span)
    # As float32 before it is checked: 1e39 would be infinite in the loss.
    found = found.reshape(-1).astype(np.float32)
    wrong = np.flatnonzero(~(np.isfinite(found) & (found >= 0)))
    if len(wrong):
        row = int(wrong[0])
        message = f"the weights in {what} hold {found[row]:g}, first in {place(row)}"
        raise fail("N517", message, span, help="a weight is a number from 0 up")
    if not found.any():
        raise fail("N517", f"the weights in {what} are all 0: nothing would be learned", span)
    return found
