"""A network in the style `graph` as a whole sheet: heading, picture, blocks next to it,
legend.
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from netdsl.drawing import insets
from netdsl.drawing.graph_style import Painter
from netdsl.drawing.heading import MARGIN, MAX_WIDE, finished
from netdsl.drawing.marks import Mark, MarkGroup, Sheet, bounds, moved
from netdsl.drawing.options import Options
from netdsl.drawing.subject import Subject
from netdsl.drawing.view import View

if TYPE_CHECKING:
    from netdsl.architecture import Architecture

_ALONGSIDE = 56.0  # between a picture and the blocks next to it
_WIDEST = 1400.0  # of a block that is drawn open next to a picture


def graph_sheet(network: Architecture, options: Options, prefix: str = "") -> Sheet:
    """Draw a network as boxes and arrows; their names begin with `prefix`.

    Raises:
        NetError: N660 where there are too many, N663 where no block has a name that `open`
            gives.
    """
    subject = Subject(network, options)
    shown = subject.chosen()
    painter = Painter(subject, prefix)
    main, units = _fitting(painter, shown, MAX_WIDE)
    alongside = blocks_alongside(painter, shown, bounds(main))
    axis = nan if alongside else 0.0
    return finished(network, options, (*main, *alongside), axis, units)


def _fitting(painter: Painter, shown: View, columns: float = 0.0) -> tuple[tuple[Mark, ...], bool]:
    """Return the marks of a view, and whether figures have units: not where it is too wide then.

    Where `columns` is given, a long chain is in columns that are not wider.
    """
    marks = painter.marks(shown, columns)
    left, _, right, _ = bounds(marks)
    if right - left <= MAX_WIDE:
        return marks, True
    # `4.1 k` for `4.1 k params` makes boxes narrower; the heading says what the figures are.
    terse = Subject(painter.subject.network, painter.options, units=False)
    return Painter(terse, painter.prefix).marks(shown, columns), False


def blocks_alongside(
    painter: Painter, shown: View, box: tuple[float, float, float, float]
) -> list[Mark]:
    """Return the blocks that are closed in a picture, drawn open next to its box."""
    subject = painter.subject
    if subject.options.fold != "all" or not subject.options.alongside:
        return []
    panels = []
    for block in insets.chosen(subject, shown):
        marks, _ = _fitting(painter, insets.opened(subject, block))
        left, _, right, _ = bounds(marks)
        if right - left <= _WIDEST:
            panels.append(MarkGroup("inset", block.name, "", (), marks))
    return _placed(panels, box, subject.options.direction)


def _placed(
    panels: list[MarkGroup], box: tuple[float, float, float, float], direction: str
) -> list[Mark]:
    """Return the panels in columns to the right of a picture, and in rows below it where they are
    too wide, or where it goes right itself.
    """
    left, top, right, bottom = box
    if direction == "right":
        return _in_rows(panels, left, bottom + _ALONGSIDE, max(right, left + MAX_WIDE))
    found: list[Mark] = []
    below: list[MarkGroup] = []
    x, y, wide, lowest = right + _ALONGSIDE, top, 0.0, bottom
    # Columns of panels may be somewhat longer than the picture, or than a screen.
    highest = 1.4 * max(bottom - top, 640.0)
    for panel in panels:
        x0, y0, x1, y1 = bounds(panel.marks)
        if y > top and y + y1 - y0 > top + highest:
            x, y, wide = x + wide + _ALONGSIDE / 2, top, 0.0
        if x + x1 - x0 > left + MAX_WIDE:
            below.append(panel)
            continue
        found += moved((panel,), x - x0, y - y0)
        y, wide = y + y1 - y0 + MARGIN, max(wide, x1 - x0)
        lowest = max(lowest, y)
    return [*found, *_in_rows(below, left, lowest + _ALONGSIDE / 2, left + MAX_WIDE)]


def _in_rows(panels: list[MarkGroup], left: float, top: float, right: float) -> list[Mark]:
    found: list[Mark] = []
    x, y, high = left, top, 0.0
    for panel in panels:
        x0, y0, x1, y1 = bounds(panel.marks)
        if x > left and x + x1 - x0 > right:
            x, y, high = left, y + high + MARGIN, 0.0
        found += moved((panel,), x - x0, y - y0)
        x, high = x + x1 - x0 + _ALONGSIDE / 2, max(high, y1 - y0)
    return found
