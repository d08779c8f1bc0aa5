"""A network in the style `graph` as a whole sheet: heading, picture, blocks beside it, legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.drawing import insets
from netdsl.drawing.figures import AMOUNTS, STEPS
from netdsl.drawing.graph_style import Painter
from netdsl.drawing.labels import shape_text
from netdsl.drawing.marks import Group, Mark, Rect, Run, Sheet, Text, bounds, moved
from netdsl.drawing.measure import shortened, width
from netdsl.drawing.options import Options
from netdsl.drawing.scene import Block
from netdsl.drawing.subject import Subject
from netdsl.wording import counted
from netdsl.wording import shortened as amount

if TYPE_CHECKING:
    from netdsl.architecture import Architecture

MARGIN = 24.0
_BESIDE = 56.0  # between a picture and the blocks beside it
_MOST_ACROSS = 1150.0
_HEAD, _SUB = 16.0, 11.0


def graph_sheet(network: Architecture, options: Options, prefix: str = "") -> Sheet:
    """Draw a network as boxes and arrows; their names begin with `prefix`.

    Raises:
        NetError: N660 where there are too many, N663 where there is no block of a name that is to
            be open.
    """
    subject = Subject(network, options)
    shown = subject.chosen()
    painter = Painter(subject, prefix)
    beside = insets.chosen(subject, shown) if options.fold == "all" else []
    main = painter.marks(shown, _MOST_ACROSS)
    marks: list[Mark] = list(main)
    box = bounds(main)
    if beside:
        panels = [
            Group("inset", block.name, "", (), _panel(painter, subject, block)) for block in beside
        ]
        marks += _placed(panels, box, options.direction)
    return finished(network, options, tuple(marks), single=not beside)


def _panel(painter: Painter, subject: Subject, block: Block) -> tuple[Mark, ...]:
    return painter.marks(insets.opened(subject, block))


def _placed(
    panels: list[Group], box: tuple[float, float, float, float], direction: str
) -> list[Mark]:
    """The panels in columns to the right of a picture, and in rows below it where they are too
    wide, or where it goes right itself.
    """
    left, top, right, bottom = box
    if direction == "right":
        return _in_rows(panels, left, bottom + _BESIDE, max(right, left + _MOST_ACROSS))
    found: list[Mark] = []
    below: list[Group] = []
    x, y, wide, lowest = right + _BESIDE, top, 0.0, bottom
    most = 1.2 * max(bottom - top, 640.0)
    for panel in panels:
        x0, y0, x1, y1 = bounds(panel.marks)
        if y > top and y + y1 - y0 > top + most:
            x, y, wide = x + wide + _BESIDE / 2, top, 0.0
        if x + x1 - x0 > left + _MOST_ACROSS:
            below.append(panel)
            continue
        found += moved((panel,), x - x0, y - y0)
        y, wide = y + y1 - y0 + MARGIN, max(wide, x1 - x0)
        lowest = max(lowest, y)
    return [*found, *_in_rows(below, left, lowest + _BESIDE / 2, left + _MOST_ACROSS)]


def _in_rows(panels: list[Group], left: float, top: float, right: float) -> list[Mark]:
    found: list[Mark] = []
    x, y, high = left, top, 0.0
    for panel in panels:
        x0, y0, x1, y1 = bounds(panel.marks)
        if x > left and x + x1 - x0 > right:
            x, y, high = left, y + high + MARGIN, 0.0
        found += moved((panel,), x - x0, y - y0)
        x, high = x + x1 - x0 + _BESIDE / 2, max(high, y1 - y0)
    return found


def finished(
    network: Architecture, options: Options, marks: tuple[Mark, ...], single: bool
) -> Sheet:
    """The sheet of what is drawn: with a heading above, and a legend below."""
    left, top, _, bottom = bounds(marks)
    more: list[Mark] = []
    if options.colour in AMOUNTS:
        more += legend(options.colour, left, bottom + 20.0)
    if options.heading:
        more += _heading(network, left, top, single)
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


def _heading(network: Architecture, left: float, top: float, single: bool) -> list[Mark]:
    """The network's name and what it holds, on its axis where it is a single column."""
    counts = network.counts
    inputs = ", ".join(shape_text(point.shape) for point in network.inputs[:3])
    outputs = ", ".join(shape_text(point.shape) for point in network.outputs[:3])
    facts = (
        f"{inputs} → {outputs}",
        f"{amount(counts.params)} params",
        f"{amount(counts.macs)} MACs",
    )
    name = shortened(network.name, _HEAD, 500.0, True)
    below = shortened(" · ".join(facts), _SUB, 600.0)
    x, anchor = (0.0, "middle") if single else (left, "start")
    return [
        Text(x, top - 44.0, (Run(name, "ink", True),), _HEAD, anchor, width(name, _HEAD, True)),
        Text(x, top - 26.0, (Run(below, "note"),), _SUB, anchor, width(below, _SUB)),
    ]


def legend(colour: str, x: float, y: float) -> list[Mark]:
    """What the colours of shares mean."""
    what = {"params": "params", "macs": "MACs", "memory": "activations' memory"}[colour]
    title = f"share of all {what}"
    found: list[Mark] = [
        Text(x, y + 10.0, (Run(title, "note"),), 10.0, "start", width(title, 10.0))
    ]
    x += width(title, 10.0) + 12
    bounds_of = [*(f"{step:.0%}" for step in STEPS[1:]), "100%"]
    names = ["none", *(f"to {each}" for each in bounds_of)]
    for number, name in enumerate(names):
        found.append(Rect(x, y, 14.0, 14.0, 3.0, f"share{number}"))
        wide = width(name, 10.0)
        found.append(Text(x + 18, y + 10.0, (Run(name, "note"),), 10.0, "start", wide))
        x += 18 + wide + 12
    return found
