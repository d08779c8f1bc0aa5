"""Receptive fields: closed forms, published figures, and sets of positions propagated one by
one, which know nothing of netdsl's rules.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.programs import program
from support.zoo import FOLDER

import netdsl
from netdsl.analysis.receptive import (
    Field,
    last_with_positions,
    network_field,
    receptive_fields,
    seen_by,
)
from netdsl.analysis.receptive.drawing import drawing
from netdsl.graph import Graph
from netdsl.kinds import KINDS, LayerSpec
from netdsl.kinds.facts import Case, Reach, Seen
from netdsl.kinds.kind import Kind
from netdsl.kinds.plain import Plain

GOLDEN = Path(__file__).parents[1] / "golden" / "receptive"
TABLE = json.loads((Path(__file__).parents[1] / "truth" / "zoo.json").read_text(encoding="utf-8"))


def graph_of(text: str) -> Graph:
    return netdsl.parse(f"input {text}\n").graph


def field_of(text: str) -> Field:
    field = network_field(graph_of(text))
    assert field is not None
    return field


# --- closed forms and published figures -----------------------------------------------------------


@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
@pytest.mark.parametrize("count", [1, 2, 10, 40])
def test_plain_convolutions(count: int, kernel: int) -> None:
    field = field_of(f"64x64x2 > conv{kernel}-2 x{count}")
    assert field.size == (1 + count * (kernel - 1),) * 2
    assert field.stride == (1, 1)
    assert field.start == (-count * (kernel // 2),) * 2
    assert field.aligned
    assert not field.whole


WITH_FIGURE = [fact for fact in TABLE["networks"] if "receptive_field" in fact]


@pytest.mark.parametrize("fact", WITH_FIGURE, ids=lambda fact: fact["file"])
def test_published_figures(fact: dict[str, Any]) -> None:
    path = FOLDER / fact["file"]
    field = network_field(netdsl.load(path).graph)
    size, stride = fact["receptive_field"]
    assert field is not None
    assert (field.size, field.stride) == ((size, size), (stride, stride))


# Araujo, Norris and Sim (Distill 2019), the table of networks: size and effective stride.
DISTILL = {
    "alexnet": (195, 32),
    "vgg16": (212, 32),
    "mobilenet": (315, 32),
    "inception_v2": (699, 32),
    "inception_v3": (1311, 32),
    "inception_resnet_v2": (3039, 32),
    "keras/resnet50": (483, 32),
    "keras/resnet101": (1027, 32),
    "keras/resnet152": (1507, 32),
}


@pytest.mark.parametrize("name", DISTILL)
def test_figures_of_the_distill_article(name: str) -> None:
    path = FOLDER / f"{name}.net"
    field = network_field(netdsl.load(path).graph)
    assert field is not None
    assert (field.size, field.stride) == tuple((number,) * 2 for number in DISTILL[name])


@pytest.mark.parametrize(
    ("blocks", "here", "there"),
    [((3, 4, 6, 3), 427, 483), ((3, 4, 23, 3), 971, 1027), ((3, 8, 36, 3), 1451, 1507)],
)
def test_a_resnet_with_its_strides_in_the_3x3_sees_56_less(
    blocks: tuple[int, ...], here: int, there: int
) -> None:
    """7x7/2 and pool3/2 see 11 at stride 4.

    A 3x3 at stride s adds 2s; the first of a stage runs at the stride before the stage.

    Where the 1x1 before it has the stride instead, it runs at the stage's own: 2*(8-4) + 2*(16-8) +
    2*(32-16) = 56 more.
    """
    strides = (4, 8, 16, 32)
    assert (
        11
        + sum(
            2 * (s // (2 if s > 4 else 1)) + 2 * s * (n - 1)
            for n, s in zip(blocks, strides, strict=True)
        )
        == here
    )
    assert 11 + sum(2 * s * n for n, s in zip(blocks, strides, strict=True)) == there
    name = {6: "50", 23: "101", 36: "152"}[blocks[2]]
    field = network_field(netdsl.load(FOLDER / f"resnet{name}.net").graph)
    assert field is not None
    assert field.size == (here, here)


# --- positions one by one -------------------------------------------------------------------------
#
# Every rule is written here a second time, from what the layer computes: from which positions of
# its input position i is computed, on a line without ends. Of a kind only its options are used.

Cells = Callable[[int], set[int]]


def each(option: Any, axis: int) -> int:
    values = option if isinstance(option, tuple) else (option,)
    return int(values[axis] if len(values) > 1 else values[0])


def margins(
    option: Any, axis: int, size: int, window: int, stride: int, dilation: int
) -> tuple[int, int]:
    said = str(getattr(option, "text", ""))
    reach = dilation * (window - 1)
    if said == "same":
        return reach // 2, reach // 2
    if said == "tf":
        total = max(0, (math.ceil(size / stride) - 1) * stride + reach + 1 - size)
        return total // 2, total - total // 2
    if said:
        return {"valid": (0, 0), "full": (reach, reach), "causal": (reach, 0)}[said]
    numbers = getattr(option, "sizes", None)
    if numbers is not None:
        return (each(numbers, axis),) * 2
    return (option, option) if isinstance(option, int) else option[2 * axis : 2 * axis + 2]


def sizes_of(kind: Kind, axis: int) -> tuple[int, int, int]:
    return (
        each(kind.size or 1, axis),
        each(kind.stride or 1, axis),
        each(kind.values.get("dilation", 1), axis),
    )


def slid(kind: Kind, axis: int, size: int) -> Cells:
    window, stride, dilation = sizes_of(kind, axis)
    before, _ = margins(kind.values["pad"], axis, size, window, stride, dilation)
    return lambda i: {stride * i - before + dilation * cell for cell in range(window)}


def holders(cells: Cells, stride: int, i: int, reach: int) -> set[int]:
    """The windows that hold position i, looked for one by one."""
    return {j for j in range(i // stride - reach, i // stride + reach + 1) if i in cells(j)}


def transposed(kind: Kind, axis: int) -> Cells:
    window, stride, dilation = sizes_of(kind, axis)
    word = getattr(kind.values["pad"], "text", "")
    spare = dilation * (window - 1) + 1 - stride
    cut = (
        max(0, spare) // 2
        if word in ("same", "tf")
        else margins(kind.values["pad"], axis, 0, window, stride, dilation)[0]
    )
    return lambda i: holders(
        lambda j: {j * stride + dilation * cell - cut for cell in range(window)},
        stride,
        i,
        2 * dilation * window + 2,
    )


def lines(size: int, count: int) -> Cells:
    def cells(i: int) -> set[int]:
        middle = Fraction((2 * i + 1) * size, 2 * count) - Fraction(1, 2)
        return {math.floor(middle), math.ceil(middle)}

    return cells


SAME = {
    "add",
    "concat",
    "mul",
    "max",
    "avg",
    "sub",
    "dot",
    "pairs",
    "id",
    "bn",
    "ln",
    "rms",
    "relu",
    "tanh",
    "lrelu",
    "dropout",
    "swish",
}
SAME |= {
    "droppath",
    "neg",
    "pow",
    "sign",
    "step",
    "prelu",
    "sdropout",
    "dense",
    "shuffle",
    "slice",
    "scale",
    "softmax",
    "sigmoid",
    "linear",
    "pos",
    "lrn",
    "featpool",
}
GONE = {"gap", "gmp", "fc", "flatten", "const", "spread"}


def moved(graph: Graph, index: int, axis: int) -> list[Cells | None]:
    """For each input of an operation, which of its positions position i is made of; None where
    the axis is gone.
    """
    op = graph.ops[index]
    kind = op.kind
    assert kind is not None
    if kind.is_source:
        return []
    word, outer = kind.word, len(kind.each_axes)
    x, y = graph.ops[op.inputs[0]].shape[outer:], op.shape[outer:]
    over = getattr(kind.values.get("over"), "text", "channels")
    if word == "concat" and over != "channels":
        begins = itertools.accumulate((graph.ops[at].shape[axis] for at in op.inputs), initial=0)
        joined = kind.axis(x) == axis
        return [
            lambda i, begin=begin: {i - begin * joined}
            for begin, _ in zip(begins, op.inputs, strict=False)
        ]
    if word in ("mean", "sum", "max") and not kind.merges:
        return [None if over != "channels" else lambda i: {i}]
    if word in SAME:
        return [lambda i: {i}] * len(op.inputs)
    if word in GONE or word in ("roll", "reverse"):  # the ends meet, or change places
        return [None]
    if axis < outer:  # of the elements of `each`
        return [lambda i: {i}] * len(op.inputs)
    kind, axis = kind.element, axis - outer
    if word in ("conv", "dw", "sep", "local") or kind.group == "pooling":
        return [slid(kind, axis, x[axis])]
    if word == "tconv":
        return [transposed(kind, axis)]
    if word == "up" and kind.values["how"].text == "nearest":
        return [lambda i: {i // each(kind.size, axis)}]
    if word in ("up", "resize"):
        return [lines(x[axis], y[axis])]
    if word == "nails":
        return [lambda i: {i // each(kind.size, axis)} if i % each(kind.size, axis) == 0 else set()]
    if word in ("pad", "crop"):
        before = margins(kind.values["by"], axis, 0, 1, 1, 1)[0] * (-1 if word == "pad" else 1)
        return [lambda i: {i + before}]
    if word == "matmul":  # a row of the first, and all of the second
        return [lambda i: {i}, None]
    if word == "take":
        return [lambda i: {i + int(kind.values["from"])}]
    if word == "pixelshuffle":
        return [lambda i: {i // each(kind.size, axis)}]
    if word == "pixelunshuffle":
        by = each(kind.size, axis)
        return [lambda i: set(range(i * by, i * by + by))]
    if word == "widen":
        return [lambda i: {i * each(kind.stride or 1, axis)}]
    assert word == "unpool", word
    pool = kind.values["pool"].kind
    cells = slid(pool, axis, graph.ops[op.inputs[1]].shape[axis])
    window, stride, _ = sizes_of(pool, axis)
    found: Cells = lambda i: holders(cells, stride, i, window + 2)  # noqa: E731
    return [found, lambda i: {cell for j in found(i) for cell in cells(j)}]


def oracle(graph: Graph, axis: int) -> Callable[[int, int], frozenset[int] | None]:
    """The positions of the first input that output i of an operation is made of, on a line
    without ends; None without positions.
    """
    positions = len(graph.inputs[0].shape) - 1

    @cache
    def has(index: int) -> bool:
        op = graph.ops[index]
        if op.kind is None:
            return index == graph.inputs[0].op
        return len(op.shape) - 1 == positions and any(
            has(source)
            for source, cells in zip(op.inputs, moved(graph, index, axis), strict=True)
            if cells
        )

    @cache
    def seen(index: int, i: int) -> frozenset[int] | None:
        if not has(index):
            return None
        op = graph.ops[index]
        if op.kind is None:
            return frozenset({i})
        found: set[int] = set()
        for source, cells in zip(op.inputs, moved(graph, index, axis), strict=True):
            if cells and has(source):
                for j in cells(i):
                    found |= seen(source, j) or frozenset()
        return frozenset(found)

    return seen


def compare(graph: Graph) -> int:
    """Compare every operation's field with its sets, at all positions of its output; return how
    many fields there were.
    """
    count = 0
    fields = receptive_fields(graph)
    for axis in range(len(graph.inputs[0].shape) - 1):
        seen = oracle(graph, axis)
        for index, (op, field) in enumerate(zip(graph.ops, fields, strict=True)):
            if seen(index, 0) is None:
                assert field is None or not field.has_positions
                continue
            assert field is not None
            sets = [seen(index, i) or frozenset() for i in range(op.shape[axis])]
            widths = [max(cells) - min(cells) + 1 if cells else 0 for cells in sets]
            assert field.size[axis] == max(widths), (index, op.name, axis)
            if sets[0]:
                assert field.start[axis] == min(sets[0])
            if field.aligned:
                far = 2520 * 11 * 13  # a multiple of all periods here
                start, end = seen(index, 0), seen(index, far)
                assert (not start) == (not end)
                assert not start or not end or min(end) - min(start) == field.stride[axis] * far
            for i, cells in enumerate(sets):
                place = tuple(
                    i if each_axis == axis else 0 for each_axis in range(len(op.shape) - 1)
                )
                ends = seen_by(graph, index, place)
                assert field.whole or not cells or (ends and ends[axis] == (min(cells), max(cells)))
            count += 1
    return count


CHAINS = [
    "40x2 > conv3-2/2 > conv5-2(pad=0) > dw3(dilation=2) > sep3-4/3 > avgpool3/1(pad=same)",
    "41x2 > conv4-2/2(pad=tf) > pool3/2(pad=tf) > pool2(ceil) > conv3-2",
    "40x2 > conv3-2(pad=causal, dilation=4) > conv3-2(pad=full) > local3-2/2",
    "23x30x2 > conv3x5-2/2x1(pad=(1,0,2,3)) > pool2x1(pad=tf) > pad((0,1,2,3)) > crop((1,0,0,2)) "
    "> conv3-2",
    "12x2 > conv3-2 > tconv3-2/2 > conv3-2 > tconv4-2/2(pad=1) > conv5-2/2 > tconv5-2/3(pad=0)",
    "12x2 > tconv2-2/3 > conv5-2 > tconv3-2(pad=valid, dilation=2) > conv3-2/3",
    "12x2 > conv3-2/2 > up2 > conv3-2 > up3 > conv3-2/2 > up2(bilinear) > pool3/2",
    "10x2 > conv3-2/2 > up3(bilinear) > conv3-2",
    "12x2 > conv3-2 > nails2 > conv3-2 > nails3 > conv5-2",
    "12x12x2 > pool as p > conv3-2 > unpool(@p) > conv3-2",
    "13x2 > conv3-2/2 > pool3/2(pad=same) as p > conv3-2 > unpool(@p) > conv3-2",
    "10x2 > resize(15) > conv3-2/2 > resize(6) > conv3-2",
    "16x16x2 > widen-4/2 > conv3-4 > widen-8",
    "16x16x2 > res(conv3-2 > conv3-2) x3 > res(conv3-4/2 > conv3-4) > add[ id | conv5-4 | "
    "pool3/1(pad=same) ]",
    "16x16x2 > [ conv1-2/2 | conv3-2/2 | pool ] > conv3-2 > [ up2 | tconv4-2/2 | nails2 ] > "
    "conv3-2",
    "16x2 > conv3-4 as a > pool > conv3-4 > pool > conv3-4 > up2 > up2 > conv3-4 > [ id | @a ] > "
    "conv3-2",
    "16x16x2 > conv3-4 > mul[ id | gap > fc-4 > sigmoid-4 ] > conv3-4/2",
    "30x2 > add[ conv3-2(pad=0) > crop((1,1)) | crop((1,3)) ] > conv3-2",
    "8x8x8x2 > conv3-2/1x2x1 > tconv2-2/2x1x3 > pool3x1x2/1(pad=(1,1,0,0,1,0))",
]


@pytest.mark.slow
@pytest.mark.parametrize("text", CHAINS)
def test_positions_one_by_one(text: str) -> None:
    assert compare(graph_of(text)) > 1


STEPS = [
    "conv3-2",
    "conv3-2/2",
    "conv2-2(pad=0)",
    "conv5-2(pad=tf)",
    "conv3-2(dilation=2)",
    "conv4-2/3(pad=tf)",
    "pool",
    "pool3/2(ceil)",
]
STEPS += [
    "pool3/1(pad=same)",
    "dw3/2",
    "sep3-2",
    "tconv3-2/2",
    "tconv4-2/2(pad=1)",
    "tconv2-2/2",
    "up2",
    "up3",
    "up2(bilinear)",
    "pad(1)",
]
STEPS += [
    "crop((0,1))",
    "resize(12)",
    "add[ id | conv3-2 ]",
    "[ conv1-2 | conv5-2 | id ]",
    "res(conv3-2)",
    "bn",
    "relu",
]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_random_chains(seed: int) -> None:
    rng = Random(seed)
    while True:
        text = f"{rng.randint(9, 24)}x2 > " + " > ".join(
            rng.choice(STEPS) for _ in range(rng.randint(2, 7))
        )
        try:
            graph = graph_of(text)
        except netdsl.NetError:
            continue
        if max(op.size for op in graph.ops) <= 600:
            break
    assert compare(graph) > 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed: int) -> None:
    rng = Random(seed)
    graph = netdsl.parse(program(rng).text).graph
    if len(graph.inputs[0].shape) == 1:
        assert receptive_fields(graph) == [None] * len(graph.ops)
    else:
        assert compare(graph) >= 1


# --- the whole input, several inputs, branches that differ ----------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "gap",
        "gmp",
        "fc-3",
        "flatten",
        "reshape(64x2)",
        "permute(2, 1, 3)",
        "conv3-2 > gap > reshape(1x1x2) > conv1-2",
    ],
)
def test_the_whole_input_without_positions(text: str) -> None:
    field = receptive_fields(graph_of(f"8x8x2 > conv3-2 > {text}"))[-1]
    assert field == Field((8, 8), (), (0, 0), whole=True)
    assert not field.has_positions
    assert str(field) == "whole"


@pytest.mark.parametrize(
    "text", ["mul[ id | gap ]", "gn(groups=1)", "in", "[ id | gap > fc-128 > reshape(8x8x2) ]"]
)
def test_the_whole_input_at_positions_keeps_what_windows_see(text: str) -> None:
    field = receptive_fields(graph_of(f"8x8x2 > conv3-2 > {text} > conv3-2"))[-1]
    assert field == Field((5, 5), (1, 1), (-2, -2), whole=True)
    assert str(field) == "whole, 5/1"


def test_sequences() -> None:
    fields = receptive_fields(
        graph_of("16 of int(9) > embed-4 > conv3-4 > cls > attention(heads=2) > first")
    )
    assert fields[0] == fields[1] == Field((1,), (1,), (0,))
    assert fields[2] == fields[3] == Field((3,), (1,), (-1,))
    assert fields[4] == Field((3,), (1,), (-2,))
    assert fields[5] == Field((3,), (1,), (-2,), whole=True)
    assert fields[6] == Field((16,), (), (0,), whole=True)
    assert receptive_fields(graph_of("9x2 > lstm-4(seq) > conv3-2"))[-1] == Field(
        (3,), (1,), (-1,), whole=True
    )
    assert receptive_fields(graph_of("9x2 > lstm-4(seq, back) > conv3-2"))[-1] == Field(
        (9,), (), (0,), whole=True
    )


def test_an_input_without_positions_has_none() -> None:
    assert set(receptive_fields(graph_of("24 > fc-4"))) == {None}
    assert network_field(graph_of("24 > fc-4")) is None
    assert network_field(graph_of("8x8x2 > fc-4")) == Field((1, 1), (1, 1), (0, 0))


TWO = (
    "input a: 8x8x2\ninput b: 16x16x2\n@a > conv3-2 as x\n@b > conv3-2/2 > conv3-2 as y\n"
    "add[ @x | @y ] > conv3-2\n"
)


def test_several_inputs() -> None:
    graph = netdsl.parse(TWO).graph
    last, y = len(graph.ops) - 1, graph.points["y"]
    fields = receptive_fields(graph)
    assert fields[last] == Field((5, 5), (1, 1), (-2, -2))
    assert fields[y] == Field((7, 7), (2, 2), (-3, -3), source=1)
    assert receptive_fields(graph, "a")[y] is None
    assert receptive_fields(graph, "b")[last] == Field((11, 11), (2, 2), (-5, -5), source=1)
    with pytest.raises(KeyError):
        receptive_fields(graph, "c")


@pytest.mark.parametrize(
    ("name", "aligned"),
    [
        ("unet", True),
        ("fcn8s", True),
        ("autoencoder_unpool", True),
        ("wavenet", False),
        ("xception", False),
    ],
)
def test_which_examples_are_aligned(name: str, aligned: bool) -> None:
    field = network_field(netdsl.load(FOLDER / f"{name}.net").graph)
    assert field is not None
    assert field.aligned == aligned


def test_what_windows_see_next_to_squeeze_and_excitation() -> None:
    field = network_field(netdsl.load(FOLDER / "efficientnet_b0.net").graph)
    assert str(field) == "whole, 851/32"


def test_branches_that_differ_say_so() -> None:
    assert field_of("30x2 > add[ conv3-2/2 | conv1-2/2 ]").aligned
    shifted = field_of("31x2 > add[ conv2-2/2(pad=tf) | conv1-2/2 ]")
    assert (shifted.size, shifted.stride, shifted.aligned) == ((2,), (2,), False)
    uneven = field_of("30x2 > add[ conv3-2/2 | crop((7,8)) ]")
    assert (uneven.stride, uneven.start, uneven.aligned) == ((2,), (-1,), False)
    assert uneven.size == (
        max(max(2 * i + 1, i + 7) - min(2 * i - 1, i + 7) + 1 for i in range(15)),
    )
    assert not field_of("30x2 > add[ conv3-2/2 | crop((7,8)) ] > conv3-2").aligned


def test_after_branches_of_different_strides_outputs_inside_are_exact() -> None:
    graph = graph_of("60x2 > add[ conv3-2/2 | crop((14,16)) ] > conv3-2/2 > up2 > conv3-2")
    seen = oracle(graph, 0)
    for index in range(1, len(graph.ops)):
        for i in range(4, graph.ops[index].shape[0] - 4):
            cells = seen(index, i)
            assert cells
            assert seen_by(graph, index, (i,)) == ((min(cells), max(cells)),)


def test_fractions() -> None:
    field = field_of("10x2 > resize(15)")
    assert field.stride == (Fraction(2, 3),)
    assert str(field) == "2/(2/3)"
    assert str(field_of("9x9x2 > conv3x1-2/2x1")) == "3x1/2x1"


def test_strides_beyond_all_bounds_are_the_whole_input() -> None:
    fields = receptive_fields(graph_of("1x1x2 > conv3-2/2(linear) x60"))
    assert fields[53] == Field((2**54 - 1,) * 2, (2**53,) * 2, (1 - 2**53,) * 2)
    assert fields[54] == Field((1, 1), (), (0, 0), whole=True)


@pytest.mark.parametrize(
    "text",
    [
        "8x2 > up1000000",
        "1000000x2 > add[ conv3-2/2 | crop((250000,250000)) ]",
        "9000x2 > resize(9001)",
    ],
)
def test_fields_that_all_differ_are_the_whole_input_where_they_are_many(text: str) -> None:
    field = receptive_fields(graph_of(f"{text} > conv3-2"))[-1]
    assert field is not None
    assert field.whole
    assert not field.has_positions


# --- kinds ----------------------------------------------------------------------------------------


def test_a_kind_that_says_nothing_of_positions_fails() -> None:
    stated: dict[str, Any] = {
        "__doc__": "Nothing.",
        "word": "nothing",
        "group": "shape",
        "cases": (Case("nothing", (1,), (1,), 0),),
    }
    stated |= {
        "arithmetic": "",
        "saved_for_backward": "",
        "layers": lambda self, k, name, output, *inputs: [],
    }
    with pytest.raises(TypeError, match="receptive_field or reach"):
        type("Nothing", (Plain,), stated)
    assert "nothing" not in KINDS


@pytest.mark.parametrize(
    ("seen", "reported"),
    [
        (Seen(), "positions stay"),
        (Seen(None), "not what is seen"),
        (Seen(((Reach(1, 0, 0),),)), "each axis"),
    ],
)
def test_a_kind_that_says_what_cannot_be_fails(
    seen: Seen, reported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = graph_of("8x8x2 > pool")
    monkeypatch.setattr(KINDS["pool"], "receptive_field", lambda self, output, *inputs: (seen,))
    with pytest.raises(ValueError, match=reported):
        receptive_fields(graph)


def test_what_is_said_of_each_input_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of those after one of which nothing is seen."""
    graph = graph_of("8x8x2 > pool as p > unpool(@p)")
    rule = (None, Seen(None))
    monkeypatch.setattr(KINDS["unpool"], "receptive_field", lambda self, output, *inputs: rule)
    with pytest.raises(ValueError, match="`unpool` says that no positions stay, but not what"):
        receptive_fields(graph)


def test_defaults_are_those_of_a_call() -> None:
    assert KINDS["relu"].make(LayerSpec("relu")).receptive_field((4, 4, 2), (4, 4, 2)) == (Seen(),)


# --- drawn ----------------------------------------------------------------------------------------

DRAWN = {
    "small": "16x16x1 > conv3-2 > pool > conv3-2",
    "wide": "40x100x1 > conv3x9-2/1x4 > conv3-2/2",
    "photo": "224x224x3 > conv7-4/2 > pool3/2(pad=same) > conv3-4/2 > conv3-4",
    "tall": "2000x3x1 > conv9x3-2/3x1 > conv9x3-2/3x1",
    "sequence": "200x4 > conv5-4/2 > conv5-4/2",
    "volume": "9x12x12x1 > conv3-2 > conv3-2",
    "whole": "32x32x3 > conv3-4 > mul[ id | gap ]",
    "vector": "8",
    "upsampled": "8x8x2 > tconv4-2/2",
}


@pytest.mark.parametrize("name", DRAWN)
def test_drawings(name: str, golden: Callable[[Path, str], None]) -> None:
    text = DRAWN[name] + (" > fc-3" if name == "vector" else "")
    made = drawing(graph_of(text))
    golden(GOLDEN / f"{name}.txt", made)
    picture = made.split("\n")[2:]
    assert all(len(line) <= 60 for line in picture)
    assert all(re.fullmatch(r"[#+.]*", line) for line in picture)


def test_the_caption_of_an_operation_without_positions() -> None:
    graph = graph_of("8x8x3 > gap > fc-2")
    assert drawing(graph, len(graph.ops) - 1).splitlines()[0] == "fc_1 sees all of input, 8x8"


def test_a_drawing_of_an_operation_that_sees_nothing() -> None:
    graph = graph_of("6x2 > nails2 > pad((1, 0)) > conv1-2/2")
    index = last_with_positions(receptive_fields(graph))
    assert index is not None
    assert "sees nothing" in drawing(graph, index)


def test_what_one_output_sees() -> None:
    graph = graph_of("32x32x1 > conv5-6(pad=0) > pool")
    assert seen_by(graph, 3, (0, 13)) == ((0, 5), (26, 31))
    assert seen_by(graph, 3) == ((14, 19), (14, 19))
    assert seen_by(graph_of("4 > fc-2"), 1) is None
    assert seen_by(graph_of("9 of int(5) > embed-2"), 0) == ((4, 4),)
    assert seen_by(graph_of("4x4x1 > gap"), 1) == ((0, 3), (0, 3))
