"""Drawings of a training as SVG: its figures by epoch, and predictions against targets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from netdsl.training.metrics.definitions import is_share
from netdsl.wording import number_text

Point = tuple[float, float]

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 64, 52

TRAINING, VALIDATION, INK, FAINT, GRID = "#2563a8", "#d1661c", "#222", "#666", "#e4e4e4"


class ChartAxis(NamedTuple):
    """An axis of a drawing.

    Attributes:
        place: from a value to its place, in pixels.
        ticks: the values that are marked.
        name: what it measures.
    """

    place: Callable[[float], float]
    ticks: list[float]
    name: str


def curve(
    title: str,
    subtitle: str,
    training: Sequence[Point],
    validation: Sequence[Point],
    best: Point | None,
    name: str = "loss",
) -> str:
    """Draw two lines of (epoch, value), values of this name; `best` is a point to be marked."""
    return curves(title, subtitle, {"training": training, "validation": validation}, best, name)


def curves(
    title: str,
    subtitle: str,
    lines: Mapping[str, Sequence[Point]],
    best: Point | None = None,
    name: str = "loss",
) -> str:
    """Draw one or two lines of (epoch, value) by their names, without what is not finite."""
    known = {
        line: [point for point in points if math.isfinite(point[1])]
        for line, points in lines.items()
    }
    points = [point for line in known.values() for point in line] or [(1.0, 1.0)]
    across = _linear(
        "epoch", 0, max(1.0, *(x for x, _ in points)), LEFT, WIDTH - RIGHT, 10, whole=True
    )
    up = _upwards([y for _, y in points], name)
    colours = dict(zip(known, (TRAINING, VALIDATION), strict=False))
    parts = [
        _axes(across, up),
        *(_line(line, across, up, colours[label]) for label, line in known.items()),
    ]
    if best:
        parts.append(_mark(best, across, up))
    legend = _legend(list(colours.items())) if len(colours) > 1 else ""
    return _picture(title, subtitle, [legend, *parts])


def scatter(title: str, subtitle: str, points: Sequence[Point]) -> str:
    """Draw (target, prediction) points, and the line on which both are equal."""
    values = [value for point in points for value in point] or [0.0]
    low, high = min(values), max(values)
    margin = 0.04 * (high - low) or 1.0
    across = _linear("target", low - margin, high + margin, LEFT, WIDTH - RIGHT, 7)
    up = _linear("prediction", low - margin, high + margin, HEIGHT - BOTTOM, TOP + 12, 7)
    dots = "".join(
        f'<circle cx="{across.place(x):.1f}" cy="{up.place(y):.1f}" r="2.5"/>' for x, y in points
    )
    diagonal = f"M{LEFT} {HEIGHT - BOTTOM}L{WIDTH - RIGHT} {TOP + 12}"
    equal = f'<path d="{diagonal}" stroke="{FAINT}" stroke-dasharray="3 4"/>'
    return _picture(
        title,
        subtitle,
        [_axes(across, up), equal, f'<g fill="{TRAINING}" fill-opacity="0.45">{dots}</g>'],
    )


def _picture(title: str, subtitle: str, parts: Sequence[str]) -> str:
    title = title if len(title) <= 48 else title[:47] + "…"
    heading = _text(LEFT, 26, title, size=17, weight="bold") + _text(
        LEFT, 46, subtitle, colour=FAINT
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" '
        'font-family="system-ui, Helvetica, Arial, sans-serif" role="img">\n'
        f"<title>{escape(title)}: {escape(subtitle)}</title>\n"
        f'<rect width="100%" height="100%" fill="white"/>\n{heading}\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


# --- scales ---------------------------------------------------------------------------------------


def _linear(
    name: str, low: float, high: float, start: float, end: float, count: int, whole: bool = False
) -> ChartAxis:
    """Return an axis with ticks at 1, 2 or 5 times a power of ten, at most this many."""
    raw = (high - low) / count or 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    step = max(step, 1.0) if whole else step
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = [number * step for number in range(first, last + 1)]
    return ChartAxis(
        lambda value: start + (value - low) / ((high - low) or 1.0) * (end - start), ticks, name
    )


def _upwards(values: Sequence[float], name: str) -> ChartAxis:
    """Return the axis of the values: of a share around them, of others from 0.

    It is logarithmic where they span more than a factor of ten.
    """
    bottom, top = HEIGHT - BOTTOM, TOP + 12
    low, high = min(values), max(values)
    margin = 0.08 * (high - low) or 1.0
    if is_share(name.replace(" ", "_")):
        return _linear(name, max(0.0, low - margin), min(1.0, high + margin), bottom, top, 7)
    if low > 0 and high / low > 10:
        low, high = low / 1.15, high * 1.15
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [
            factor * 10.0**power
            for power in powers
            for factor in (1, 2, 5)
            if low <= factor * 10.0**power <= high
        ]
        span = math.log(high / low)
        return ChartAxis(
            lambda value: bottom + math.log(value / low) / span * (top - bottom),
            ticks,
            f"{name} (logarithmic)",
        )
    return _linear(name, 0.0 if low >= 0 else low - margin, high + margin, bottom, top, 7)


# --- parts ----------------------------------------------------------------------------------------


def _axes(across: ChartAxis, up: ChartAxis) -> str:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    lines = [
        f'<path d="M{LEFT} {up.place(tick):.1f}H{right}" stroke="{GRID}"/>' for tick in up.ticks
    ]
    lines += [
        f'<path d="M{across.place(tick):.1f} {bottom}v5" stroke="{FAINT}"/>'
        for tick in across.ticks
    ]
    lines += [
        _text(LEFT - 9, up.place(tick) + 4, _tick_text(tick, up.ticks), anchor="end", colour=FAINT)
        for tick in up.ticks
    ]
    lines += [
        _text(
            across.place(tick),
            bottom + 20,
            _tick_text(tick, across.ticks),
            anchor="middle",
            colour=FAINT,
        )
        for tick in across.ticks
    ]
    lines.append(f'<path d="M{LEFT} {bottom}H{right}" stroke="{FAINT}"/>')
    lines.append(_text((LEFT + right) / 2, HEIGHT - 12, across.name, anchor="middle"))
    middle = (TOP + bottom) / 2
    lines.append(
        f'<g transform="rotate(-90 18 {middle})">{_text(18, middle, up.name, anchor="middle")}</g>'
    )
    return "\n".join(lines)


def _tick_text(tick: float, ticks: Sequence[float]) -> str:
    """Write a tick with the digits that tell it from those next to it."""
    steps = [after - before for before, after in pairwise(ticks)]
    if not steps or max(map(abs, ticks)) >= 1e12 or min(steps) < 1e-6:
        return f"{tick:g}"
    digits = max(0, -math.floor(math.log10(min(steps)) + 1e-9))
    return f"{tick:,.{digits}f}" if max(steps) < 1.5 * min(steps) else number_text(tick)


def _line(points: Sequence[Point], across: ChartAxis, up: ChartAxis, colour: str) -> str:
    """Draw a line, with a dot at each point where there are few."""
    places = [(across.place(x), up.place(y)) for x, y in points]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    few = len(places) <= 12
    dots = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in places if few
    ]
    style = f'fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"'
    return (f'<path d="M{path}" {style}/>' if places else "") + "".join(dots)


def _mark(best: Point, across: ChartAxis, up: ChartAxis) -> str:
    """Draw a dashed line through the best point, a ring around it, and its name."""
    x, y = across.place(best[0]), up.place(best[1])
    left = x > WIDTH - RIGHT - 110
    height = TOP + 24 if y > (TOP + HEIGHT - BOTTOM) / 2 else HEIGHT - BOTTOM - 12
    name = _text(
        x - 9 if left else x + 9, height, "best weights", anchor="end" if left else "start"
    )
    dashes = (
        f'<path d="M{x:.1f} {TOP + 12}V{HEIGHT - BOTTOM}" stroke="{INK}" stroke-dasharray="3 4"/>'
    )
    style = f'fill="white" stroke="{VALIDATION}" stroke-width="2.5"'
    return f'{dashes}<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" {style}/>{name}'


def _legend(names: Sequence[tuple[str, str]]) -> str:
    parts = []
    for place, (name, colour) in enumerate(names):
        x = WIDTH - RIGHT - 190 + 95 * place
        parts.append(
            f'<path d="M{x} 22h20" stroke="{colour}" stroke-width="2.5"/>' + _text(x + 26, 26, name)
        )
    return "".join(parts)


def _text(
    x: float,
    y: float,
    text: str,
    size: int = 13,
    anchor: str = "start",
    colour: str = INK,
    weight: str = "normal",
) -> str:
    style = f'font-size="{size}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'
