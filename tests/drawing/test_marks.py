"""A sheet of every mark in every look, as each writer writes it; charts of Mermaid; and where marks
are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import netdsl
from netdsl.drawing.marks import (
    Circle,
    LineMark,
    Mark,
    MarkGroup,
    Rect,
    Sheet,
    Text,
    TextRun,
    Web,
    alongside,
    bounds,
    every,
    moved,
)
from netdsl.drawing.options import Options
from netdsl.drawing.palettes import THEMES
from netdsl.drawing.picture import Picture
from netdsl.drawing.svg import svg_text
from netdsl.drawing.tikz import tikz_text
from netdsl.errors import NetError

GOLDEN = Path(__file__).parents[1] / "golden" / "drawing"

CORNER = ((0.0, 0.0), (40.0, 0.0), (40.0, 30.0), (70.0, 60.0))
RUNS = (TextRun("conv3", "ink", bold=True), TextRun("  bn & relu", "note", size=10.0))
MARKS: tuple[Mark, ...] = (
    Rect(1.0, 2.0, 30.0, 20.0, 0.0, "frame0"),
    MarkGroup(
        "box",
        "conv_1",
        "conv3-8 <first>\nand more",
        (("kind", '"conv"'), ("turns", "2")),
        (
            Rect(5.25, 6.0, 30.0, 20.04, 4.0, "block1"),
            Text(20.0, 18.0, (TextRun("conv3-8", "ink"),), 12.0, "middle", 40.0, 60.0),
            Text(20.0, 28.0, (TextRun("8x8x8", "note"),), 10.0, "middle", 40.0, 47.9),
        ),
    ),
    MarkGroup("edge", "", "", (), (LineMark(CORNER, "wire", 6.0, arrow=True),)),
    MarkGroup("note", "", "", (), (LineMark(CORNER, "new", 6.0, arrow=True),)),
    LineMark(CORNER, "removed", 100.0),
    LineMark(CORNER, "wire", 0.4),
    LineMark(CORNER, "area", 6.0, closed=True),
    LineMark(((9.0, 9.0), (9.0, 9.0)), "wire", arrow=True),
    Circle(50.0, 50.0, 7.5, "sign"),
    Web((((0.0, 0.0), (9.0, 9.0)), ((1.0, 0.0), (1.0, 9.0))), "wire"),
    Web(tuple(((float(at), 0.0), (0.0, 1.0)) for at in range(41)), "wire"),
    Text(3.0, 90.0, RUNS, 12.0, "start", 90.0),
    Text(3.0, 95.0, RUNS[1:], 12.0, "middle", 50.0, 60.0),
    Text(99.0, 99.0, (TextRun("→ {a_b} 50 %", "ink"), TextRun(" ×2", "note")), 12.0, "end", 80.0),
)
SHEET = Sheet("a net", "all marks & looks\nof it", MARKS, -4.0, -6.5, 120.0, 110.0)


@pytest.mark.parametrize("theme", ["auto", "print"])
def test_every_mark(theme: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{theme}.svg", svg_text(SHEET, theme))
    golden(GOLDEN / f"{theme}.tex", tikz_text(SHEET, theme))


@pytest.mark.parametrize("theme", THEMES)
def test_every_look(theme: str, golden: Callable[[Path, str], None]) -> None:
    colours = THEMES[theme]
    groups = {"block": colours.blocks, "frame": colours.frames, "share": colours.shares}
    numbered = [f"{word}{at}" for word, paints in groups.items() for at in range(len(paints) + 1)]
    faces = [f"{look}_{face}" for look in ("input", "block0") for face in ("front", "top", "side")]
    others = ("ground", "ink", "note", "wire", "tip", "plain", "area", "sign", "dot", "bar")
    more = ("badge", "faint", "gone", "gonetip", "new", "newtip", "window", "ray", "thread")
    looks = (*colours.kinds, *colours.marks, *numbered, *faces, *others, *more)
    lines = (f"{look}: {' '.join(map(str, colours.look(look)))}\n" for look in looks)
    golden(GOLDEN / f"looks_{theme}.txt", "".join(lines))
    for unknown in ("", "block", "frames0", "conv_back", "7"):
        with pytest.raises(KeyError):
            colours.look(unknown)


def test_a_wide_sheet_is_shown_1200_pixels_wide() -> None:
    wide = svg_text(SHEET._replace(width=2400.0), "light")
    assert 'width="1200" height="55" viewBox="-4 -6.5 2400 110"' in wide
    assert 'width="1200" height="110"' in svg_text(SHEET._replace(width=1200.0), "light")


# --- places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "place"),
    [
        (Rect(1, 2, 3, 4, 0, ""), (1, 2, 4, 6)),
        (Circle(5, 6, 2, ""), (3, 4, 7, 8)),
        (LineMark(((1, 5), (3, 2)), ""), (1, 2, 3, 5)),
        (Web((((1, 5), (3, 2)), ((0, 9), (2, 2))), ""), (0, 2, 3, 9)),
        (Text(10, 20, (), 10, "start", 8), (10, 12, 18, 22.5)),
        (Text(10, 20, (), 10, "middle", 8), (6, 12, 14, 22.5)),
        (Text(10, 20, (), 10, "end", 8), (2, 12, 10, 22.5)),
    ],
)
def test_where_marks_are(mark: Mark, place: tuple[float, ...]) -> None:
    assert bounds((mark,)) == place
    assert bounds((MarkGroup("box", "", "", (), (mark,)),)) == place
    x0, y0, x1, y1 = place
    assert bounds(moved((mark,), 10, -20)) == (x0 + 10, y0 - 20, x1 + 10, y1 - 20)
    inside = moved((MarkGroup("box", "a", "b", (), (mark,)),), 1, 2)
    assert bounds(inside) == (x0 + 1, y0 + 2, x1 + 1, y1 + 2)


def test_no_marks_are_nowhere() -> None:
    assert bounds(()) == (0, 0, 0, 0)


def test_marks_in_groups_come_after_their_groups() -> None:
    inner = MarkGroup("box", "b", "", (), (Circle(0, 0, 1, ""),))
    outer = MarkGroup("box", "a", "", (), (inner, Circle(1, 1, 1, "")))
    assert list(every((outer,))) == [outer, inner, inner.marks[0], outer.marks[1]]


def test_sheets_side_by_side() -> None:
    one = Sheet("one", "First.", (Circle(0, 0, 1, ""),), -1, -1, 2, 2)
    two = Sheet("two", "Second.", (Circle(5, 5, 2, ""),), 3, 3, 4, 5)
    assert alongside([one]) is one
    both = alongside([one, two])
    assert both[:2] == ("one, two", "First. Second.")
    assert both[3:] == (0, 0, 2 + 24 + 4, 5)
    assert both.marks == (Circle(1, 1, 1, ""), Circle(28, 2, 2, ""))


# --- Mermaid --------------------------------------------------------------------------------------

CHARTS = {
    "chain": ("8x8x3 > conv3-4(bn) > dropout(0.5) > fc-2", Options()),
    "merges": ("8x8x3 > [ conv3-4 | conv1-4 ] > add[ id | conv3-8 ] > gap > fc-2", Options()),
    "inputs": ("input left: 4\ninput right: 4\nsub[ @left | @right ] > fc-2", Options()),
    "repeats": ("8x8x3 > (conv3-4(bn) > pool) x3 > (dense-4 > dense-5) x2 > fc-2", Options()),
    "closed": (
        "def a(c) = conv3-{c} > pool\ndef b() = conv1-4\n8x8x3 > a(4) > a(5) x2 > b > fc-2",
        Options(depth=0, direction="right"),
    ),
    "open": ("def a(c) = conv3-{c} > pool\n8x8x3 > a(4) > a(5) > fc-2", Options(fold="none")),
    "figures": ("8x8x3 > conv3-4 > fc-2", Options(columns=("macs", "rf"))),
}


def test_charts(golden: Callable[[Path, str], None]) -> None:
    charts = {
        name: Picture([netdsl.parse(text, name=name)], options).text("mmd")
        for name, (text, options) in CHARTS.items()
    }
    two = [netdsl.parse("4 > fc-2", name='the "first"'), netdsl.parse("5 > fc-2", name="#2; <b>")]
    charts["two"] = Picture(two, Options()).text("mmd")
    golden(GOLDEN / "charts.mmd", "\n".join(f"%% {name}\n{text}" for name, text in charts.items()))


@pytest.mark.parametrize(("layers", "fits"), [(499, True), (500, False)])
def test_mermaid_reads_500_edges(layers: int, fits: bool) -> None:
    text = " > ".join(["4", *(f"fc-{4 + at % 2}" for at in range(layers)), "fc-2"])
    picture = Picture([netdsl.parse(text)], Options(fold="none", columns=()))
    if fits:
        assert picture.text("mmd").count("-->") == 500
        return
    with pytest.raises(NetError, match=r"have 501 edges .*; Mermaid reads up to 500") as caught:
        picture.text("mmd")
    assert caught.value.code == "N662"
