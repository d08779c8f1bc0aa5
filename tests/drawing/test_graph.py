"""Pictures of boxes and arrows: what holds for every network of examples/, and for random ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import pytest
from support.pictures import Picture as Seen
from support.pictures import crossings, faults, seen
from support.programs import program
from support.zoo import EXAMPLES, FOLDER, checked

import netdsl
from netdsl.architecture import Architecture
from netdsl.drawing.insets import chosen
from netdsl.drawing.options import Options
from netdsl.drawing.picture import Picture
from netdsl.drawing.shown import Box, Frame, Shown
from netdsl.drawing.subject import Subject
from netdsl.errors import NetError, Source
from netdsl.reading import ReadOptions, check_source

NETS = Path(__file__).resolve().parents[1] / "drawing" / "nets"  # networks of other shapes
FILES = [*EXAMPLES, *sorted((FOLDER / "keras").glob("*.net")), *sorted(NETS.glob("*.net"))]
TANGLED = ("nasnet_mobile", "nasnet_large")  # no series-parallel networks
LARGE = frozenset(("densenet121", "nasnet_mobile"))  # over 300 layers
SEVERAL_ENDS = frozenset(("dcgan", "googlenet"))
FAST = frozenset(
    (
        *("alexnet", "autoencoder_tied", "bert_base", "dcgan", "densenet121", "efficientnet_b0"),
        *("fcn8s", "googlenet", "inception", "inception_v3", "lenet5_original", "mlp", "resnet50"),
        *("mobilenet_v3_small", "nasnet_mobile", "resnet152", "se_resnet50", "shufflenet_v2"),
        *(
            "siamese",
            "squeezenet1_0",
            "text_cnn",
            "unet",
            "vgg16",
            "vit_b_16",
            "wavenet",
            "xception",
        ),
    )
)  # these are of all forms


@cache
def networks(path: Path) -> tuple[Architecture, ...]:
    return checked(path).networks


def drawn(network: Architecture, options: Options) -> Seen:
    return seen(Picture([network], options).svg)


def named(paths: list[Path], fast: frozenset[str] = FAST) -> list[object]:
    """The files as parameters; some of them with the fast tests, the others with all."""
    return [
        pytest.param(
            path,
            id=f"{path.parent.name}/{path.stem}",
            marks=() if path.stem in fast and path.parent != FOLDER / "keras" else pytest.mark.zoo,
        )
        for path in paths
    ]


def wires(network: Architecture) -> set[tuple[str, str]]:
    """Who reads whom, by the names of layers, from the operations alone."""
    ops, layers = network.graph.ops, network.graph.layers
    return {
        (layers[ops[source].layer].name, layers[op.layer].name)
        for op in ops
        for source in op.inputs
        if ops[source].layer != op.layer
    }


# --- every network --------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize("path", named(FILES))
def test_nothing_meets_and_no_line_passes_a_box(path: Path, direction: str) -> None:
    for network in networks(path):
        picture = drawn(network, Options(style="graph", direction=direction))
        assert faults(picture) == []
        if network.name not in TANGLED and direction == "down":
            assert crossings(picture) == 0


@pytest.mark.parametrize("path", named(FILES, FAST - LARGE))
def test_unfolded_each_row_is_one_box_and_each_wire_one_edge(path: Path) -> None:
    for network in networks(path):
        picture = drawn(network, Options(fold="none"))
        assert sorted(box.name for box in picture.boxes) == sorted(
            layer.name for layer in network.graph.layers
        )
        edges = [(edge.source, edge.target) for edge in picture.edges]
        assert len(edges) == len(set(edges))
        assert set(edges) == wires(network)
        assert faults(picture) == []
        if network.name not in TANGLED:
            assert crossings(picture) == 0


@pytest.mark.parametrize("path", named(FILES))
def test_folded_the_edges_are_those_between_what_the_boxes_hold(path: Path) -> None:
    for network in networks(path):
        subject = Subject(network, Options())
        view = subject.chosen()
        name_of = {
            network.graph.layers[layer].name: box for box in view.boxes for layer in box.every_layer
        }
        assert len(name_of) == len(network.graph.layers)
        expected = {(name_of[a], name_of[b]) for a, b in wires(network) if name_of[a] != name_of[b]}
        found = {(view.boxes[a], view.boxes[b]) for a, b in view.edges}
        assert found <= expected
        repeated = set(within_repeats(view.items))
        assert all(a in repeated and b in repeated for a, b in expected - found)
        picture = drawn(network, Options(style="graph"))
        assert len(picture.boxes) == len(view.boxes)
        assert len(picture.edges) == len(found)


def within_repeats(items: tuple[Shown, ...], repeated: bool = False) -> list[Box]:
    """The boxes of which the passes of a repeat follow each other."""
    found = []
    for item in items:
        again = repeated or item.times > 1
        if isinstance(item, Frame):
            found += within_repeats(item.items, again)
        elif again:
            found.append(item)
    return found


@pytest.mark.parametrize("path", named(FILES))
def test_by_default_it_fits_a_page(path: Path) -> None:
    for network in networks(path):
        wide, high = drawn(network, Options()).size
        assert wide <= 1200
        assert 1 / 8 <= wide / high <= 4


@pytest.mark.parametrize("fold", ["all", "none"])
@pytest.mark.parametrize("path", named(FILES, FAST - LARGE - SEVERAL_ENDS))
def test_a_layer_more_at_the_end_moves_nothing(path: Path, fold: str) -> None:
    (network, *others) = networks(path)
    if others or len(network.outputs) > 1:
        pytest.skip("one network with one end")
    lines = [line for line in network.text.splitlines() if not line.startswith(("expect", "tie"))]
    text = "\n".join(lines).rstrip() + "\n> tanh\n"
    source = Source(str(path), text)
    (longer,) = check_source(source, ReadOptions(str(path)), network.name).networks
    assert len(longer.graph.layers) == len(network.graph.layers) + 1
    options = Options(fold=fold, style="graph")
    before, after = (drawn(each, options) for each in (network, longer))
    if after.size[1] < before.size[1]:  # where it would be too long, another column begins
        assert fold == "none"
        return
    there = {box.name: box.area for box in after.boxes}
    assert [there[box.name] for box in before.boxes] == [box.area for box in before.boxes]


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


def test_resnet_152_folded_is_small() -> None:
    (network,) = networks(FOLDER / "resnet152.net")
    assert len(drawn(network, Options()).boxes) <= 40
    assert len(Picture([network], Options(fold="none")).svg) < 400_000


def test_nasnet_has_few_crossings() -> None:
    (network,) = networks(FOLDER / "nasnet_mobile.net")
    assert crossings(drawn(network, Options(fold="none"))) < 57


def test_the_same_text_gives_the_same_bytes() -> None:
    text = (FOLDER / "googlenet.net").read_text(encoding="utf-8")
    assert netdsl.parse(text).draw().svg == netdsl.parse(text).draw().svg


@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed: int) -> None:
    check_random(seed)


@pytest.mark.zoo
@pytest.mark.parametrize("seed", range(60, 500, 20))
def test_more_random_programs(seed: int) -> None:
    for each in range(seed, seed + 20):
        check_random(each)


def check_random(seed: int) -> None:
    text = program(Random(seed)).text
    network = netdsl.parse(text)
    for fold in ("all", "none"):
        picture = drawn(network, Options(fold=fold, style="graph"))
        assert faults(picture) == [], text
        if fold == "none":
            assert {(edge.source, edge.target) for edge in picture.edges} == wires(network)


# --- what a reader looks for ----------------------------------------------------------------------


def labels_of(picture: Seen, name: str) -> list[str]:
    return [label.text for label in next(b for b in picture.boxes if b.name == name).labels]


def test_figures_say_what_they_count() -> None:
    (network,) = networks(FOLDER / "lenet5.net")
    assert "10×10×16 · 2.4 k params" in labels_of(drawn(network, Options()), "conv_2")
    columns = ("params", "macs")
    picture = drawn(network, Options(columns=columns))
    assert "2.4 k params · 240.0 k MACs" in labels_of(picture, "conv_2")


def test_a_concatenation_is_named_beside_its_bar() -> None:
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
    assert ">conv3-128</text>" in Picture([one], Options()).svg
    assert ">conv3-256(groups=32)</text>" in Picture([many], Options()).svg


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("inception_v3", ("mixed_a", "halve_a", "mixed_b", "mixed_b", "halve_b", "mixed_c")),
        ("nasnet_mobile", ("reduce", "half", "four", "fit", "normal", "s7")),
        ("googlenet", ("inception", "head")),
        ("resnet50", ("bottleneck", "bottleneck")),
    ],
)
def test_every_kind_of_block_is_drawn_open_before_one_is_a_second_time(
    name: str, words: tuple[str, ...]
) -> None:
    (network,) = networks(FOLDER / f"{name}.net")
    subject = Subject(network, Options())
    assert tuple(block.word for block in chosen(subject, subject.chosen())) == words


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "vgg16"])
def test_rows_to_the_right_are_no_wider_than_a_page(name: str) -> None:
    (network,) = networks(FOLDER / f"{name}.net")
    options = Options(direction="right", columns=("output", "memory", "rf"))
    assert Picture([network], options).sheet.width <= 1200


# --- what is asked for ----------------------------------------------------------------------------


def test_too_many_boxes_are_refused_with_the_way_out() -> None:
    network = netdsl.parse("8x8x4 > (conv1-4 > relu) x3000 > gap > fc-2")
    assert len(drawn(network, Options()).boxes) < 10
    with pytest.raises(NetError, match="more than 5,000") as error:
        Picture([network], Options(fold="none"))
    assert "--fold all" in error.value.diagnostics[0].help


def test_open_names_a_block_or_one_of_its_uses() -> None:
    (network,) = networks(FOLDER / "googlenet.net")
    closed = drawn(network, Options())
    one, every = (drawn(network, Options(opened=(name,))) for name in ("m3a", "inception"))
    assert len(closed.boxes) < len(one.boxes) < len(every.boxes)
    assert "m3a" in {frame.name for frame in one.frames}
    with pytest.raises(NetError, match="no block `incepton`"):
        Picture([network], Options(opened=("incepton",)))
