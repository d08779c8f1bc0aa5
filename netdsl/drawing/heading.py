"""What is around what is drawn: the network's name and totals above, a legend below."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import isnan
from typing import TYPE_CHECKING

from netdsl.drawing.figures import AMOUNTS, STEPS
from netdsl.drawing.labels import shape_text
from netdsl.drawing.marks import Mark, Rect, Sheet, Text, TextRun, bounds, moved
from netdsl.drawing.measure import shortened, width
from netdsl.drawing.options import Options
from netdsl.wording import counted
from netdsl.wording import shortened as amount

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Port

MARGIN = 24.0
MAX_WIDE = 1150.0
"""Across a picture: pages make wider ones smaller, and their texts with them."""
_HEAD, _SUB = 16.0, 11.0
_MAX_SHAPES = 3  # of the inputs, and of the outputs, that a heading has


def finished(
    network: Architecture,
    options: Options,
    marks: tuple[Mark, ...],
    axis: float | None,
    units: bool = True,
    facts: str = "",
) -> Sheet:
    """Return the sheet of what is drawn: with a heading above and a legend below.

    The heading is over the axis; in the middle of what is drawn where that is None, and at its
    left edge where it is not a number. It says what the figures of boxes are if those have no
    `units`; where there are `facts`, these in place of what the network holds.

    Args:
        network: what is drawn.
        options: the colours, the columns, and whether there is a heading.
        marks: the picture.
        axis: where the heading's middle is, in x.
        units: whether the figures in boxes say what they count.
        facts: the line below the name, in place of what the network holds.
    """
    left, top, right, bottom = bounds(marks)
    more: list[Mark] = []
    middle = (left + right) / 2 if axis is None else axis
    if options.colour in AMOUNTS:
        signs = legend(options.colour, left, bottom + 20.0)
        begin, _, end, _ = bounds(signs)
        more += signs if isnan(middle) else moved(signs, middle - (begin + end) / 2, 0.0)
    if options.heading:
        figures = "" if units else f"in boxes: {' · '.join(options.columns)}"
        more += _heading(network, facts or _facts(network, figures), left, top, middle)
    every = (*marks, *more)
    x0, y0, x1, y1 = bounds(every)
    about = " ".join(network.description.split())
    return Sheet(
        network.name,
        about or f"{network.name}: {counted(len(network.graph.layers), 'layer')}",
        every,
        x0 - MARGIN,
        y0 - MARGIN,
        x1 - x0 + 2 * MARGIN,
        y1 - y0 + 2 * MARGIN,
    )


def _facts(network: Architecture, figures: str) -> str:
    """Return what a network holds, and what the figures of its boxes are."""
    counts = network.counts
    facts = (
        f"{_shapes(network.inputs)} → {_shapes(network.outputs)}",
        f"{amount(counts.params)} params",
        f"{amount(counts.macs)} MACs",
        figures,
    )
    return " · ".join(filter(None, facts))


def _heading(network: Architecture, facts: str, left: float, top: float, axis: float) -> list[Mark]:
    """Return the network's name, and below it the facts."""
    name = shortened(network.name, _HEAD, 500.0, True)
    below = shortened(facts, _SUB, 600.0)
    x, anchor = (left, "start") if isnan(axis) else (axis, "middle")
    return [
        Text(x, top - 44.0, (TextRun(name, "ink", True),), _HEAD, anchor, width(name, _HEAD, True)),
        Text(x, top - 26.0, (TextRun(below, "note"),), _SUB, anchor, width(below, _SUB)),
    ]


def _shapes(points: Sequence[Port]) -> str:
    """Return shapes, equal neighbours once: `13, 26 times 1 of 1,000`; of many the first."""
    runs = [(shape, len(list(run))) for shape, run in groupby(shape_text(p.shape) for p in points)]
    texts = [f"{count} times {shape}" if count > 1 else shape for shape, count in runs]
    return ", ".join(texts[:_MAX_SHAPES]) + ", …" * (len(texts) > _MAX_SHAPES)


def legend(colour: str, x: float, y: float) -> tuple[Mark, ...]:
    """Return what the colours of shares mean."""
    what = {"params": "params", "macs": "MACs", "memory": "activations' memory"}[colour]
    title = f"share of all {what}"
    found: list[Mark] = [
        Text(x, y + 10.0, (TextRun(title, "note"),), 10.0, "start", width(title, 10.0))
    ]
    x += width(title, 10.0) + 12
    bounds_of = [*(f"{step:.0%}" for step in STEPS[1:]), "100%"]
    names = ["none", *(f"to {each}" for each in bounds_of)]
    for number, name in enumerate(names):
        found.append(Rect(x, y, 14.0, 14.0, 3.0, f"share{number}"))
        wide = width(name, 10.0)
        found.append(Text(x + 18, y + 10.0, (TextRun(name, "note"),), 10.0, "start", wide))
        x += 18 + wide + 12
    return tuple(found)
