"""The results of what a network computes, from derivatives and checks that are made by hand."""

from __future__ import annotations

import numpy as np
import pytest

import netdsl
from netdsl.api.computed import GradientChecks, NetworkDerivatives
from netdsl.errors import NetError
from netdsl.lab.backward import Backward, InputEdge, NodeDerivative
from netdsl.lab.gradcheck import ArrayCheck, Settings

NETWORK = netdsl.parse("1 > fc-1(bn, relu) as y > neg")  # a layer of three operations, and one
ONE = np.ones((1, 1))


def node(op: int, *edges: InputEdge, **weights: float) -> NodeDerivative:
    arrays = {name: number * ONE for name, number in weights.items()}
    return NodeDerivative(op, op * ONE, -op * ONE, edges, arrays)


FOUND = Backward(
    NETWORK.graph,
    "neg_1",
    4.0,
    (
        node(0),
        node(1, InputEdge(0, 2.0, 5 * ONE), kernel=6),
        node(2, InputEdge(1, None, 7 * ONE), scale=8, offset=9),
        node(3, InputEdge(2, 1.0, 10 * ONE)),
        node(4, InputEdge(3, -1.0, 11 * ONE)),
    ),
)
DERIVED = NetworkDerivatives(NETWORK, FOUND)


def test_each_node_has_its_derivatives() -> None:
    assert (DERIVED.number, DERIVED.value) == ("neg_1", 4.0)
    assert [(each.name, each.value.item(), each.derivative.item()) for each in DERIVED.nodes] == [
        ("input", 0, 0),
        ("y", 1, -1),
        ("y_bn", 2, -2),
        ("y", 3, -3),
        ("neg_1", 4, -4),
    ]
    assert [each.text for each in DERIVED.nodes] == ["", "fc-1(bn, relu)", "bn", "relu", "neg"]
    ((name, local, down),) = DERIVED.nodes[1].inputs
    assert (name, local, down.item()) == ("input", 2.0, 5)
    assert repr(DERIVED) == "<NetworkDerivatives of neg_1: 5 nodes>"
    assert "neg_1" in str(DERIVED)
    assert DERIVED.to_dict()["value"] == 4.0


def test_a_layer_of_several_operations_is_one_node() -> None:
    for name in ("y", "@y"):
        found = DERIVED.by(name)
        assert (found.name, found.text) == ("y", "fc-1(bn, relu)")
        assert (found.value.item(), found.derivative.item()) == (3, -3)
        assert {key: array.item() for key, array in found.weights.items()} == {
            "kernel": 6,
            "scale": 8,
            "offset": 9,
        }
        assert [(each.name, each.downstream.item()) for each in found.inputs] == [("input", 5)]
    with pytest.raises(NetError, match="N626"):
        DERIVED.by("z")


def test_pictures_of_what_is_computed() -> None:
    svg = DERIVED.draw().svg
    assert "11" in svg
    assert "neg" in svg
    values = netdsl.parse("1 > fc-1(init=3) > neg").forward([2])
    assert "-6" in values.draw().svg.replace("−", "-")
    assert values[1:].draw().svg


def check(right: bool, zero: bool = False) -> ArrayCheck:
    return ArrayCheck("fc_1", "kernel", 3, 1, 1e-9, right, zero)


@pytest.mark.parametrize(
    ("checks", "right", "said"),
    [
        ([], True, "0 arrays: 0 wrong"),
        ([check(True)], True, "1 array: 0 wrong"),
        ([check(True), check(False), check(False)], False, "3 arrays: 2 wrong"),
    ],
)
def test_checks_of_derivatives(checks: list[ArrayCheck], right: bool, said: str) -> None:
    found = GradientChecks(checks, Settings(one_sided=True), ["step_1"])
    assert found.right == right
    assert list(found.arrays) == checks
    assert repr(found) == f"<GradientChecks of {said}>"
    assert found.to_dict() == {"arrays": [each._asdict() for each in checks]}
    assert str(found).splitlines()[-1].startswith("no gradient passes step_1")
    assert ("within 0.001" in str(found)) == right


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("fc1", "did you mean `fc_1`?"),
        ("zzzz", "the names are input, fc_1, fc_2, fc_3, fc_4, fc_5, fc_6, fc_7"),
    ],
)
def test_a_name_that_no_output_has(name: str, help: str) -> None:
    outputs = netdsl.parse("1 > fc-1(init=1) x9").forward([2])
    with pytest.raises(NetError) as caught:
        outputs.array(f"@{name}")
    (found,) = caught.value.diagnostics
    assert (found.message, found.help) == (f"there is no layer or point `{name}`", help)
    assert outputs.array("@fc_1").item() == outputs[1:3].array("fc_1").item() == 2
    assert outputs.last.item() == outputs[-1].array.item()
