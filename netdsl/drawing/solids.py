"""Feature maps as cuboids, in oblique projection: thick as their channels are many, and as high and
deep as they have positions.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import NamedTuple

from netdsl.drawing.marks import LineMark, Mark, Point

HIGHEST = 150.0  # of a picture's largest map
_LOWEST = 14.0
_ACROSS, _UP = 0.36, 0.30  # what becomes of a length that goes back
_THICK = 1.5  # for the root of a channel
_THINNEST, _THICKEST = 4.0, 48.0
PLATE = 3.0  # the thickness of what leaves a map as it is
_VECTOR = 7.0  # the thickness of vectors


class SolidScale(NamedTuple):
    """The largest axis of a picture's maps, and its longest vector."""

    positions: int
    numbers: int


class Solid(NamedTuple):
    """A cuboid: its front's size, and how far its back is to the right and up."""

    thick: float
    high: float
    across: float
    up: float


def scale_of(shapes: list[tuple[int, ...]]) -> SolidScale:
    """Return the scale of a picture that shows these shapes."""
    sides = [side for shape in shapes if len(shape) > 1 for side in shape[:-1]]
    return SolidScale(max(sides, default=1), max((s[0] for s in shapes if len(s) == 1), default=1))


def solid(shape: tuple[int, ...], scale: SolidScale, parts: int = 1) -> Solid:
    """Return the cuboid of a shape, or of one of its `parts` equal groups of channels.

    Lengths grow with the root of sizes, within bounds.
    """
    if len(shape) == 1:
        high = max(26.0, HIGHEST * sqrt(shape[0] / max(scale.numbers, 100)))
        return Solid(_VECTOR, high, 6.0, 5.0)
    *places, channels = shape
    high = _side(places[0], scale)
    # Of a volume the rows: a picture shows two of its three axes.
    deep = _side(prod(places[1:]) if len(places) < 3 else places[1], scale)
    if len(places) == 1:  # a sequence has no second axis
        deep = 14.0
    thick = min(max(_THICK * sqrt(channels / parts), _THINNEST), _THICKEST)
    return Solid(round(thick, 1), round(high, 1), round(_ACROSS * deep, 1), round(_UP * deep, 1))


def _side(size: int, scale: SolidScale) -> float:
    return max(_LOWEST, HIGHEST * sqrt(size / scale.positions))


def faces(body: Solid, x: float, y: float, look: str) -> tuple[Mark, ...]:
    """Return a cuboid whose front's upper left corner is at (x, y)."""
    thick, high, across, up = body
    right, bottom = x + thick, y + high
    front = ((x, y), (right, y), (right, bottom), (x, bottom))
    top = ((x, y), (x + across, y - up), (right + across, y - up), (right, y))
    side = (
        (right, y),
        (right + across, y - up),
        (right + across, bottom - up),
        (right, bottom),
    )
    return (
        LineMark(front, f"{look}_front", closed=True),
        LineMark(top, f"{look}_top", closed=True),
        LineMark(side, f"{look}_side", closed=True),
    )


def window(body: Solid, x: float, y: float, part: tuple[float, float]) -> tuple[Point, ...]:
    """Return a window in the middle of a cuboid's right side, as parts of its height and depth.

    Args:
        body: the cuboid.
        x: the left edge of its front.
        y: the upper edge of its front.
        part: the window's height and depth as shares of the cuboid's.
    """
    high, deep = (min(1.0, max(each, 0.12)) for each in part)
    left = x + body.thick + body.across * (1 - deep) / 2
    right = left + body.across * deep
    middle = y + body.high / 2
    half = body.high * high / 2

    def at(place: float, shift: float) -> Point:
        # How far back the place is on the side, from 0 to 1.
        back = (place - x - body.thick) / body.across if body.across else 0.0
        return place, middle - body.up * back + shift

    return at(left, -half), at(right, -half), at(right, half), at(left, half)
