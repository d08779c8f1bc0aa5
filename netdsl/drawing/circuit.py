"""Numbers on a network: a circuit with each value above its wire and the derivative by it below.

Like the figures of circuits in lectures on backpropagation; arrays are tables in the boxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.drawing.cards import Card, card, drawn, glyph
from netdsl.drawing.geometry import Size
from netdsl.drawing.heading import MAX_WIDE, finished
from netdsl.drawing.laid_region import Measure, Pads
from netdsl.drawing.layout import laid_out
from netdsl.drawing.marks import LineMark, Mark, MarkGroup, Rect, Sheet, Text, TextRun
from netdsl.drawing.measure import width
from netdsl.drawing.nodes import LaidNode
from netdsl.drawing.options import Options
from netdsl.drawing.shown import Box, boxes_of
from netdsl.drawing.subject import Subject
from netdsl.drawing.view import View
from netdsl.drawing.wrapping import wrapped
from netdsl.errors import fail

if TYPE_CHECKING:
    from netdsl.architecture import Architecture

MAX_LAYERS = 80
_NUMBER, _TITLE = 12.0, 10.0  # font sizes
_SHORTEST = 52.0  # piece of wire, so that inputs stand below each other
_WIRE = 8.0  # from a number to both ends of its piece of wire
_ABOVE, _BELOW = 6.0, 15.0  # from a wire to the baselines of what is above it and below it
_ROW, _COLUMN = 16.0, 10.0  # of a table: its rows, and the space between its columns
_MARGIN = 9.0


class NumberTable(NamedTuple):
    """Numbers as they are drawn.

    Attributes:
        title: what they are.
        rows: of equally many texts.
        look: `value` or `derivative`.
    """

    title: str
    rows: tuple[tuple[str, ...], ...]
    look: str


class LayerNumbers(NamedTuple):
    """What is drawn of a layer: one number is on its wire, else all tables are in its box.

    Attributes:
        name: the author's name of what it gives; empty where there is none.
        tables: its value, the derivative by it, and by its weights.
        note: more about it, shown on demand.
    """

    name: str
    tables: tuple[NumberTable, ...]
    note: str = ""

    @property
    def on_wire(self) -> bool:
        """Whether all there is are single numbers: a value, and a derivative by it."""
        return len(self.tables) <= 2 and all(
            len(table.rows) == len(table.rows[0]) == 1 for table in self.tables
        )


def circuit_sheet(
    network: Architecture, numbers: Mapping[int, LayerNumbers], facts: str, options: Options
) -> Sheet:
    """Draw a network layer by layer, from left to right, with its numbers.

    Args:
        network: what is drawn, no block of it folded.
        numbers: for layers, by their indices.
        facts: the line below the network's name.
        options: the heading, and how labels are made.

    Raises:
        NetError: N660 where it has more than 80 layers.
    """
    if len(network.graph.layers) > MAX_LAYERS:
        raise fail(
            "N660",
            f"{network.name} has {len(network.graph.layers):,} layers; numbers are drawn on up to "
            f"{MAX_LAYERS}",
            help="without -o all numbers are printed; --at NAME prints those of one layer",
        )
    subject = Subject(network, options._replace(fold="none", direction="right", columns=()))
    shown = subject.view(len(network.graph.layers))
    plain = View(tuple(boxes_of(shown.items)), shown.boxes, shown.edges)
    nodes = {box: _Node(subject, box, numbers.get(box.first)) for box in plain.boxes}
    measure = Measure(lambda box: nodes[box].laid(), lambda *_: Pads(0.0, 0.0, 0.0, 0.0))
    laid = wrapped(laid_out(plain, measure), MAX_WIDE, rows=True)
    marks: list[Mark] = []
    for (source, target), points in zip(plain.edges, laid.edges, strict=True):
        names = nodes[plain.boxes[source]].name, nodes[plain.boxes[target]].name
        line = LineMark(points, "wire", 7.0, arrow=True)
        marks.append(MarkGroup("edge", "", "", (("from", names[0]), ("to", names[1])), (line,)))
    for box, spot in zip(plain.boxes, laid.spots, strict=True):
        marks.append(nodes[box].mark(spot.u, spot.v))
    return finished(network, options, tuple(marks), None, facts=facts)


class _Node:
    """A layer with its numbers, and the room that they take."""

    def __init__(self, subject: Subject, box: Box, numbers: LayerNumbers | None) -> None:
        self.numbers = numbers or LayerNumbers("", ())
        title = subject.figures.title(box)
        self.title = "\n".join(filter(None, (title, self.numbers.note)))
        self.name = subject.graph.layers[box.first].name
        self.look = subject.look(box)
        self.label, self.more = subject.labels.main[box.first], subject.labels.more[box.first]
        kind = subject.labels.kind[box.first]
        if kind is not None and kind.merges:
            self.label = kind.word
        sign = glyph(kind, "") if kind is not None and kind.merges else None
        small = card(self.label, self.more, "", self.look, True)
        self.card: Card = sign if sign is not None and sign.form != "bar" else small

    def laid(self) -> LaidNode:
        """Return what the layout must know; wires come into its front."""
        if self.numbers.on_wire:
            above = max(self.card.height / 2, _ABOVE + _NUMBER)
            below = max(self.card.height / 2, _BELOW + 4.0)
            return LaidNode(Size(self.card.width + self._wire(), above, below), "frame")
        wide, high = self._size()
        return LaidNode(Size(wide, high / 2, high / 2), "frame")

    def mark(self, x: float, y: float) -> MarkGroup:
        """Return the node whose wire is at y, from x on."""
        inside = self._on_wire(x, y) if self.numbers.on_wire else self._in_box(x, y)
        return MarkGroup("box", self.name, self.title, (), tuple(inside))

    # --- one number ---

    def _texts(self) -> list[tuple[str, str]]:
        """Return each number with its look: the value with its name, where it has one."""
        found = []
        for table in self.numbers.tables:
            text = table.rows[0][0]
            named = self.numbers.name if table.look == "value" else ""
            found.append((f"{named} = {text}" if named else text, table.look))
        return found

    def _wire(self) -> float:
        """Return how long the piece of wire is that the numbers are on."""
        wide = max((width(text, _NUMBER) for text, _ in self._texts()), default=0.0)
        return max(wide + 2 * _WIRE, _SHORTEST) if wide else 0.0

    def _on_wire(self, x: float, y: float) -> list[Mark]:
        right = x + self.card.width
        marks: list[Mark] = list(drawn(self.card, x, y - self.card.height / 2, "note"))
        if self._wire():
            marks.append(LineMark(((right, y), (right + self._wire(), y)), "wire"))
        for text, look in self._texts():
            base = y - _ABOVE if look == "value" else y + _BELOW
            middle = right + self._wire() / 2
            wide = width(text, _NUMBER)
            marks.append(Text(middle, base, (TextRun(text, look),), _NUMBER, "middle", wide))
        return marks

    # --- tables ---

    def _size(self) -> tuple[float, float]:
        """Return the width and height of a box with tables."""
        tables = self.numbers.tables
        head = width(self._head(), _NUMBER)
        widths = [max(sum(_columns(each)), width(each.title, _TITLE)) for each in tables]
        high = 26.0 + sum(_ROW * len(each.rows) + _ROW for each in tables) + 4.0
        return max([head, *widths]) + 2 * _MARGIN, high

    def _head(self) -> str:
        named = f" = {self.numbers.name}" if self.numbers.name not in ("", self.label) else ""
        return " ".join(filter(None, (self.label, self.more))) + named

    def _in_box(self, x: float, y: float) -> list[Mark]:
        wide, high = self._size()
        top, middle = y - high / 2, x + wide / 2
        head = self._head()
        marks: list[Mark] = [
            Rect(x, top, wide, high, 5.0, self.look),
            _text(middle, top + 17.0, head, "ink", _NUMBER),
        ]
        base = top + 22.0
        for table in self.numbers.tables:
            base += _ROW
            marks.append(_text(middle, base - 4.0, table.title, "note", _TITLE))
            inside = len(table.rows) * _ROW
            sheet = Rect(x + 4.0, base, wide - 8.0, inside, 3.0, "plain")
            marks.append(sheet)
            marks += _cells(table, middle, base)
            base += inside
        return marks


def _cells(table: NumberTable, middle: float, top: float) -> list[Mark]:
    """Return the numbers of a table, those of a column with their ends below each other."""
    columns = _columns(table)
    begin = middle - sum(columns) / 2
    found: list[Mark] = []
    for number, row in enumerate(table.rows):
        right = begin - _COLUMN / 2
        for text, wide in zip(row, columns, strict=True):
            right += wide
            run = (TextRun(text, table.look),)
            base = top + number * _ROW + 12.0
            found.append(Text(right, base, run, _NUMBER, "end", width(text, _NUMBER)))
    return found


def _columns(table: NumberTable) -> list[float]:
    """Return the widths of a table's columns."""
    columns: Sequence[Sequence[str]] = list(zip(*table.rows, strict=True))
    return [max(width(text, _NUMBER) for text in column) + _COLUMN for column in columns]


def _text(x: float, y: float, text: str, look: str, size: float) -> Text:
    return Text(x, y, (TextRun(text, look),), size, "middle", width(text, size))
