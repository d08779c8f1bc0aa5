"""Operators and functions of `keras.ops`, number by number."""

from __future__ import annotations

import math
from typing import Any

from netdsl.keras.rewriting.parts import CallParts, OutputPlaces

_NAMES = {  # of keras.ops, and what the layer Activation calls them
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Silu": "silu",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Selu": "selu",
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu",
    "Exp": "exponential",
    "Abs": "absolute",
}
_REDUCED = ("Mean", "Sum", "Max")


def activated(parts: CallParts) -> OutputPlaces | None:
    """Return a function of `keras.ops` that is an activation.

    Raises:
        NetError: N621 for the approximate gelu, and another axis than the last.
    """
    call, shape = parts.call, parts.shapes[0]
    name, config = call.class_name, call.config
    if name == "Relu6":
        relu = {"max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0}
        return [parts.step("ReLU", call.inputs, shape, relu)]
    if name == "LeakyRelu":
        slope = {"negative_slope": config.get("negative_slope", 0.2)}
        return [parts.step("LeakyReLU", call.inputs, shape, slope)]
    if name == "Elu":
        return [parts.step("ELU", call.inputs, shape, {"alpha": config.get("alpha", 1.0)})]
    if name == "Gelu":
        if config.get("approximate"):
            raise parts.refuse("it is the approximate gelu, by tanh")
        return [parts.step("Activation", call.inputs, shape, {"activation": "gelu"})]
    if name == "LogSoftmax":
        if config.get("axis", -1) not in (-1, len(shape)):
            raise parts.refuse(f"its axis is {config['axis']}, not the last")
        return [parts.step("Activation", call.inputs, shape, {"activation": "log_softmax"})]
    return [parts.step("Activation", call.inputs, shape, {"activation": _NAMES[name]})]


def squared(parts: CallParts) -> OutputPlaces | None:
    """`ops.square`: the number times itself."""
    return [parts.merge("Multiply", [parts.source, parts.source])]


def powers(parts: CallParts) -> OutputPlaces | None:
    """`x ** 2`: the number times itself; other fixed powers have a word.

    Raises:
        NetError: N621 for an exponent that is not a number.
    """
    call = parts.call
    exponents = [value for value in call.arguments if value is not None]
    if len(call.inputs) > 1 or call.arguments[0] is not None:
        raise parts.refuse("its exponent is not a number")
    if exponents == [1]:
        return [parts.source]
    return squared(parts) if exponents == [2] else None


def cast(parts: CallParts) -> OutputPlaces | None:
    """Return a cast between kinds of floating-point numbers, which changes nothing."""
    expected = str(parts.call.config.get("dtype", ""))
    # A cast to integers rounds, which has no word.
    return [parts.source] if expected.startswith("float") else None


def combined(parts: CallParts) -> OutputPlaces | None:
    """Return an operator with a constant array: numbers for each channel, or a table of positions.

    Raises:
        NetError: N621 for quotients, and constant arrays that are not one number for each channel.
    """
    call = parts.call
    found = [(at, value) for at, value in enumerate(call.arguments) if _is_array(value)]
    if not found:
        return spread(parts)
    ((at, value),) = found
    numbers, shape = _numbers(value), parts.shapes[0]
    if parts.shape(parts.source) != shape:
        raise parts.refuse(f"it spreads its input over an array of {numbers.shape}")
    if numbers.size == 1:
        scalar = float(numbers.reshape(()))
        arguments = tuple(
            scalar if place == at else each for place, each in enumerate(call.arguments)
        )
        return [parts.step(call.class_name, call.inputs, shape, arguments=arguments)]
    # Along the last axis: `std` and `scale` have a number for each channel, and for nothing else.
    if numbers.size == shape[-1] == numbers.shape[-1]:
        scale, offset = _affine(parts, numbers.reshape(-1), first=at == 0)
        return [parts.rescale(parts.source, scale, offset)]
    if call.class_name == "Add" and _is_sincos(numbers, shape):
        return [parts.step("SinusoidalPositions", call.inputs, shape)]
    size = "x".join(map(str, numbers.shape))
    raise parts.refuse(f"it works with a constant array of {size}")


def spread(parts: CallParts) -> OutputPlaces | None:
    """Return a merge of shapes that Keras broadcasts and the language does not."""
    shape = parts.shapes[0]
    if len(parts.call.inputs) < 2:
        return None
    ones = (1,) * (len(shape) - 1)
    positions = (shape[:-1], (), ones)
    fits = [(*each, count) for each in positions for count in (shape[-1], 1)]
    places = [
        _vector(parts, place) if parts.shape(place) in fits else _repeated(parts, place)
        for place in parts.call.inputs
    ]
    if places == list(parts.call.inputs):
        return None
    return [parts.step(parts.call.class_name, places, shape, parts.call.config)]


def _vector(parts: CallParts, place: int) -> int:
    """Return a mean or the like over all positions as a vector, which the merge broadcasts."""
    call = parts.reader.calls[place]
    *positions, _ = call.shape
    if call.class_name not in _REDUCED or not positions or set(positions) != {1}:
        return place
    config = {**call.config, "keepdims": False}
    return parts.step(call.class_name, call.inputs, call.shape[-1:], config)


def _repeated(parts: CallParts, place: int) -> int:
    """Repeat the input along axes of one position; a single channel is broadcast by the merge."""
    given, shape = parts.shape(place), parts.shapes[0]
    pairs = list(zip(given, shape, strict=False))
    if len(given) != len(shape) or any(one not in (1, whole) for one, whole in pairs):
        raise parts.refuse("its inputs are spread over each other across the batch")
    factors = [whole // one for one, whole in pairs[:-1]]
    # Copies along positions: the language's merges broadcast one channel or one position only.
    if any(factor > 1 for factor in factors):
        if len(factors) > 3:
            raise parts.refuse(f"it spreads its input over {len(factors)} axes")
        config = {"size": factors if len(factors) > 1 else factors[0]}
        repeated = (*shape[:-1], given[-1])
        place = parts.step(f"UpSampling{len(factors)}D", [place], repeated, config)
    return place


def _affine(parts: CallParts, numbers: Any, first: bool) -> tuple[Any, Any]:
    """Return factors and offsets, for each channel."""
    ones, name = [1.0] * len(numbers), parts.call.class_name
    values = [float(value) for value in numbers]
    if name == "Add":
        return ones, values
    if name == "Multiply":
        return values, 0.0
    if name == "Subtract" and not first:
        return ones, [-value for value in values]
    if name in ("TrueDivide", "Divide") and not first and all(values):
        return [1 / value for value in values], 0.0
    raise parts.refuse("its first operand is a constant array")


def _is_array(value: Any) -> bool:
    """Say whether an argument is an array, and not a number, slice, or name."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _numbers(value: Any) -> Any:
    import keras
    import numpy as np

    return np.asarray(keras.ops.convert_to_numpy(value), dtype="float64")


def _is_sincos(numbers: Any, shape: tuple[int, ...]) -> bool:
    """Say whether an array holds the sines and cosines of Vaswani et al. (2017)."""
    import numpy as np

    if len(shape) != 2 or numbers.size != math.prod(shape):
        return False
    position, channel = np.arange(shape[0])[:, None], np.arange(shape[1])[None]
    angles = position / 10000 ** (2 * (channel // 2) / shape[1])
    table = np.where(channel % 2 == 0, np.sin(angles), np.cos(angles))
    # Models store the table as float32, and compute it by different formulas.
    return bool(np.abs(numbers.reshape(shape) - table).max() < 1e-5)
