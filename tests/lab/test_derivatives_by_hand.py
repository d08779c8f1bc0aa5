"""What is made of derivatives that are given: sums, texts, pictures, matrices, and the check of
them. No framework is imported.
"""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from netdsl import parse
from netdsl.errors import NetError
from netdsl.graph import Graph
from netdsl.lab import gradcheck as checks
from netdsl.lab.backward import Backward, InputEdge, NodeDerivative, _edges, _upstreams
from netdsl.lab.backward_text import backward_json, backward_text
from netdsl.lab.circuit import backward_picture
from netdsl.lab.gradcheck import Settings, blocked, random_examples
from netdsl.lab.losses import Asked, number_of
from netdsl.lab.matrices import matrices_json, matrices_of, matrices_text
from netdsl.lab.weighted import begun

GATES = "input x: 1\ninput y: 1\ninput z: 1\nadd[ @x | @y ] as q\nmul[ @q | @z ] as f\n"


def column(*numbers: float) -> Any:
    return np.array(numbers, float)[:, None]


def edge(source: int, local: float | None, downstream: float) -> InputEdge:
    return InputEdge(source, local, column(downstream))


# --- the sums -------------------------------------------------------------------------------------


def test_what_is_read_twice_gets_the_sum_of_both_derivatives() -> None:
    graph = parse("input x: 1\nmul[ @x | @x ] as f").graph
    found: Any = SimpleNamespace(outputs=[column(1)], edges={(1, 0): column(3), (1, 1): column(4)})
    values = [column(3), column(9)]
    assert [each.item() for each in _upstreams(np, graph, values, found)] == [7, 1]


@pytest.mark.parametrize(
    ("upstream", "downstream", "local"),
    [
        ([[2.0]], [[3.0]], 1.5),
        ([[0.0]], [[0.0]], None),
        ([[2.0, 0.0]], [[3.0]], None),
        ([[2.0]], [[3.0, 1.0]], None),
    ],
)
def test_a_local_slope_is_from_one_number_to_one(
    upstream: Any, downstream: Any, local: float | None
) -> None:
    graph = parse("input x: 1\ninput y: 1\nmul[ @x | @y ] as f").graph
    given = {(2, 1): np.array(downstream)}  # the other one takes no derivative
    (found,) = _edges(graph, 2, np.array(upstream), given)
    assert (found.source, found.local, found.downstream.tolist()) == (1, local, downstream)


# --- texts and pictures ---------------------------------------------------------------------------


def gates() -> Backward:
    nodes = (
        NodeDerivative(0, column(-2), column(-4), (), {}),
        NodeDerivative(1, column(5), column(-4), (), {}),
        NodeDerivative(2, column(-4), column(3), (), {}),
        NodeDerivative(3, column(3), column(-4), (edge(0, 1, -4), edge(1, None, -4)), {}),
        NodeDerivative(4, column(-12), column(1), (edge(3, -4, -4), edge(2, 3, 3)), {}),
    )
    return Backward(parse(GATES).graph, "f", -12.0, nodes)


def test_numbers_are_a_table() -> None:
    assert backward_text(gates()).splitlines() == [
        "f = -12",
        "",
        "node  layer       value  derivative  upstream x local = downstream  gate",
        "-" * 83,
        "x                    -2          -4",
        "y                     5          -4",
        "z                    -4           3",
        "q     add[ ... ]      3          -4  to x: -4 x 1 = -4              add distributes",
        "                                     to y: -4",
        "f     mul[ ... ]    -12           1  to q: 1 x -4 = -4              mul swaps",
        "                                     to z: 1 x 3 = 3",
    ]


def test_what_is_read_several_times_is_a_copy() -> None:
    graph = parse("input x: 1\nmul[ @x | @x ] as f").graph
    nodes = (
        NodeDerivative(0, column(3), column(6), (), {}),
        NodeDerivative(1, column(9), column(1), (), {}),
    )
    lines = backward_text(Backward(graph, "f", 9.0, nodes)).splitlines()
    assert [line.split("  ")[-1].strip() for line in lines[4:]] == ["copy adds", "mul swaps"]


def dense(examples: int = 1) -> Backward:
    """Of indices, `embed` and a layer with an activation."""
    graph = parse("2 of int(3) > embed-1 > flatten > fc-1(relu) as y").graph
    wide = np.ones((examples, 2))
    nodes = (
        NodeDerivative(0, np.ones((examples, 2), int), np.zeros((examples, 2)), (), {}),
        NodeDerivative(
            1, wide[..., None], wide[..., None], (), {"embeddings": np.arange(3.0)[:, None]}
        ),
        NodeDerivative(2, wide, wide, (InputEdge(1, None, wide[..., None]),), {}),
        NodeDerivative(
            3, wide[:, :1], wide[:, :1], (), {"kernel": column(1, 2), "bias": np.array([3.0])}
        ),
        NodeDerivative(4, wide[:, :1], wide[:, :1], (edge(3, math.inf, 1),), {}),
    )
    return Backward(graph, "y", math.inf, nodes)


def test_arrays_are_blocks() -> None:
    """Indices have no derivative, and a layer's later operations are called by their words."""
    assert backward_text(dense()).splitlines() == [
        "y = inf",
        "",
        "input  2 of int(3)",
        "  value",
        "    1  1",
        "embed_1  embed-1  2x1",
        "  value",
        "    1  1",
        "  derivative",
        "    1  1",
        "  derivative by embeddings",
        "    0  1  2",
        "flatten_1  flatten  2",
        "  value",
        "    1  1",
        "  derivative",
        "    1  1",
        "y  fc-1(relu)  1",
        "  value",
        "    1",
        "  derivative",
        "    1",
        "  derivative by kernel",
        "    1  2",
        "  derivative by bias",
        "    3",
        "y  relu  1",
        "  value",
        "    1",
        "  derivative",
        "    1",
    ]
    assert backward_text(dense(2)).splitlines()[3:7] == [
        "  value",
        "    example 0",
        "    1  1",
        "    example 1",
    ]


def test_derivatives_as_json() -> None:
    found = backward_json(dense())
    assert (found["of"], found["value"]) == ("y", None)
    assert found["nodes"][2:] == [
        {
            "name": "flatten_1",
            "layer": "flatten",
            "value": [[1, 1]],
            "derivative": [[1, 1]],
            "inputs": [{"name": "embed_1", "local": None, "downstream": [[[1], [1]]]}],
            "weights": {},
        },
        {
            "name": "y",
            "layer": "fc-1(relu)",
            "value": [[1]],
            "derivative": [[1]],
            "inputs": [],
            "weights": {"kernel": [[1], [2]], "bias": [3]},
        },
        {
            "name": "y",
            "layer": "relu",
            "value": [[1]],
            "derivative": [[1]],
            "inputs": [{"name": "y", "local": None, "downstream": [[1]]}],
            "weights": {},
        },
    ]
    nodes = backward_json(gates())["nodes"]
    assert [each["local"] for node in nodes for each in node["inputs"]] == [1, None, -4, 3]


def test_a_picture_has_the_derivatives_below_the_values() -> None:
    svg = backward_picture(parse(GATES), gates()).svg
    texts = re.findall(">([^<>\\n]+)</text>", svg)
    assert texts.count("f = −12 · above each wire the value, below it the derivative") == 1
    words = backward_picture(
        parse("2 of int(3) > embed-1 > flatten > fc-1(relu) as y"), dense()
    ).svg
    titles = [text for text in re.findall(">([^<>\\n]+)</text>", words) if " by " in text]
    assert titles == ["derivative by embeddings", "derivative by kernel", "derivative by bias"]


# --- matrices -------------------------------------------------------------------------------------

LAYERS = (
    "2 > fc-3(linear, bias=no, init=[[1, 4], [2, 5], [3, 6]])"
    " > fc-1(linear, bias=no, init=[[1, 10, 100]])"
)


def chain(text: str = LAYERS, examples: int = 1) -> tuple[Any, Backward]:
    subject = begun(parse(text), 0)
    delta, x = np.array([[1.0, 10, 100]]), np.array([[1.0, -1]])
    hidden, back = np.array([[-3.0, -3, -3]]), np.array([[321.0, 654]])
    nodes = (
        NodeDerivative(0, np.repeat(x, examples, 0), back, (), {}),
        NodeDerivative(
            1, np.repeat(hidden, examples, 0), delta, (InputEdge(0, None, back),),
            {"kernel": x.T @ delta},
        ),
        NodeDerivative(
            2, np.full((examples, 1), -333.0), column(1), (InputEdge(1, None, delta),),
            {"kernel": hidden.T},
        ),
    )  # fmt: skip
    return subject, Backward(subject.network.graph, "the sum of fc_2", -333.0, nodes)


def test_matrices_next_to_each_other() -> None:
    subject, found = chain()
    layers = matrices_of(subject, found)
    assert matrices_text(found, layers).splitlines() == [
        "the sum of fc_2 = -333",
        "",
        "fc_2  3 to 1",
        "  delta   x v^T        = outer product",
        "  1       -3  -3  -3   -3  -3  -3",
        "  W^T          x delta   = passed on",
        "  1  10  100   1           1",
        "                          10",
        "                         100",
        "",
        "fc_1  2 to 3",
        "  delta   x v^T   = outer product",
        "    1     1  -1     1    -1",
        "   10              10   -10",
        "  100             100  -100",
        "  W^T       x delta   = passed on",
        "  1  2  3     1       321",
        "  4  5  6    10       654",
        "            100",
    ]
    values = matrices_json(found, layers)
    assert (values["of"], values["value"]) == ("the sum of fc_2", -333)
    assert values["layers"][1] == {
        "name": "fc_1",
        "weights": [[1, 4], [2, 5], [3, 6]],
        "input": [1, -1],
        "delta": [1, 10, 100],
        "outer": [[1, -1], [10, -10], [100, -100]],
        "back": [321, 654],
    }


def test_layers_that_are_left_out() -> None:
    """Without a derivative by their kernel, or by their input, and one matrix at many positions."""
    subject, found = chain()
    last = found.nodes[2]
    for node in (last._replace(weights={}), last._replace(edges=())):
        some = found._replace(nodes=(*found.nodes[:2], node))
        assert [each.name for each in matrices_of(subject, some)] == ["fc_1"]
    wide = found.nodes[1]._replace(value=np.ones((1, 6)))
    some = found._replace(nodes=(found.nodes[0], wide, last))
    assert [each.name for each in matrices_of(subject, some)] == ["fc_1"]
    cut = subject._replace(weights={1: subject.weights[1], 2: {"kernel": np.ones((1, 1, 3, 1))}})
    assert [each.name for each in matrices_of(cut, found)] == ["fc_1"]
    with pytest.raises(NetError, match="no layer of the network has a matrix") as caught:
        matrices_of(subject._replace(weights={}), found)
    assert caught.value.code == "N681"
    assert "help: those of `fc`" in str(caught.value)
    with pytest.raises(NetError, match="matrices are of one example, and 2 are given") as caught:
        matrices_of(*chain(examples=2))
    assert caught.value.code == "N681"


# --- what is differentiated -----------------------------------------------------------------------

OPS: Any = SimpleNamespace(
    sum=np.sum,
    log=np.log,
    reshape=np.reshape,
    square=np.square,
    absolute=np.absolute,
    sigmoid=lambda x: 1 / (1 + np.exp(-x)),
    log_softmax=lambda x: x - np.log(np.exp(x).sum(axis=-1, keepdims=True)),
)
TWO = "2 > linear as y"
SCORES = [[2.0, -2.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("text", "asked", "outputs", "value", "words"),
    [
        (TWO, Asked(), SCORES, 1, "the sum of y"),
        ("1 > linear as y", Asked(), [[3.0]], 3, "y"),
        ("1 > linear as y", Asked(), [[3.0], [4.0]], 7, "the sum of y"),
        (TWO, Asked(of="y[1]"), SCORES, -1, "y[1]"),
        (TWO, Asked(of="@y[0]"), SCORES, 2, "y[0]"),
        ("2 > linear > relu as y", Asked(of="y"), SCORES, 1, "the sum of y"),
        (f"{TWO}\n@y as z", Asked(of="y[0]"), SCORES, 2, "z[0]"),
        ("4 > fc-2(linear)", Asked(of="fc_1[0]"), SCORES, 2, "fc_1[0]"),
        (TWO, Asked(loss="squared", target="1 0"), SCORES, 1 + 4 + 1 + 1, "squared of y and 1 0"),
        (
            TWO,
            Asked(loss="half-squared", target=[1, 0]),
            SCORES,
            3.5,
            "half-squared of y and [1, 0]",
        ),
        (TWO, Asked(loss="absolute", target="1 0; 0 0"), SCORES, 1 + 2 + 0 + 1, ""),
        (
            TWO,
            Asked(loss="binary", target="1 0"),
            [[math.log(3), -math.log(3)], [0.0, 0.0]],
            -2 * math.log(0.75) - 2 * math.log(0.5),
            "",
        ),
        (
            "2 > sigmoid as y",
            Asked(loss="binary", target="1 .5"),
            [[0.75, 0.5]],
            -math.log(0.75) - math.log(0.5),
            "",
        ),
        (
            TWO,
            Asked(loss="cross-entropy", target="0"),
            [[math.log(3), 0.0], [0.0, 0.0]],
            -math.log(0.75) - math.log(0.5),
            "cross-entropy of y and 0",
        ),
        (
            TWO,
            Asked(loss="cross-entropy", target="0 1"),
            [[math.log(3), 0.0], [math.log(3), 0.0]],
            -math.log(0.75) - math.log(0.25),
            "",
        ),
        (
            TWO,
            Asked(loss="cross-entropy", target="1 0; .5 .5"),
            [[math.log(3), 0.0], [0.0, 0.0]],
            -math.log(0.75) - math.log(0.5),
            "",
        ),
        (
            "2 > softmax as y",
            Asked(loss="cross-entropy", target="1"),
            [[0.75, 0.25]],
            -math.log(0.25),
            "",
        ),
        (
            "2 > softmax as y",
            Asked(loss="cross-entropy", target=".5 .5"),
            [[0.75, 0.25]],
            -math.log(0.75) / 2 - math.log(0.25) / 2,
            "",
        ),
        (
            "2 > logsoftmax as y",
            Asked(loss="cross-entropy", target="0"),
            [[-1.5, -0.25]],
            1.5,
            "",
        ),
    ],
)
def test_numbers_that_can_be_differentiated(
    text: str, asked: Asked, outputs: Any, value: float, words: str
) -> None:
    number, said = number_of(parse(text).graph, len(outputs), asked)
    assert float(number(OPS, [np.array(outputs)])) == pytest.approx(value, rel=1e-12)
    assert said == (words or said)


@pytest.mark.parametrize(
    ("text", "asked", "code", "message"),
    [
        (TWO, Asked(of="z"), "N626", "has no output `z`\n  help: the outputs are y"),
        (TWO, Asked(of="yy"), "N626", "has no output `yy`\n  help: the outputs are y"),
        (TWO, Asked(of="y[2]"), "N626", "`y` has the numbers 0 to 1, not [2]"),
        (TWO, Asked(of="y[-1]"), "N626", "`y` has the numbers 0 to 1, not [-1]"),
        (TWO, Asked(of="y[0"), "N626", "a bracket is not closed in `y[0`\n  help: --of y[0]"),
        (TWO, Asked(target="1"), "N107", "a target is compared by a loss\n  help: the losses are "),
        (TWO, Asked(loss="squared"), "N107", "the loss squared requires a --target"),
        (TWO, Asked(of="y[0]", loss="squared", target="1"), "N107", "not of one number of it"),
        (TWO, Asked(loss="binary", target="1 2"), "N518", "from 0 to 1, not 1 2"),
        (TWO, Asked(loss="binary", target="-1 0"), "N518", "from 0 to 1, not -1 0"),
        (TWO, Asked(loss="cross-entropy", target="0 2"), "N518", "the classes 0 to 1, not 0 2"),
        (TWO, Asked(loss="cross-entropy", target="-1"), "N518", "the classes 0 to 1, not -1"),
        (TWO, Asked(loss="cross-entropy", target=".5"), "N518", "the classes 0 to 1, not .5"),
        (TWO, Asked(loss="cross-entropy", target="0 1 0"), "N515", "3 classes are given for 2"),
        (
            TWO,
            Asked(loss="cross-entropy", target="1 0; .5 .6"),
            "N518",
            "with probabilities, not 1 0; .5 .6\n  help: they are from 0 up, and their sum is 1",
        ),
        (TWO, Asked(loss="cross-entropy", target="1 0; 2 -1"), "N518", "with probabilities"),
    ],
)
def test_numbers_that_there_are_not(text: str, asked: Asked, code: str, message: str) -> None:
    with pytest.raises(NetError) as caught:
        number_of(parse(text).graph, 2, asked)
    assert caught.value.code == code
    assert message in str(caught.value)


def test_one_of_several_outputs() -> None:
    graph = parse("input x: 2\n@x > linear as a\n@x > relu as b").graph
    number, said = number_of(graph, 1, Asked(of="b[1]"))
    assert (number(OPS, [np.zeros((1, 2)), np.array([[3.0, 4.0]])]), said) == (4, "b[1]")
    with pytest.raises(NetError) as caught:
        number_of(graph, 1, Asked())
    assert str(caught.value) == (
        "error[N626]: the network has 2 outputs\n  help: name one with --of: a, b"
    )


# --- the check by differences ---------------------------------------------------------------------


def checked(
    array: Any, derivative: Any, value: Any, settings: Settings, rounding: float = 1e-12
) -> Any:
    before = array.copy()
    rng = np.random.default_rng(0)
    given = np.asarray(derivative, float)
    found = checks._checked(("fc_1", "kernel"), array, given, rounding, value, rng, settings)
    np.testing.assert_array_equal(array, before)  # put back
    return found


@pytest.mark.parametrize(
    ("derivative", "settings", "worst", "right"),
    [
        ([2.0, 4.0], Settings(step=1e-3), 0, True),
        ([2.0, 5.0], Settings(step=1e-3), 1 / 9, False),
        ([2.5, 4.0], Settings(step=1e-3), 0.5 / 4.5, False),
        # One-sided differences of x^2 are h too large.
        ([2.0, 4.0], Settings(step=1e-3, one_sided=True), 1e-3 / 4.001, True),
        ([2.005, 4.0], Settings(step=1e-3, one_sided=True), 4e-3 / 4.006, True),
        ([2.006, 4.0], Settings(step=1e-3, one_sided=True), 5e-3 / 4.007, False),
    ],
)
def test_derivatives_of_a_square(
    derivative: list[float], settings: Settings, worst: float, right: bool
) -> None:
    x = np.array([1.0, 2.0])
    found = checked(x, derivative, lambda: float((x**2).sum()), settings)
    assert found[:4] == ("fc_1", "kernel", 2, 0)
    assert found.worst == pytest.approx(worst, rel=1e-6, abs=1e-9)
    assert (found.right, found.zero) == (right, False)


def test_kinks_and_zeros_of_a_check() -> None:
    x = np.array([0.0, 1.0, -1.0])
    found = checked(x, [0, 1, 0], lambda: float(np.maximum(x, 0).sum()), Settings())
    assert found[2:4] == (2, 1)
    assert (found.right, found.zero) == (True, False)
    none = checked(x, [0, 0, 0], lambda: 3.0, Settings())
    assert none == ("fc_1", "kernel", 3, 0, 0.0, True, True)
    wrong = checked(x, [0, 1e-9, 0], lambda: 3.0, Settings())
    assert not wrong.zero


@pytest.mark.parametrize(
    ("rounding", "worst"), [(1e-12, 1e-4 / 1e-3), (1e-2, 1e-4 / 1e-2), (1e-9, 1e-4 / 1e-3)]
)
def test_errors_are_relative_to_a_thousandth_of_the_largest_or_to_rounding(
    rounding: float, worst: float
) -> None:
    x = np.array([0.0, 0.0])
    found = checked(x, [1.0, 1e-4], lambda: float(x[0]), Settings(), rounding)
    assert found.worst == pytest.approx(worst, rel=1e-6)


@pytest.mark.parametrize(("size", "tried"), [(100, 100), (101, 100)])
def test_how_many_entries_are_tried(size: int, tried: int) -> None:
    x = np.zeros(size)
    assert checked(x, np.ones(size), lambda: float(x.sum()), Settings()).tried == tried
    chosen = list(checks._chosen(np.random.default_rng(0), size))
    assert len(set(chosen)) == tried
    assert (chosen == list(range(size))) == (size == tried)


def test_two_examples_are_drawn() -> None:
    graph = parse("input a: 3\ninput b: 500 of int(3)\n@b > embed-2 > gap > [ id | @a ]").graph
    a, b = random_examples(graph, np.random.default_rng(0))
    assert (a.shape, b.shape) == ((2, 3), (2, 500))
    assert (b.min(), b.max(), b.dtype.kind) == (0, 2, "i")


def test_a_sum_of_all_outputs_with_random_factors_is_differentiated() -> None:
    graph = parse("input x: 2\n@x > linear as a\n@x > relu as b").graph
    number = checks._number(graph, 3, Asked(), np.random.default_rng(0))
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    outputs = [np.full((3, 2), 2.0), np.full((3, 2), 3.0)]
    assert number(OPS, outputs) == pytest.approx(2 * a.sum() + 3 * b.sum())
    named = checks._number(graph, 3, Asked(of="b[0]"), rng)
    assert named(OPS, outputs) == 9
    loss = checks._number(parse(TWO).graph, 3, Asked(loss="absolute", target="1 1"), rng)
    assert loss(OPS, outputs) == 6


def graph_of(text: str) -> Graph:
    return parse(text).graph


def test_layers_that_no_gradient_passes() -> None:
    assert blocked(graph_of("2 > fc-3(step) > sign > fc-1")) == ["fc_1", "sign_1"]
    assert blocked(graph_of("2 > fc-3(relu)")) == []
