"""The style `graph`: boxes and arrows, blocks in frames, merges as signs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from netdsl.drawing.cards import (
    ALONGSIDE,
    BADGE,
    NARROW,
    SHADOW,
    Card,
    badge,
    card,
    drawn,
    glyph,
    is_small,
)
from netdsl.drawing.geometry import Size
from netdsl.drawing.labels import merged_label
from netdsl.drawing.laid_region import Measure, NodeReach, Pads
from netdsl.drawing.layout import Area, Layout, Spot, laid_out
from netdsl.drawing.marks import LineMark, Mark, MarkGroup, Point, Rect, Text, TextRun
from netdsl.drawing.measure import shortened, width
from netdsl.drawing.nodes import LaidNode
from netdsl.drawing.shown import Box, Frame, Shown
from netdsl.drawing.subject import Subject
from netdsl.drawing.view import View
from netdsl.drawing.wrapping import wrapped

_ROUND = 7.0  # of the corners of lines
_STUB = 18.0  # of wires that come from outside a frame, and go there
_TITLE = 11.0  # the size of frames' titles
_TITLE_MARGIN = 11.0
_MAX_TITLE = 200.0
_SIDE = 16.0  # between a frame and what is in it, across


class Painter:
    """Draws views of a network."""

    def __init__(self, subject: Subject, prefix: str = "") -> None:
        self.subject, self.options, self.prefix = subject, subject.options, prefix
        options = subject.options
        self.across = options.direction == "right"
        self.note = "note" if options.colour in ("kind", "none") else "ink"

    def marks(self, shown: View, max_across: float = 0.0) -> tuple[Mark, ...]:
        """Return the marks of a view; the axis of its flow begins at (0, 0).

        Where `max_across` is given, a long chain is in columns that are not wider.
        """
        cards = self.cards(shown)
        laid = laid_out(shown, Measure(lambda box: self._node(cards[box]), self._pads))
        if max_across:
            laid = wrapped(laid, max_across, self.across)
        return (
            *(self._frame(area) for area in laid.areas),
            *self._edges(shown, laid, cards),
            *self._boxes(shown, laid, cards),
        )

    # --- measures ---

    def cards(self, shown: View) -> dict[Box, Card]:
        """Return the cards of all boxes."""
        return self._cards(shown.items, self._unseen(shown))

    def _unseen(self, shown: View) -> dict[int, int]:
        """Return how many outputs a layer reads, where boxes that represent several hide some."""
        edges: dict[int, int] = {}
        for _, target in shown.edges:
            edges[target] = edges.get(target, 0) + 1
        sources = self.subject.wiring.sources
        firsts = ((at, box.first) for at, box in enumerate(shown.boxes) if box.block is None)
        return {
            layer: len(sources[layer])
            for at, layer in firsts
            if layer >= 0 and len(sources[layer]) > edges.get(at, 0) > 0
        }

    def _cards(self, items: Sequence[Shown], unseen: dict[int, int]) -> dict[Box, Card]:
        """Return the cards of boxes, and of those in frames.

        Those in one frame have two widths at most: that of the narrow ones, and of the others.
        """
        found = {item: self._card(item, unseen) for item in items if isinstance(item, Box)}
        # Boxes of one width look calm; one very wide label must not widen them all.
        for wide in (False, True):
            alike = [
                box
                for box, each in found.items()
                if each.form == "card" and (each.width > NARROW) == wide
            ]
            common = max((found[box].width for box in alike), default=0.0)
            found |= {box: found[box]._replace(width=common) for box in alike}
        for item in items:
            if isinstance(item, Frame):
                found |= self._cards(item.items, unseen)
        return found

    def _card(self, box: Box, unseen: dict[int, int]) -> Card:
        labels, figures = self.subject.labels, self.subject.figures
        shared = self.options.colour
        if box.block is not None:
            titles = box.block.title
            return card(titles, "", figures.note(box, shared), self._look(box), False, _badge(box))
        layer = box.first
        if layer < 0:
            return Card("end", "", "", "", "", 0.0, 0.0)
        label = merged_label([labels.main[turn[0]] for turn in box.turns])
        sources = self.subject.wiring.sources[layer]
        kind = labels.kind[layer]
        if kind is not None and kind.merges:
            terms = f"of {unseen[layer]}" if layer in unseen else ""
            sign = glyph(kind, figures.shape_note(box), _badge(box), terms)
            if sign is not None:
                # `stack` makes an axis, where a concatenation lengthens one.
                axes = len(labels.shape(layer)) - len(labels.shape(sources[0]))
                return sign._replace(more="new axis") if axes > 0 else sign
        small = is_small(labels, layer)
        note = figures.short_note(box, sources) if small else figures.note(box, shared)
        more = labels.more[layer]
        return card(label, more, note, self._look(box), small, _badge(box))

    def _look(self, box: Box) -> str:
        return self.subject.look(box)

    def _node(self, card: Card) -> LaidNode:
        if card.form == "circle":
            if self.across:  # its badge is above it, where lines are apart
                half = card.height / 2
                return LaidNode(Size(card.width, half, half), "circle")
            room = 8.0 + width(card.badge, 10.0, True) if card.badge else 0.0
            half = card.width / 2
            return LaidNode(Size(card.height, half, half), "circle", room)
        shadow = 2 * SHADOW if card.badge else 0.0
        if card.form == "end":
            return LaidNode(Size(0.0, 0.0, 0.0), "end")
        if card.form == "bar":
            room = width(card.note, 10.0) + 8
            if self.across:  # the text is below it, and ends where it does
                return LaidNode(Size(max(card.height, room), 16.0, 16.0), "bar", 20.0)
            return LaidNode(Size(card.height, 16.0, 16.0), "bar", room)
        flat = card.badge.endswith(ALONGSIDE)  # those after it are next to it
        tall, half = card.height + (0.0 if flat else shadow), card.width / 2
        room = BADGE - shadow if card.badge else 0.0
        if self.across:
            below = card.height / 2 + (0.0 if flat else shadow)
            return LaidNode(Size(card.width + shadow, card.height / 2, below))
        return LaidNode(Size(tall, half, half + shadow), "box", room)

    def _pads(self, frame: Frame, reach: NodeReach) -> Pads:
        """Return the room around what is in a frame: its title is where no wire crosses it."""
        shadow = 2 * SHADOW if frame.times > 1 else 0.0
        title = 24.0 if frame.block is not None else 6.0
        if self.across:
            return Pads(6.0, 6.0 + shadow, title + 8.0, 14.0 + shadow)
        pads = Pads(title, 4.0 + shadow, _SIDE, _SIDE + shadow)
        needed = _title_width(frame)
        sides = -reach.left - _SIDE, reach.right + _SIDE
        if frame.block is None or _title_begin(needed, reach.entries, *sides) is not None:
            return pads
        # No gap between the wires is wide enough: room for the title to the left of the first.
        more = needed + 2 * _TITLE_MARGIN + sides[0] - min(reach.entries)
        return pads._replace(
            left=_SIDE + more, right=pads.right + max(0.0, more - reach.right + reach.left)
        )

    # --- marks ---

    def _at(self, u: float, v: float) -> Point:
        return (u, v) if self.across else (v, u)

    def _boxes(self, shown: View, laid: Layout, cards: dict[Box, Card]) -> Sequence[Mark]:
        found = []
        for box, spot in zip(shown.boxes, laid.spots, strict=True):
            each = cards[box]
            if each.form == "end":
                continue
            _, left, right = spot.size
            x, y = self._at(_begin(each, spot), spot.v - left)
            found.append(self.mark(box, each, x, y, left + right))
        return found

    def mark(self, box: Box, card: Card, x: float, y: float, long: float = 0.0) -> MarkGroup:
        """Return a box with its upper left corner at (x, y).

        Args:
            box: what is drawn.
            card: as it looks.
            x: its left edge.
            y: its upper edge.
            long: how long a bar is.
        """
        if card.form == "bar":
            inside = self._bar(card, x, y, long)
        else:
            inside = drawn(card, x, y, self.note, above=self.across)
        title = self.subject.figures.title(box)
        return MarkGroup("box", self.name(box), title, self._data(box), inside)

    def _bar(self, bar: Card, x: float, y: float, long: float) -> tuple[Mark, ...]:
        """Return two lines for what is stacked, one for what is joined."""
        wide, high = (bar.height, long) if self.across else (long, bar.height)
        if bar.more:
            thin = bar.height / 3
            dx, dy = (2 * thin, 0.0) if self.across else (0.0, 2 * thin)
            size = (thin, high) if self.across else (wide, thin)
            rects = [Rect(x, y, *size, 1.0, "bar"), Rect(x + dx, y + dy, *size, 1.0, "bar")]
        else:
            rects = [Rect(x, y, wide, high, 3.0, "bar")]
        room = width(bar.note, 10.0)
        runs = (TextRun(bar.note, "note"),)
        if self.across:
            return *rects, Text(x + wide, y + high + 17, runs, 10.0, "end", room)
        return *rects, Text(x + wide + 6, y + high / 2 + 3.5, runs, 10.0, "start", room)

    def name(self, box: Box) -> str:
        """Return a box's name: its layer's, or its block's."""
        if box.block is not None:
            return self.prefix + box.block.name
        if box.first < 0:
            return ""
        return self.prefix + self.subject.graph.layers[box.first].name

    def _data(self, box: Box) -> tuple[tuple[str, str], ...]:
        found = []
        if box.block is not None:
            found.append(("block", box.block.word))
        if len(box.turns) > 1:
            found.append(("times", str(len(box.turns))))
        return tuple(found)

    def _edges(self, shown: View, laid: Layout, cards: dict[Box, Card]) -> Sequence[Mark]:
        found = []
        for (source, target), points in zip(shown.edges, laid.edges, strict=True):
            boxes = shown.boxes[source], shown.boxes[target]
            ends = self.name(boxes[0]), self.name(boxes[1])
            # A negative layer is an end of a block that is drawn by itself: a short piece of wire.
            if boxes[0].first < 0:
                points = _cut(points, laid.areas[0].u0, laid.areas[0].u0 - _STUB)
            if boxes[1].first < 0:
                end = laid.areas[0].u1 - 2 * SHADOW * (laid.areas[0].frame.times > 1)
                points = _cut(points[::-1], end, end + _STUB)[::-1]
            if cards[boxes[1]].form == "bar":
                # A bar has more room along than it fills: its wires are made longer.
                end = _begin(cards[boxes[1]], laid.spots[target])
                points = (*points[:-1], (end, points[-1][1]))
            line = LineMark(tuple(self._at(u, v) for u, v in points), "wire", _ROUND, arrow=True)
            data = (("from", ends[0]), ("to", ends[1]))
            found.append(MarkGroup("edge", "", "", data, (line,)))
        return found

    def _frame(self, area: Area) -> Mark:
        frame = area.frame
        shadow = 2 * SHADOW if frame.times > 1 else 0.0
        x, y = self._at(area.u0, area.v0)
        right, bottom = self._at(area.u1 - shadow, area.v1 - shadow)
        block = frame.block
        plain = self.options.colour != "kind" or block is None
        look = "area" if plain or block is None else f"frame{self.subject.hues[block.word]}"
        marks: list[Mark] = []
        for step in (2, 1, 0) if frame.times > 1 else (0,):
            shift = step * SHADOW
            marks.append(Rect(x + shift, y + shift, right - x, bottom - y, 9.0, look))
        if block is not None:
            room = right - x - 2 * _TITLE_MARGIN if self.across else _MAX_TITLE
            title = shortened(block.title, _TITLE, room, True)
            wide = width(title, _TITLE, True)
            entries = () if self.across else area.entries
            begin = _title_begin(wide, entries, x, right)
            begin = x + _TITLE_MARGIN if begin is None else begin
            runs = (TextRun(title, "note", True),)
            marks.append(Text(begin, y + 17, runs, _TITLE, "start", wide))
        if frame.times > 1:
            marks += badge(f"×{frame.times}", right, y)
        name = block.name if block is not None else f"x{frame.first}"
        title = f"{block.title if block else 'repeat'}{f' ×{frame.times}' * (frame.times > 1)}"
        data = (("block", block.word),) if block is not None else ()
        return MarkGroup("frame", self.prefix + name, title, data, tuple(marks))


def _begin(card: Card, spot: Spot) -> float:
    """Return where a box begins along: a bar is at the end of its place."""
    return spot.u + spot.size.length - card.height if card.form == "bar" else spot.u


def _badge(box: Box) -> str:
    return f"×{box.times}{f' {ALONGSIDE}' * box.alongside}" if box.times > 1 else ""


def _title_begin(wide: float, entries: Sequence[float], left: float, right: float) -> float | None:
    """Return where a frame's title begins: in the first gap between the wires that come in.

    None where none is wide enough.
    """
    ends = [left, *entries, right]
    for low, high in pairwise(ends):
        # The room was made for just this width: rounding must not lose it.
        if high - low >= wide + 2 * _TITLE_MARGIN - 0.01:
            return low + _TITLE_MARGIN
    return None


def _title_width(frame: Frame) -> float:
    title = shortened(frame.block.title, _TITLE, _MAX_TITLE, True) if frame.block else ""
    return width(title, _TITLE, True)


def _cut(points: Sequence[Point], edge: float, u: float) -> tuple[Point, ...]:
    """Return a way without what of it lies outside the edge of a frame.

    It comes straight from `u`.
    """
    at = next(
        n for n in range(1, len(points)) if (points[n - 1][0] - edge) * (points[n][0] - edge) <= 0
    )
    return ((u, points[at][1]), *points[at:])
