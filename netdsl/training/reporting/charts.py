"""Drawings of a training as SVG: its figures by epoch, and predictions against targets."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from netdsl.drawing.measure import FONTS
from netdsl.training.metrics.definitions import is_share
from netdsl.wording import cut, number_text

Point = tuple[float, float]

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 64, 52

TRAINING, VALIDATION, INK, FAINT, GRID = "#2563a8", "#d1661c", "#222", "#666", "#e4e4e4"

COLOURS = (TRAINING, VALIDATION, "#2f8f46", "#b5308a", "#7a5cc0", "#8a6d1b", "#1f8f9a", "#555555")
"""Colours of the lines in one chart."""

SCALE = ("#2b3f8c", TRAINING, "#1f8f9a", "#2f8f46", "#c9a21a", VALIDATION, "#b5308a")
"""The scale from which the colours are taken, in order, if there are more lines than `COLOURS`."""

MARKS = 10
"""The most ticks of a logarithmic axis."""

LONGEST = 7
"""The most characters of a label on the left; longer ones are written with powers of ten."""

LEGEND, LONGEST_NAME = 260, 100
"""Pixels on the right for the names of the lines, at least, and the characters of a name."""

TIMES = ("epoch", "step", "seconds")
"""What a figure can be drawn over."""


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
    """Draw the training's and the validation's (epoch, value), with the point `best` marked."""
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
    # A run that diverged at once has no finite point: the axes are drawn nevertheless.
    points = [point for line in known.values() for point in line] or [(1.0, 1.0)]
    across = linear_axis(
        "epoch", 0, max(1.0, *(x for x, _ in points)), LEFT, WIDTH - RIGHT, 10, whole=True
    )
    up = _upwards([y for _, y in points], name)
    # Not strict: one line alone takes the first colour.
    colours = dict(zip(known, (TRAINING, VALIDATION), strict=False))
    parts = [
        axes(across, up),
        *(_line(line, across, up, colours[label]) for label, line in known.items()),
    ]
    if best:
        parts.append(_mark(best, across, up))
    legend = _legend(list(colours.items())) if len(colours) > 1 else ""
    return chart_page(title, subtitle, [legend, *parts])


class OverlaidLine(NamedTuple):
    """A line of a chart that shows several lines.

    Attributes:
        name: in the legend; lines of one name have one colour.
        points: (x, value).
        dashed: whether it is thin and dashed, for a line of less importance.
    """

    name: str
    points: Sequence[Point]
    dashed: bool = False


def overlay(
    title: str, subtitle: str, lines: Sequence[OverlaidLine], across_name: str, up_name: str
) -> str:
    """Draw any number of lines in one chart, with their names on the right."""
    known = [
        line._replace(points=[point for point in line.points if all(map(math.isfinite, point))])
        for line in lines
    ]
    points = [point for line in known for point in line.points] or [(1.0, 1.0)]
    across = _across([x for x, _ in points], across_name)
    up = _upwards([y for _, y in points], up_name)
    names = list(dict.fromkeys(line.name for line in known))
    colours = dict(zip(names, _colours(len(names)), strict=True))
    parts = [axes(across, up)]
    parts += [_line(line.points, across, up, colours[line.name], line.dashed) for line in known]
    # A single line without a name needs no legend.
    for place, name in enumerate(names if len(names) > 1 or names[:1] != [""] else ()):
        y = TOP + 20 + 19 * place
        parts.append(f'<path d="M{WIDTH} {y - 4}h20" stroke="{colours[name]}" stroke-width="2.5"/>')
        parts.append(chart_text(WIDTH + 26, y, cut(name, LONGEST_NAME)))
    height = max(HEIGHT, TOP + 40 + 19 * len(names))
    longest = min(LONGEST_NAME, max(map(len, names), default=0))
    return chart_page(title, subtitle, parts, WIDTH + max(LEGEND, 26 + 7 * longest), height)


def stacked(pictures: Sequence[str]) -> str:
    """Join pictures into one, below each other."""
    # The first match is the picture's own size: `chart_page` writes it at the beginning, in whole
    # pixels.
    sizes = [re.search(r'width="(\d+)" height="(\d+)"', picture) for picture in pictures]
    found = [(int(size[1]), int(size[2])) for size in sizes if size]
    width, height = max([0, *(one for one, _ in found)]), sum(one for _, one in found)
    placed, at = [], 0
    for picture, (_, own) in zip(pictures, found, strict=True):
        # The first `<svg` alone: pictures may hold others, such as those of surfaces.
        placed.append(picture.replace("<svg ", f'<svg y="{at}" ', 1))
        at += own
    head = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head}>\n{"".join(placed)}</svg>\n'


def _across(values: Sequence[float], name: str) -> ChartAxis:
    """Return the horizontal axis: logarithmic beyond a factor of twenty, unless it is a time."""
    low, high = min(values), max(values)
    if name in TIMES:
        return linear_axis(
            name, 0, max(1.0, high), LEFT, WIDTH - RIGHT, 10, whole=name != "seconds"
        )
    # Rates and widths of a search are mostly tried at equal ratios.
    if low > 0 and high / low > 20:
        return logarithmic_axis(name, low, high, LEFT, WIDTH - RIGHT)
    return linear_axis(name, low, high, LEFT, WIDTH - RIGHT, 10)


def _colours(count: int) -> Sequence[str]:
    """Return different colours: `COLOURS` if these are enough, else colours along `SCALE`."""
    if count <= len(COLOURS):
        return COLOURS[:count]
    stops = [[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in SCALE]
    found = []
    for place in range(count):
        at, share = divmod(place * (len(stops) - 1) / (count - 1), 1)
        after = stops[min(int(at) + 1, len(stops) - 1)]
        mixed = (one + (two - one) * share for one, two in zip(stops[int(at)], after, strict=True))
        found.append("#" + "".join(f"{round(value):02x}" for value in mixed))
    return found


def scatter(title: str, subtitle: str, points: Sequence[Point]) -> str:
    """Draw (target, prediction) points, and the line on which both are equal."""
    values = [value for point in points for value in point] or [0.0]
    low, high = _with_margin(values)
    across = linear_axis("target", low, high, LEFT, WIDTH - RIGHT, 7)
    up = linear_axis("prediction", low, high, HEIGHT - BOTTOM, TOP + 12, 7)
    dots = "".join(
        f'<circle cx="{across.place(x):.1f}" cy="{up.place(y):.1f}" r="2.5"/>' for x, y in points
    )
    diagonal = f"M{LEFT} {HEIGHT - BOTTOM}L{WIDTH - RIGHT} {TOP + 12}"
    equal = f'<path d="{diagonal}" stroke="{FAINT}" stroke-dasharray="3 4"/>'
    return chart_page(
        title,
        subtitle,
        [axes(across, up), equal, f'<g fill="{TRAINING}" fill-opacity="0.45">{dots}</g>'],
    )


def labelled(
    title: str, subtitle: str, groups: Mapping[str, Sequence[Point]], names: tuple[str, str]
) -> str:
    """Draw points in a plane, each as its group's label in the group's colour.

    Args:
        title: above.
        subtitle: below the title.
        groups: points by their label, of which up to three letters are drawn.
        names: what is measured horizontally and vertically.
    """
    points = [point for group in groups.values() for point in group] or [(0.0, 0.0)]
    (left, right), (low, high) = (
        _with_margin([point[axis] for point in points]) for axis in (0, 1)
    )
    across = linear_axis(names[0], left, right, LEFT, WIDTH - RIGHT, 7)
    up = linear_axis(names[1], low, high, HEIGHT - BOTTOM, TOP + 12, 7)
    parts = [axes(across, up)]
    for number, (label, group) in enumerate(groups.items()):
        colour = f"hsl({360 * number // max(1, len(groups))} 70% 38%)"
        parts += [
            chart_text(across.place(x), up.place(y) + 4, label[:3], 11, "middle", colour)
            for x, y in group
        ]
    return chart_page(title, subtitle, parts)


def _with_margin(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.04 * (high - low) or 1.0
    return low - margin, high + margin


def chart_page(
    title: str, subtitle: str, parts: Sequence[str], width: int = WIDTH, height: int = HEIGHT
) -> str:
    """Make a whole drawing: a title, a subtitle and the parts below them."""
    # SVG does not wrap or cut text: a longer title leaves no room for the legend.
    title = title if len(title) <= 48 else title[:47] + "…"
    heading = chart_text(LEFT, 26, title, size=17, weight="bold") + chart_text(
        LEFT, 46, subtitle, colour=FAINT
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" '
        f'font-family="{FONTS}" role="img">\n'
        f"<title>{escape(title)}: {escape(subtitle)}</title>\n"
        f'<rect width="100%" height="100%" fill="white"/>\n{heading}\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


# --- scales ---------------------------------------------------------------------------------------


def linear_axis(
    name: str, low: float, high: float, start: float, end: float, count: int, whole: bool = False
) -> ChartAxis:
    """Return an axis with ticks at 1, 2 or 5 times a power of ten, at most this many."""
    raw = (high - low) / count or 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    # 0.999: else a rounding error of `raw` chooses twice the step, and half of the ticks.
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    # There is no epoch 2.5.
    step = max(step, 1.0) if whole else step
    # Multiples of the step instead of sums of it, whose errors would add up in the labels.
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = [number * step for number in range(first, last + 1)]
    return ChartAxis(
        lambda value: start + (value - low) / ((high - low) or 1.0) * (end - start), ticks, name
    )


def _upwards(values: Sequence[float], name: str) -> ChartAxis:
    """Return the vertical axis: for shares only around the values, for others from 0.

    It is logarithmic where they span more than a factor of ten.
    """
    bottom, top = HEIGHT - BOTTOM, TOP + 12
    low, high = min(values), max(values)
    margin = 0.08 * (high - low) or 1.0
    # From 0 an accuracy between 0.97 and 0.99 would be a flat line.
    if is_share(name.replace(" ", "_")):
        return linear_axis(name, max(0.0, low - margin), min(1.0, high + margin), bottom, top, 7)
    # A rate that falls linearly ends near 0: its last points should not decide about the axis.
    evenly = name == "rate" and statistics.median(values) - low > 0.1 * (high - low)
    if low > 0 and high / low > 10 and not evenly:
        return logarithmic_axis(name, low / 1.15, high * 1.15, bottom, top)
    return linear_axis(name, 0.0 if low >= 0 else low - margin, high + margin, bottom, top, 7)


def logarithmic_axis(name: str, low: float, high: float, start: float, end: float) -> ChartAxis:
    """Return an axis with ticks at 1, 2 and 5 times powers of ten, or at fewer of these.

    Args:
        name: what is measured.
        low: the first value, above 0.
        high: the last value, above `low`.
        start: the place of `low`, in pixels.
        end: the place of `high`.
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    # The densest ticks that are few enough; 99 powers of ten are more than useful floats span.
    for factors, step in (((1, 2, 5), 1), ((1, 3), 1), *(((1,), step) for step in range(1, 99))):
        ticks = [
            factor * 10.0**power
            for power in powers[::step]
            for factor in factors
            if low <= factor * 10.0**power <= high
        ]
        if len(ticks) <= MARKS:
            break
    span = math.log(high / low)
    return ChartAxis(
        lambda value: start + math.log(value / low) / span * (end - start),
        ticks,
        f"{name} (logarithmic)",
    )


# --- parts ----------------------------------------------------------------------------------------


def axes(across: ChartAxis, up: ChartAxis) -> str:
    """Draw two axes with their ticks, labels and names."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    lines = [
        f'<path d="M{LEFT} {up.place(tick):.1f}H{right}" stroke="{GRID}"/>' for tick in up.ticks
    ]
    lines += [
        f'<path d="M{across.place(tick):.1f} {bottom}v5" stroke="{FAINT}"/>'
        for tick in across.ticks
    ]
    texts = {tick: tick_text(tick, up.ticks) for tick in up.ticks}
    if max(map(len, texts.values()), default=0) > LONGEST:
        texts = {tick: f"{tick:.4g}" for tick in up.ticks}
    # 15: a line's height, of text of 13 pixels.
    for tick in _apart({tick: (up.place(tick), 15.0) for tick in up.ticks}):
        y = up.place(tick) + 4
        lines.append(chart_text(LEFT - 9, y, texts[tick], anchor="end", colour=FAINT))
    texts = {tick: tick_text(tick, across.ticks) for tick in across.ticks}
    for tick in _apart(
        # 8 pixels a letter, for digits of 13 pixels, and a gap: text is not measured here.
        {tick: (across.place(tick), 8.0 * len(texts[tick]) + 8) for tick in across.ticks}
    ):
        x = across.place(tick)
        lines.append(chart_text(x, bottom + 20, texts[tick], anchor="middle", colour=FAINT))
    lines.append(f'<path d="M{LEFT} {bottom}H{right}" stroke="{FAINT}"/>')
    lines.append(chart_text((LEFT + right) / 2, HEIGHT - 12, across.name, anchor="middle"))
    middle = (TOP + bottom) / 2
    lines.append(
        f'<g transform="rotate(-90 18 {middle})">'
        + chart_text(18, middle, up.name, anchor="middle")
        + "</g>"
    )
    return "\n".join(lines)


def _apart(labels: Mapping[float, tuple[float, float]]) -> list[float]:
    """Choose the ticks whose labels, with this place and length, do not touch: every n-th."""
    ticks = list(labels)
    for every in range(1, len(ticks) + 1):
        chosen = ticks[::every]
        if all(
            abs(labels[one][0] - labels[next_one][0]) >= (labels[one][1] + labels[next_one][1]) / 2
            for one, next_one in pairwise(chosen)
        ):
            return chosen
    return ticks[:1]


def tick_text(tick: float, ticks: Sequence[float]) -> str:
    """Write a tick with the digits that tell it from those next to it."""
    steps = [after - before for before, after in pairwise(ticks)]
    if not steps or max(map(abs, ticks)) >= 1e12 or min(steps) < 1e-6:
        return f"{tick:g}"
    digits = max(0, -math.floor(math.log10(min(steps)) + 1e-9))
    return f"{tick:,.{digits}f}" if max(steps) < 1.5 * min(steps) else number_text(tick)


def _line(
    points: Sequence[Point], across: ChartAxis, up: ChartAxis, colour: str, dashed: bool = False
) -> str:
    """Draw a line, with a dot at each point if there are few points."""
    places = [(across.place(x), up.place(y)) for x, y in points]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    few = len(places) <= 12 and not dashed
    dots = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in places if few
    ]
    width = '1.2" stroke-dasharray="4 3' if dashed else "2"
    style = f'fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"'
    return (f'<path d="M{path}" {style}/>' if places else "") + "".join(dots)


def _mark(best: Point, across: ChartAxis, up: ChartAxis) -> str:
    """Draw a dashed line through the best point, a ring around it, and its name."""
    x, y = across.place(best[0]), up.place(best[1])
    # The label is about 100 pixels long, and goes to the side and the half with room for it.
    left = x > WIDTH - RIGHT - 110
    height = TOP + 24 if y > (TOP + HEIGHT - BOTTOM) / 2 else HEIGHT - BOTTOM - 12
    name = chart_text(
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
            f'<path d="M{x} 22h20" stroke="{colour}" stroke-width="2.5"/>'
            + chart_text(x + 26, 26, name)
        )
    return "".join(parts)


def chart_text(
    x: float,
    y: float,
    text: str,
    size: int = 13,
    anchor: str = "start",
    colour: str = INK,
    weight: str = "normal",
) -> str:
    """Write a text at a place."""
    style = f'font-size="{size}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'
