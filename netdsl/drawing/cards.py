"""Boxes as they look: cards with two lines, pills with one, the glyphs of merges."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.drawing.labels import Labels
from netdsl.drawing.marks import Circle, LineMark, Mark, Rect, Text, TextRun
from netdsl.drawing.measure import SHIFT, shortened, width
from netdsl.kinds import Kind

MAIN, NOTE = 12.0, 10.0  # font sizes
CARD, PILL, RADIUS, BAR = 40.0, 24.0, 10.0, 6.0  # heights; the radius of a circle
_STEP = 16.0  # widths of cards are multiples of it, so that neighbours are mostly alike
_LEAST = {"card": 96.0, "pill": 64.0}
_MAX = 272.0
NARROW = 176.0  # cards up to this width are all as wide as the widest of them
_MARGIN = 11.0  # between a text and the sides of its box
_CLEAR = 2.0  # the same in any font
_SMALL = ("activation", "norm", "noise", "shape", "merge")  # families that are pills


class Card(NamedTuple):
    """A box as it looks.

    Attributes:
        form: `card`, `pill`, `circle` or `bar`.
        look: its colours.
        label: its first line; `more`: the part of it with less weight.
        note: its second line; of a bar what is next to it.
        width, height: of a bar the length is found later, from what ends in it.
        badge: how often it is there, as in `×3`; `×3 ||` where side by side.
    """

    form: str
    look: str
    label: str
    more: str
    note: str
    width: float
    height: float
    badge: str = ""


def card(label: str, more: str, note: str, look: str, small: bool, badge: str = "") -> Card:
    """Return a card, or a pill where `small`, as wide as its texts need.

    Args:
        label: the first line.
        more: what comes with it, in less weight: `bn relu`.
        note: the second line; of a pill it follows the label.
        look: its colours.
        small: whether it is a pill.
        badge: how often it is there.
    """
    room = _MAX - 2 * _MARGIN
    if small:
        note = shortened(note, NOTE, room / 2)
        label = shortened(label, MAIN, room - (width(note, NOTE) + 6 if note else 0))
        inside = width(label, MAIN) + (6 + width(note, NOTE) if note else 0)
        if more:
            inside += 4 + width(more, NOTE)
        if badge:  # which would cover the text
            inside += 2 * width(badge, NOTE, True) - 8
    else:
        label = shortened(label, MAIN, room)
        # Too long for one line: the norm and the activation go to the second line.
        if more and width(label, MAIN) + 4 + width(more, NOTE) > room:
            note, more = (f"{more} · {note}" if note else more), ""
        note = shortened(note, NOTE, room)
        inside = max(width(label, MAIN) + (4 + width(more, NOTE) if more else 0), width(note, NOTE))
    least = _LEAST["pill" if small else "card"]
    # Rounded up: -(-a // b).
    steps = max(0.0, -(-(inside + 2 * _MARGIN - least) // _STEP))
    wide = least + steps * _STEP
    form = "pill" if small else "card"
    return Card(form, look, label, more, note, wide, PILL if small else CARD, badge)


def glyph(kind: Kind, note: str, badge: str = "", terms: str = "") -> Card | None:
    """Return the sign of a merge; None where it has none.

    Args:
        kind: of the merge.
        note: next to a bar.
        badge: how often it is there.
        terms: how many branches it joins (`of 50`), where the picture does not show each.
    """
    if kind.joins_inputs:
        what = f"{kind.word} {terms} ·" if terms and note else f"{kind.word} {terms}".rstrip()
        text = " ".join(filter(None, (what, note, badge)))
        return Card("bar", "bar", kind.word, "", text, 0.0, BAR)
    if kind.sign:
        word = len(kind.sign) > 1
        wide = max(34.0, round(width(kind.sign, NOTE)) + 14.0) if word else 2 * RADIUS
        return Card("circle", "merge", kind.sign, "", "", wide, 2 * RADIUS, badge or terms)
    return None


def is_small(labels: Labels, layer: int) -> bool:
    """Return whether a layer is a pill: it keeps the input nearly as it is."""
    return labels.group[layer] in _SMALL


SHADOW = 3.0  # by which the boxes of a stack are apart
ALONGSIDE = "||"  # in a badge: side by side, not one after the other
BADGE = 12.0  # by which a badge sticks out of its box


def drawn(
    card: Card, x: float, y: float, note: str, stacked: bool = True, above: bool = False
) -> tuple[Mark, ...]:
    """Return a card with its upper left corner at (x, y).

    Args:
        card: as it looks.
        x: its left edge.
        y: its upper edge.
        note: the look of its second line.
        stacked: whether it is the front of a stack, as a badge may mean.
        above: whether the badge of a merge is over it, not next to it.
    """
    middle, room = x + card.width / 2, card.width - 2 * _CLEAR
    corner = card.height / 2 if card.form == "pill" else 5.0
    if card.form == "circle":
        sign = _drawn_glyph(card, middle, y + card.height / 2)
        if not card.badge:
            return sign
        wide = width(card.badge, NOTE, True)
        badged = (TextRun(card.badge, "ink", True),)
        at = (middle + 2, y - 3) if above else (x + card.width + 5, y + 5)
        return (*sign, Text(*at, badged, NOTE, "start", wide))
    marks: list[Mark] = []
    # From back to front: two edges that look out from below the card.
    for step in (2, 1, 0) if card.badge and stacked else (0,):
        right = step * SHADOW
        # What is side by side is stacked to the right alone.
        down = 0.0 if card.badge.endswith(ALONGSIDE) else right
        marks.append(Rect(x + right, y + down, card.width, card.height, corner, card.look))
    runs = [TextRun(card.label, "ink")]
    wide = width(card.label, MAIN)
    if card.more:
        runs.append(TextRun(" " + card.more, note, size=NOTE))
        wide += width(" " + card.more, NOTE)
    if card.form == "pill":
        if card.note:
            runs.append(TextRun("  " + card.note, note, size=NOTE))
            wide += width("  " + card.note, NOTE)
        base = y + PILL / 2 + SHIFT * MAIN
        marks.append(Text(middle, base, tuple(runs), MAIN, "middle", wide, room))
    else:
        base = y + (17.0 if card.note else CARD / 2 + SHIFT * MAIN)
        marks.append(Text(middle, base, tuple(runs), MAIN, "middle", wide, room))
        if card.note:
            second = (TextRun(card.note, note),)
            wide = width(card.note, NOTE)
            marks.append(Text(middle, y + 31.0, second, NOTE, "middle", wide, room))
    if card.badge:
        marks += badge(card.badge, x + card.width, y)
    return tuple(marks)


def badge(text: str, x: float, y: float) -> tuple[Mark, ...]:
    """Return how often something is there, around the corner (x, y)."""
    wide = width(text, NOTE, True)
    half = wide / 2 + 5
    x = x + BADGE - half
    return (
        Rect(x - half, y - 8, 2 * half, 16.0, 8.0, "badge"),
        Text(x, y + SHIFT * NOTE, (TextRun(text, "ink", True),), NOTE, "middle", wide),
    )


def _drawn_glyph(card: Card, x: float, y: float) -> tuple[Mark, ...]:
    """Return a merge: a plus, a times, a minus, a dot in a circle, or a word in a pill."""
    # `max`, `avg`, `matmul` have no sign of one character.
    if len(card.label) > 1:
        rect = Rect(x - card.width / 2, y - RADIUS, card.width, 2 * RADIUS, RADIUS, card.look)
        wide = width(card.label, NOTE)
        text = Text(x, y + SHIFT * NOTE, (TextRun(card.label, "ink"),), NOTE, "middle", wide)
        return rect, text
    arm = 4.5
    strokes = {
        "+": (((x - arm, y), (x + arm, y)), ((x, y - arm), (x, y + arm))),
        "−": (((x - arm, y), (x + arm, y)),),
        "×": (
            ((x - 3.5, y - 3.5), (x + 3.5, y + 3.5)),
            ((x - 3.5, y + 3.5), (x + 3.5, y - 3.5)),
        ),
    }
    circle = Circle(x, y, RADIUS, card.look)
    # Strokes and not letters, whose height in the circle would depend on the font.
    if card.label not in strokes:
        return circle, Circle(x, y, 2.2, "dot")
    return circle, *(LineMark(points, "sign") for points in strokes[card.label])
