"""What a picture is made of: rectangles, circles, lines, texts, in groups. Every style makes them,
every writer writes them.

A mark's `look` names its colours: writers ask the palette.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

Point = tuple[float, float]  # x and y


class Rect(NamedTuple):
    """A rectangle with rounded corners."""

    x: float
    y: float
    width: float
    height: float
    round: float
    look: str


class Circle(NamedTuple):
    """A circle around (x, y)."""

    x: float
    y: float
    radius: float
    look: str


class LineMark(NamedTuple):
    """A line through points, its corners rounded.

    With an arrowhead at its end, or closed to an area.
    """

    points: tuple[Point, ...]
    look: str
    round: float = 0.0
    arrow: bool = False
    closed: bool = False


class Web(NamedTuple):
    """Many straight lines in one look, each between two points."""

    lines: tuple[tuple[Point, Point], ...]
    look: str


class TextRun(NamedTuple):
    """A piece of a text in one look; 0 is the text's own size."""

    text: str
    look: str
    bold: bool = False
    size: float = 0.0


class Text(NamedTuple):
    """A text on its baseline; (x, y) is its beginning, middle or end, as `anchor` says.

    Attributes:
        width: what it takes; writers squeeze it into that where the font at hand is wider, and
            `room` is not enough for that.
        room: how wide it may become where it is centred.
    """

    x: float
    y: float
    runs: tuple[TextRun, ...]
    size: float
    anchor: str
    width: float
    room: float = 0.0


class MarkGroup(NamedTuple):
    """Marks that belong together: one box, one edge, one frame.

    Attributes:
        kind: `box`, `edge`, `frame`, or what else it is.
        id: its name, unique among its kind.
        title: what is shown of it on demand.
        data: more about it, for programs.
    """

    kind: str
    id: str
    title: str
    data: tuple[tuple[str, str], ...]
    marks: tuple[Mark, ...]


Mark: TypeAlias = "Rect | Circle | LineMark | Web | Text | MarkGroup"


class Sheet(NamedTuple):
    """A whole picture.

    Attributes:
        title: what it shows, in a few words; `about`: in a sentence.
        marks: from back to front.
        x, y: its upper left corner; what is drawn keeps its place when it grows.
    """

    title: str
    about: str
    marks: tuple[Mark, ...]
    x: float
    y: float
    width: float
    height: float


def every(marks: tuple[Mark, ...]) -> Iterator[Mark]:
    """Yield all marks, those within groups after their groups."""
    for mark in marks:
        yield mark
        if isinstance(mark, MarkGroup):
            yield from every(mark.marks)


def bounds(marks: tuple[Mark, ...]) -> tuple[float, float, float, float]:
    """Return the least and the greatest x and y that marks reach: x0, y0, x1, y1."""
    xs: list[float] = []
    ys: list[float] = []
    for mark in every(marks):
        if isinstance(mark, Rect):
            xs += (mark.x, mark.x + mark.width)
            ys += (mark.y, mark.y + mark.height)
        elif isinstance(mark, Circle):
            xs += (mark.x - mark.radius, mark.x + mark.radius)
            ys += (mark.y - mark.radius, mark.y + mark.radius)
        elif isinstance(mark, LineMark):
            xs += (x for x, _ in mark.points)
            ys += (y for _, y in mark.points)
        elif isinstance(mark, Web):
            xs += (x for line in mark.lines for x, _ in line)
            ys += (y for line in mark.lines for _, y in line)
        elif isinstance(mark, Text):
            begin = mark.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[mark.anchor] * mark.width
            xs += (begin, begin + mark.width)
            # Helvetica's ascenders and descenders, from the baseline.
            ys += (mark.y - 0.8 * mark.size, mark.y + 0.25 * mark.size)
    return (min(xs), min(ys), max(xs), max(ys)) if xs else (0.0, 0.0, 0.0, 0.0)


def moved(marks: tuple[Mark, ...], dx: float, dy: float) -> tuple[Mark, ...]:
    """Return the marks elsewhere."""
    return tuple(_moved(mark, dx, dy) for mark in marks)


def _moved(mark: Mark, dx: float, dy: float) -> Mark:
    if isinstance(mark, MarkGroup):
        return mark._replace(marks=moved(mark.marks, dx, dy))
    if isinstance(mark, LineMark):
        return mark._replace(points=tuple((x + dx, y + dy) for x, y in mark.points))
    if isinstance(mark, Web):
        lines = (((a + dx, b + dy), (c + dx, d + dy)) for (a, b), (c, d) in mark.lines)
        return mark._replace(lines=tuple(lines))
    return mark._replace(x=mark.x + dx, y=mark.y + dy)


_ALONGSIDE = 24.0  # between two sheets


def alongside(sheets: Sequence[Sheet]) -> Sheet:
    """Put sheets side by side, their upper edges level; a single one stays as it is."""
    if len(sheets) == 1:
        return sheets[0]
    marks: list[Mark] = []
    x = 0.0
    for sheet in sheets:
        marks += moved(sheet.marks, x - sheet.x, -sheet.y)
        x += sheet.width + _ALONGSIDE
    title = ", ".join(sheet.title for sheet in sheets)
    about = " ".join(sheet.about for sheet in sheets)
    high = max((sheet.height for sheet in sheets), default=0.0)
    return Sheet(title, about, tuple(marks), 0.0, 0.0, max(0.0, x - _ALONGSIDE), high)
