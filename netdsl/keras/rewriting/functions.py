"""Functions that are one operation of Keras's and several words."""

from __future__ import annotations

import math

from netdsl.keras.rewriting.arithmetic import combined
from netdsl.keras.rewriting.parts import CallParts, OutputPlaces

_STEPS: dict[str, tuple[str | tuple[float, float], ...]] = {
    "Rsqrt": ("Sqrt", "Reciprocal"),
    "Log1p": ((1.0, 1.0), "Log"),
    "Log2": ("Log", (1 / math.log(2), 0.0)),
    "Log10": ("Log", (1 / math.log(10), 0.0)),
    "Expm1": ("Exp", (1.0, -1.0)),
}
"""Operations one after the other; two numbers are a factor and an offset."""
COMPOSED = tuple(_STEPS)


def composed(parts: CallParts) -> OutputPlaces | None:
    """`ops.rsqrt`, `ops.log1p` and the like."""
    place = parts.source
    for step in _STEPS[parts.call.class_name]:
        if isinstance(step, str):
            place = parts.step(step, [place], parts.shapes[0])
        else:
            place = parts.rescale(place, *step)
    return [place]


def norm(parts: CallParts) -> OutputPlaces | None:
    """`ops.norm`: the root of the sum of squares; of order 1 the sum of absolute values.

    Raises:
        NetError: N621 for another order.
    """
    order, place, shape = parts.operation.ord, parts.source, parts.shape(parts.source)
    if order in (None, 2, "euclidean"):
        squares = parts.merge("Multiply", [place, place])
        return [parts.step("Sqrt", [_summed(parts, squares)], parts.shapes[0])]
    if order == 1:
        return [_summed(parts, parts.step("Absolute", [place], shape))]
    raise parts.refuse(f"it is the norm of order {order}")


def log_of_sum(parts: CallParts) -> OutputPlaces | None:
    """`ops.logsumexp`."""
    exp = parts.step("Exp", [parts.source], parts.shape(parts.source))
    return [parts.step("Log", [_summed(parts, exp)], parts.shapes[0])]


def divided(parts: CallParts) -> OutputPlaces | None:
    """Divide: multiply by the reciprocal, where that is a tensor."""
    call, shape = parts.call, parts.shapes[0]
    *_, divisor = call.inputs
    over = call.arguments[0]
    if len(call.inputs) == 1 and over is None:
        return combined(parts)
    # a / b = a * (1 / b): merges of the language multiply.
    place = parts.step("Reciprocal", [divisor], parts.shape(divisor))
    if len(call.inputs) == 2:
        return [parts.step("Multiply", [call.inputs[0], place], shape)]
    return [parts.step("Multiply", [place], shape, arguments=(over, None))]


def residual(parts: CallParts) -> OutputPlaces | None:
    """`CustomScaleLayer` of keras.applications: a + factor·b."""
    first, second = parts.call.inputs
    return [parts.merge("Add", [first, parts.rescale(second, parts.operation.scale)])]


def _summed(parts: CallParts, place: int) -> int:
    """Sum up along the operation's axis."""
    config = {"axis": parts.operation.axis, "keepdims": parts.operation.keepdims}
    return parts.step("Sum", [place], parts.shapes[0], config)
