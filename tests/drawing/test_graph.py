"""Pictures of boxes and arrows: what is alike, what readers look for, what is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.pictures import Picture as Seen
from support.pictures import backwards, seen
from support.zoo import FOLDER, checked

import netdsl
from netdsl.architecture import Architecture
from netdsl.drawing.graph_sheet import blocks_alongside
from netdsl.drawing.graph_style import Painter
from netdsl.drawing.insets import chosen
from netdsl.drawing.marks import bounds
from netdsl.drawing.options import Options
from netdsl.drawing.picture import Picture
from netdsl.drawing.scene import SceneBlock
from netdsl.drawing.subject import Subject
from netdsl.errors import NetError

NETS = Path(__file__).parent / "nets"


def networks(path: Path) -> tuple[Architecture, ...]:
    return checked(path).networks


def drawn(network: Architecture, options: Options) -> Seen:
    return seen(Picture([network], options).svg)


# --- what is alike --------------------------------------------------------------------------------


def box_at(picture: Seen, name: str) -> tuple[float, float]:
    area = next(box.area for box in picture.boxes if box.name == name)
    return (area.x0 + area.x1) / 2, (area.y0 + area.y1) / 2


def test_equal_branches_are_mirrored() -> None:
    network = netdsl.parse("32x32x8 > add[ conv3-8 > relu | conv3-8 > relu ] > gap > fc-10")
    picture = drawn(network, Options())
    (left, high), (right, low) = box_at(picture, "conv_1"), box_at(picture, "conv_2")
    axis = box_at(picture, "add_1")[0]
    assert high == low
    assert axis - left == right - axis > 0


@pytest.mark.parametrize(
    "text", ["32x32x3 > conv3-8 > pool > conv3-16 > res(conv3-16 x2) > gap > fc-10"]
)
def test_the_boxes_of_a_chain_share_one_axis(text: str) -> None:
    picture = drawn(netdsl.parse(text), Options(fold="none"))
    assert len({box_at(picture, box.name)[0] for box in picture.boxes}) == 1


def test_a_repeat_is_found_next_to_something_else() -> None:
    """Where the first pass reads what precedes the repeat, the later ones read something else."""
    (network,) = networks(NETS / "t5_small.net")
    picture = drawn(network, Options())
    badges = [label.text for frame in picture.frames for label in frame.labels]
    assert badges == ["×6", "×6"]


def test_what_comes_into_a_frame_comes_where_it_is_read() -> None:
    (network,) = networks(Path(__file__).parent / "nets" / "moe.net")  # experts and their gate
    picture = drawn(network, Options())
    assert len(picture.frames) == 4
    for frame in picture.frames:
        over = {
            round(x, 1)
            for edge in picture.edges
            for x, y in edge.points
            if abs(y - frame.area.y0) < 5 and frame.area.x0 < x < frame.area.x1
        }
        assert len(over) == 2


def test_what_hangs_on_the_end_of_a_branch_is_reached_from_above() -> None:
    text = "8x8x4 > add[ (conv3-4(dilation={2**i}) > bn) |3 as level ] > gap > fc-2"
    picture = drawn(netdsl.parse(f"{text}\n@level.0 > conv1-1(sigmoid) as coarse"), Options())
    assert "coarse" in {edge.target for edge in picture.edges}
    assert backwards(picture) == []


def test_a_chain_that_a_block_gets_is_in_the_block() -> None:
    text = "def mean() = avgpool3/1(pad=same)\ndef mixed(c, f) = [ conv1-{c} | f > conv1-{c} ]"
    uses = "mixed(4, mean) > (mixed(8, pool3/1(pad=same) > relu)) x2"
    picture = drawn(netdsl.parse(f"{text}\n8x8x4 > {uses} > gap"), Options(depth=0))
    blocks = [box.data.get("block") for box in picture.boxes]
    assert blocks == [None, "mixed", "mixed", None]


def test_many_branches_that_differ_in_size_are_one_box() -> None:
    branches = " | ".join(f"fc-{size}" for size in range(1, 301))
    picture = drawn(netdsl.parse(f"8 > [ {branches} ] > fc-2"), Options())
    (box,) = (box for box in picture.boxes if box.labels[0].text == "fc-1…300 relu")
    assert box.labels[-1].text == "×300 ||"


@pytest.mark.parametrize(("count", "boxes"), [(16, 16), (17, 1)])
def test_up_to_16_branches_that_differ_in_size_are_drawn_each(count: int, boxes: int) -> None:
    branches = " | ".join(f"fc-{size}" for size in range(1, count + 1))
    picture = drawn(netdsl.parse(f"8 > [ {branches} ] > tanh"), Options())
    assert len([box for box in picture.boxes if box.name.startswith("fc")]) == boxes


RATES = """
def unit(c, rate) = res(conv3-{c}(linear) > droppath({rate}))
8x8x4 > unit(4, 0.0260869565217) > unit(4, 0.0347826086956) > unit(4, 0.125) > gap > fc-2
"""


def test_blocks_whose_rates_of_dropout_differ_are_alike() -> None:
    picture = drawn(netdsl.parse(RATES), Options(depth=0))
    assert labels_of(picture, "unit_1")[0] == "unit(4, 0.0261…0.125)"
    assert "×3" in labels_of(picture, "unit_1")
    (frame,) = drawn(netdsl.parse(RATES), Options(depth=1)).frames
    assert [label.text for label in frame.labels] == ["unit(4, 0.0261…0.125)", "×3"]


def test_blocks_whose_rates_and_sizes_differ_are_not() -> None:
    picture = drawn(
        netdsl.parse(RATES.replace("unit(4, 0.125)", "unit(8, 0.125)")), Options(depth=0)
    )
    assert [box.data.get("times") for box in picture.boxes if box.data.get("block")] == ["2", None]


def test_a_repeat_begins_where_it_reads_one_output() -> None:
    text = "res(conv3-4) > res(conv3-4 > droppath(0.1)) > res(conv3-4 > droppath(0.2))"
    picture = drawn(netdsl.parse(f"8x8x4 > {text} > gap > fc-2"), Options())
    (frame,) = picture.frames
    inside = {box.name for box in picture.boxes if frame.area.holds(box.area)}
    into = {edge.source for edge in picture.edges if edge.target in inside} - inside
    assert (into, len(inside)) == ({"add_1"}, 4)


def test_what_is_alike_after_it_is_folded_is_folded() -> None:
    (network,) = networks(FOLDER / "xception.net")
    badges = [label.text for frame in drawn(network, Options()).frames for label in frame.labels]
    assert badges == ["×8", "×3"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wavenet", "concat of 50 · 16000×1600"),
        ("mixture_of_experts", "of 4"),
        ("lenet5_original", "concat of 16 · 10×10×16"),
        ("inception", "concat 28×28×256"),
    ],
)
def test_a_merge_says_how_many_it_joins_where_not_all_are_drawn(name: str, words: str) -> None:
    (network,) = networks(FOLDER / f"{name}.net")
    assert words in {label.text for box in drawn(network, Options()).boxes for label in box.labels}


@pytest.mark.slow
def test_what_follows_a_tangle_is_below_it() -> None:
    (network,) = networks(FOLDER / "keras" / "nasnet_mobile.net")
    picture = drawn(network, Options())
    last = picture.edges[-4:]
    assert [edge.target for edge in last][-2:] == ["gap_1", "fc_1"]
    for edge in last:
        xs = [x for x, _ in edge.points]
        assert max(xs) - min(xs) < 100


def test_what_is_said_of_new_words() -> None:
    picture = drawn(
        netdsl.parse(
            "learned queries: 5x8\n4x8x8x3 > each(conv3-8(bn, relu) > gap) as frames\n"
            "matmul(transpose)[ @queries | @frames ] > gap > fc-2\noutput @frames"
        ),
        Options(),
    )
    texts = {label.text for box in picture.boxes for label in box.labels}
    assert {"learned queries", "each(conv3-8) bn relu", "matmul"} <= texts
    assert any(text.endswith("output") for text in texts)


def test_the_same_text_gives_the_same_bytes() -> None:
    text = (FOLDER / "googlenet.net").read_text(encoding="utf-8")
    assert netdsl.parse(text).draw().svg == netdsl.parse(text).draw().svg


def edge_of(picture: Seen, source: str, target: str) -> list[tuple[float, float]]:
    (edge,) = (e for e in picture.edges if (e.source, e.target) == (source, target))
    return list(edge.points)


def test_what_follows_a_tangle_in_a_frame_ends_on_the_axis_of_the_frame() -> None:
    body = "fc-4 > fc-4 as a > fc-4 as b > add[ @a | @b ] > fc-4 > add[ id | @b > fc-4 ]"
    picture = drawn(netdsl.parse(f"def f() = {body}\n4 > f > fc-2"), Options())
    assert "f_1" in {frame.name for frame in picture.frames}
    axis = box_at(picture, "fc_1")[0]
    assert {round(x - axis, 1) for x, _ in edge_of(picture, "f_1_add_2", "fc_1")} == {0}


def test_what_leaves_a_frame_next_to_its_chain_stays_on_its_side() -> None:
    """`b` is read within the frame, from its left, and outside, from its right."""
    body = "fc-4 as a > fc-4 as b > [ id | @b ] > fc-4 as c > add[ id | @b | @c | @a ]"
    text = f"def f() = {body}\n4 > f as s > fc-4 > add[ id | @s.c | @s.b ] > fc-2"
    picture = drawn(netdsl.parse(text), Options(fold="none"))
    axis = box_at(picture, "s_b")[0]
    assert min(x for x, _ in edge_of(picture, "s_b", "add_1")) == pytest.approx(axis)
    assert min(x for x, _ in edge_of(picture, "s_b", "s_add_1")) < axis - 50


# --- what a reader looks for ----------------------------------------------------------------------


def labels_of(picture: Seen, name: str) -> list[str]:
    return [label.text for label in next(b for b in picture.boxes if b.name == name).labels]


def test_figures_say_what_they_count() -> None:
    (network,) = networks(FOLDER / "lenet5.net")
    assert "10×10×16 · 2.4 k params" in labels_of(drawn(network, Options()), "conv_2")
    columns = ("params", "macs")
    picture = drawn(network, Options(columns=columns))
    assert "2.4 k params · 240.0 k MACs" in labels_of(picture, "conv_2")


def test_a_concatenation_is_named_next_to_its_bar() -> None:
    (network,) = networks(FOLDER / "inception.net")
    labels = {label.text for box in drawn(network, Options()).boxes for label in box.labels}
    assert "concat 28×28×256" in labels


def test_a_repeat_of_a_block_with_other_arguments_says_all_of_them() -> None:
    (network,) = networks(FOLDER / "wavenet.net")
    titles = {label.text for frame in drawn(network, Options()).frames for label in frame.labels}
    assert "gated(1…512)" in titles


def test_one_group_is_not_worth_saying() -> None:
    (one,), (many,) = networks(FOLDER / "resnet152.net"), networks(FOLDER / "resnext50.net")
    assert "groups=1" in one.graph.layers[4].text
    assert ">conv3-128<tspan" in Picture([one], Options()).svg
    assert ">conv3-256(groups=32)<tspan" in Picture([many], Options()).svg


def test_nor_a_dilation_of_one_unless_it_is_one_of_several() -> None:
    (network,) = networks(FOLDER / "deeplabv3_resnet50.net")
    texts = Picture([network], Options()).svg
    assert ">conv3-128<tspan" in texts
    assert "conv3-256(dilation=36)" in texts
    (network,) = networks(FOLDER / "wavenet.net")
    assert "dilation=1…512" in Picture([network], Options()).svg


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("inception_v3", ("mixed_a", "halve_a", "mixed_b", "mixed_b", "halve_b", "mixed_c")),
        ("nasnet_mobile", ("reduce", "four", "normal", "s7", "s5", "s3")),
        ("googlenet", ("convolution", "inception", "head")),
        ("resnet50", ("bottleneck", "bottleneck")),
    ],
)
def test_every_kind_of_block_is_drawn_open_before_one_is_a_second_time(
    name: str, words: tuple[str, ...]
) -> None:
    (network,) = networks(FOLDER / f"{name}.net")
    subject = Subject(network, Options())
    assert tuple(block.word for block in chosen(subject, subject.chosen())) == words


def test_a_second_form_of_a_block_is_next_to_the_first() -> None:
    """Where the channels change, `res` has a projection."""
    unit = "def unit(c) = res(conv3-{c} > conv3-{c})\ndef other() = bn > relu\n"
    text = f"{unit}8x8x4 > unit(4) x2 > unit(8) > other > gap"
    subject = Subject(netdsl.parse(text), Options(depth=0))
    shown = chosen(subject, subject.chosen())
    assert [block.title for block in shown] == ["unit(4)", "unit(8)", "other"]


def test_a_block_that_is_open_already_is_not_drawn_again() -> None:
    (network,) = networks(FOLDER / "keras" / "convnext_base.net")
    subject = Subject(network, Options())
    shown = subject.chosen()
    assert "block" in {box.block.word for box in shown.boxes if box.block}
    assert chosen(subject, shown) == []


def test_nor_one_that_is_open_in_another_one() -> None:
    (network,) = networks(FOLDER / "keras" / "efficientnet_b1.net")
    subject = Subject(network, Options())
    shown = subject.chosen()
    assert {"block", "block2"} <= {box.block.word for box in shown.boxes if box.block}
    assert [block.word for block in chosen(subject, shown)] == ["block2"]
    picture = drawn(network, Options())
    (boxes, _) = picture.compared[0]
    assert len(picture.compared) == 1
    assert len([box for box in boxes if "droppath" in box.name]) == 1


PILLS = "relu | tanh | elu | selu | gelu | silu | mish | exp | bn | ln | rms"
SUMS = "8 → 2 · 58 params · 16 MACs"


# Of 12 pills those of norms are 96 wide with a unit, `softmax` 80, all else 64; 26 between two.
@pytest.mark.parametrize(
    ("last", "wide", "figure", "heading"),
    [
        ("relu6", 3 * 96 + 9 * 64 + 11 * 26, "bn 16 params", SUMS),
        # It would be 1166 wide.
        ("softmax", 80 + 11 * 64 + 11 * 26, "bn 16", f"{SUMS} · in boxes: output · params"),
    ],
)
def test_figures_have_units_in_a_picture_that_is_up_to_1150_wide(
    last: str, wide: int, figure: str, heading: str
) -> None:
    network = netdsl.parse(f"8 > add[ {PILLS} | {last} ] > fc-2")
    picture = drawn(network, Options())
    areas = [box.area for box in picture.boxes]
    assert max(area.x1 for area in areas) - min(area.x0 for area in areas) == wide
    assert figure in labels_of(picture, "bn_1")
    assert picture.loose[-1].text == heading


def inset(text: str, box: tuple[float, float, float, float]) -> list[tuple[float, ...]]:
    """Where the blocks of a network are drawn open next to a picture."""
    subject = Subject(netdsl.parse(text), Options(depth=0))
    painter = Painter(subject, "")
    return [bounds((mark,)) for mark in blocks_alongside(painter, subject.chosen(), box)]


def test_blocks_are_next_to_a_picture_up_to_1150_and_else_below_it() -> None:
    text = "def unit() = conv3-4 > conv1-4\n8x8x4 > unit > gap"
    ((left, top, right, _),) = inset(text, (0, 0, 100, 200))
    assert (left, top) == (156, 0)
    widest = 1150 - (right - left) - 56
    assert inset(text, (0, 0, widest, 200))[0][:3] == (widest + 56, 0, 1150)
    assert inset(text, (0, 0, widest + 1, 200))[0][:2] == (0, 228)


def test_a_block_below_a_picture_is_below_those_next_to_it() -> None:
    text = f"def tall() = conv3-4 > pool > conv1-4\ndef wide() = add[ {PILLS} ] > gap\n"
    tall, wide = inset(f"{text}8x8x4 > tall > wide > fc-2", (0, 0, 100, 100))
    assert tall[:2] == (156, 0)
    assert tall[3] > 100
    assert wide[:2] == (0, tall[3] + 24 + 28)


@pytest.mark.parametrize(("highest", "boxes"), [(3, 4), (5, 4), (6, 6)])
def test_a_block_is_opened_as_deep_as_boxes_fit(highest: int, boxes: int) -> None:
    text = "def pair() = conv3-4 > conv1-4\ndef four() = pair > pool > pair > bn\n"
    subject = Subject(netdsl.parse(f"{text}8x8x4 > four > gap"), Options())
    (four,) = (item for item in subject.items if isinstance(item, SceneBlock))
    assert len(subject.inside(four.items, highest).boxes) == boxes


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "vgg16"])
def test_rows_to_the_right_are_no_wider_than_a_page(name: str) -> None:
    (network,) = networks(FOLDER / f"{name}.net")
    options = Options(direction="right", columns=("output", "memory", "rf"))
    assert Picture([network], options).sheet.width <= 1200


# --- what is asked for ----------------------------------------------------------------------------


@pytest.mark.slow
def test_too_many_boxes_are_refused_with_the_way_out() -> None:
    network = netdsl.parse("8x8x4 > (conv1-4 > relu) x3000 > gap > fc-2")
    assert len(drawn(network, Options()).boxes) < 10
    with pytest.raises(NetError, match="more than 5,000") as error:
        Picture([network], Options(fold="none"))
    assert "--fold all" in error.value.diagnostics[0].help


def test_blocks_that_would_be_too_many_open_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("subject", "u_shape"):
        monkeypatch.setattr(f"netdsl.drawing.{room}.MAX_DRAWN", 40)
    uses = " > ".join(f"unit({size})" for size in range(1, 31))
    text = f"def unit(n) = conv1-{{n}} > bn > relu\n8x8x4 > {uses} > gap > fc-2"
    picture = drawn(netdsl.parse(text), Options())
    assert len([box for box in picture.boxes if box.data.get("block")]) == 30
    with pytest.raises(NetError, match="would have 93 boxes, more than 40"):
        Picture([netdsl.parse(text)], Options(depth=1))


def test_open_names_a_block_or_one_of_its_uses() -> None:
    (network,) = networks(FOLDER / "googlenet.net")
    closed = drawn(network, Options())
    one, every = (drawn(network, Options(opened=(name,))) for name in ("inception_3a", "inception"))
    assert len(closed.boxes) < len(one.boxes) < len(every.boxes)
    assert "inception_3a" in {frame.name for frame in one.frames}
    with pytest.raises(NetError, match="no block `incepton`"):
        Picture([network], Options(opened=("incepton",)))


def test_no_arrow_leads_into_a_constant() -> None:
    text = "def f() = mul[ id | const(2) > rescale(3) ]\n8 > f x2 > fc-2"
    wires = Subject(netdsl.parse(text), Options()).wiring
    texts = [layer.text for layer in netdsl.parse(text).graph.layers]
    constants = [at for at, each in enumerate(texts) if each == "const(2)"]
    assert len(constants) == 2
    assert all(wires.sources[at] == () and wires.readers[at] == (at + 1,) for at in constants)
