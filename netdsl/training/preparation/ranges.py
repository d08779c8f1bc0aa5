"""The values of an array: their range, and the first that is not finite or not an integer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import Span, fail
from netdsl.training.preparation.rows import pieces

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array, Rows

LARGEST = 3.4028235e38
"""The largest finite number of 32 bits."""


class ValueRange(NamedTuple):
    """The result of a scan of all values.

    Attributes:
        low: the smallest value.
        high: the largest value.
        not_finite: the first row with a number that is not finite; None if all are.
        not_whole: the first row with a number that is not an integer; None if all are.
    """

    low: float
    high: float
    not_finite: int | None
    not_whole: int | None


def scan(array: Rows) -> ValueRange:
    """Scan all values of an array of numbers [n, ...], n > 0, piece by piece.

    An array whose `limits` are known is not read.
    """
    import numpy as np

    # For pixels in files the type gives the range; reading all of them would take minutes.
    if (limits := getattr(array, "limits", None)) is not None:
        return ValueRange(float(limits[0]), float(limits[1]), None, None)
    low, high, not_finite, not_whole = math.inf, -math.inf, None, None
    for start, piece in pieces(array):
        with np.errstate(over="ignore", invalid="ignore"):
            if piece.dtype.kind == "f" and not_finite is None:
                # As float32, which the network computes in: 1e39 is finite in a file and infinite
                # for it.
                not_finite = _first(~np.isfinite(piece.astype(np.float32)), start)
            if piece.dtype.kind == "f" and not_whole is None:
                not_whole = _first(piece != np.floor(piece), start)
            low, high = min(low, float(piece.min())), max(high, float(piece.max()))
    return ValueRange(low, high, not_finite, not_whole)


def _first(wrong: Array, start: int) -> int | None:
    """Return the first row that holds a wrong value, counted from `start`."""
    import numpy as np

    rows = np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))
    return start + int(rows[0]) if len(rows) else None


def fractional_value(array: Rows, row: int) -> float:
    """Return the first number of a row that is not an integer."""
    import numpy as np

    values = np.asarray(array[row]).reshape(-1)
    return float(values[values != np.floor(values)][0])


def check_indices(x: Rows, vocabulary: int, what: str, span: Span | None = None) -> None:
    """Check that an array holds integers from 0 to below the vocabulary.

    Raises:
        NetError: N527 with the first number that is not one of them.
    """
    import numpy as np

    for start, piece in pieces(x):
        wrong = (piece < 0) | (piece >= vocabulary)
        if piece.dtype.kind == "f":
            wrong |= piece != np.floor(piece)
        if (row := _first(wrong, start)) is not None:
            value = piece[row - start].reshape(-1)[
                np.flatnonzero(wrong[row - start].reshape(-1))[0]
            ]
            message = (
                f"{what} holds {value:g} in row {row}; "
                f"the network's input requires integers from 0 to {vocabulary - 1:,}"
            )
            raise fail(
                "N527",
                message,
                span,
                help=f"`of int({vocabulary})` in the network gives their number",
            )


def unit_pixels(xp: Any, pixels: Any, limits: tuple[float, float]) -> Any:
    """Scale pixels from a range to 0 to 1; values beyond the range become 0 or 1.

    Args:
        xp: numpy or keras.ops.
        pixels: float32.
        limits: the values that become 0 and 1.
    """
    import numpy as np

    low, high = limits
    return xp.clip((pixels - np.float32(low)) / np.float32(high - low), 0, 1)
