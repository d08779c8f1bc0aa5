"""Pictures in the other styles: volumes, neurons, u."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
from support.pictures import Picture as Seen
from support.pictures import faults, seen
from support.zoo import EXAMPLES, FOLDER, checked

import netdsl
from netdsl.architecture import Architecture
from netdsl.drawing.neurons import suits
from netdsl.drawing.options import Options
from netdsl.drawing.picture import Picture
from netdsl.drawing.solids import SolidScale, solid
from netdsl.drawing.subject import Subject
from netdsl.drawing.u_shape import UShape, found
from netdsl.errors import NetError

VOLUMES = ("alexnet", "lenet5", "vgg16", "zfnet", "dcgan", "resnet50", "densenet121", "tdnn")


def network(name: str, number: int = 0) -> Architecture:
    return checked(FOLDER / f"{name}.net").networks[number]


def drawn(architecture: Architecture, style: str, **more: object) -> Seen:
    return seen(Picture([architecture], Options(style=style)._replace(**more)).svg)


def collisions(picture: Seen) -> list[str]:
    """Labels that meet each other, or leave the page."""
    labels = [label for box in picture.boxes for label in box.labels] + list(picture.loose)
    found = [f"{a.text} {b.text}" for a, b in combinations(labels, 2) if a.area.meets(b.area)]
    return found + [label.text for label in labels if not picture.view.holds(label.area)]


# --- which style ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("mlp", "circle"),
        ("autoencoder_8_3_8", "circle"),
        ("perceptron", "circle"),
        ("autoencoder_deep", "rect"),
        ("lenet5", "rect"),
    ],
)
def test_dense_layers_alone_are_circles(name: str, form: str) -> None:
    assert drawn(network(name), "auto").boxes[0].form == form


def test_a_u_has_all_its_levels() -> None:
    picture = drawn(network("unet"), "auto")
    level = [e for e in picture.edges if len({round(y, 1) for _, y in e.points}) == 1]
    assert len([edge for edge in level if "_concat_" in edge.target]) == 4


@pytest.mark.parametrize("name", ["unet", "fcn8s", "autoencoder_unpool"])
def test_a_u_is_drawn_as_one(name: str) -> None:
    one, other = drawn(network(name), "auto"), drawn(network(name), "u")
    assert one == other


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("lenet5", "neurons"),
        ("autoencoder_deep", "neurons"),
        ("googlenet", "volumes"),
        ("lenet5", "u"),
    ],
)
def test_a_style_that_does_not_suit_is_refused(name: str, style: str) -> None:
    with pytest.raises(NetError) as error:
        drawn(network(name), style)
    assert error.value.diagnostics[0].code == "N661"
    assert "--style graph" in error.value.diagnostics[0].help


# --- volumes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VOLUMES)
def test_labels_of_volumes_keep_apart(name: str) -> None:
    picture = drawn(network(name), "volumes")
    assert collisions(picture) == []
    assert picture.size[0] <= 1200


def test_larger_maps_are_larger_on_one_scale() -> None:
    picture = drawn(network("vgg16"), "volumes")
    heights = {box.name: box.area.y1 - box.area.y0 for box in picture.boxes}
    assert heights["conv_1"] > heights["pool_1"] > heights["pool_3"] > heights["pool_5"] > 0
    assert heights["conv_1"] == heights["input"]


def test_groups_stand_in_columns_up_to_what_joins_them() -> None:
    faces = 3
    picture = Picture([network("alexnet")], Options(style="volumes")).sheet
    shapes = {mark.id: len(mark.marks) for mark in picture.marks if getattr(mark, "id", "")}
    assert shapes["input"] == faces
    for name in ("conv_1", "conv_2", "conv_3", "conv_4", "conv_5", "pool_1", "pool5"):
        assert shapes[name] == 2 * faces, name


def lines_of(picture: Seen) -> set[str]:
    return {label.text for label in picture.loose}


def test_columns_say_how_many_channels_each_has() -> None:
    lines = lines_of(drawn(network("alexnet"), "volumes"))
    assert {"2 columns of 48", "2 columns of 128", "2 columns of 192"} <= lines


def test_what_is_there_once_is_not_counted() -> None:
    lines = lines_of(drawn(network("vgg16"), "volumes"))
    assert not [line for line in lines if line.endswith("×1")]
    text = "8x8x3 > conv3-4 x3 > gap > fc-2"
    repeated = lines_of(drawn(netdsl.parse(text), "volumes"))
    assert [line for line in repeated if line.endswith("×3")]


def test_only_images_have_a_depth_of_their_own() -> None:
    scale = SolidScale(positions=1024, numbers=1000)
    short, long = solid((64, 8), scale), solid((1024, 8), scale)
    assert (short.across, short.up) == (long.across, long.up)
    assert short.high < long.high
    low, high = solid((8, 8, 8), scale), solid((8, 1024, 8), scale)
    assert low.up < high.up
    assert low.high == high.high


def test_rows_of_volumes_are_about_as_wide() -> None:
    picture = drawn(network("mobilenet_v2"), "volumes")
    rows: dict[float, list[float]] = {}
    for box in picture.boxes:
        rows.setdefault(round((box.area.y0 + box.area.y1) / 200), []).append(box.area.x1)
    ends = [max(row) for row in rows.values()]
    assert len(ends) == 2
    assert min(ends) > 0.8 * max(ends)


def test_shares_are_said_in_words_too() -> None:
    picture = drawn(network("vgg16"), "volumes", colour="macs")
    assert {"13%", "18%", "30%"} <= lines_of(picture)
    assert {box.look.partition("_")[0] for box in picture.boxes} >= {"share0", "share3", "share4"}
    picture = drawn(network("mlp"), "neurons", colour="params")
    assert [box.look for box in picture.boxes] == ["share0", "share5", "share2", "share2"]
    assert "12.6 k params · 97%" in {t.text for box in picture.boxes for t in box.labels}


def test_skips_run_above_volumes() -> None:
    architecture = netdsl.parse("16x16x8 > conv3-8 > res(conv3-8 x2, act=none) > conv3-4")
    picture = drawn(architecture, "volumes")
    (skip,) = picture.edges
    top = min(box.area.y0 for box in picture.boxes)
    assert min(y for _, y in skip.points) < top


# --- neurons --------------------------------------------------------------------------------------


def test_each_number_is_a_circle_and_each_weight_a_line() -> None:
    sheet = Picture([network("autoencoder_8_3_8")], Options()).sheet
    groups = [mark for mark in sheet.marks if hasattr(mark, "marks")]
    webs = [group.marks[0] for group in groups if group.kind == "web"]
    assert [len(web.lines) for web in webs] == [8 * 3, 3 * 8]
    circles = [sum(type(m).__name__ == "Circle" for m in g.marks) for g in groups if g.id]
    assert circles == [8, 3, 8]


def test_what_is_below_neurons() -> None:
    """The shape of an input; of a layer what it costs: (24 + 1) * 3 and (3 + 1) * 2 numbers."""
    svg = Picture([netdsl.parse("4x3x2 > fc-3(tanh) > softmax-2")], Options(style="neurons")).svg
    texts = re.findall(r"<text[^>]*>([^<]+)</text>", svg)
    assert texts[:2] == ["input", "4×3×2"]
    assert texts[2:7] == ["fc-3", "tanh", "75 params", "softmax-2", "8 params"]


def test_of_large_layers_16_are_drawn() -> None:
    sheet = Picture([network("mlp")], Options()).sheet
    columns = [mark for mark in sheet.marks if getattr(mark, "id", "")]
    circles = [
        sum(type(m).__name__ == "Circle" and m.radius > 2 for m in column.marks)
        for column in columns
    ]
    assert circles == [16, 16, 16, 10]


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_labels_below_neurons_keep_apart(path: Path) -> None:
    for each in checked(path).networks:
        if suits(each):
            assert collisions(drawn(each, "neurons")) == []


# --- u --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["unet", "fcn8s", "autoencoder_unpool"])
def test_a_u_has_level_skips(name: str) -> None:
    picture = drawn(network(name), "u")
    assert faults(picture) == []
    level = [edge for edge in picture.edges if len({round(y, 1) for _, y in edge.points}) == 1]
    assert len(level) >= 2
    assert all(edge.points[0][0] < edge.points[-1][0] for edge in level)


def test_blocks_of_a_library_are_opened_to_find_a_u() -> None:
    architecture = netdsl.parse("use unet\ninput 64x64x3\n> unet(3, 8) > conv1-2 > softmax")
    picture = drawn(architecture, "auto")
    assert {box.data.get("block") for box in picture.boxes} >= {"double"}
    assert faults(picture) == []


def u_around(inner: str, blocks: str = "") -> UShape | None:
    """The U of 12 boxes and two skips with something at its bottom."""
    text = f"""
    16x16x3 > conv3-4 as a > pool > conv3-6 as b > pool > {inner} > tconv2-6/2
    > [ id | @b ] > conv3-6 > tconv2-4/2 > [ id | @a ] > conv1-2 > softmax
    """
    return found(Subject(netdsl.parse(f"{blocks}\n{text}"), Options()))


def many(convolutions: int) -> str:
    return " > ".join(f"conv3-{size}" for size in range(8, 8 + convolutions))


@pytest.mark.parametrize(("convolutions", "skips"), [(31, 3), (32, 2)])
def test_blocks_are_opened_to_find_a_level_of_a_u_while_there_are_48_boxes(
    convolutions: int, skips: int
) -> None:
    inner = f"conv3-8 as c > pool > {many(convolutions)} > tconv2-8/2 > [ id | @c ] > conv3-8"
    shape = u_around("deep", f"def deep() = {inner}")
    assert shape is not None
    assert len(shape.skips) == skips


def test_a_u_without_blocks_may_have_more_boxes() -> None:
    shape = u_around(many(40))
    assert shape is not None
    assert (len(shape.spine), len(shape.skips)) == (52, 2)


def test_blocks_without_a_level_of_a_u_are_closed() -> None:
    shape = u_around("deep", f"def deep() = {many(3)}")
    assert shape is not None
    assert [box.block.word for box in shape.view.boxes if box.block] == ["deep"]


def test_a_u_has_no_branches_that_are_drawn_as_one() -> None:
    assert u_around("conv3-8") is not None
    assert u_around("add[ conv3-8 |4 ]") is None
