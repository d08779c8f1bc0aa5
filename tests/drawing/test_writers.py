"""What pictures are written as: SVG, PNG, PDF, TikZ, Mermaid, pages."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from itertools import combinations
from pathlib import Path

import pytest
from support.pictures import seen
from support.zoo import FOLDER, checked

import netdsl
from netdsl.architecture import Architecture
from netdsl.drawing.marks import Circle, LineMark, every
from netdsl.drawing.measure import shortened, width
from netdsl.drawing.options import Options
from netdsl.drawing.palettes import THEMES, contrast
from netdsl.drawing.picture import Picture
from netdsl.drawing.svg import css, number

NAMES = ("lenet5", "googlenet", "nasnet_mobile", "unet", "mlp", "wavenet")
ODD = "\"<&>'#%_{}\\^~|`"


def network(name: str) -> Architecture:
    return checked(FOLDER / f"{name}.net").networks[0]


def picture(name: str, **more: object) -> Picture:
    return Picture([network(name)], Options()._replace(**more))


# --- texts and colours ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size", "bold", "wide"),
    [("conv3-64/2", 10, False, 49.47), ("conv3-64/2", 10, True, 51.69), ("×12", 12, True, 20.35)],
)
def test_texts_are_as_wide_as_helvetica_has_them(
    text: str, size: float, bold: bool, wide: float
) -> None:
    assert width(text, size, bold) == pytest.approx(wide, abs=0.01)


def test_long_texts_are_cut_to_what_fits() -> None:
    assert shortened("conv3-64", 10, 100) == "conv3-64"
    cut = shortened("conv3-64(pad=0, dilation=2, groups=4)", 10, 100)
    assert cut.startswith("conv3-64(pad=0")
    assert cut.endswith("…")
    assert width(cut, 10) <= 100


@pytest.mark.parametrize("name", THEMES)
def test_every_text_contrasts_with_its_background(name: str) -> None:
    theme = THEMES[name]
    paints = (*theme.kinds.values(), *theme.blocks, *theme.frames, *theme.marks.values())
    for ground in (theme.ground, *(paint.fill for paint in paints)):
        assert contrast(theme.ink, ground) >= 4.5
        assert contrast(theme.note, ground) >= 4.5
    assert min(contrast(each, theme.ground) for each in (theme.value, theme.derivative)) >= 4.5
    for paint in theme.shares:
        assert contrast(theme.ink, paint.fill) >= 4.5


@pytest.mark.parametrize("name", [name for name in THEMES if name != "print"])
def test_lines_stand_out_too(name: str) -> None:
    theme = THEMES[name]
    assert contrast(theme.edge, theme.ground) >= 3
    for paint in (*theme.kinds.values(), *theme.blocks):
        assert contrast(paint.line, theme.ground) >= 2.3


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


# --- svg ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_svg_has_a_title_and_a_description(name: str) -> None:
    root = ElementTree.fromstring(picture(name).svg)
    parts = {part.tag.partition("}")[2]: part.text for part in root}
    assert parts["title"] == network(name).name
    assert len(parts["desc"] or "") > 20


def test_svg_says_of_each_box_what_the_table_says() -> None:
    boxes = {box.name: box for box in seen(picture("lenet5").svg).boxes}
    assert boxes["conv_2"].title.startswith("conv5-16(bias=yes, ")
    assert "output 10×10×16 · 2,416 params · 240,000 MACs" in boxes["conv_2"].title


def test_auto_is_light_and_dark_and_the_others_are_fixed() -> None:
    assert "prefers-color-scheme" in picture("lenet5").svg
    for theme in THEMES:
        drawn = picture("lenet5", theme=theme).svg
        assert "prefers-color-scheme" not in drawn
        assert f".ground{{fill:{THEMES[theme].ground}}}" in drawn


@pytest.mark.parametrize("name", THEMES)
def test_a_look_is_css_with_all_that_it_has(name: str) -> None:
    theme = THEMES[name]
    for look in (*theme.kinds, *theme.marks, "wire", "ground", "block0"):
        fill, line, wide, dash = theme.look(look)
        rules = dict(part.split(":") for part in css(look, theme).split(";"))
        expected = {"fill": fill or "none"}
        if line:
            expected |= {"stroke": line, "stroke-width": number(wide)}
        if line and dash:
            expected["stroke-dasharray"] = dash
        assert rules == expected
    assert "stroke-dasharray" in css("noise", theme)
    assert "stroke-dasharray" not in css("added", theme)


@pytest.mark.parametrize(("merge", "strokes"), [("add", 2), ("sub", 1), ("mul", 2)])
def test_the_sign_of_a_merge_is_centred_in_its_circle(merge: str, strokes: int) -> None:
    made = netdsl.parse(f"4 > {merge}[ fc-4 | id ] > fc-2")
    marks = list(every(Picture([made], Options()).sheet.marks))
    circles = [mark for mark in marks if isinstance(mark, Circle)]
    signs = [mark for mark in marks if isinstance(mark, LineMark) and mark.look == "sign"]
    assert len(signs) == strokes
    for sign in signs:
        (x0, y0), (x1, y1) = sign.points
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        assert any(middle == pytest.approx((circle.x, circle.y)) for circle in circles)


def test_boxes_have_the_names_of_their_layers_and_blocks() -> None:
    text = "def stage(c) = conv3-{c} > pool\n8x8x3 > stage(4) > conv1-5 as head > gap > fc-2"
    names = [box.name for box in seen(Picture([netdsl.parse(text)], Options(depth=0)).svg).boxes]
    assert names == ["input", "stage_1", "head", "gap_1", "fc_1"]


def test_odd_names_are_written_safely() -> None:
    text = f"# {ODD} (a description)\n8x8x3 > conv3-4 as einmal > gap > fc-2"
    architecture = netdsl.parse(text, name=f"odd {ODD}")
    made = Picture([architecture], Options())
    root = ElementTree.fromstring(made.svg)
    assert root[0].text == architecture.name
    assert ODD in (root[1].text or "")
    assert "<script>alert" not in made.text("html")
    for form in ("tex", "mmd", "html"):
        assert made.text(form)


# --- pixels and pages -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_png_is_twice_as_large_as_the_svg(name: str, tmp_path: Path) -> None:
    made = picture(name)
    made.save(tmp_path / "net.png")
    data = (tmp_path / "net.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    wide, high = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    size = seen(made.svg).size
    assert abs(wide - 2 * size[0]) <= 2
    assert abs(high - 2 * size[1]) <= 2


@pytest.mark.parametrize("name", NAMES)
def test_pdf_has_its_fonts_within(name: str, tmp_path: Path) -> None:
    picture(name).save(tmp_path / "net.pdf")
    data = (tmp_path / "net.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    fonts = len(re.findall(rb"/Type ?/FontDescriptor", data))
    assert fonts >= 1
    assert len(re.findall(rb"/FontFile[23]? ", data)) == fonts


@pytest.mark.extra
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("name", NAMES)
def test_tikz_compiles(name: str, tmp_path: Path) -> None:
    made = picture(name) if name != "lenet5" else picture(name, style="volumes")
    made.save(tmp_path / "net.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "net.tex"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-2000:]
    assert (tmp_path / "net.pdf").read_bytes().startswith(b"%PDF")


def test_tikz_escapes_what_tex_reads() -> None:
    architecture = netdsl.parse("8x8x3 > conv3-4 > gap > fc-2", name=f"odd {ODD}")
    text = Picture([architecture], Options()).text("tex")
    (heading,) = re.findall(r"\\bfseries.*odd (.*)\}\};", text)
    assert r"\&" in heading
    assert r"\textbackslash{}" in heading


# --- mermaid and pages ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NAMES if name != "mlp"])
def test_mermaid_has_the_boxes_and_edges_of_the_picture(name: str) -> None:
    made = Picture([network(name)], Options(style="graph"))
    text, drawn = made.text("mmd"), seen(made.svg)
    assert text.startswith("flowchart TB\n")
    assert len(re.findall(r"^ +n\d+[(\[]", text, re.MULTILINE)) == len(drawn.boxes)
    assert len(re.findall(r"^  n\d+ --> n\d+$", text, re.MULTILINE)) == len(drawn.edges)


@pytest.mark.slow
def test_a_page_has_a_picture_for_every_choice_of_open_blocks() -> None:
    page = picture("googlenet").text("html")
    opened = re.findall(r'<div class="state" data-open="([^"]*)"( hidden)?>', page)
    words = ["convolution", "head", "inception"]
    choices = {" ".join(choice) for n in range(4) for choice in combinations(words, n)}
    assert len(opened) == len(choices)
    assert {words for words, _ in opened} == choices
    assert [words for words, hidden in opened if not hidden] == [""]
    for part in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        assert seen(part).boxes


TWO = "def a() = conv3-4 > relu\ndef b() = conv1-4 > bn\n8x8x4 > a > b > gap > fc-2"
WITHIN = "def a() = conv3-4 > relu\ndef b() = a > bn\n8x8x4 > b > gap > fc-2"


@pytest.mark.parametrize(
    ("text", "options", "states"),
    [
        (TWO, Options(), ["a b", "b", "a", ""]),
        (TWO, Options(style="graph", depth=0), ["", "a", "b", "a b"]),
        (TWO, Options(depth=0, opened=("a",)), ["a", "", "a b", "b"]),
        (TWO, Options(fold="repeats"), [""]),
        (TWO, Options(style="volumes"), [""]),
        # A block within a closed one is not there to be clicked.
        (WITHIN, Options(depth=0), ["", "b", "a b", "a"]),
        (WITHIN, Options(depth=1), ["b", "a b", "", "a"]),
        ("8x8x4 > conv3-4 > gap > fc-2", Options(), [""]),
        ("4 > fc-3 > fc-2", Options(), [""]),
    ],
)
def test_a_page_begins_with_the_picture_and_has_what_clicks_lead_to(
    text: str, options: Options, states: list[str]
) -> None:
    made = Picture([netdsl.parse(text, name="<net>")], options)
    page = made.text("html")
    found = re.findall(r'<div class="state" data-open="([^"]*)"( hidden)?>', page)
    assert [words for words, _ in found] == states
    assert [bool(hidden) for _, hidden in found] == [at > 0 for at in range(len(states))]
    assert ("<p>Click a block" in page) == (len(states) > 1)
    assert "<title>&lt;net&gt;</title>" in page
    assert made.svg in page or options.depth


def test_the_pages_of_several_networks_are_one_picture() -> None:
    two = [netdsl.parse(TWO, name=name) for name in ("one", "two")]
    assert Picture(two, Options()).text("html").count('class="state"') == 1


def test_a_page_has_up_to_16_states_of_the_fewest_clicks() -> None:
    blocks = "\n".join(f"def {word}() = conv3-{at} > relu" for at, word in enumerate("abcde", 3))
    text = f"{blocks}\n8x8x4 > a > b > c > d > e > gap > fc-2"
    page = Picture([netdsl.parse(text)], Options(depth=0)).text("html")
    opened = re.findall(r'data-open="([^"]*)"', page)
    choices = [" ".join(choice) for n in range(3) for choice in combinations("abcde", n)]
    assert opened == choices
    assert len(choices) == 16


def test_a_state_that_is_too_large_for_a_page_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "def a() = conv3-4 > relu > conv1-4 > bn > conv3-8\n8x8x4 > a > gap > fc-2"
    made = Picture([netdsl.parse(text)], Options(depth=0, alongside=False))
    state = re.compile(r'data-open="([^"]*)"[^>]*>\n(.*?)</div>', re.DOTALL)
    sizes = {words: len(svg) for words, svg in state.findall(made.text("html"))}
    assert sizes["a"] > sizes[""]
    for room, left_out in ((sizes["a"], set()), (sizes["a"] - 1, {"a"}), (9, {"a"})):
        monkeypatch.setattr("netdsl.drawing.html._MAX_CHARACTERS", room)
        shown = {words for words, _ in state.findall(made.text("html"))}
        assert {*sizes} - shown == left_out


@pytest.mark.parametrize(
    ("theme", "shown"), [("auto", ("light", "dark")), ("light", ("light",)), ("dark", ("dark",))]
)
def test_a_page_has_the_colours_of_its_theme(theme: str, shown: tuple[str, ...]) -> None:
    made = Picture([netdsl.parse("4 > fc-3")], Options(theme=theme))
    style = re.findall("<style>(.*?)</style>", made.text("html"), re.DOTALL)[0]
    assert ("prefers-color-scheme" in style) == (theme == "auto")
    for name in ("light", "dark"):
        colours = (THEMES[name].ground, THEMES[name].ink, THEMES[name].note)
        assert [colour in style for colour in colours] == [name in shown] * 3
    assert not re.search("GROUND|INK|NOTE", style)
