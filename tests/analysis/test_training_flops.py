"""Floating-point operations of a training step: forward and backward, counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.zoo import EXAMPLES

import netdsl
from netdsl.analysis.components import component_kernels
from netdsl.analysis.gradients import backward_pass
from netdsl.analysis.training_flops import training_flops
from netdsl.cli.main import main
from netdsl.reading import ReadOptions, check_source
from netdsl.sources import read_source

FC = 2 * 8 * 4  # of fc-4 on 8 numbers: two for each multiply-accumulate
CASES = [
    # the first layer: forward and the weights' gradient; a bias and relu are 4 each, both ways
    ("8 > fc-4(relu)", [0, FC + 4 + FC + 4, 4 + 4]),
    ("8 > fc-4(act=none, bias=no)", [0, 2 * FC]),
    # the second needs its input's gradient too
    ("8 > fc-8(act=none, bias=no) > fc-4(act=none, bias=no)", [0, 4 * FC, 3 * FC]),
    # nothing in front has weights, so no gradient goes back through it
    ("8 > relu > fc-4(act=none, bias=no)", [0, 8, 2 * FC]),
    ("8 > relu > sigmoid", [0, 8, 4 * 8]),
    # a maximum adds each gradient where it was: 4 windows of 3 comparisons
    ("4x4x1 > conv1-1(act=none, bias=no) > pool", [0, 2 * 32, 4 * 3 + 4]),
    # addition passes on, multiplication has a product for each branch; what both read is summed
    (
        "8 > fc-8(act=none, bias=no) as a > add[ @a | id ]",
        [0, 2 * (2 * 64) + 8, 8],
    ),
    (
        "8 > fc-8(act=none, bias=no) as a > mul[ @a | id ]",
        [0, 2 * (2 * 64) + 8, 8 + 2 * 8],
    ),
    # batch norm: 7 forward, of the batch; back 7, for the factor 3, for the offset 1
    ("8 > bn", [0, 8 * 7 + 8 * 11]),
    ("8 > fc-4(act=none, bias=no) > dropout(0.5)", [0, 2 * FC, 4 + 4]),
    # a product of two activations has a gradient for each
    (
        "4x2 > dense-3(act=none, bias=no) as a > matmul(transpose)[ @a | id ]",
        [0, 2 * (2 * 24) + 12, 2 * 48 + 2 * 2 * 48],
    ),
    # recurrent: the states' products always go back, the input's where it is needed
    ("4x4x4 > conv3-2(groups=2, act=none, bias=no)", [0, 2 * 2 * 16 * 2 * 9 * 2]),
    ("5x3 > rnn-2(bias=no)", [0, 2 * 50 + 5 * 2 + 2 * (50 + 20) + 5 * 2]),
    ("3 of int(10) > embed-4", [0, 12]),
    # two read the first one's output, the second time the loss: their gradients are summed
    (
        "8 > fc-8(act=none, bias=no) as a > fc-4(act=none, bias=no)\n@a > relu",
        [0, 2 * 128 + 8, 3 * FC, 8 + 8],
    ),
    (
        "8 > fc-8(act=none, bias=no) as a > fc-4(act=none, bias=no) as b\noutput @a, @b",
        [0, 2 * 128 + 8, 3 * FC],
    ),
]


@pytest.mark.parametrize(("text", "flops"), CASES, ids=[text for text, _ in CASES])
def test_counted_by_hand(text: str, flops: list[int]) -> None:
    assert training_flops(netdsl.parse(text).graph) == flops


@pytest.mark.parametrize(
    ("text", "holds", "ends", "reached"),
    [
        # after weights, and before an end
        ("8 > relu > fc-4(linear) > tanh", {2}, {3}, {2, 3}),
        ("8 > relu > fc-4(linear) > tanh", {2}, {2}, {2}),
        ("8 > relu > fc-4(linear) > tanh", {2}, {1}, set()),
        ("8 > relu > fc-4(linear) > tanh", {1}, {3}, {1, 2, 3}),
        ("8 > relu > fc-4(linear) > tanh", set(), {3}, set()),
        ("8 > [ fc-4(linear) | tanh ] > relu", {1}, {4}, {1, 3, 4}),
        ("8 > fc-4(linear) as a > relu\n@a > tanh", {1}, {2}, {1, 2}),
        ("8 > fc-4(linear) as a > relu\n@a > tanh", {1}, {2, 3}, {1, 2, 3}),
    ],
)
def test_where_the_backward_pass_goes(
    text: str, holds: set[int], ends: set[int], reached: set[int]
) -> None:
    graph = netdsl.parse(text).graph
    found = backward_pass(graph, [index in holds for index in range(len(graph.ops))], ends)
    assert {index for index, through in enumerate(found) if through} == reached
    assert len(found) == len(graph.ops)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("8 > fc-4 > fc-2", []),
        ("8 > fc-4(init=pca) > fc-2", [(8, 4)]),
        (
            "input a: 8\ninput b: 6\n[ @a > fc-4(init=pca) | @b > fc-2(init=pca) ]",
            [(8, 4), (6, 2)],
        ),
        ("let e = fc-4(init=pca)\ninput a: 8\ninput b: 8\n[ @a > e | @b > e ]", [(8, 4)]),
    ],
)
def test_kernels_of_principal_components(text: str, shapes: list[tuple[int, ...]]) -> None:
    assert [shape for _, shape in component_kernels(netdsl.parse(text).graph)] == shapes


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_gradient_costs_a_small_multiple_of_the_function(path: Path) -> None:
    """Whatever the number of weights: the cheap gradient principle, with a factor of 5."""
    for network in check_source(read_source(path), ReadOptions(str(path)), path.stem).networks:
        graph = network.graph
        forward = sum(
            2 * op.kind.macs(op.shape, *graph.input_shapes(op))
            + op.kind.trained_ops(op.shape, *graph.input_shapes(op))
            for op in graph.ops
            if op.kind
        )
        training = sum(training_flops(graph))
        readers = sum(len(op.inputs) * op.size for op in graph.ops)
        assert forward < training <= 5 * forward + readers


def test_vgg16s_training_is_three_times_its_use_less_the_first_layers_input() -> None:
    network = netdsl.load(next(path for path in EXAMPLES if path.stem == "vgg16"))
    first = 224 * 224 * 64 * 27
    products = 2 * (3 * network.counts.macs - first)
    rest = sum(training_flops(network.graph)) - products
    assert 0 < rest < products / 1000


def test_the_column_and_its_total(capsys: pytest.CaptureFixture[str]) -> None:
    text = "8 > fc-4 > fc-2(act=none)"
    assert main(["table", text, "--json", "--columns", "flops,training"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["training"] for row in found["rows"]] == [0, 2 * FC + 16, 3 * 16 + 4]
    assert found["totals"]["training"] == 2 * FC + 16 + 52
    assert main(["table", text, "--columns", "training"]) == 0
    shown = capsys.readouterr().out
    assert "\ntraining     196 floating-point operations forward and backward" in shown
    assert main(["table", text, "8 > fc-4", "--columns", "training", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["network,196", "network 2,136"]
