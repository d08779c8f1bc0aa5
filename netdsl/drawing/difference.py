"""Two networks in one picture: what only the first has, what only the second has, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.architecture import titles_of
from netdsl.drawing.cards import NARROW, Card, card, drawn, glyph, is_small
from netdsl.drawing.figures import Figures
from netdsl.drawing.geometry import Size
from netdsl.drawing.heading import MARGIN, MAX_WIDE
from netdsl.drawing.labels import Labels
from netdsl.drawing.laid_region import Measure, Pads
from netdsl.drawing.layout import Layout, laid_out
from netdsl.drawing.marks import LineMark, Mark, MarkGroup, Rect, Sheet, Text, TextRun, bounds
from netdsl.drawing.measure import width
from netdsl.drawing.nodes import LaidNode
from netdsl.drawing.options import Options
from netdsl.drawing.shown import Box
from netdsl.drawing.view import View
from netdsl.drawing.wiring import Wiring, wiring
from netdsl.drawing.wrapping import wrapped
from netdsl.wording import counted, shortened

if TYPE_CHECKING:
    from netdsl.architecture import Architecture

_AROUND = 2  # equal layers that are drawn before and after a change
_FEWEST = 3  # that are left out together
_SIGNS = {"removed": "−", "added": "+", "changed": "~"}
_WIRES = {"both": "wire", "a": "gone", "b": "new"}


class Pair(NamedTuple):
    """A row of both networks, or of one: `what` is same, changed, removed or added.

    `a` and `b` are the layers' places, and `note` says what their labels do not.
    """

    what: str
    a: int | None
    b: int | None
    note: str = ""


class _Item(NamedTuple):
    """What is drawn as one: a pair, or a run of equal layers."""

    pairs: tuple[Pair, ...]

    @property
    def what(self) -> str:
        return self.pairs[0].what


class _Network(NamedTuple):
    """One of the two, and what is known of it."""

    architecture: Architecture
    labels: Labels
    figures: Figures
    wires: Wiring


def difference_sheet(
    a: Architecture, b: Architecture, pairs: Sequence[Pair], options: Options
) -> Sheet:
    """Draw two networks whose rows are paired, in the order of both.

    Args:
        a: the first network.
        b: the second one.
        pairs: their rows, paired or alone, in the order of both.
        options: the columns that boxes show.
    """
    sides = [_network(each, options) for each in (a, b)]
    items = _items(pairs)
    edges = _edges(items, sides)
    cards = _alike_wide([_card(item, sides) for item in items])
    boxes = tuple(Box(((number,),)) for number in range(len(items)))
    view = View(boxes, boxes, tuple(edges))
    laid = laid_out(view, Measure(lambda box: _node(cards[box.first]), lambda *_: Pads(0, 0, 0, 0)))
    laid = wrapped(laid, MAX_WIDE, rows=False)
    marks: list[Mark] = []
    for (ends, whose), points in zip(edges.items(), laid.edges, strict=True):
        line = LineMark(tuple((v, u) for u, v in points), _WIRES[whose], 7.0, arrow=True)
        data = tuple((name, str(end)) for name, end in zip(("from", "to"), ends, strict=True))
        marks.append(MarkGroup("edge", "", "", (*data, ("in", whose)), (line,)))
    marks += _boxes(items, cards, laid, sides)
    return _finished(a, b, marks)


def _network(architecture: Architecture, options: Options) -> _Network:
    labels = Labels(architecture.graph)
    figures = Figures(architecture.graph, labels, options.columns)
    return _Network(architecture, labels, figures, wiring(architecture.graph))


def _items(pairs: Sequence[Pair]) -> list[_Item]:
    """Return the pairs.

    Of many equal ones that follow each other those at the ends, and one for the others.
    """
    found: list[_Item] = []
    at = 0
    while at < len(pairs):
        stop = at
        while stop < len(pairs) and pairs[stop].what == "same":
            stop += 1
        # At both ends of the network one equal layer is enough: nothing changed beyond it.
        first = at + (_AROUND if at else 1)
        last = stop - (_AROUND if stop < len(pairs) else 1)
        if last - first >= _FEWEST:
            found += (_Item((pair,)) for pair in pairs[at:first])
            found.append(_Item(tuple(pairs[first:last])))
            found += (_Item((pair,)) for pair in pairs[last:stop])
        else:
            stop = max(stop, at + 1)
            found += (_Item((pair,)) for pair in pairs[at:stop])
        at = stop
    return found


def _edges(items: Sequence[_Item], sides: Sequence[_Network]) -> dict[tuple[int, int], str]:
    """Return who reads whom among the items, and whether so in both networks, in `a`, or in `b`."""
    found: dict[tuple[int, int], str] = {}
    for side, name in zip(sides, "ab", strict=True):
        place = {
            getattr(pair, name): at
            for at, item in enumerate(items)
            for pair in item.pairs
            if getattr(pair, name) is not None
        }
        for layer, sources in enumerate(side.wires.sources):
            for source in sources:
                ends = place[source], place[layer]
                if ends[0] != ends[1]:
                    # "both" where the other network has it; several wires of one are one edge.
                    found[ends] = "both" if found.get(ends, name) != name else name
    return dict(sorted(found.items(), key=lambda edge: edge[0][::-1]))


# --- boxes ----------------------------------------------------------------------------------------


def _card(item: _Item, sides: Sequence[_Network]) -> Card:
    if len(item.pairs) > 1:
        return card(f"{len(item.pairs):,} the same", "", "", "same", True)
    pair = item.pairs[0]
    shown = [
        (side, layer)
        for side, layer in zip(sides, (pair.a, pair.b), strict=True)
        if layer is not None
    ]
    # What it became is what is drawn.
    side, layer = shown[-1]
    kind = side.labels.kind[layer]
    sign = glyph(kind, side.figures.shape_note(Box(((layer,),)))) if kind and kind.merges else None
    if sign is not None and pair.what != "changed":
        return _marked(sign, pair.what)
    label = _became([each.labels.main[at] for each, at in shown])
    notes = [each.figures.notes(Box(((at,),))) for each, at in shown]
    note = " · ".join(filter(None, map(_became, zip(*notes, strict=True))))
    # What changed is a card even where it is an activation: its colour must be seen.
    small = pair.what == "same" and is_small(side.labels, layer)
    if pair.note and label == side.labels.main[layer]:
        note = pair.note.replace("->", "→")
    more = side.labels.more[layer] if len({each.labels.more[at] for each, at in shown}) == 1 else ""
    return card(label, more, "" if small else note, pair.what, small, _SIGNS.get(pair.what, ""))


def _marked(sign: Card, what: str) -> Card:
    """Return the sign of a merge, with what became of it."""
    if what == "same":
        return sign
    if sign.form == "bar":
        return sign._replace(note=f"{sign.note} {_SIGNS[what]}")
    return sign._replace(look=what, badge=_SIGNS[what])


def _alike_wide(cards: Sequence[Card]) -> list[Card]:
    """Return the cards, those that are not very wide as wide as the widest of them."""
    narrow = [each.width for each in cards if each.form == "card" and each.width <= NARROW]
    common = max(narrow, default=0.0)
    return [
        each._replace(width=common) if each.form == "card" and each.width < common else each
        for each in cards
    ]


def _became(texts: Sequence[str]) -> str:
    return " → ".join(dict.fromkeys(texts))


def _node(card: Card) -> LaidNode:
    if card.form == "bar":
        return LaidNode(Size(card.height, 16.0, 16.0), "bar", width(card.note, 10.0) + 8)
    half = card.width / 2
    shape = "circle" if card.form == "circle" else "box"
    return LaidNode(Size(card.height, half, half), shape, 14.0 if card.badge else 0.0)


def _boxes(
    items: Sequence[_Item], cards: Sequence[Card], laid: Layout, sides: Sequence[_Network]
) -> list[Mark]:
    found: list[Mark] = []
    for number, (item, each, spot) in enumerate(zip(items, cards, laid.spots, strict=True)):
        x, y = spot.v - spot.size.left, spot.u
        if each.form == "bar":
            wide = spot.size.left + spot.size.right
            room, runs = width(each.note, 10.0), (TextRun(each.note, "note"),)
            inside: tuple[Mark, ...] = (
                Rect(x, y, wide, each.height, 3.0, "bar"),
                Text(x + wide + 6, y + 6.5, runs, 10.0, "start", room),
            )
        else:
            inside = drawn(each, x, y, "note", stacked=False)
        title = "\n".join(
            f"{name}: {side.figures.title(Box(((layer,),)))}"
            for name, side, layer in zip(
                "AB", sides, (item.pairs[0].a, item.pairs[0].b), strict=True
            )
            if layer is not None
        )
        data = (("change", item.what),)
        found.append(MarkGroup("box", str(number), title, data, inside))
    return found


# --- around it ------------------------------------------------------------------------------------


def _finished(a: Architecture, b: Architecture, marks: Sequence[Mark]) -> Sheet:
    """Return the sheet with both names and totals above, and what the colours mean below."""
    left, top, _, bottom = bounds(tuple(marks))
    titles = titles_of((a, b))
    names = " → ".join(titles)
    params = [shortened(each.counts.params) for each in (a, b)]
    macs = [shortened(each.counts.macs) for each in (a, b)]
    facts = f"{_became(params)} params · {_became(macs)} MACs"
    more: list[Mark] = [
        Text(
            left, top - 44, (TextRun(names, "ink", True),), 16.0, "start", width(names, 16.0, True)
        ),
        Text(left, top - 26, (TextRun(facts, "note"),), 11.0, "start", width(facts, 11.0)),
    ]
    x, y = left, bottom + 22
    for what, words in (
        ("removed", f"− only in {titles[0]}"),
        ("added", f"+ only in {titles[1]}"),
        ("changed", "~ changed"),
    ):
        more.append(Rect(x, y, 14.0, 14.0, 3.0, what))
        wide = width(words, 10.0)
        more.append(Text(x + 19, y + 10.5, (TextRun(words, "note"),), 10.0, "start", wide))
        x += 19 + wide + 16
    every = (*marks, *more)
    x0, y0, x1, y1 = bounds(every)
    about = f"What {titles[0]} ({counted(len(a.graph.layers), 'layer')}) and {titles[1]} "
    about += f"({counted(len(b.graph.layers), 'layer')}) do not share."
    size = x1 - x0 + 2 * MARGIN, y1 - y0 + 2 * MARGIN
    return Sheet(names, about, every, x0 - MARGIN, y0 - MARGIN, *size)
