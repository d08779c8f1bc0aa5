"""What holds of the picture of every network: those of examples/, of tests/drawing/nets, and random
ones.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.pictures import Picture as Seen
from support.pictures import backwards, crossings, faults, merging, seen, series_parallel
from support.programs import program
from support.shares import share
from support.zoo import EXAMPLES, FOLDER, checked

import netdsl
from netdsl.architecture import Architecture
from netdsl.drawing.options import Options
from netdsl.drawing.picture import Picture
from netdsl.drawing.shown import Box, Frame, Shown
from netdsl.drawing.subject import Subject
from netdsl.errors import NetError, Source
from netdsl.reading import ReadOptions, check_source

pytestmark = pytest.mark.slow

NETS = Path(__file__).parent / "nets"  # of other forms than those of examples/
FILES = [*EXAMPLES, *sorted((FOLDER / "keras").glob("*.net")), *sorted(NETS.glob("*.net"))]
# More or wider layers of the form of one that stays: drawn by `make test-all`.
SIBLINGS = frozenset(
    {
        *(f"convnext_{size}" for size in ("small", "base", "large", "xlarge")),
        *("densenet169", "densenet201", "nasnet_large", "plain34", "vgg11", "vgg11_lrn", "vgg13"),
        *(f"efficientnet_b{number}" for number in range(1, 7)),
        *(f"efficientnet_v2_{size}" for size in ("b1", "b2", "b3", "m")),
        *("resnet101", "resnet101_v2", "resnet152", "resnet152_v2"),
    }
)
LARGE = 200  # layers; larger ones are drawn open by `make test-all`
RANKS = ("nasnet_mobile", "nasnet_large", "moe", "vae")  # not series-parallel: with crossings
OPEN_RANKS = (
    *RANKS,
    "hrnet_w18_small",
    "t5_small",
    "dlrm",
    "conv_tasnet",
    "dpn68",
    "sknet50",
    "mixture_of_experts",
    "pointnet",  # both inputs of 64 nested blocks cross once in each
)
SMALL = 40
CLOSED, GRAPH, OPEN = Options(), Options(style="graph"), Options(fold="none")
RIGHT = Options(style="graph", direction="right")


@cache
def networks(path: Path) -> tuple[Architecture, ...]:
    return checked(path).networks


@cache
def pictures(path: Path, options: Options) -> tuple[Seen, ...]:
    return tuple(drawn(network, options) for network in networks(path))


def drawn(network: Architecture, options: Options) -> Seen:
    return seen(Picture([network], options).svg)


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def params(files: list[Path], together: int) -> Iterator[Any]:
    """The files as parameters, this many to a test."""
    for first in range(0, len(files), together):
        some = files[first : first + together]
        marks = pytest.mark.zoo if some[0].stem in SIBLINGS else ()
        yield pytest.param(some[0] if together == 1 else some, id=named(some[0]), marks=marks)


every_network = pytest.mark.parametrize("path", list(params(FILES, 1)))
UNLIKE, ALIKE = ([path for path in FILES if (path.stem in SIBLINGS) == alike] for alike in (0, 1))
in_groups = pytest.mark.parametrize("paths", [*params(UNLIKE, 8), *params(ALIKE, 8)])


def wires(network: Architecture) -> set[tuple[str, str]]:
    """Who reads whom, by the names of layers, from the operations alone: constants read nothing."""
    ops, layers = network.graph.ops, network.graph.layers
    return {
        (layers[ops[source].layer].name, layers[op.layer].name)
        for op in ops
        for source in op.inputs
        if ops[source].layer != op.layer and op.kind.word != "const"
    }


@every_network
def test_nothing_meets_and_no_lines_are_mistaken(path: Path) -> None:
    for picture in pictures(path, GRAPH):
        assert faults(picture) == []
        assert merging(picture) == []
        assert backwards(picture) == []
        if path.stem not in RANKS or series_parallel(picture):
            assert crossings(picture) == 0


@every_network
def test_its_words_are_short(path: Path) -> None:
    for picture in pictures(path, GRAPH):
        boxes = [
            *picture.boxes,
            *picture.frames,
            *(b for each in picture.compared for b in each[0]),
        ]
        texts = [label.text for box in boxes for label in box.labels]
        assert [text for text in texts if re.search(r"[0-9]\.[0-9]{8}|\b1 params", text)] == []


@every_network
def test_nor_when_it_runs_to_the_right(path: Path) -> None:
    for picture in pictures(path, RIGHT):
        assert faults(picture) == []


@in_groups
def test_unfolded_each_row_is_one_box_and_each_wire_one_edge(paths: list[Path]) -> None:
    for path in paths:
        for network in networks(path):
            if len(network.graph.layers) <= LARGE:
                check_open(network, path.stem)


@pytest.mark.zoo
@in_groups
def test_unfolded_large_ones_too(paths: list[Path]) -> None:
    for path in paths:
        for network in networks(path):
            if len(network.graph.layers) > LARGE:
                check_open(network, path.stem)


def check_open(network: Architecture, name: str) -> None:
    picture = drawn(network, OPEN)
    names = sorted(layer.name for layer in network.graph.layers)
    assert sorted(box.name for box in picture.boxes) == names
    edges = [(edge.source, edge.target) for edge in picture.edges]
    assert len(edges) == len(set(edges))
    assert set(edges) == wires(network)
    assert faults(picture) == []
    assert backwards(picture) == []
    assert merging(picture) == []
    if name not in OPEN_RANKS or series_parallel(picture):
        assert crossings(picture) == 0


def test_700_layers_unfolded_take_400_kilobytes() -> None:
    (network,) = networks(FOLDER / "densenet201.net")
    assert len(network.graph.layers) > 700
    assert len(Picture([network], OPEN).svg.encode()) <= 400_000


@every_network
def test_folded_the_edges_are_those_between_what_the_boxes_hold(path: Path) -> None:
    for network, picture in zip(networks(path), pictures(path, GRAPH), strict=True):
        view = Subject(network, GRAPH).chosen()
        name_of = {
            network.graph.layers[layer].name: box for box in view.boxes for layer in box.every_layer
        }
        assert len(name_of) == len(network.graph.layers)
        expected = {(name_of[a], name_of[b]) for a, b in wires(network) if name_of[a] != name_of[b]}
        found = {(view.boxes[a], view.boxes[b]) for a, b in view.edges}
        assert found <= expected
        repeated = set(within_repeats(view.items))
        assert all(a in repeated and b in repeated for a, b in expected - found)
        assert len(picture.boxes) == len(view.boxes)
        assert len(picture.edges) == len(found)


def within_repeats(items: tuple[Shown, ...], repeated: bool = False) -> list[Box]:
    """The boxes that are within a repeat, whose passes follow each other."""
    found = []
    for item in items:
        again = repeated or item.times > 1
        if isinstance(item, Frame):
            found += within_repeats(item.items, again)
        elif again:
            found.append(item)
    return found


@every_network
def test_by_default_it_fits_a_page(path: Path) -> None:
    for picture in pictures(path, CLOSED):
        wide, high = picture.size
        assert wide <= 1200
        assert 1 / 8 <= wide / high <= 4


@in_groups
def test_a_layer_more_at_the_end_moves_nothing(paths: list[Path]) -> None:
    for path in paths:
        (network, *others) = networks(path)
        if not others and len(network.outputs) == 1:
            check_longer(network, path)


def check_longer(network: Architecture, path: Path) -> None:
    lines = [line for line in network.text.splitlines() if not line.startswith(("expect", "tie"))]
    text = "\n".join(lines).rstrip() + "\n> tanh\n"
    source = Source(str(path), text)
    (longer,) = check_source(source, ReadOptions(str(path)), network.name).networks
    assert len(longer.graph.layers) == len(network.graph.layers) + 1
    (before,), after = pictures(path, GRAPH), drawn(longer, GRAPH)
    if path.stem != "moe":  # with a layer more it is too large for its blocks to stand open
        assert displaced(before, after) == []
    if len(network.graph.layers) <= SMALL:
        before, after = drawn(network, OPEN), drawn(longer, OPEN)
        if displaced(before, after):  # where it would be too long, another column begins
            assert after.size[1] < before.size[1]


def displaced(before: Seen, after: Seen) -> list[str]:
    there = {box.name: box.area for box in after.boxes}
    return [box.name for box in before.boxes if there[box.name] != box.area]


# --- other styles ---------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["volumes", "neurons", "u"])
@every_network
def test_other_styles_where_they_suit(path: Path, style: str) -> None:
    for network in networks(path):
        picture = drawn_where_it_suits(network, style)
        if picture is None:
            continue
        if style == "u":
            assert faults(picture) == []
        labels = [label for box in picture.boxes for label in box.labels] + list(picture.loose)
        assert [(a.text, b.text) for a, b in combinations(labels, 2) if a.area.meets(b.area)] == []
        assert all(picture.view.holds(label.area) for label in labels)
        assert picture.size[0] <= 1200


def drawn_where_it_suits(network: Architecture, style: str) -> Seen | None:
    try:
        return drawn(network, Options(style=style))
    except NetError as error:
        if error.diagnostics[0].code != "N661":
            raise
        return None


# --- random ones, and bytes -----------------------------------------------------------------------


@pytest.mark.parametrize("first", share(range(0, 500, 20), lambda first: first < 200))
def test_random_programs(first: int) -> None:
    for seed in range(first, first + 20):
        text = program(Random(seed)).text
        network = netdsl.parse(text)
        assert faults(drawn(network, RIGHT)) == [], text
        for options in (GRAPH, OPEN):
            picture = drawn(network, options)
            assert faults(picture) == [], text
            assert merging(picture) == [], text
            assert backwards(picture) == [], text
        assert {(edge.source, edge.target) for edge in picture.edges} == wires(network)


_SUMS = """
import hashlib, pathlib, sys
import netdsl
for path in sys.argv[1:]:
    for fold in ("all", "none"):
        svg = netdsl.load(path).draw(fold=fold).svg
        print(hashlib.sha256(svg.encode()).hexdigest())
"""


def test_the_same_text_gives_the_same_bytes_in_every_process() -> None:
    names = ("googlenet", "unet", "mlp", "wavenet", "nasnet_mobile", "lenet5_original")
    paths = [str(FOLDER / f"{name}.net") for name in names]
    sums = [
        subprocess.run(
            [sys.executable, "-c", _SUMS, *paths],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for seed in ("1", "2")
    ]
    assert len(sums[0]) == 2 * len(names)
    assert sums[0] == sums[1]
