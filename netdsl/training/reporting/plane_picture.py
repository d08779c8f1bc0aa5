"""A network whose input is one or two numbers as a picture: its answers over its input, the
examples, and a small picture for each hidden unit. This module imports numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from netdsl.training.preparation.outputs import LABELS
from netdsl.training.reporting.charts import (
    FAINT,
    GRID,
    INK,
    TRAINING,
    ChartAxis,
    chart_page,
    chart_text,
    linear_axis,
    tick_text,
)
from netdsl.training.reporting.colour_maps import (
    by_class,
    class_colours,
    diverging,
    hex_colour,
    surface_uri,
)
from netdsl.training.reporting.contours import contour
from netdsl.wording import cut

if TYPE_CHECKING:
    from netdsl.training.evaluation.plane import InputPlane, PartPoints, UnitLayer
    from netdsl.training.preparation.rows import Array

LEFT, TOP, SIDE, WIDE, HIGH = 84, 64, 400, 560, 360
"""Pixels to the left of and above a drawing, the side of a surface, a curve's width and height."""
TILE, GAP, ACROSS = 56, 8, 8
"""The side of a unit's picture and the gap between two, in pixels; units in a row."""


class ChartFrame(NamedTuple):
    """Where a drawing is, and its axes."""

    across: ChartAxis
    up: ChartAxis
    width: int
    height: int

    def path(self, points: list[tuple[float, float]]) -> str:
        """Write a line through points as an SVG path."""
        places = (f"{self.across.place(x):.1f} {self.up.place(y):.1f}" for x, y in points)
        return "M" + "L".join(places)


def plane_picture(title: str, plane: InputPlane) -> str:
    """Draw a network's answers over its input, as SVG."""
    surface = len(plane.axes) == 2
    frame = surface_frame(plane.axes, plane.names) if surface else _curve_frame(plane)
    parts = _surface(plane, frame) if surface else _curve(plane, frame)
    parts += frame_marks(frame)
    about = described_plane(plane)
    x, y, right = LEFT + frame.width + 48, TOP, LEFT + frame.width + 28
    for layer in plane.layers:
        parts += _tiles(layer, x, y, surface)
        y += 40 + (TILE + GAP) * -(-len(layer.units) // ACROSS)
        tiles = min(len(layer.units), ACROSS)
        right = max(right, x + tiles * (TILE + GAP) + 16, x + 8 * len(layer.text) + 60)
    height = max(TOP + frame.height + 52, y)
    return chart_page(title, about, parts, max(right, LEFT + 8 * len(about)), height)


def described_plane(plane: InputPlane) -> str:
    """Say what the colours and the points of the picture mean."""
    names = [part.name for part in plane.points]
    shown = "filled: training" + (f", hollow: {' and '.join(names[1:])}" if names[1:] else "")
    if len(plane.axes) == 1:
        learned = "" if plane.function is None else f"; {error_text(plane)}"
        return shown + learned
    if plane.output.task == LABELS:
        classes = plane.output.categories
        two = " (orange: {}, blue: {})".format(*map(plane.output.label, (0, 1)))
        return f"colour: the answer, pale where it is unsure{two if classes == 2 else ''}; {shown}"
    low, high = float(plane.values.min()), float(plane.values.max())
    return f"from {low:.4g} (orange) to {high:.4g} (blue); {shown}"


def errors_of(plane: InputPlane) -> tuple[float, float]:
    """Return the largest and the mean squared error of a curve that learns a function.

    Both are taken over the range of the examples, beyond which the axis may extend.
    """
    xs = plane.axes[0]
    places = np.concatenate([part.places[:, 0] for part in plane.points])
    # The axis is wider than the examples; beyond them nothing was learned.
    inside = (xs >= places.min()) & (xs <= places.max())
    assert plane.function is not None
    errors = (plane.values.reshape(len(xs), -1)[:, -1] - plane.function)[inside]
    return float(np.abs(errors).max()), float((errors**2).mean())


def error_text(plane: InputPlane) -> str:
    """Say how far a curve is from the function that it learns."""
    largest, squared = errors_of(plane)
    return f"largest error {largest:.4g}, mean squared error {squared:.4g}"


# --- frames ---------------------------------------------------------------------------------------


def surface_frame(axes: tuple[Array, ...], names: tuple[str, ...]) -> ChartFrame:
    """Return the frame of a surface over two axes."""
    (x0, x1), (y0, y1) = ((float(axis[0]), float(axis[-1])) for axis in axes)
    return ChartFrame(
        linear_axis(names[0], x0, x1, LEFT, LEFT + SIDE, 7),
        linear_axis(names[1], y0, y1, TOP + SIDE, TOP, 7),
        SIDE,
        SIDE,
    )


def _curve_frame(plane: InputPlane) -> ChartFrame:
    xs = plane.axes[0]
    held = [plane.values.reshape(-1), *(part.targets for part in plane.points)]
    held += [] if plane.function is None else [plane.function]
    known = np.concatenate(held)
    known = known[np.isfinite(known)]
    low, high = float(known.min()), float(known.max())
    margin = 0.06 * (high - low) or 1.0
    x0, x1 = float(xs[0]), float(xs[-1])
    return ChartFrame(
        linear_axis(plane.names[0], x0, x1, LEFT, LEFT + WIDE, 9),
        linear_axis(plane.output.name, low - margin, high + margin, TOP + HIGH, TOP, 7),
        WIDE,
        HIGH,
    )


def frame_marks(frame: ChartFrame) -> list[str]:
    """Draw a frame's border, its ticks and the names of its axes."""
    bottom, across, up = TOP + frame.height, frame.across, frame.up
    found = [
        f'<rect x="{LEFT}" y="{TOP}" width="{frame.width}" height="{frame.height}" '
        f'fill="none" stroke="{FAINT}"/>'
    ]
    for tick in across.ticks:
        x, text = across.place(tick), tick_text(tick, across.ticks)
        found.append(f'<path d="M{x:.1f} {bottom}v5" stroke="{FAINT}"/>')
        found.append(chart_text(x, bottom + 20, text, anchor="middle", colour=FAINT))
    for tick in up.ticks:
        y, text = up.place(tick), tick_text(tick, up.ticks)
        found.append(f'<path d="M{LEFT} {y:.1f}h-5" stroke="{FAINT}"/>')
        found.append(chart_text(LEFT - 9, y + 4, text, anchor="end", colour=FAINT))
    middle = TOP + frame.height / 2
    found.append(chart_text(LEFT + frame.width / 2, bottom + 40, across.name, anchor="middle"))
    name = chart_text(18, middle, up.name, anchor="middle")
    found.append(f'<g transform="rotate(-90 18 {middle})">{name}</g>')
    return found


# --- a surface ------------------------------------------------------------------------------------


def _surface(plane: InputPlane, frame: ChartFrame) -> list[str]:
    xs, ys = plane.axes
    values = plane.values
    if plane.output.task != LABELS:
        colours, borders = diverging(_balanced(values)), []
    elif values.shape[-1] == 2:
        difference = values[..., 1] - values[..., 0]
        colours, borders = diverging(difference), [difference]
    else:
        best = np.sort(values, axis=-1)
        # Scores have no unit: measured from the lowest, their leads say how pale a colour is.
        colours = by_class(values if plane.output.probable else values - best[..., :1])
        # A class's border is where it is as likely as the best of the others.
        others = [np.delete(values, at, axis=-1).max(axis=-1) for at in range(values.shape[-1])]
        borders = [values[..., at] - other for at, other in enumerate(others)]
    found = [_image(colours, (LEFT, TOP), (frame.width, frame.height))]
    lines = [line for border in borders for line in contour(xs, ys, border, 0.0)]
    found += [
        f'<path d="{frame.path(line)}" fill="none" stroke="{INK}" stroke-width="1.5"/>'
        for line in lines
    ]
    # Reversed, so that the points of the training part, which comes first, lie above the others.
    return found + [mark for part in reversed(plane.points) for mark in _dots(plane, part, frame)]


def _balanced(values: Array) -> Array:
    """Scale values so that the smallest is -1 and the largest 1."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return (values - (low + high) / 2) / ((high - low) / 2 or 1.0)


def _dots(plane: InputPlane, part: PartPoints, frame: ChartFrame) -> list[str]:
    """Draw a part's examples in the colours of their classes or values."""
    if plane.output.task == LABELS:
        names, edge = class_colours(plane.values.shape[-1]), "white"
        colours = [names[int(target)] for target in part.targets]
    else:
        low, high = float(plane.values.min()), float(plane.values.max())
        edge = INK  # a value in the middle is as white as what lies below it
        shares = (part.targets - (low + high) / 2) / ((high - low) / 2 or 1.0)
        colours = [hex_colour(each) for each in diverging(shares, 1.0)]
    # XOR has 4 examples, spirals hundreds: circles of one size would be lost, or hide the colours.
    count = sum(len(each.places) for each in plane.points)
    few, many = count <= 12, count > 150
    radius, width = (7.0, 1.3) if few else (2.8, 0.9) if many else (3.6, 1.2)
    marks = []
    for (x, y), colour in zip(part.places, colours, strict=True):
        fill, stroke = (colour, edge) if part.name == "training" else ("white", colour)
        at = f'cx="{frame.across.place(x):.1f}" cy="{frame.up.place(y):.1f}" r="{radius}"'
        marks.append(f'<circle {at} fill="{fill}" stroke="{stroke}" stroke-width="{width}"/>')
    return marks


def _image(colours: Array, at: tuple[float, float], size: tuple[float, float]) -> str:
    """Place a surface so that its outer points lie on the border, half a cell within the image."""
    rows, columns = colours.shape[:2]
    dx, dy = size[0] / (columns - 1) / 2, size[1] / (rows - 1) / 2
    frame = f'x="{at[0]}" y="{at[1]}" width="{size[0]}" height="{size[1]}"'
    place = f'x="{-dx:.2f}" y="{-dy:.2f}" width="{size[0] + 2 * dx:.2f}"'
    image = f'{place} height="{size[1] + 2 * dy:.2f}" preserveAspectRatio="none"'
    return f'<svg {frame}><image {image} href="{surface_uri(colours)}"/></svg>'


# --- a curve --------------------------------------------------------------------------------------


def _curve(plane: InputPlane, frame: ChartFrame) -> list[str]:
    xs = plane.axes[0]
    columns = plane.values.reshape(len(xs), -1)
    colours = [TRAINING]
    if plane.output.task == LABELS and columns.shape[1] > 2:
        colours = class_colours(columns.shape[1])
    elif columns.shape[1] == 2:
        columns = columns[:, 1:]
    found = [
        f'<path d="M{LEFT} {frame.up.place(tick):.1f}h{frame.width}" stroke="{GRID}"/>'
        for tick in frame.up.ticks
    ]
    for part in reversed(plane.points):
        style = (
            f'fill="{INK}" fill-opacity="0.6"'
            if part.name == "training"
            else 'fill="white" stroke="#aaa"'
        )
        pairs = zip(part.places[:, 0], part.targets, strict=True)
        found += [
            f'<circle cx="{frame.across.place(x):.1f}" cy="{frame.up.place(y):.1f}" r="2.6" '
            f"{style}/>"
            for x, y in pairs
        ]
    if plane.function is not None:
        found.append(_line(frame, xs, plane.function, INK, 'stroke-dasharray="5 4"'))
    found += [
        _line(frame, xs, column, colour, 'stroke-width="2.5"')
        for column, colour in zip(columns.T, colours, strict=True)
    ]
    return found


def _line(frame: ChartFrame, xs: Array, ys: Array, colour: str, more: str) -> str:
    points = [(float(x), float(y)) for x, y in zip(xs, ys, strict=True) if np.isfinite(y)]
    return f'<path d="{frame.path(points)}" fill="none" stroke="{colour}" {more}/>'


# --- hidden units ---------------------------------------------------------------------------------


def _tiles(layer: UnitLayer, x: float, y: float, surface: bool) -> list[str]:
    """Draw the units of a layer, blue above 0 and orange below, of probabilities above a half."""
    shown = len(layer.units)
    more = f", {shown} of {layer.total:,} units" if layer.total > shown else ""
    scale = 1.0
    # One scale for a layer, so that its units can be compared; these three have their own scale.
    if layer.meaning not in ("probability", "margin", "decision"):
        scale = float(np.nanmax(np.abs(layer.units))) or 1.0
    text = "" if layer.text == layer.name else f": {layer.text}"
    about = f", up to {scale:.3g} in size" if surface and scale != 1.0 else ""
    parts = [chart_text(x, y + 10, cut(f"{layer.name}{more}{about}{text}", 74), size=12)]
    for at, unit in enumerate(layer.units):
        left = x + (TILE + GAP) * (at % ACROSS)
        top = y + 20 + (TILE + GAP) * (at // ACROSS)
        parts.append(f"<g><title>{layer.name}[{at}]</title>")
        if surface:
            shares = 2 * unit - 1 if layer.meaning == "probability" else unit / scale
            parts.append(_image(diverging(shares), (left, top), (TILE, TILE)))
        else:
            parts.append(_small_curve(unit, left, top))
        parts.append(
            f'<rect x="{left}" y="{top}" width="{TILE}" height="{TILE}" fill="none" '
            f'stroke="{GRID}"/></g>'
        )
    return parts


def _small_curve(unit: Array, left: float, top: float) -> str:
    """Draw a unit's values over the axis, each unit in its own range."""
    # A tile is 56 pixels wide: more than 160 points would only make the page larger.
    few = unit[:: max(1, len(unit) // 80)]
    low, high = float(np.nanmin(few)), float(np.nanmax(few))
    heights = (few - low) / ((high - low) or 1.0) * (TILE - 8) + 4
    across = np.linspace(2, TILE - 2, len(few))
    pairs = zip(across, heights, strict=True)
    path = "L".join(f"{left + dx:.1f} {top + TILE - dy:.1f}" for dx, dy in pairs)
    return f'<path d="M{path}" fill="none" stroke="{TRAINING}" stroke-width="1.5"/>'
