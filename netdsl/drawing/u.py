"""The style `u`: down on the left, up on the right, skips level between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from netdsl.drawing import u_shape
from netdsl.drawing.cards import Card
from netdsl.drawing.graph_sheet import blocks_alongside
from netdsl.drawing.graph_style import Painter
from netdsl.drawing.heading import finished
from netdsl.drawing.marks import LineMark, Mark, MarkGroup, Point, Sheet, bounds
from netdsl.drawing.options import Options
from netdsl.drawing.subject import Subject
from netdsl.drawing.u_shape import UShape
from netdsl.errors import fail

if TYPE_CHECKING:
    from netdsl.architecture import Architecture

_GAP = 24.0  # between two boxes
_BETWEEN = 40.0  # between what is on a level
_BAR = 44.0  # how long the bar of a join is
_ROUND = 7.0


def suits(network: Architecture, options: Options) -> bool:
    """Return whether a network is a U."""
    return options.fold == "all" and u_shape.found(Subject(network, options)) is not None


def u_sheet(network: Architecture, options: Options, prefix: str = "") -> Sheet:
    """Draw a network as a U.

    Raises:
        NetError: N660 where it has too many boxes, N661 where it is not a U.
    """
    subject = Subject(network, options._replace(direction="down"))
    shape = u_shape.found(subject)
    if shape is None:
        raise fail(
            "N661",
            "the style u is for networks that go down and up again, with nested skips; "
            f"{network.name} is not one",
            help="--style graph draws every network",
        )
    drawing = _Drawing(subject, shape, prefix)
    main = drawing.marks()
    alongside = blocks_alongside(drawing.painter, shape.view, bounds(main))
    return finished(network, options, (*main, *alongside), float("nan") if alongside else None)


class _Drawing:
    """Places the boxes of a U: `middle` is where each one's middle is."""

    def __init__(self, subject: Subject, shape: UShape, prefix: str) -> None:
        self.painter, self.shape = Painter(subject, prefix), shape
        cards = self.painter.cards(shape.view)
        self.cards = [cards[box] for box in shape.view.boxes]
        self.middle: dict[int, Point] = {}
        self.at = {box: at for at, box in enumerate(shape.spine)}
        self._place()

    def _size(self, box: int) -> tuple[float, float]:
        card = self.cards[box]
        return (_BAR, card.height) if card.form == "bar" else (card.width, card.height)

    # --- places ---

    def _place(self) -> None:
        shape, spine = self.shape, self.shape.spine
        sources = [self.at[skip.source] for skip in shape.skips]
        targets = [self.at[skip.target] for skip in shape.skips]
        bottom = [spine[at] for at in range(shape.first, shape.last + 1)]
        apart = self._apart(bottom)
        left, right = -apart / 2, apart / 2
        # What precedes the outermost skip, and what follows it, is above the U.
        for boxes, x in ((spine[: sources[0] + 1], left), (spine[targets[0] :][::-1], right)):
            self._stack(boxes, x, -self._length(boxes))
        y = 0.0
        for level in range(len(sources) - 1):
            down = spine[sources[level] : sources[level + 1] + 1]
            up = spine[targets[level + 1] : targets[level] + 1][::-1]
            step = max(self._length(down), self._length(up))
            for boxes, x in ((down, left), (up, right)):
                free = (step - self._length(boxes)) / (len(boxes) - 1)
                self._stack(boxes, x, y, _GAP + free)
            y += step
        down = spine[sources[-1] : shape.first]
        up = spine[shape.last + 1 : targets[-1] + 1][::-1]
        low = max(self._size(box)[1] for box in bottom) / 2
        step = max(self._reach(down), self._reach(up)) + _GAP + low
        self._stack(down, left, y)
        self._stack(up, right, y)
        self._row(bottom, left, right, y + step)

    def _apart(self, bottom: Sequence[int]) -> float:
        """Return how far the axes of both sides are apart: levels and the bottom have room."""
        needed = [sum(self._size(box)[0] + _BETWEEN for box in bottom) + _BETWEEN]
        for skip in self.shape.skips:
            ends = (self._size(skip.source)[0] + self._size(skip.target)[0]) / 2
            inside = sum(self._size(box)[0] + _BETWEEN for box in skip.on_the_way)
            needed.append(ends + inside + _BETWEEN)
        sides = [self._size(box)[0] for box in self.shape.spine if box not in bottom]
        return max(*needed, max(sides) + 2 * _BETWEEN)

    def _length(self, boxes: Sequence[int]) -> float:
        """Measure from the middle of the first to that of the last of boxes in a column."""
        heights = [self._size(box)[1] for box in boxes]
        return sum(heights) + _GAP * (len(boxes) - 1) - (heights[0] + heights[-1]) / 2

    def _reach(self, boxes: Sequence[int]) -> float:
        """Measure from the middle of the first to the lower edge of the last."""
        return self._length(boxes) + self._size(boxes[-1])[1] / 2

    def _stack(self, boxes: Sequence[int], x: float, y: float, gap: float = _GAP) -> None:
        """Place boxes below the first one, whose middle is at y."""
        self.middle[boxes[0]] = (x, y)
        for before, box in pairwise(boxes):
            y += (self._size(before)[1] + self._size(box)[1]) / 2 + gap
            self.middle[box] = (x, y)

    def _row(self, boxes: Sequence[int], left: float, right: float, y: float) -> None:
        """Place boxes from left to right, with equal gaps."""
        widths = [self._size(box)[0] for box in boxes]
        free = (right - left - sum(widths)) / (len(boxes) + 1)
        x = left
        for box, wide in zip(boxes, widths, strict=True):
            self.middle[box] = (x + free + wide / 2, y)
            x += free + wide

    # --- marks ---

    def marks(self) -> tuple[Mark, ...]:
        """Return all boxes and wires."""
        for skip in self.shape.skips:
            y = self.middle[skip.source][1]
            left = self.middle[skip.source][0] + self._size(skip.source)[0] / 2
            right = self.middle[skip.target][0] - self._size(skip.target)[0] / 2
            self._row(skip.on_the_way, left, right, y)
        wires = [*self._down_and_up(), *self._across()]
        boxes = []
        for number, box in enumerate(self.shape.view.boxes):
            (x, y), (wide, high) = self.middle[number], self._size(number)
            card: Card = self.cards[number]
            boxes.append(self.painter.mark(box, card, x - wide / 2, y - high / 2, wide))
        return (*wires, *boxes)

    def _down_and_up(self) -> list[Mark]:
        spine, shape = self.shape.spine, self.shape
        found = []
        for at, (source, target) in enumerate(pairwise(spine)):
            (x0, y0), (x1, y1) = self.middle[source], self.middle[target]
            (w0, h0), (w1, h1) = self._size(source), self._size(target)
            if at + 1 == shape.first:
                points = [(x0, y0 + h0 / 2), (x0, y1), (x1 - w1 / 2, y1)]
            elif at == shape.last:
                points = [(x0 + w0 / 2, y0), (x1, y0), (x1, y1 + h1 / 2)]
            elif shape.first <= at < shape.last:
                points = [(x0 + w0 / 2, y0), (x1 - w1 / 2, y1)]
            elif y0 < y1:
                points = [(x0, y0 + h0 / 2), (x1, y1 - h1 / 2)]
            else:
                points = [(x0, y0 - h0 / 2), (x1, y1 + h1 / 2)]
            found.append(self._wire(source, target, points))
        return found

    def _across(self) -> list[Mark]:
        found = []
        for skip in self.shape.skips:
            for source, target in pairwise((skip.source, *skip.on_the_way, skip.target)):
                (x0, y0), (x1, y1) = self.middle[source], self.middle[target]
                wide = self._size(source)[0] / 2, self._size(target)[0] / 2
                points = [(x0 + wide[0], y0), (x1 - wide[1], y1)]
                found.append(self._wire(source, target, points))
        return found

    def _wire(self, source: int, target: int, points: list[Point]) -> Mark:
        boxes = self.shape.view.boxes
        names = self.painter.name(boxes[source]), self.painter.name(boxes[target])
        line = LineMark(tuple(points), "wire", _ROUND, arrow=True)
        return MarkGroup("edge", "", "", (("from", names[0]), ("to", names[1])), (line,))
