"""What a network computes, from Python: arrays and records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError

GATES = "input x: 1\ninput y: 1\ninput z: 1\nadd[ @x | @y ] as q\nmul[ @q | @z ] as f\n"
FILTER = "5x1 > conv3-1(pad=0, init=[1, 2, 1]) as y > relu"


@pytest.mark.parametrize(
    "x",
    [
        [1, 4, 3, -1, 2],
        (1, 4, 3, -1, 2),
        "1 4 3 -1 2",
        np.array([1, 4, 3, -1, 2], np.int8),
        np.array([[1], [4], [3], [-1], [2]], np.float32),
        [[[1], [4], [3], [-1], [2]]],
        {"x": [1, 4, 3, -1, 2]},
        {"input": "1 4 3 -1 2"},
    ],
)
def test_what_numbers_can_be(x: Any) -> None:
    found = netdsl.parse(FILTER).forward(x)
    assert found.array("@y").tolist() == [[[12], [9], [3]]]
    assert [each.name for each in found] == ["input", "y", "relu_1"]
    assert found.last.dtype == np.float64


def test_paths_and_several_examples(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(10.0).reshape(2, 5, 1))
    found = netdsl.parse(FILTER).forward(tmp_path / "x.npy")
    assert found.array("y").shape == (2, 3, 1)
    assert str(found).startswith("input  5x1\n  example 0\n")
    assert found.to_dict()["layers"][1]["values"][0] == [[4.0], [8.0], [12.0]]


def test_what_the_text_gives_is_taken_where_nothing_else_is() -> None:
    network = netdsl.parse(f"{GATES}given x = -2\ngiven y = 5\ngiven z = -4\nexpect @f = [-12]")
    assert network.forward().last.item() == -12
    assert network.forward({"x": [0]}).last.item() == -20
    assert [layer.name for layer in network.forward(at="q")] == ["q"]
    with pytest.raises(NetError, match="nothing is given for the input `input`"):
        netdsl.parse(FILTER).forward()


WRONG = [
    (FILTER, [1, 2, 3], "N518"),
    (FILTER, np.zeros((3, 3)), "N518"),
    (FILTER, [1, 2, float("nan"), 4, 5], "N517"),
    (FILTER, "1 2 three 4 5", "N517"),
    (FILTER, ["a", "b"], "N517"),
    (FILTER, [[1, 2], [3]], "N517"),
    (FILTER, "no.npy", "N511"),
    (FILTER, {"y": [1]}, "N514"),
    (GATES, {"x": 1, "y": 2}, "N514"),
    (GATES, {"x": 1, "y": 2, "z": [1, 2]}, "N515"),
    ("2 of int(3) > embed-1(init=1)", [0, 3], "N527"),
]


@pytest.mark.parametrize(("text", "x", "code"), WRONG)
def test_numbers_that_do_not_fit(text: str, x: Any, code: str) -> None:
    with pytest.raises(NetError) as caught:
        netdsl.parse(text).forward(x)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "x", "named"),
    [(FILTER, b"12", "`x`"), (FILTER, object(), "`x`"), (FILTER, True, "`x`"), (GATES, [1], "`x`")],
)
def test_what_is_not_numbers_is_a_type_error(text: str, x: Any, named: str) -> None:
    with pytest.raises(TypeError, match=named):
        netdsl.parse(text).forward(x)


def test_arguments_are_checked() -> None:
    network = netdsl.parse(FILTER)
    with pytest.raises(NetError, match=r"`engine` accepts one of .numpy., .keras."):
        network.forward([1, 2, 3, 4, 5], engine="numba")
    with pytest.raises(NetError, match="no layer or point `yy`"):
        network.forward([1, 2, 3, 4, 5], at="yy")
    with pytest.raises(NetError, match="did you mean `relu_1`"):
        network.forward([1, 2, 3, 4, 5]).array("relu1")
    with pytest.raises(TypeError, match="`name` accepts the name of a layer or a point, not 3"):
        network.forward([1, 2, 3, 4, 5]).array(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`training` accepts True or False"):
        network.forward([1, 2, 3, 4, 5], training="yes")  # type: ignore[arg-type]


@pytest.mark.keras
def test_derivatives() -> None:
    found = netdsl.parse(GATES).backward({"x": -2, "y": 5, "z": -4})
    assert (found.number, found.value) == ("f", -12)
    assert {node.name: node.derivative.item() for node in found.nodes} == {
        "x": -4,
        "y": -4,
        "z": 3,
        "q": -4,
        "f": 1,
    }
    assert [(edge.name, edge.local) for edge in found.by("f").inputs] == [("q", -4), ("z", 3)]
    with pytest.raises(TypeError, match="`name` accepts the name of a layer or a point, not 3"):
        found.by(3)  # type: ignore[arg-type]
    assert "add distributes" in str(found)
    assert found.to_dict()["value"] == -12
    assert repr(found) == "<NetworkDerivatives of f: 5 nodes>"


@pytest.mark.keras
def test_derivatives_of_a_loss_by_weights() -> None:
    network = netdsl.parse("2 > fc-2(linear, init=1) as y")
    found = network.backward([1, 2], loss="half-squared", target=np.array([3, 4]))
    assert found.value == 0.5
    assert found.by("y").weights["kernel"].tolist() == [[0, -1], [0, -2]]


@pytest.mark.keras
def test_derivatives_are_checked() -> None:
    checks = netdsl.parse("2 > fc-3(tanh) > softmax-2").gradcheck(seed=1)
    assert checks.right
    assert [check.array for check in checks.arrays] == ["input", *("kernel", "bias") * 2]
    assert "all 5 arrays agree" in str(checks)
    assert repr(checks) == "<GradientChecks of 5 arrays: 0 wrong>"
    with pytest.raises(NetError, match="a step of 2"):
        netdsl.parse("2 > tanh").gradcheck(step=2)


@pytest.mark.keras
def test_as_in_training() -> None:
    network = netdsl.parse("1 > bn(eps=0) as y > dropout(0.5) as z")
    x = np.array([1.0, 2, 6, 7])  # mean 4, variance 6.5
    found = network.forward(x, training=True, seed=1)
    np.testing.assert_allclose(found.array("y").ravel(), (x - 4) / 6.5**0.5)
    kept = (found.array("z") / found.array("y")).ravel().round(9)
    assert set(kept.tolist()) == {0, 2}
    np.testing.assert_array_equal(found.last, network.forward(x, training=True, seed=1).last)
    derived = network.backward(x, of="z", training=True, seed=1)
    np.testing.assert_array_equal(derived.by("z").value, found.last)
    assert derived.value == pytest.approx(found.last.sum())


@pytest.mark.keras
def test_by_keras() -> None:
    network = netdsl.parse("6x6x2 > conv3-3(bn) > gap > softmax-4")
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 2))
    by_keras, by_numpy = network.forward(x, engine="keras"), network.forward(x)
    assert by_keras.last.dtype == np.float32
    for one, other in zip(by_keras, by_numpy, strict=True):
        assert (one.name, one.text) == (other.name, other.text)
        np.testing.assert_allclose(one.array, other.array, atol=1e-5)
