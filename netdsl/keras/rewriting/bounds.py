"""Numbers limited above or below: by a ReLU between an offset and its negative."""

from __future__ import annotations

from typing import Any

from netdsl.keras.rewriting.arithmetic import spread
from netdsl.keras.rewriting.parts import CallParts, OutputPlaces


def clipped(parts: CallParts) -> OutputPlaces | None:
    """`ops.clip(x, a, b)`.

    Raises:
        NetError: N621 for bounds that are the wrong way round.
    """
    bounds = [parts.call.config.get(key) for key in ("x_min", "x_max")]
    low, high = (float(bound) for bound in bounds if bound is not None)
    if high < low:
        raise parts.refuse(f"it cuts off below {low:g} and above {high:g}")
    return [_between(parts, low, high)]


def larger(parts: CallParts) -> OutputPlaces | None:
    """`ops.maximum(x, 0.5)`; the maximum of tensors has a word."""
    number = _number(parts)
    return spread(parts) if number is None else [_raised(parts, parts.source, number)]


def smaller(parts: CallParts) -> OutputPlaces | None:
    """`ops.minimum(x, 0.5)`; the minimum of tensors is -max(-x, -y)."""
    number = _number(parts)
    if number is not None:
        return [_capped(parts, parts.source, number)]
    negative = [_negative(parts, place) for place in parts.call.inputs]
    return [_negative(parts, parts.step("Maximum", negative, parts.shapes[0]))]


def _number(parts: CallParts) -> float | None:
    """Return what the only tensor is compared with.

    Raises:
        NetError: N621 where that is an array.
    """
    import numpy as np

    if len(parts.call.inputs) > 1:
        return None
    (value,) = [each for each in parts.call.arguments if each is not None] or [None]
    if value is None or np.size(value) != 1:
        raise parts.refuse("it compares with more than one number")
    return float(np.reshape(value, ()))


def _between(parts: CallParts, low: float, high: float) -> int:
    """Return a + min(max(x - a, 0), b - a)."""
    relu = {"max_value": high - low, "negative_slope": 0.0, "threshold": 0.0}
    place = parts.rescale(parts.source, 1.0, -low) if low else parts.source
    place = parts.step("ReLU", [place], parts.shapes[0], relu)
    return parts.rescale(place, 1.0, low) if low else place


def _raised(parts: CallParts, place: int, number: float) -> int:
    """Return max(x, n) as relu(x - n) + n."""
    if not number:
        return _relu(parts, place)
    return parts.rescale(_relu(parts, parts.rescale(place, 1.0, -number)), 1.0, number)


def _capped(parts: CallParts, place: int, number: float) -> int:
    """Return min(x, n) as n - relu(n - x)."""
    return parts.rescale(_relu(parts, parts.rescale(place, -1.0, number)), -1.0, number)


def _negative(parts: CallParts, place: int) -> int:
    return parts.step("Negative", [place], parts.shape(place))


def _relu(parts: CallParts, place: int) -> int:
    relu: dict[str, Any] = {"activation": "relu"}
    return parts.step("Activation", [place], parts.shape(place), relu)
