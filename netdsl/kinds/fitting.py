"""What makes shapes fit, in the numbers at hand: the help of errors."""

from __future__ import annotations

import math

from netdsl.kinds.values import Shape, dims


def to_sequence(x: Shape) -> str:
    """Return the step that makes a sequence of a shape, row by row."""
    if len(x) == 1:
        return f"reshape({x[0]}x1)"
    return f"reshape({math.prod(x[:-1])}x{x[-1]})"


def to_positions(x: Shape) -> str:
    """Return the step that gives a vector's numbers positions: a square, or a sequence."""
    side = math.isqrt(x[0])
    return f"reshape({side}x{side}x1)" if side > 1 and side * side == x[0] else to_sequence(x)


def reshapes(count: int, to: Shape) -> str:
    """Return the steps that give `count` numbers a shape that differs from `to` in one size."""
    fits = dict.fromkeys(
        dims((*to[:at], count // rest, *to[at + 1 :]))
        for at in range(len(to))
        if count % (rest := math.prod(to) // to[at]) == 0
    )
    return " or ".join(f"reshape({each})" for each in fits)


def divisor(count: int, near: int) -> int:
    """Return the divisor of `count` that is nearest to a number, the smaller of two."""
    # Up to the root alone: each divisor below it has one above.
    found = (n for n in range(1, math.isqrt(count) + 1) if count % n == 0)
    pairs = [each for n in found for each in (n, count // n)]
    return min(pairs, key=lambda each: (abs(each - near), each))


def same_positions(inputs: tuple[Shape, ...]) -> str:
    """Return how branches get the same positions; empty where they have them."""
    large, small = max(inputs, key=_positions), min(inputs, key=_positions)
    if len(large) != len(small):
        if len(small) == 1:
            return f"gap makes a vector of {dims(large)}"
        return f"{to_sequence(large)} makes a sequence of {dims(large)}" if len(small) == 2 else ""
    top, bottom = large[:-1], small[:-1]
    if top == bottom or len(top) > 3:
        return ""
    # 7 to 4 has no factor that `up` or `pool` could take.
    if any(a % b for a, b in zip(top, bottom, strict=True)):
        return f"resize({dims(top)}) brings {dims(bottom)} to {dims(top)}"
    factors = [a // b for a, b in zip(top, bottom, strict=True)]
    by = dims(factors[:1] if len(set(factors)) == 1 else factors)
    return (
        f"up{by} brings {dims(bottom)} to {dims(top)}, and pool{by} {dims(top)} to {dims(bottom)}"
    )


def same_shape(inputs: tuple[Shape, ...]) -> str:
    """Return how branches get one shape, positions first."""
    if len({len(x) for x in inputs}) > 1:
        return same_positions(inputs)
    return "; ".join(filter(None, (same_positions(inputs), _same_channels(inputs))))


def spread_shape(inputs: tuple[Shape, ...]) -> str:
    """Return how branches get one shape, but for vectors and for single channels."""
    arrays = tuple(x for x in inputs if len(x) > 1)
    several = tuple(x for x in inputs if x[-1] > 1)
    if len({len(x) for x in arrays}) > 1:
        return same_positions(arrays)
    help = (same_positions(arrays) if arrays else ""), _same_channels(several)
    return "; ".join(filter(None, help))


def _same_channels(inputs: tuple[Shape, ...]) -> str:
    channels = max((x[-1] for x in inputs), default=1)
    other = next((x for x in inputs if x[-1] != channels), None)
    if other is None:
        return ""
    layer = {1: "fc", 2: "dense"}.get(len(other), "conv1")
    return f"{layer}-{channels} brings {dims(other)} to {channels} channels"


def _positions(x: Shape) -> tuple[int, int]:
    return len(x), math.prod(x[:-1])
