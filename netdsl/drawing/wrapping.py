"""A long chain in columns, or in rows, so that it fits a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from netdsl.drawing.geometry import Point, straight
from netdsl.drawing.layout import Area, Layout, Spot

_GUTTER = 44.0  # between two columns
_TURN = 14.0
_HEIGHTS = tuple(round(1500 * 1.15**step) for step in range(24))  # that columns may have
_LEAST = 0.2  # how much of a column is filled, at least, before another begins
_LAST = 1.3  # how much higher the last one may be, so that none holds next to nothing


class _Column(NamedTuple):
    """A part of a layout between two cuts.

    Where it begins and ends along, how far it reaches across.
    """

    begin: float
    end: float
    low: float
    high: float


def wrapped(laid: Layout, max_wide: float, rows: bool) -> Layout:
    """Return the layout in as many columns as it takes for it to be no longer than a page, all of
    them no wider than `max_wide`; or in rows that are no longer.

    Columns are filled one after the other, so that what is added at the end moves nothing.
    """
    length = _length(laid)
    if rows:
        columns = _filled(laid, max_wide / _LAST) if length > max_wide else []
        return _moved(laid, columns) if len(columns) > 1 else laid
    # A fixed ladder of heights: one more layer seldom changes the height, and with it all columns.
    for height in _HEIGHTS:
        columns = _filled(laid, height)
        if len(columns) == 1:
            break
        across = sum(c.high - c.low for c in columns) + _GUTTER * (len(columns) - 1)
        if across <= max_wide:
            return _moved(laid, columns)
    return laid


def _length(laid: Layout) -> float:
    ends = [spot.u + spot.size.length for spot in laid.spots]
    return max([*ends, *(area.u1 for area in laid.areas)], default=0.0)


def _filled(laid: Layout, height: float) -> list[_Column]:
    """Return the columns where each takes what fits, and the last one a little more."""
    length = _length(laid)
    ends: list[float] = []
    begin, last = 0.0, 0.0
    for cut in (*laid.cuts, length):
        if (
            cut - begin > height
            and last - begin > _LEAST * height
            and length - begin > _LAST * height
        ):
            ends.append(last)
            begin = last
        last = cut
    ends.append(math.inf)
    found, before = [], -1.0
    for end in ends:
        vs = [0.0]
        for spot in laid.spots:
            if before < spot.u < end:
                vs += (spot.v - spot.size.left, spot.v + spot.size.right)
        for area in laid.areas:
            if before < area.u0 < end:
                vs += (area.v0, area.v1)
        for points in laid.edges:
            vs += (v for u, v in points if before < u < end)
        found.append(_Column(before, end, min(vs), max(vs)))
        before = end
    return found


def _moved(laid: Layout, columns: Sequence[_Column]) -> Layout:
    shifts: list[Point] = []
    bottoms: list[float] = []
    first = min([spot.u for spot in laid.spots] + [area.u0 for area in laid.areas])
    at = 0.0
    for number, column in enumerate(columns):
        if number:
            at += round(columns[number - 1].high + _GUTTER - column.low)
        top = min(
            [spot.u for spot in laid.spots if column.begin < spot.u < column.end]
            + [area.u0 for area in laid.areas if column.begin < area.u0 < column.end]
        )
        shifts.append((first - top, at))
        ends = [s.u + s.size.length for s in laid.spots if column.begin < s.u < column.end]
        ends += [area.u1 for area in laid.areas if column.begin < area.u0 < column.end]
        bottoms.append(max(ends) + first - top + _TURN)

    def column_of(u: float) -> int:
        return next(n for n, column in enumerate(columns) if u < column.end)

    def there(point: Point) -> Point:
        du, dv = shifts[column_of(point[0])]
        return point[0] + du, point[1] + dv

    spots = []
    for spot in laid.spots:
        u, v = there((spot.u, spot.v))
        spots.append(Spot(u, v, spot.size))
    areas = []
    for area in laid.areas:
        du, dv = shifts[column_of(area.u0)]
        areas.append(
            Area(
                *(area.frame, area.depth, tuple(entry + dv for entry in area.entries)),
                *(area.u0 + du, area.u1 + du, area.v0 + dv, area.v1 + dv),
            )
        )
    edges = []
    for points in laid.edges:
        moved: list[Point] = []
        for before, after in zip((None, *points), points, strict=False):
            if before is not None and column_of(before[0]) != column_of(after[0]):
                one, other = column_of(before[0]), column_of(after[0])
                # Down below the column, up through the gutter, and in from above.
                middle = shifts[one][1] + columns[one].high + _GUTTER / 2
                low, high = there(before), there(after)
                moved += [
                    (bottoms[one], low[1]),
                    (bottoms[one], middle),
                    (first - _TURN, middle),
                    (first - _TURN, high[1]),
                ]
                assert other == one + 1
            moved.append(there(after))
        edges.append(tuple(straight(moved)))
    return Layout(tuple(spots), tuple(areas), tuple(edges))
