"""Curves of functions with their derivatives: one, or many side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, floor, isfinite
from typing import NamedTuple

from netdsl.drawing.heading import MARGIN
from netdsl.drawing.marks import (
    LineMark,
    Mark,
    MarkGroup,
    Point,
    Rect,
    Sheet,
    Text,
    TextRun,
    Web,
    bounds,
    moved,
)
from netdsl.drawing.measure import shortened, width

_WIDE, _HIGH = 340.0, 220.0  # of one diagram
_PITCH = (_WIDE + 44.0, _HIGH + 84.0)  # from one to the next
_JUMP = 0.5  # between two neighbours of a curve, where it is broken
_SMALL_JUMP, _STEEPER = 0.1, 8  # the same, where it is that many times its neighbours
_ACROSS = 3  # diagrams of a row
_TITLE, _NOTE, _TICK = 14.0, 10.0, 9.0  # font sizes


class Curve(NamedTuple):
    """A function of one number.

    Attributes:
        word: what it is called.
        formula: what it computes, in words.
        derivative: the formula of its derivative.
        x, y, slope: places, the function there, its derivative; NaN where it has none.
    """

    word: str
    formula: str
    derivative: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    slope: tuple[float, ...]


def curves_sheet(curves: Sequence[Curve], title: str) -> Sheet:
    """Draw diagrams of functions, solid, with their derivatives, dashed."""
    marks: list[Mark] = []
    for number, curve in enumerate(curves):
        row, column = divmod(number, _ACROSS)
        marks += moved((_diagram(curve),), column * _PITCH[0], row * _PITCH[1])
    left, top, right, bottom = bounds(tuple(marks))
    about = f"{', '.join(curve.word for curve in curves)}: functions solid, derivatives dashed"
    size = right - left + 2 * MARGIN, bottom - top + 2 * MARGIN
    return Sheet(title, about, tuple(marks), left - MARGIN, top - MARGIN, *size)


def _diagram(curve: Curve) -> MarkGroup:
    """Draw one function: its name, its formulas, its diagram with (0, 0) in its upper left."""
    low, high = _extent(curve)
    left, right = round(curve.x[0]), round(curve.x[-1])

    def place(x: float, y: float) -> Point:
        return (x - left) / (right - left) * _WIDE, (high - y) / (high - low) * _HIGH

    marks: list[Mark] = [Rect(0.0, 0.0, _WIDE, _HIGH, 0.0, "plain")]
    grid = [(place(at, low), place(at, high)) for at in range(left + 1, right)]
    levels = range(ceil(low), floor(high) + 1)
    grid += [(place(left, at), place(right, at)) for at in levels if low < at < high]
    marks.append(Web(tuple(grid), "thread"))
    axes = [(place(left, 0), place(right, 0)), (place(0, low), place(0, high))]
    marks.append(Web(tuple(axes), "axis"))
    marks += (
        _text(place(at, low)[0], _HIGH + 12.0, _tick(at), "note", _TICK, "middle")
        for at in range(left, right + 1)
    )
    marks += (
        _text(-6.0, place(left, at)[1] + 3.0, _tick(at), "note", _TICK, "end") for at in levels
    )
    for values, look in ((curve.y, "curve"), (curve.slope, "slope")):
        marks += (
            LineMark(tuple(place(*point) for point in piece), look)
            for piece in _pieces(curve.x, values, low, high)
        )
    lines = ((curve.word, "curve", curve.formula), ("derivative", "slope", curve.derivative))
    for number, (word, look, formula) in enumerate(lines):
        y = -28.0 + 16.0 * number
        marks.append(LineMark(((0.0, y - 4.0), (24.0, y - 4.0)), look))
        size, bold = (_TITLE, True) if not number else (_NOTE, False)
        shown = shortened(word, size, _WIDE / 2, bold)
        wide = width(shown, size, bold)
        runs = (TextRun(shown, "ink", bold),)
        marks.append(Text(30.0, y, runs, size, "start", wide))
        room = _WIDE - 40.0 - wide
        note = shortened(formula, _NOTE, room)
        marks.append(_text(40.0 + wide, y, note, "note", _NOTE, "start"))
    title = f"{curve.word}: {curve.formula}\nderivative: {curve.derivative}"
    return MarkGroup("diagram", curve.word, title, (), tuple(marks))


def _extent(curve: Curve) -> tuple[float, float]:
    """Return the heights between which both curves are drawn: no more than half of the width up
    and down, some room above and below them.
    """
    # exp(4) would press the rest of its curve flat.
    highest = (curve.x[-1] - curve.x[0]) / 2
    values = [y for y in (0.0, *curve.y, *curve.slope) if isfinite(y)]
    low, high = max(min(values) - 0.2, -highest), min(max(values) + 0.2, highest)
    return floor(2 * low) / 2, ceil(2 * high) / 2


def _tick(at: int) -> str:
    return f"{at}".replace("-", "−")


def _pieces(
    xs: Sequence[float], ys: Sequence[float], low: float, high: float
) -> Iterator[list[Point]]:
    """Yield the pieces of a curve: it is broken at jumps and at what is not a number, and cut off
    at the edges.
    """
    piece: list[Point] = []
    rises = [abs(b - a) for a, b in pairwise(ys)]
    for at, (a, b) in enumerate(pairwise(zip(xs, ys, strict=True))):
        # A jump is steep for its surroundings: `step` at 0, the slope of relu at 0.
        around = max(rises[max(0, at - 1)], rises[min(at + 1, len(rises) - 1)])
        jump = rises[at] > _SMALL_JUMP and rises[at] > _STEEPER * around
        joined = isfinite(a[1]) and isfinite(b[1]) and rises[at] < _JUMP and not jump
        ends = _cut_off(a, b, low, high) if joined else None
        if ends is not None:
            piece += ends if not piece else ends[1:]
        # It left the diagram, or ends before a jump.
        if piece and (ends is None or ends[1] != b):
            yield piece
            piece = []
    if piece:
        yield piece


def _cut_off(a: Point, b: Point, low: float, high: float) -> list[Point] | None:
    """Return the ends of what of a line is between two heights; None where nothing is."""
    (x0, y0), (x1, y1) = a, b
    if max(y0, y1) < low or min(y0, y1) > high:
        return None

    def end(point: Point) -> Point:
        bound = min(max(point[1], low), high)
        return point if bound == point[1] else (x0 + (bound - y0) / (y1 - y0) * (x1 - x0), bound)

    return [end(a), end(b)]


def _text(x: float, y: float, text: str, look: str, size: float, anchor: str) -> Text:
    return Text(x, y, (TextRun(text, look),), size, anchor, width(text, size))
