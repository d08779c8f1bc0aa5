"""Sheets as SVG: classes for colours, so that one file is light and dark; titles for all boxes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

from netdsl.drawing.marks import (
    Circle,
    LineMark,
    Mark,
    MarkGroup,
    Point,
    Rect,
    Sheet,
    Text,
    TextRun,
    Web,
    every,
)
from netdsl.drawing.measure import FONTS, width
from netdsl.drawing.palettes import THEMES, Theme

ARROW, HALF = 7.0, 2.8  # length and half the width of an arrowhead
_SIZES = {"ink": 12.0, "note": 10.0, "value": 12.0, "derivative": 12.0}
"""Of the font, unless a text has another."""
_INNER = {"box": "ink", "edge": "wire"}  # the look of what is in a group and names none
_WIDER = 1.2  # than Helvetica other fonts are (DejaVu Sans 1.16; of digits and signs alone 1.24)
_SPACE = "\N{NO-BREAK SPACE}"  # which renderers keep where a run begins
_SHORT = 2  # characters that are as wide in every font, nearly


def svg_text(sheet: Sheet, theme: str) -> str:
    """Return a sheet as an SVG document."""
    looks = looks_of(sheet.marks)
    fixed = "light" if theme == "auto" else theme
    style = _rules(looks, THEMES[fixed])
    if theme == "auto":
        dark = _rules(looks, THEMES["dark"])
        style += f"@media (prefers-color-scheme:dark){{{dark}}}"
    box = " ".join(map(number, (sheet.x, sheet.y, sheet.width, sheet.height)))
    # A wide picture is scaled to a page; `viewBox` keeps its units.
    shown = min(1.0, 1200 / sheet.width)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(sheet.width * shown)}" '
        f'height="{number(sheet.height * shown)}" viewBox="{box}" role="img" '
        f'font-family="{FONTS}" text-anchor="middle">'
    )
    ground = _element(
        "rect", "ground", x=sheet.x, y=sheet.y, width=sheet.width, height=sheet.height
    )
    lines = [
        head,
        f"<title>{escape(sheet.title)}</title>",
        f"<desc>{escape(sheet.about)}</desc>",
        f"<style>{style}</style>",
        ground,
        *(_mark(mark) for mark in sheet.marks),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


# --- marks ----------------------------------------------------------------------------------------


def _mark(mark: Mark, around: str = "") -> str:
    """Return a mark; `around` is the look that it has where it names none."""
    if isinstance(mark, MarkGroup):
        return _group(mark)
    if isinstance(mark, Rect):
        corner = {"rx": mark.round} if mark.round else {}
        return _element(
            "rect", mark.look, x=mark.x, y=mark.y, width=mark.width, height=mark.height, **corner
        )
    if isinstance(mark, Circle):
        return _element("circle", mark.look, cx=mark.x, cy=mark.y, r=mark.radius)
    if isinstance(mark, LineMark):
        return _line(mark, around)
    if isinstance(mark, Web):
        way = "".join(path(LineMark(line, "")) for line in mark.lines)
        return f'<path class="{mark.look}" d="{way}"/>'
    return _text(mark, around)


def _group(group: MarkGroup) -> str:
    data = "".join(f' data-{name}="{escape(value)}"' for name, value in group.data)
    name = f' data-id="{escape(group.id)}"' if group.id else ""
    title = f"<title>{escape(group.title)}</title>" if group.title else ""
    inside = "".join(_mark(mark, _INNER.get(group.kind, "")) for mark in group.marks)
    return f'<g class="{group.kind}"{name}{data}>{title}{inside}</g>'


def _class(look: str, around: str) -> str:
    return f' class="{look}"' if look != around else ""


def _line(line: LineMark, around: str) -> str:
    look = _class(line.look, around)
    if not line.arrow:
        return f'<path{look} d="{path(line)}"/>'
    end, begin = line.points[-1], line.points[-2]
    length = math.dist(begin, end) or 1.0
    dx, dy = (end[0] - begin[0]) / length, (end[1] - begin[1]) / length
    back = (end[0] - ARROW * dx, end[1] - ARROW * dy)
    side = (HALF * dy, -HALF * dx)
    head = (end, (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1]))
    # It ends within the head, or its blunt end would look out at the tip.
    shaft = line._replace(points=(*line.points[:-1], (end[0] - 4 * dx, end[1] - 4 * dy)))
    tip = LineMark(head, "", closed=True)
    return f'<path{look} d="{path(shaft)}"/><path class="{tip_of(line)}" d="{path(tip)}"/>'


def tip_of(line: LineMark) -> str:
    """Return the look of a line's arrowhead."""
    return "tip" if line.look == "wire" else f"{line.look}tip"


def path(line: LineMark) -> str:
    """Return a line's way, its corners rounded, as SVG writes it."""
    way, points = _Way(line.points[0]), line.points
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        # Half of a short piece at most, as the next corner may take the other half.
        radius = min(line.round, math.dist(before, at) / 2, math.dist(at, after) / 2)
        if radius < 0.5 or line.closed:
            way.to(at)
        else:
            way.to(_towards(at, before, radius))
            way.around(at, _towards(at, after, radius))
    way.to(points[-1])
    return way.text + ("z" if line.closed else "")


class _Way:
    """A way as short as SVG can write it: each point by how far it is from the one before."""

    def __init__(self, begin: Point) -> None:
        self.at = _rounded(begin)
        self.text = f"M{_pair(self.at)}"

    def to(self, point: Point) -> None:
        """Go straight to a point."""
        x, y = self._from_here(point)
        if y == 0:
            self.text += f"h{number(x)}"
        elif x == 0:
            self.text += f"v{number(y)}"
        else:
            self.text += f"l{_pair((x, y))}"
        self.at = _rounded(point)

    def around(self, corner: Point, end: Point) -> None:
        """Go to a point around a corner."""
        self.text += f"q{_pair(self._from_here(corner))} {_pair(self._from_here(end))}"
        self.at = _rounded(end)

    def _from_here(self, point: Point) -> Point:
        x, y = _rounded(point)
        return x - self.at[0], y - self.at[1]


def _rounded(point: Point) -> Point:
    # Rounded before differences are taken: errors must not add up along a way.
    return round(point[0], 1), round(point[1], 1)


def _towards(point: Point, other: Point, by: float) -> Point:
    share = by / math.dist(point, other)
    return (point[0] + (other[0] - point[0]) * share, point[1] + (other[1] - point[1]) * share)


def _text(text: Text, around: str) -> str:
    """Return a text; where it may not be as wide as any font has it, each run by itself: renderers
    disagree on what a length means for some together.
    """
    bold = any(run.bold for run in text.runs)
    if text.anchor == "middle" and not bold and _WIDER * text.width <= text.room:
        return _natural(text, around)
    share = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor]
    x, found = text.x - share * text.width, []
    for run in text.runs:
        size = run.size or text.size
        wide = width(run.text, size, run.bold) if len(text.runs) > 1 else text.width
        word = run.text.lstrip()
        # Some renderers drop a leading space: it is room instead.
        lead = width(" " * (len(run.text) - len(word)), size)
        font = _font(run, size, around)
        found.append(_fitted(word, font, x + lead, text.y, wide - lead))
        x += wide
    return "".join(found)


def _natural(text: Text, around: str) -> str:
    """Return a text around its middle, as wide as the font at hand has it."""
    first, *others = (
        (run, _font(run, run.size or text.size, around if not at else ""))
        for at, run in enumerate(text.runs)
    )
    inside = escape(first[0].text) + "".join(
        f"<tspan{font}>{_SPACE * (len(run.text) - len(run.text.lstrip()))}"
        f"{escape(run.text.lstrip())}</tspan>"
        for run, font in others
    )
    return f'<text{first[1]} x="{number(text.x)}" y="{number(text.y)}">{inside}</text>'


def _font(run: TextRun, size: float, around: str) -> str:
    """Return the look of a run, and what of its font that does not say."""
    other = f' style="font-size:{number(size)}px"' if size != _SIZES[run.look] else ""
    return _class(run.look, around) + other + (' font-weight="bold"' if run.bold else "")


def _fitted(word: str, font: str, x: float, y: float, wide: float) -> str:
    """Return a word from x on, `wide` in every font; the document's head centres texts."""
    fit = ""
    if len(word) > _SHORT:
        fit = f' textLength="{number(wide)}" lengthAdjust="spacingAndGlyphs"'
    return f'<text{font} x="{number(x + wide / 2)}" y="{number(y)}"{fit}>{escape(word)}</text>'


def _element(name: str, look: str, **values: float) -> str:
    inside = " ".join(f'{key}="{number(value)}"' for key, value in values.items())
    return f'<{name} class="{look}" {inside}/>'


def number(value: float) -> str:
    """Return a number in at most one decimal."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _pair(point: Point) -> str:
    x, y = map(number, point)
    return f"{x}{y}" if y.startswith("-") else f"{x} {y}"


# --- colours --------------------------------------------------------------------------------------


def looks_of(marks: tuple[Mark, ...]) -> list[str]:
    """Return the looks that marks have, each once, in their order."""
    found: dict[str, None] = {"ground": None}
    for mark in every(marks):
        if isinstance(mark, Text):
            found |= dict.fromkeys(run.look for run in mark.runs)
        elif not isinstance(mark, MarkGroup):
            found[mark.look] = None
            if isinstance(mark, LineMark) and mark.arrow:
                found[tip_of(mark)] = None
    return list(found)


def _rules(looks: Iterable[str], theme: Theme) -> str:
    kinds = {look: f",.{kind}" for kind, look in _INNER.items()}
    return "".join(f".{look}{kinds.get(look, '')}{{{css(look, theme)}}}" for look in looks)


def css(look: str, theme: Theme) -> str:
    """Return the colours of a look as CSS, and the size of its font."""
    fill, line, width, dash = theme.look(look)
    parts = [f"fill:{fill or 'none'}"]
    if line:
        parts += [f"stroke:{line}", f"stroke-width:{number(width)}"]
        if dash:
            parts.append(f"stroke-dasharray:{dash}")
    elif look.endswith("tip"):  # which is at the end of a line
        parts.append("stroke:none")
    if look in _SIZES:
        parts.append(f"font-size:{number(_SIZES[look])}px")
    return ";".join(parts)
