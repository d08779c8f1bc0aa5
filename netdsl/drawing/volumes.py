"""The style `volumes`: cuboids from left to right, windows as pyramids, skips above."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from netdsl.drawing.cards import RADIUS, Card, drawn
from netdsl.drawing.heading import MAX_WIDE, finished
from netdsl.drawing.marks import LineMark, Mark, MarkGroup, Point, Sheet, Text, TextRun
from netdsl.drawing.measure import width
from netdsl.drawing.options import Options
from netdsl.drawing.solids import Solid, faces, window
from netdsl.drawing.subject import Subject
from netdsl.drawing.volume_steps import LABEL, Body, Steps, VolumeStep, flat

if TYPE_CHECKING:
    from netdsl.architecture import Architecture

_GAP = 18.0  # between the back of one cuboid and the front of the next, at least
_CLOSE = 3.0  # between cuboids of one step
_APART = 12.0  # between two columns
_SKIP = 16.0  # between a cuboid and an arc over it
_ONE_ROW = 1250.0  # wider ones stand in several rows
_FOLDED = 1500.0  # wider ones are folded
_ROWS = 44.0  # between two rows
_LABELS = 22.0  # from cuboids to their labels


def volumes_sheet(network: Architecture, options: Options, prefix: str = "") -> Sheet:
    """Draw a network as cuboids.

    Raises:
        NetError: N660 where there are too many, N661 where its layers do not follow one another.
    """
    subject = Subject(network, options)
    plain = _Painter(Steps(subject, flat(subject.view(options.depth, "none"))), prefix)
    if plain.width <= _FOLDED or options.fold == "none":
        return plain.sheet()
    folded = _Painter(Steps(subject, flat(subject.view(options.depth))), prefix)
    return min(plain, folded, key=lambda painter: painter.width).sheet()


class _Painter:
    """Draws steps; `place` is where each box's front begins, with its cuboid."""

    def __init__(self, steps: Steps, prefix: str) -> None:
        self.all, self.prefix = steps, prefix
        self.place: dict[int, tuple[float, float, Solid]] = {}
        self.marks: list[Mark] = []
        self.bodies = [steps.bodies(step) for step in steps.steps]
        self.lines = [steps.lines(step) for step in steps.steps]
        self.starts, self.rows = self._starts()
        self.tall = [0.0] * (self.rows[-1] + 1)  # of each row, above and below its axis
        for row, bodies in zip(self.rows, self.bodies, strict=True):
            for body in bodies:
                half = body.solid.high * body.columns / 2 + body.solid.up / 2
                self.tall[row] = max(self.tall[row], half)
        highest = 13.5 * max(len(lines) for lines in self.lines)
        self.axes = [0.0]
        for above, below in pairwise(self.tall):
            self.axes.append(self.axes[-1] + above + _LABELS + highest + _ROWS + below)
        self.lowest = self.axes[-1] + self.tall[-1] + _LABELS + highest

    @property
    def width(self) -> float:
        """How wide all steps in one row are."""
        return self._row(range(len(self.bodies)))[1]

    def _row(self, numbers: Sequence[int]) -> tuple[list[float], float]:
        """Return where each step of a row begins, and how wide it is: labels keep apart."""
        starts: list[float] = []
        x, label_end, back = 0.0, 0.0, -_GAP
        for number in numbers:
            label = self._label(number)
            wide, here = self._extent(number)
            x = max(x + _GAP + back, label_end + 10.0 + (label - wide - here) / 2)
            if not starts:
                x = max(0.0, (label - wide - here) / 2)
            starts.append(x)
            label_end = x + (wide + here + label) / 2
            x, back = x + wide, here
        return starts, max(x + back, label_end)

    def _starts(self) -> tuple[list[float], list[int]]:
        """Return where each step begins, and in which row it is."""
        count = len(self.bodies)
        starts, wide = self._row(range(count))
        # An arc or a brace over the end of a row could not be drawn.
        whole = wide <= _ONE_ROW or self.all.chain.arcs or self.all.braces
        if whole:
            return starts, [0] * count
        rows = self._rows(MAX_WIDE)
        for part in range(19, 0, -1):  # the narrowest rows without more of them
            narrower = self._rows(MAX_WIDE * part / 20)
            if len(narrower) > len(rows):
                break
            rows = narrower
        row_of = [row for row, numbers in enumerate(rows) for _ in numbers]
        return [x for numbers in rows for x in self._row(numbers)[0]], row_of

    def _rows(self, highest: float) -> list[list[int]]:
        """Return the steps in rows that are not wider, each with what fits."""
        rows: list[list[int]] = [[]]
        for number in range(len(self.bodies)):
            if rows[-1] and self._row([*rows[-1], number])[1] > highest:
                rows.append([])
            rows[-1].append(number)
        return rows

    def _extent(self, number: int) -> tuple[float, float]:
        """Return the width of a step's fronts, and how far its last back extends beyond them."""
        bodies = self.bodies[number]
        if self.all.sign(bodies[0].box) is not None:
            return 2 * RADIUS, 0.0
        wide = sum(body.solid.thick for body in bodies) + _CLOSE * (len(bodies) - 1)
        return wide, bodies[-1].solid.across

    # --- marks ---

    def sheet(self) -> Sheet:
        """Return the sheet of all steps."""
        for number, step in enumerate(self.all.steps):
            row = self.rows[number]
            self._draw(step, self.bodies[number], self.starts[number], self.axes[row])
            middle = self._middle(number)
            y = self.axes[row] + self.tall[row] + _LABELS
            for text, size, look in self.lines[number]:
                y += size + 3
                runs = (TextRun(text, look),)
                self.marks.append(Text(middle, y, runs, size, "middle", width(text, size)))
        marks = (*self.marks, *self._wires(), *self._arcs(), *self._braces(self.lowest + 10.0))
        return finished(self.all.subject.network, self.all.subject.options, marks, None)

    def _middle(self, number: int) -> float:
        wide, back = self._extent(number)
        return self.starts[number] + (wide + back) / 2

    def _label(self, number: int) -> float:
        """Return how wide the label of a step is."""
        return max((width(text, size) for text, size, _ in self.lines[number]), default=0.0)

    def _draw(self, step: VolumeStep, bodies: Sequence[Body], x: float, axis: float) -> None:
        sign = self.all.sign(step.box)
        if sign is not None:
            self._draw_sign(step, sign, x, axis)
            return
        marks: list[Mark] = []
        for number, (at, body, columns) in enumerate(bodies):
            high = columns * body.high + (columns - 1) * _APART
            top = axis + body.up / 2 - high / 2
            for column in range(columns):
                marks += faces(body, x, top + column * (body.high + _APART), self.all.look(at))
            self.place[at] = (x, top, body._replace(high=high))
            if number == len(bodies) - 1 or bodies[number + 1].box != at:
                self._group(at, tuple(marks))
                marks = []
            x += body.thick + _CLOSE
        for at, plates in step.units:  # those that are not drawn stand where the last is
            for hidden in (at, *plates):
                self.place.setdefault(hidden, self.place[bodies[-1].box])

    def _draw_sign(self, step: VolumeStep, sign: Card, x: float, axis: float) -> None:
        if sign.form == "bar":
            left, right = x + RADIUS - 3, x + RADIUS + 3
            ends = ((left, axis - 28), (right, axis - 28), (right, axis + 28), (left, axis + 28))
            inside: tuple[Mark, ...] = (LineMark(ends, "bar", closed=True),)
        else:
            inside = drawn(sign, x, axis - RADIUS, "note")
        for at in (step.box, *step.plates):
            self.place[at] = (x, axis - RADIUS, Solid(2 * RADIUS, 2 * RADIUS, 0.0, 0.0))
        self._group(step.box, inside)

    def _group(self, at: int, inside: tuple[Mark, ...]) -> None:
        title = self.all.subject.figures.title(self.all.boxes[at])
        self.marks.append(MarkGroup("box", self.prefix + self.all.name(at), title, (), inside))

    def _ends(self, source: int, target: int) -> tuple[tuple[str, str], ...]:
        names = self.prefix + self.all.name(source), self.prefix + self.all.name(target)
        return ("from", names[0]), ("to", names[1])

    # --- wires ---

    def _wires(self) -> list[Mark]:
        """Draw from each step to the next: the window as a pyramid, two lines, or an arrow."""
        found: list[Mark] = []
        for number, (_, after) in enumerate(pairwise(self.all.steps)):
            source, target = self.bodies[number][-1].box, after.box
            if self.rows[number] != self.rows[number + 1]:
                marks = [self._to_next_row(number, source, target)]
            else:
                marks = self._step(source, target)
            data = self._ends(source, target)
            found.append(MarkGroup("step", "", "", data, tuple(marks)))
        return found

    def _step(self, source: int, target: int) -> list[Mark]:
        x0, y0, a = self.place[source]
        x1, y1, b = self.place[target]
        size = self.all.window(target)
        if size is not None and a.across > 0 and len(self.all.shape(source)) > 1:
            return self._pyramids(source, target, size)
        start = x0 + a.thick + a.across / 2
        # To a vector: from the map's whole height to the vector's.
        if len(self.all.shape(target)) == 1 and self.all.group(target):
            ends = (start, y0 - a.up / 2), (start, y0 + a.high - a.up / 2)
            there = (x1, y1), (x1, y1 + b.high)
            return [LineMark(pair, "ray") for pair in zip(ends, there, strict=True)]
        y = y0 + a.high / 2 - a.up / 2
        return [LineMark(((start, y), (x1, y)), "wire", arrow=True)]

    def _to_next_row(self, number: int, source: int, target: int) -> Mark:
        x0, _, a = self.place[source]
        x1 = self.place[target][0]
        row = self.rows[number]
        axis, below = self.axes[row : row + 2]
        back = x0 + a.thick + a.across
        right = max(back, self._middle(number) + self._label(number) / 2) + 14
        left = min(x1, self._middle(number + 1) - self._label(number + 1) / 2) - 14
        between = below - self.tall[row + 1] - _ROWS / 2
        points = (
            (back - a.across / 2, axis),
            (right, axis),
            (right, between),
            (left, between),
            (left, below),
            (x1, below),
        )
        return LineMark(points, "wire", 7.0, arrow=True)

    def _pyramids(self, source: int, target: int, size: tuple[int, ...]) -> list[Mark]:
        """Return a window on each column of the input, and rays to those that read it."""
        places = self.all.shape(source)[:-1]
        part = [k / p for k, p in zip(size, places, strict=False)]
        columns, readers = self._parts(source), self._parts(target)
        apart = self.all.apart(target) and len(columns) == len(readers)
        found: list[Mark] = []
        for number, (x, y, body) in enumerate(columns):
            corners = window(body, x, y, (part[0], part[-1]))
            found.append(LineMark(corners, "window", closed=True))
            for other, (left, top, there) in enumerate(readers):
                if not apart or number == other:
                    tip = (left, top + there.high / 2)
                    found += (LineMark((corner, tip), "ray") for corner in corners)
        return found

    def _parts(self, at: int) -> list[tuple[float, float, Solid]]:
        """Return the columns of a box: where each begins, and its cuboid."""
        x, y, body = self.place[at]
        count = self.all.columns[at]
        high = (body.high - _APART * (count - 1)) / count
        each = body._replace(high=high)
        return [(x, y + number * (high + _APART), each) for number in range(count)]

    def _arcs(self) -> list[Mark]:
        """Draw the skips, above all cuboids that they pass."""
        found: list[Mark] = []
        placed: list[tuple[int, int, float]] = []
        last_box = len(self.all.boxes) - 1
        for arc in sorted(self.all.chain.arcs, key=lambda arc: (arc.end - arc.start, arc.start)):
            first, last = arc.start, arc.end
            if first < 0 or last > last_box:
                continue
            passed = (self.place[at] for at in range(first, last + 1))
            y = min(top - body.up for _, top, body in passed) - _SKIP
            nested = (other for a, b, other in placed if a < last and first < b)
            y = min([y, *(other - 12.0 for other in nested)])
            placed.append((first, last, y))
            x0, y0, a = self.place[first]
            x1, y1, b = self.place[last]
            begin = (x0 + a.thick / 2 + a.across, y0 - a.up)
            end = (x1 + b.thick / 2 + b.across / 2, y1 - b.up / 2)
            points: tuple[Point, ...] = (begin, (begin[0], y), (end[0], y), end)
            line = LineMark(points, "wire", 7.0, arrow=True)
            found.append(MarkGroup("edge", "", "", self._ends(first, last), (line,)))
        return found

    def _braces(self, y: float) -> list[Mark]:
        """Return what repeats, and how often, below the labels."""
        found: list[Mark] = []
        for first, last, times in self.all.braces:
            around = [self.place[at] for at in range(first, last + 1)]
            x0 = min(x for x, _, _ in around)
            x1 = max(x + body.thick for x, _, body in around)
            found.append(LineMark(((x0, y), (x0, y + 6), (x1, y + 6), (x1, y)), "wire", 3.0))
            text = f"×{times}"
            wide = width(text, LABEL, True)
            run = (TextRun(text, "ink", True),)
            found.append(Text((x0 + x1) / 2, y + 22, run, LABEL, "middle", wide))
        return found
