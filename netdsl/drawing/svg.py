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
_SIZE = 10.0  # of most texts
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
    shown = min(1.0, 1200 / sheet.width)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(sheet.width * shown)}" '
        f'height="{number(sheet.height * shown)}" viewBox="{box}" role="img" '
        f'font-family="{FONTS}" font-size="{number(_SIZE)}" text-anchor="middle">'
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


def _mark(mark: Mark) -> str:
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
        return _line(mark)
    if isinstance(mark, Web):
        way = "".join(f"M{_pair(a)}L{_pair(b)}" for a, b in mark.lines)
        return f'<path class="{mark.look}" d="{way}"/>'
    return _text(mark)


def _group(group: MarkGroup) -> str:
    data = "".join(f' data-{name}="{escape(value)}"' for name, value in group.data)
    name = f' data-id="{escape(group.id)}"' if group.id else ""
    title = f"<title>{escape(group.title)}</title>" if group.title else ""
    inside = "".join(map(_mark, group.marks))
    return f'<g class="{group.kind}"{name}{data}>{title}{inside}</g>'


def _line(line: LineMark) -> str:
    if not line.arrow:
        return f'<path class="{line.look}" d="{path(line)}"/>'
    end, begin = line.points[-1], line.points[-2]
    length = math.dist(begin, end) or 1.0
    dx, dy = (end[0] - begin[0]) / length, (end[1] - begin[1]) / length
    back = (end[0] - ARROW * dx, end[1] - ARROW * dy)
    side = (HALF * dy, -HALF * dx)
    head = (end, (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1]))
    shaft = line._replace(points=(*line.points[:-1], (end[0] - 4 * dx, end[1] - 4 * dy)))
    tip = LineMark(head, "", closed=True)
    return (
        f'<path class="{line.look}" d="{path(shaft)}"/><path class="{tip_of(line)}" '
        f'd="{path(tip)}"/>'
    )


def tip_of(line: LineMark) -> str:
    """Return the look of a line's arrowhead."""
    return "tip" if line.look == "wire" else f"{line.look}tip"


def path(line: LineMark) -> str:
    """Return a line's way, its corners rounded, as SVG writes it."""
    points = line.points
    parts = [f"M{_pair(points[0])}"]
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(line.round, math.dist(before, at) / 2, math.dist(at, after) / 2)
        if radius < 0.5 or line.closed:
            parts.append(f"L{_pair(at)}")
            continue
        parts.append(f"L{_pair(_towards(at, before, radius))}")
        parts.append(f"Q{_pair(at)} {_pair(_towards(at, after, radius))}")
    parts.append(f"L{_pair(points[-1])}" + ("Z" if line.closed else ""))
    return "".join(parts)


def _towards(point: Point, other: Point, by: float) -> Point:
    share = by / math.dist(point, other)
    return (point[0] + (other[0] - point[0]) * share, point[1] + (other[1] - point[1]) * share)


def _text(text: Text) -> str:
    """Return each run by itself: renderers disagree on what a length means for some together."""
    share = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor]
    x, found = text.x - share * text.width, []
    for run in text.runs:
        size = run.size or text.size
        wide = width(run.text, size, run.bold) if len(text.runs) > 1 else text.width
        word = run.text.lstrip()
        lead = width(" " * (len(run.text) - len(word)), size)
        found.append(_run(run, word, size, x + lead, text.y, wide - lead))
        x += wide
    return "".join(found)


def _run(run: TextRun, word: str, size: float, x: float, y: float, wide: float) -> str:
    """Return a run from x on; the document's head sets the usual size and centres texts."""
    larger = f' font-size="{number(size)}"' if size != _SIZE else ""
    weight = ' font-weight="bold"' if run.bold else ""
    fit = ""
    if len(word) > _SHORT:
        fit = f' textLength="{number(wide)}" lengthAdjust="spacingAndGlyphs"'
    return (
        f'<text class="{run.look}" x="{number(x + wide / 2)}" y="{number(y)}"{larger}{weight}{fit}>'
        f"{escape(word)}</text>"
    )


def _element(name: str, look: str, **values: float) -> str:
    inside = " ".join(f'{key}="{number(value)}"' for key, value in values.items())
    return f'<{name} class="{look}" {inside}/>'


def number(value: float) -> str:
    """Return a number in at most two decimals."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _pair(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


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
    return "".join(f".{look}{{{css(look, theme)}}}" for look in looks)


def css(look: str, theme: Theme) -> str:
    """Return the colours of a look as CSS."""
    fill, line, width, dash = theme.look(look)
    parts = [f"fill:{fill or 'none'}"]
    if line:
        parts += [f"stroke:{line}", f"stroke-width:{number(width)}"]
        if dash:
            parts.append(f"stroke-dasharray:{dash}")
    return ";".join(parts)
