"""Small networks in every style and with every option: each mark of each picture, as a golden.

Read the difference before it is committed: a line that moves is a box, a wire or a word that moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import netdsl
from netdsl.api.difference import drawn_pairs
from netdsl.drawing.circuit import LayerNumbers, NumberTable, circuit_sheet
from netdsl.drawing.difference import difference_sheet
from netdsl.drawing.marks import Circle, LineMark, Mark, MarkGroup, Rect, Sheet, Text, Web
from netdsl.drawing.options import Options
from netdsl.drawing.picture import Picture
from netdsl.errors import NetError

GOLDEN = Path(__file__).parents[1] / "golden" / "drawing" / "small"

BLOCKS = "def cell(c) = conv3-{c}(bn) > res(conv3-{c} x2) > pool\n"
NESTED = "def unit(c) = conv1-{c} > bn\ndef cell(c) = unit(c) > [ unit(c) | id ] > pool\n"
UNET = """
8x8x3 > conv3-4 as a > pool > conv3-8 as b > pool > conv3-16 > tconv2-8/2
> [ id | @b ] > conv3-8 > tconv2-4/2
> [ id | @a ] > conv1-2 > softmax
"""
WOVEN = (
    "input x: 4\ninput y: 4\ninput z: 4\nadd[ @x | @z | @y ] as a\n@x > relu as b\n"
    "@b > fc-4 as c\nadd[ @a | @c ] > fc-2",
    "input x: 4\ninput y: 4\ninput z: 4\n"
    "[ @x | @y > relu > fc-4(tanh) | @z > fc-4 ] > fc-4 as a\n"
    "add[ @a > relu > fc-4(tanh) | @y ] as b\n@y > fc-4(tanh) as c\nadd[ @b | @c ] > fc-2",
    "input x: 4\n@x > relu as a\n@a > fc-4(tanh) as b\n[ @a | @b ] > fc-4 as c\n@x > fc-4 as d",
    "input x: 4\n@x > fc-4 as a\nmul[ @a | @x ] as b\n[ @a | @x > fc-4 | @b ] > fc-4 as c\n"
    "@a > fc-4(tanh) as d\n@c > fc-4(tanh) as e\n@b > relu as f",
    "input x: 4\n@x > fc-4(tanh) as a\nmul[ @x | @a > fc-4 ] as b\n@a > relu as c",
    "input x: 4\ninput y: 4\ninput z: 4\n@x > fc-4 as a\nmul[ @z > fc-4 | @y ] as b\n"
    "add[ @a | @b > fc-4 ] as c\n[ @c > relu > fc-4(tanh) | @z ] > fc-4 as d\n"
    "@c > relu as e\nadd[ @d | @e ] > fc-2",
    "input x: 4\n@x > relu as a\n@x > relu as b\n@x > fc-4(tanh) as c\n@a > fc-4 as d\n"
    "[ @d > fc-4 | @a > fc-4 | @b > relu > fc-4(tanh) ] > fc-4 as e\nadd[ @c | @e ] > fc-2",
    "input x: 4\n@x > relu as a\n@x > fc-4 as b\n@x > fc-4(tanh) as c\n@x > fc-4(tanh) as d\n"
    "@b > fc-4 as e\nadd[ @e > fc-4 | @b > fc-4 ] as f\nadd[ @a | @c | @d | @f ] > fc-2",
    "input x: 4\n@x > fc-4 as a\nadd[ @x > fc-4 | @a ] as b\n@x > fc-4 as c\nadd[ @b | @c ] > fc-2",
    "input x: 4\n@x > fc-4 as a\n@x > fc-4 as b\nadd[ @a | @x > relu > fc-4(tanh) ] as c",
    "input x: 4\n@x > fc-4 as a\nadd[ @a | @x > relu > fc-4(tanh) ] as b\n"
    "mul[ @a | @x > relu > fc-4(tanh) | @b > fc-4 ] as c\n@c > fc-4 as d\nadd[ @b | @d ] as e",
    "input x: 4\n@x > fc-4 as a\n"
    "add[ @a > relu > fc-4(tanh) | @x > relu > fc-4(tanh) ] as b\n"
    "[ @b > fc-4 | @a ] > fc-4 as c\n[ @b | @c | @x > relu > fc-4(tanh) ] > fc-4 as d",
    "input x: 4\n@x > fc-4 as a\nmul[ @x | @a > fc-4 ] as b\n@a > fc-4 as c\n"
    "@x > fc-4(tanh) as d\n@x > fc-4 as e",
    "input x: 4\n@x > relu as a\nadd[ @a | @x ] as b\nadd[ @b > fc-4 | @a ] as c\n"
    "@x > relu as d\n@b > fc-4 as e\nmul[ @b > fc-4 | @e ] as f",
    "input x: 4\n@x > relu as a\n@x > fc-4(tanh) as b\n[ @x | @b ] > fc-4 as c\n"
    "add[ @a | @x | @b > relu > fc-4(tanh) ] as d\n@x > fc-4 as e\n@c > fc-4 as f\n"
    "add[ @d | @e | @f ] > fc-2",
)
"""Texts whose arrows pass, part and meet in every way that chains know."""
TEXTS = {
    "chain": "8x8x3 > conv3-4(bn) > pool > dropout(0.5) > flatten > fc-10(relu) > softmax-3",
    "long_label": "8x8x3 > conv3-4(pad=0, dilation=2, init=he_normal, l2=0.001, bias=no) > gap",
    "merges": "8x8x4 > [ conv3-4 | conv1-4 > conv3-4 | id ] > add[ conv3-8 | conv1-8 ] > gap",
    "signs": "4 > sub[ fc-4 | id ] > mul[ fc-4 | id ] > max[ fc-4 | id ] > avg[ fc-4 | id ] > fc-2",
    "skips": "8x8x4 > res(conv3-4 > res(conv3-4 x2) > conv3-4) > conv3-4 > gap > fc-2",
    "ends": "input left: 4\ninput right: 6\n[ @left | @right > fc-4 ] > fc-5 as h > fc-2\n"
    "@h > fc-3 as aux",
    "hung": "8x8x4 > conv3-4 as a > conv3-4 > conv3-4 as b > gap > fc-2\n"
    "@a > gap > fc-3 as one\n@b > gap > fc-2 as two",
    "repeats": "8x8x3 > (conv3-4(bn) > relu) x3 > conv3-8 x4 > gap > fc-2",
    "blocks": f"{BLOCKS}16x16x3 > cell(4) > cell(8) > gap > fc-2",
    "nested": f"{NESTED}16x16x4 > cell(4) > cell(8) > cell(8) > gap > fc-2",
    "arguments": "def d(r) = conv3-4(dilation={r})\n16x16x4 > d(1) > d(2) > d(4) > d(8) > gap",
    "parallel": "8 > [ fc-4 |5 ] > fc-4 > add[ fc-4(tanh) |3 ] > fc-2",
    "different": f"8 > [ {' | '.join(f'fc-{size}' for size in range(1, 31))} ] > fc-2",
    "tangle": "4 > fc-4 as a > fc-4 as b\nadd[ @a > fc-4 | @b ] as c\nadd[ @a | @c > fc-4 ] as d\n"
    "add[ @b > fc-4 | @d ] > fc-2",
    "crossed": "input a: 4\ninput b: 4\nadd[ @a | @b ] as s\nmul[ @a | @b ] as p\n"
    "[ @p | @s ] > fc-2",
    "shared": "let f = fc-4\ninput a: 4\ninput b: 4\nsub[ @a > f | @b > f ] > fc-1",
    "tied": "10 of int(20) > embed-8 as e > gru-8(seq) > dense-20(linear, bias=no) as o\n"
    "tie o = transpose e",
    "words": "learned q: 5x8\n4x8x8x3 > each(conv3-8(bn) > gap) as f\n"
    "matmul(transpose)[ @q | @f ] > gap",
    "constants": "def f() = mul[ id | const(2) > rescale(3) ]\n8 > f x2 > fc-2",
    "wide": "16x16x4 > [ conv1-4 > conv3-4 > conv5-4 > gap > fc-9 | gap > fc-2 ] > fc-3",
    "tall": "8 > " + " > ".join(f"fc-{size}" for size in range(4, 28)),
    "sequence": "20x4 > conv3-8 > pool > lstm-8(seq) > attention(heads=2) > gap > fc-2",
    "volume": "8x8x8x2 > conv3-4 > pool > conv3-8 > gap > fc-2",
    "columns": "16x16x4 > conv3-8(groups=2) > pool > conv3-8(groups=2) > flatten > fc-16 > fc-3",
    "up": "16 > fc-64 > reshape(4x4x4) > tconv4-8/2(pad=1) > up2 > conv3-3(tanh)",
    "u": UNET,
    "stacked": "4 > stack[ fc-5 | fc-5 | fc-5 ] > dense-4(relu) > dot[ id | dense-4 ] > flatten",
    "two_lines": "8x8x4 > conv3-64(pad=0, dilation=2, groups=2, l2=0.001, bn, relu) > gap > fc-2",
    "coming_in": "input a: 4\ninput b: 4\n@b > fc-4 > fc-4 > fc-4 as c\n"
    "@a > fc-4 as d > fc-4 > fc-4 > add[ id | @c > fc-4 ] > fc-4 > add[ id | @d ] > fc-2",
    "joined": "8x8x4 > conv3-4 as a > conv3-8 as b > conv3-4 > [ id | @a ] > conv3-4\n"
    "> [ id | @b ] > conv3-4 > add[ id | conv1-4 ] > gap > fc-2",
    "long": "16x16x3 > (conv3-8 > conv3-9(bn) > (conv1-8 > conv1-9) x9 > conv3-4) x20 > gap > fc-2",
    "rows": "64x64x3 > " + " > ".join(f"conv3-{4 * at}" for at in range(1, 40)) + " > gap > fc-2",
    "kept": "2x2x1 > flatten > fc-3(tanh) > reshape(3) > dropout(0.5) > fc-2",
    "dense": "3 > fc-4(tanh) > fc-2(relu) > fc-1(sigmoid)",
    "dense_large": "40 > fc-30 > fc-17 > fc-16 > softmax-3",
    **{f"woven_{number}": text for number, text in enumerate(WOVEN, start=1)},
}
ASKED = {
    "chain": (
        {},
        {"style": "volumes"},
        {"direction": "right"},
        {"columns": ("macs", "rf", "memory")},
    ),
    "long_label": ({},),
    "merges": ({}, {"direction": "right"}, {"colour": "macs"}),
    "signs": ({}, {"heading": False}),
    "skips": ({}, {"direction": "right"}, {"style": "volumes"}),
    "ends": ({}, {"direction": "right"}),
    "hung": ({}, {"fold": "none"}),
    "repeats": ({}, {"fold": "none"}, {"fold": "repeats"}, {"style": "volumes"}),
    "blocks": ({}, {"depth": 0}, {"depth": 1}, {"depth": 0, "alongside": False}, {"fold": "none"}),
    "nested": ({}, {"depth": 0}, {"depth": 1}, {"depth": 2}, {"depth": 0, "opened": ("cell_2",)}),
    "arguments": ({}, {"depth": 0}, {"fold": "none", "direction": "right"}),
    "parallel": ({}, {"fold": "none"}),
    "different": ({}, {"fold": "repeats"}),
    "tangle": ({}, {"direction": "right"}),
    "crossed": ({}, {"direction": "right"}),
    "shared": ({},),
    "tied": ({},),
    "words": ({},),
    "constants": ({}, {"fold": "none"}),
    "wide": ({}, {"direction": "right", "columns": ("params",)}),
    "tall": ({}, {"direction": "right"}, {"columns": ()}),
    "sequence": ({}, {"style": "volumes"}, {"colour": "memory"}),
    "volume": ({}, {"style": "volumes"}),
    "columns": ({"style": "volumes"}, {"style": "volumes", "colour": "params"}),
    "up": ({"style": "volumes"}, {}),
    "u": ({}, {"style": "u", "colour": "macs"}, {"style": "graph"}),
    "stacked": ({}, {"direction": "right"}),
    "two_lines": ({}, {"columns": ()}),
    "coming_in": ({}, {"direction": "right"}),
    "joined": ({"style": "volumes"}, {}),
    "long": ({"style": "volumes"},),
    "rows": ({"style": "volumes"},),
    "kept": ({},),
    "dense": ({}, {"colour": "params"}, {"style": "graph", "colour": "none"}),
    "dense_large": ({}, {"heading": False}),
    **{f"woven_{number}": ({},) for number in range(1, len(WOVEN) + 1)},
}

CHANGED = {
    "same": ("4 > fc-3 > fc-2", "4 > fc-3 > fc-2"),
    "changed": ("8x8x3 > conv3-4 > pool > fc-2", "8x8x3 > conv5-8(bn) > pool > fc-2"),
    "added": ("8x8x3 > conv3-4 > gap > fc-2", "8x8x3 > conv3-4 > conv3-4 > gap > fc-3 > fc-2"),
    "removed": ("8x8x3 > [ conv3-4 | conv1-4 ] > gap > fc-2", "8x8x3 > conv3-8 > gap > fc-2"),
    "grown": ("8x8x3 > conv3-4(bn) > gap > fc-2", "16x16x3 > conv3-4(bn) > gap > fc-2"),
    "sum_kept": ("4 > res(fc-4) > [ id | fc-4 ] > fc-2", "4 > res(fc-4) > [ id | fc-4 ] > fc-3"),
    "merged": ("4 > fc-4 as a > fc-4 as b", "4 > fc-4 as a > fc-4 as b > add[ id | @a ]"),
}


def places(points: object) -> str:
    """Points as `x,y`, to a tenth."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)  # type: ignore[attr-defined]


def lines(mark: Mark, deep: str = "") -> Iterator[str]:
    """A mark in words, those of a group below it."""
    if isinstance(mark, MarkGroup):
        data = "".join(f" {name}={value}" for name, value in mark.data)
        title = mark.title.replace("\n", " / ")
        yield f"{deep}{mark.kind} {mark.id}{data}: {title}".rstrip(": ")
        for each in mark.marks:
            yield from lines(each, f"{deep}  ")
    elif isinstance(mark, Rect):
        yield f"{deep}rect {places([mark[:2], mark[2:4]])} {mark.round:.1f} {mark.look}"
    elif isinstance(mark, Circle):
        yield f"{deep}circle {places([mark[:2]])} {mark.radius:.1f} {mark.look}"
    elif isinstance(mark, LineMark):
        kind = "area" if mark.closed else "arrow" if mark.arrow else "line"
        yield f"{deep}{kind} {places(mark.points)} {mark.round:.1f} {mark.look}"
    elif isinstance(mark, Web):
        ends = [point for line in (mark.lines[0], mark.lines[-1]) for point in line]
        yield f"{deep}web of {len(mark.lines)} {places(ends)} {mark.look}"
    else:
        assert isinstance(mark, Text)
        said = "|".join(f"{run.text}{'*' * run.bold}:{run.look}" for run in mark.runs)
        size = f"{mark.size:g} {mark.anchor} {mark.width:.1f} {mark.room:.1f}"
        yield f"{deep}text {places([mark[:2]])} {size} {said}"


def written(sheet: Sheet) -> str:
    head = f"{sheet.title}: {sheet.about}".replace("\n", " / ")
    size = f"{sheet.x:.1f},{sheet.y:.1f} {sheet.width:.1f}x{sheet.height:.1f}"
    return "\n".join([head, size, *(line for mark in sheet.marks for line in lines(mark))])


@pytest.mark.parametrize("name", TEXTS)
def test_every_mark_of_a_small_picture(name: str, golden: Callable[[Path, str], None]) -> None:
    network = netdsl.parse(TEXTS[name], name=name)
    found = []
    for asked in ASKED[name]:
        sheet = Picture([network], Options(**asked)).sheet  # type: ignore[arg-type]
        options = ", ".join(f"{key}={value}" for key, value in asked.items())
        found.append(f"== {options or 'as it comes'}\n{written(sheet)}\n")
    golden(GOLDEN / f"{name}.txt", "\n".join(found))


@pytest.mark.parametrize("name", CHANGED)
def test_every_mark_of_a_difference(name: str, golden: Callable[[Path, str], None]) -> None:
    a, b = (netdsl.parse(text, name=which) for text, which in zip(CHANGED[name], "ab", strict=True))
    pairs = drawn_pairs(netdsl.diff(a, b))
    golden(
        GOLDEN / f"{name}_difference.txt", written(difference_sheet(a, b, pairs, Options())) + "\n"
    )


NUMBERS = {
    0: LayerNumbers("", (NumberTable("value", (("-2",),), "value"),)),
    1: LayerNumbers("y", (NumberTable("value", (("5",),), "value"),), "more of it"),
    2: LayerNumbers(
        "q",
        (
            NumberTable("value of all examples", (("1", "-20"), ("3.25", "4")), "value"),
            NumberTable("d", (("1", "2"),), "derivative"),
        ),
    ),
    3: LayerNumbers(
        "f", tuple(NumberTable(look, (("-12",),), look) for look in ("value", "derivative"))
    ),
    4: LayerNumbers("g", (NumberTable("value", (("1", "2", "3"),), "value"),)),
    5: LayerNumbers(
        "", tuple(NumberTable(at, (("7",),), "derivative") for at in ("one", "two", "three"))
    ),
}


@pytest.mark.parametrize("heading", [True, False])
def test_every_mark_of_a_circuit(heading: bool, golden: Callable[[Path, str], None]) -> None:
    """Single numbers on their wires, tables in their boxes, a layer without any."""
    text = (
        "input x: 1\ninput y: 1\nadd[ @x | @y ] > fc-3(relu) as f > fc-4 as g > stack[ id | fc-4 ]"
    )
    network = netdsl.parse(f"{text} > flatten > fc-2(tanh)", name="circuit")
    sheet = circuit_sheet(network, NUMBERS, "f = -12", Options(heading=heading))
    name = "circuit" if heading else "circuit_alone"
    golden(GOLDEN / f"{name}.txt", written(sheet) + "\n")


@pytest.mark.parametrize(("layers", "drawn"), [(80, True), (81, False)])
def test_circuits_have_up_to_80_layers(layers: int, drawn: bool) -> None:
    network = netdsl.parse(f"4 > fc-4 x{layers - 1}", name="net")
    if drawn:
        assert circuit_sheet(network, {}, "", Options()).width <= 1200
        return
    with pytest.raises(NetError) as caught:
        circuit_sheet(network, {}, "", Options())
    (found,) = caught.value.diagnostics
    assert (found.code, found.message, found.help) == (
        "N660",
        "net has 81 layers; numbers are drawn on up to 80",
        "without -o all numbers are printed; --at NAME prints those of one layer",
    )
