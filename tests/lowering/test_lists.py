"""Lists of values: as params, arguments and initial weights."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from support.kinds import kind_of
from support.networks import codes

from netdsl import parse
from netdsl.errors import NetError, Source
from netdsl.kinds.initial_lists import written_list
from netdsl.limits import Limits
from netdsl.reading import ReadOptions, check_source
from netdsl.syntax.format import format_text

BLOCK = "def stage(w) = (conv3-{w[i]}) x{len(w)}\n28x28x1 > "


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("param w = (3, 4, 5)\n28x28x1 > (conv3-{w[i]}) x{len(w)}", [3, 4, 5]),
        ("param w = [3, 4]\n28x28x1 > (conv3-{w[i]}) x{len(w)}", [3, 4]),
        ("param w = [[3, 4], [5]]\n28x28x1 > (conv3-{w[i][0]}) x{len(w)}", [3, 5]),
        ("param a = 2\nparam w = (a, 2*a)\n28x28x1 > conv3-{w[1] + w[0]}", [6]),
        ("param w = (1, 2)\nparam v = [w, w]\n28x28x1 > conv3-{v[1][1]}", [2]),
        ("28x28x1 > conv3-{(3, 4)[1]} > conv3-{[5][0]}", [4, 5]),
        (f"{BLOCK}stage((3, 4))", [3, 4]),
        (f"{BLOCK}stage([5])", [5]),
        (f"{BLOCK}stage(w=[3, {{2*2}}])", [3, 4]),
        ("def s(w=(3, 4)) = (conv3-{w[i]}) x{len(w)}\n28x28x1 > s > s([7])", [3, 4, 7]),
        ("param w = [3]\ndef s(v) = conv3-{v[0]}\n28x28x1 > s(w)", [3]),
        ("param w = (3, 4)\n28x28x1 > conv3-{sum(w)} > conv3-{max(w)} > conv3-{min(w)}", [7, 4, 3]),
        ("param w = (3, 3)\n28x28x1 > when(w == (3, 3), conv3-8, conv3-9)", [8]),
    ],
)
def test_items(text: str, amounts: list[int]) -> None:
    graph = parse(text).graph
    assert [op.kind.amount for op in graph.ops if op.kind and op.kind.word == "conv"] == amounts


WRONG = [
    (f"{BLOCK}stage((3, 4)) > conv3-{{«(1, 2)[2]»}}", "N117", "(1, 2) has 2 items"),
    ("param w = [7]\n3 > fc-{«w[-1]»}", "N117", "no item -1: [7] has 1 item, counted from 0"),
    ("param w = (3, 4)\n3 > fc-{«w[1/2]»}", "N111", "an index is an integer, not 1/2"),
    ("param w = 3\n3 > fc-{«w[0]»}", "N111", "requires a list before it, not 3"),
    ("param w = 3\n3 > fc-{«len(w)»}", "N111", "`len` requires a list, not 3"),
    ("param w = «(1, [2])»\n3 > fc-2", "N111", "numbers alone, or lists alone, not 1 and [2]"),
    ("param w = «(1, yes)»\n3 > fc-2", "N111", "not 1 and yes"),
    ('param w = «("a", 1)»\n3 > fc-2', "N111", 'not "a" and 1'),
    ("param w = [[1], [2]]\n3 > fc-{«sum(w)»}", "N111", "`sum` requires numbers, not the list [1]"),
    ("3 > fc-2(init=«[1, [2]]»)", "N111", "not 1 and [2]"),
    ("param w = (1, 2)\n3 > fc-{«w + 1»}", "N111", "`+` requires numbers, not the list (1, 2)"),
    ("param w = (1, 2)\n3 > fc-«{w}»", "N111", "the amount is an integer, not (1, 2)"),
    ("param a = 3\n3 > fc-2(init=[«a»])", "N101", "`[ ... ]` of words is a merge"),
    ("3x3x3 > conv3-1(«init=[[0, 1, 0], [1, 2, 1], [0, 1, 0]]»)", "N216", "3x3x3 or 1x3x3x3"),
    (
        "3x3x1 > conv3-2(«init=[[0, 1], [1, 2]]»)",
        "N216",
        "list of 2x2, and `conv3-2` requires 2x",
    ),
    ("3x3x2 > dw3(«init=[[0, 1], [1, 2]]»)", "N216", "requires 3x3"),
    ("4 > fc-2(«init=[1, 2, 3, 4]»)", "N216", "list of 4, and `fc-2` requires 2x4"),
    ("4 > fc-2(«bias_init=[1, 2, 3]»)", "N216", "list of 3, and `fc-2` requires 2"),
    ("2 > fc-1(«init=[[1], [2]]»)", "N216", "list of 2x1, and `fc-1` requires 2 or 1x2"),
    ("4 > fc-2(bias=no, «bias_init=[1]»)", "N216", "`fc` has no biases"),
    ("2 > fc-2(«init=[[1, 2], [3]]»)", "N216", "have different lengths"),
    ("5x4 > lstm-2(«init=[1]»)", "N216", "`lstm` has 2 kernels"),
    ("9x9x1 > conv3-2(«init=box»)", "N216", "is box of 3x3, and `conv3-2` requires 2x3x3 or"),
    ("9x9x1 > conv5-1(«init=sobel_x»)", "N216", "`sobel_x` requires a window of 3x3, not 5x5"),
    ("9x1 > conv3-1(«init=sobel_y»)", "N216", "`sobel_y` requires a window of 3x3, not 3"),
    ("9x9x1 > conv5-1(«init=laplace»)", "N216", "requires a window of 3 on each axis, not 5x5"),
    ("9x1 > conv5-1(«init=gabor(45)»)", "N216", "a window of 2 axes, such as 7x7, not 5"),
    ("9 > fc-1(«init=box»)", "N216", "`box` requires a window: only convolutions have one"),
    ("9x9x1 > conv3-1(«bias_init=box»)", "N216", "only convolutions have one"),
    ("9x9x1 > conv3-1(init=«gauss(0)»)", "N107", "`init` requires"),
    ("9x9x1 > conv3-1(init=«gauss»)", "N107", "`init` requires"),
    ("9x9x1 > conv3-1(init=«box(3)»)", "N107", "`init` requires"),
    ("9x9x1 > conv3-1(init=«sobel»)", "N107", "`init` requires"),
    ("8 > «pairs[ id ]»", "N106", "`pairs` requires 2 branches or more, not 1"),
    ("8 > «pairs[ id | fc-4 ]»", "N207", "requires branches of one shape, not 8 and 4"),
    ("input x: 5\n@x > «spread(@x)»", "N207", "@x is 5, which has no positions"),
    ("5x4 > each(fc-1(«init=[1]»))", "N216", "requires 4 or 1x4"),
    (
        "1x3 > dw1(mult=2, «init=[1]»)",
        "N216",
        "list of 1, and `dw1` requires 2x1 or 6x1 or 2x1x1 or 6x1x1",
    ),
    ("5x5x1 > local3-2(«init=box»)", "N216", "`box` requires a window"),
    ("8x8x4 > conv3-4(groups=2, «init=pca»)", "N216", "`pca` is for one group of channels"),
    ("8x8x4 > dw3(«init=pca»)", "N216", "not for the kernel of `dw3`"),
    ("4 > fc-2(«bias_init=pca»)", "N216", "not for the biases of `fc-2`"),
    ("4097 > fc-2(«init=pca»)", "N216", "`pca` of 4,097 numbers: at most 4,096"),
    ("2x9x1 > conv3-1(«init=pca»)", "N216", "from windows within the input, and none fits"),
    ("9x8x1 > conv3-1(dilation=4, «init=pca»)", "N216", "within the input, and none fits"),
    ("3x3x1 > conv3-10(«init=pca»)", "N216", "9 components, and `conv3-10` 10 filters"),
    ("5x3 > dense-4(«init=pca»)", "N216", "`pca` has 3 components, and `dense-4` 4 filters"),
    (
        "learned a: 2 = «(1, 2, 3)»\n2 > add[ id | @a ]",
        "N216",
        "`init` is a list of 3, and `learned` requires 2",
    ),
]


@pytest.mark.parametrize(("text", "code", "message"), WRONG)
def test_mistakes(text: str, code: str, message: str) -> None:
    before, span, after = re.split("[«»]", text)
    plain, start, end = before + span + after, len(before), len(before + span)
    (found,) = check_source(Source("t.net", plain), ReadOptions(), "t").diagnostics
    assert found.code == code
    assert message in found.message
    assert found.span
    assert (found.span.start, found.span.end) == (start, end)


@pytest.mark.parametrize("merge", ["mul[ @a | const(2) ]", "mul[ const(2) | @a ]"])
def test_constants_need_no_input_of_a_merge(merge: str) -> None:
    graph = parse(f"input a: 4\n{merge} > fc-2").graph
    words = [op.kind.word for op in graph.ops if op.kind]
    assert words == ["const", "mul", "fc"]
    by_word = {op.kind.word: op for op in graph.ops if op.kind}
    expected = (0, 1) if merge.startswith("mul[ @") else (1, 0)
    assert by_word["mul"].inputs == expected


def test_lists_that_double_are_bounded() -> None:
    """Forty lines would make a list of 2^40 numbers, a thousand one that is 1,000 deep."""
    doubled = "".join(f"param p{i + 1} = [p{i}, p{i}]\n" for i in range(40))
    with pytest.raises(NetError, match="more than 1,048,576 numbers"):
        parse(f"param p0 = [1, 2]\n{doubled}3 > fc-2")
    deeper = "".join(f"param p{i + 1} = [p{i}]\n" for i in range(1000))
    with pytest.raises(NetError, match="nested more than 32 deep"):
        parse(f"param p0 = [1]\n{deeper}3 > fc-2")


FORMATTED = [
    ("param w = [1,2,3]", "param w = (1, 2, 3)"),
    ("param w=[ 1 ]", "param w = [1]"),
    ("param w = ( 1 )+2", "param w = (1) + 2"),
    ("param w = ((1,2),(3,4))", "param w = [[1, 2], [3, 4]]"),
    ("param w=(a, 2*b [ 0 ])", "param w = (a, 2*b[0])"),
    ("def f(a=[1,2]) = (fc-{a[ i ]}) x{len( a )}", "def f(a=(1, 2)) = (fc-{a[i]}) x{len(a)}"),
    ("3 > fc-1(init=( 1,2,1 ), bias_init=(3,4))", "3 > fc-1(init=[1, 2, 1], bias_init=[3, 4])"),
    ("3x3x1 > pad([1,2,1,2]) > f([{a}],[{a},1])", "3x3x1 > pad((1, 2, 1, 2)) > f([{a}], ({a}, 1))"),
    ("3 > [ fc-2|[ id|id ] ] > when(w[1]>2,id)", "3 > [ fc-2 | [ id | id ] ] > when(w[1] > 2, id)"),
    ("3 > f((a,1),(same,2))", "3 > f((a, 1), (same, 2))"),
]


@pytest.mark.parametrize(("before", "after"), FORMATTED)
def test_one_form(before: str, after: str) -> None:
    assert format_text(Source("t.net", before), Limits()) == f"{after}\n"
    assert format_text(Source("t.net", after), Limits()) == f"{after}\n"


@pytest.mark.parametrize(
    ("text", "x", "y"),
    [
        ("1x3 > conv1-2(init=[[[1, 2, 3]], [[4, 5, 6]]])", [1, 10, 100], [321, 654]),
        ("3x1 > conv3-1(pad=0, init=[1, 2, 3])", [1, 10, 100], [321]),
        ("1x3 > dw1(init=[[2], [3], [4]])", [1, 10, 100], [2, 30, 400]),
        ("1x3 > dw1(init=[[[2]], [[3]], [[4]]])", [1, 10, 100], [2, 30, 400]),
        ("1x3 > dw1(init=[2])", [1, 10, 100], [2, 20, 200]),
        ("1x2 > dw1(mult=3, init=[[1], [2], [3]])", [1, 10], [1, 2, 3, 10, 20, 30]),
        (
            "1x3 > dw1(mult=2, init=[[1], [2], [3], [4], [5], [6]])",
            [1, 10, 100],
            [1, 2, 30, 40, 500, 600],
        ),
        ("2x2x1 > dw2(pad=0, init=[[1, 2], [3, 4]])", [1, 10, 100, 1000], [4321]),
        ("1x2 > tconv1-3(init=[[[1, 2]], [[3, 4]], [[5, 6]]])", [1, 10], [21, 43, 65]),
        ("3 > fc-2(init=[[1, 2, 3], [4, 5, 6]], bias_init=[1000, 0])", [1, 10, 100], [1321, 654]),
    ],
)
def test_lists_say_filter_by_filter_how_weights_begin(
    text: str, x: list[float], y: list[float]
) -> None:
    network = parse(f"default conv(linear), dw(linear), tconv(linear), fc(linear)\n{text}")
    given = np.reshape(x, network.inputs[0].shape)
    assert network.forward(given).last.ravel().tolist() == y


@pytest.mark.parametrize(
    "text",
    [
        "4096 > fc-2(init=pca)",
        "2 > fc-2(init=pca)",
        "5x3 > dense-3(init=pca)",
        "3x3x1 > conv3-9(init=pca)",
        "9x9x1 > conv3-9(dilation=4, init=pca)",
    ],
)
def test_a_kernel_may_have_as_many_components_as_numbers(text: str) -> None:
    assert codes(text) == ["W725"]  # which only says what it begins as without data


def test_the_input_is_shown_at_a_list_of_another_shape() -> None:
    with pytest.raises(NetError) as caught:
        parse("3x3x2 > conv3-1(init=[1, 2])")
    assert [found.label for found in caught.value.diagnostics] == ["the input is 3x3x2"]


@pytest.mark.parametrize(
    ("text", "numbers", "written"),
    [
        ("2 > fc-2", [3, 3, 3, 3], 3),
        ("2 > fc-1", [1, 2], (1, 2)),
        ("3 > fc-2", [1, 4, 2, 5, 3, 6], ((1, 2, 3), (4, 5, 6))),
        ("1x2 > conv1-2", [1, 3, 2, 4], (((1, 2),), ((3, 4),))),
        ("3x1 > conv3-1", [1, 2, 3], (1, 2, 3)),
        ("2x2x2 > dw2(pad=0)", [1, 1, 2, 2, 3, 3, 4, 4], ((1, 2), (3, 4))),
        ("1x2 > dw1", [1, 2], ((1,), (2,))),
        ("1x2 > dw1(mult=2)", [1, 2, 1, 2], ((1,), (2,))),
        ("1x2 > dw1(mult=2)", [1, 1, 2, 2], ((1,), (1,), (2,), (2,))),
    ],
)
def test_weights_are_written_as_the_shortest_list(
    text: str, numbers: list[int], written: Any
) -> None:
    graph = parse(text).graph
    weight = graph.weights(graph.ops[1])[0]
    assert written_list(kind_of(graph.ops[1]), "init", weight, numbers) == written


def test_rows_show_long_lists_by_their_shape() -> None:
    text = f"16 > fc-1(init={[[*range(16)]]}) > fc-17(init={[[1]] * 17})"
    rows = [layer.text for layer in parse(text).graph.layers]
    assert rows[1:] == [f"fc-1(init={[[*range(16)]]})", "fc-17(init=[17x1])"]
