"""Points and sizes in two directions that know nothing of the page: `u` along the flow of a
network, `v` across it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

Point = tuple[float, float]  # along and across


class Size(NamedTuple):
    """How much room something takes: along, and across to both sides of its axis."""

    length: float
    left: float
    right: float


def straight(points: Iterable[Point]) -> list[Point]:
    """Return the points without those that lie on a straight line between their neighbours."""
    found: list[Point] = []
    for point in points:
        if found and found[-1] == point:
            continue
        while len(found) > 1 and (
            found[-2][1] == found[-1][1] == point[1] or found[-2][0] == found[-1][0] == point[0]
        ):
            found.pop()
        found.append(point)
    return found
