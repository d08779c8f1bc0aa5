"""Counts, depths and worked examples of small networks, computed by hand."""

from __future__ import annotations

import pytest

import netdsl
from netdsl.analysis.canonical import canonical, digest
from netdsl.analysis.counts import Counts, count_network, depth
from netdsl.analysis.worked import Work, examples_in, input_called, needed_for, work_of


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("8 > flatten", Counts(activations=16)),
        # 8 kernels of 4 numbers and a bias each: 2 for each product, 1 for each bias.
        (
            "4 > fc-8(linear)",
            Counts(params=40, weights=32, macs=32, activations=12, acts=8, flops=2 * 32 + 8),
        ),
        # 3*3*2 kernels for 3 channels, at 16 positions; 2 for each number of bn, 1 of relu and gap.
        (
            "4x4x2 > conv3-3(bn) > gap",
            Counts(
                params=54 + 6,
                moving=6,
                weights=54,
                macs=16 * 54,
                activations=32 + 48 + 3,
                acts=48,
                flops=2 * 16 * 54 + 4 * 48,
            ),
        ),
        # Weights once, work twice.
        (
            "let e = fc-4(linear)\n4 > e > e",
            Counts(params=20, weights=16, macs=32, activations=12, acts=8, flops=2 * 32 + 8),
        ),
        (
            "4 > fc-3(linear) as a > fc-4(linear) as b\ntie b = transpose a",
            Counts(params=12 + 7, weights=12, macs=24, activations=11, acts=7, flops=2 * 24 + 7),
        ),
    ],
)
def test_counts_by_hand(text: str, counts: Counts) -> None:
    found = count_network(netdsl.parse(text).graph)
    assert found == counts
    assert found.total == counts.params + counts.moving


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("8 > relu", 0),
        ("8 > fc-2", 1),
        ("4x4x2 > conv3-4 > pool > dw3 > gap > fc-2", 3),
        ("4x4x2 > sep3-4", 2),
        ("8 > [ fc-4 > fc-4 | fc-4 ] > fc-2", 3),
        ("8 > [ fc-4 | fc-4 > fc-4 ] > fc-2", 3),
        ("4x4x2 > res(conv3-2 > conv3-2)", 2),
        # The longest path to any output.
        ("8 > fc-4 as a > fc-4\n@a > fc-2 > fc-2 > fc-2", 4),
        ("8 > fc-4 as a > fc-2 > fc-2 > fc-2\n@a > fc-4", 4),
    ],
)
def test_depths(text: str, layers: int) -> None:
    assert depth(netdsl.parse(text).graph) == layers


@pytest.mark.parametrize(
    ("written", "shape", "examples"),
    [
        ((3,), (3,), 1),
        ((2, 3), (3,), 2),
        ((2, 3), (2, 3), 1),
        ((5, 2, 3), (2, 3), 5),
        # One channel may be left out, and one number is any shape of one.
        ((3,), (3, 1), 1),
        ((2, 3), (3, 1), 2),
        ((2, 3, 1), (3, 1), 2),
        ((1,), (1, 1, 1), 1),
        ((4,), (1,), 4),
        ((4,), (3,), None),
        ((1,), (3,), None),
        ((2, 3), (2,), None),
        ((2, 3, 1), (3,), None),
        ((2,), (3, 2), None),
    ],
)
def test_how_many_examples_are_written(
    written: tuple[int, ...], shape: tuple[int, ...], examples: int | None
) -> None:
    assert examples_in(written, shape) == examples


@pytest.mark.parametrize(
    ("name", "names", "meant"),
    [
        ("x", ["image"], "image"),
        ("x", ["a", "b"], "x"),
        ("y", ["image"], "y"),
    ],
)
def test_a_lone_input_may_be_called_x(name: str, names: list[str], meant: str) -> None:
    assert input_called(name, names) == meant


@pytest.mark.parametrize(
    ("text", "end", "needed"),
    [
        ("4 > fc-3(linear) > fc-2(linear)", 1, {0, 1}),
        ("4 > fc-3(linear) as a > fc-2(linear)\n@a > fc-5(linear)", 3, {0, 1, 3}),
        # The layers whose weights they share are needed too.
        ("let e = fc-4(linear)\ninput a: 4 > e\ninput b: 4 > e", 3, {0, 1, 2, 3}),
        (
            "input a: 4 > fc-3(linear) as p\ninput b: 3 > fc-4(linear) as q\ntie q = transpose p",
            3,
            {0, 1, 2, 3},
        ),
        ("input a: 4 > fc-3(linear)\ninput b: 3 > fc-4(linear)", 3, {2, 3}),
    ],
)
def test_what_is_needed(text: str, end: int, needed: set[int]) -> None:
    assert needed_for(netdsl.parse(text).graph, [end]) == needed


def test_the_work_of_some_examples() -> None:
    """FLOPs and outputs of each, weights once."""
    graph = netdsl.parse("4 > fc-3(linear) > fc-2(linear)").graph
    assert work_of(graph, [0, 1], 1) == Work(2 * 12 + 3, 4 + 3 + 15)
    assert work_of(graph, [0, 1, 2], 10) == Work(10 * (24 + 3 + 12 + 2), 10 * 9 + 15 + 8)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("8 > fc-4 as a > relu", "8 > fc-4(relu)", True),
        ("4x4x3 > flatten", "4x4x3 > flatten as f", True),
        ("6 of int(5) > embed-4", "6 of int(6) > embed-4", False),
        ("input a: 4\ninput b: 4\n[ @a | @b ]", "input a: 4\ninput b: 4\n[ @b | @a ]", False),
        (
            "4 > fc-3 as a\n@a > fc-2 > softmax\n@a > fc-5",
            "4 > fc-3 as a\n@a > fc-5\n@a > fc-2 > softmax",
            False,
        ),
        ("let e = fc-4\n4 > e > e", "4 > fc-4 > fc-4", False),
        (
            "let e = fc-4\ninput a: 4\ninput b: 4\nadd[ @a > e | @b > e ]",
            "let f = fc-4\ninput c: 4\ninput d: 4\n@d > f as y\nadd[ @c > f | @y ]",
            True,
        ),
        (
            "4 > fc-4(linear) as a > fc-4(linear) as b > fc-4(linear) as c\ntie c = transpose a",
            "4 > fc-4(linear) as a > fc-4(linear) as b > fc-4(linear) as c\ntie c = transpose b",
            False,
        ),
    ],
)
def test_networks_without_names(a: str, b: str, same: bool) -> None:
    one, other = (netdsl.parse(text).graph for text in (a, b))
    assert (canonical(one) == canonical(other)) is same
    assert (digest(one) == digest(other)) is same
    assert len(digest(one)) == 16
