"""The lectures' items 26 to 34: derivatives through graphs, their check, the rules of gates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import answered, printed

import netdsl
from netdsl.keras.quiet import quiet_keras

pytestmark = pytest.mark.keras

quiet_keras()


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Any:
    return capsys.readouterr


GATES = """input x: 1
input y: 1
input z: 1
add[ @x | @y ] as q
mul[ @q | @z ] as f
"""
NEURON = """
input w0: 1
input x0: 1
input w1: 1
input x1: 1
input w2: 1
mul[ @w0 | @x0 ] as a0
mul[ @w1 | @x1 ] as a1
add[ @a0 | @a1 | @w2 ] as z
@z > neg as minus > exp as e
add[ @e | const(1) ] as plus > recip as a
"""
NUMBERS = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}


def derivatives(found: netdsl.NetworkDerivatives, *names: str) -> list[float]:
    return [found.by(name).derivative.item() for name in names]


# --- 26: the gradient's check ---------------------------------------------------------------------


def test_item_26_a_product_and_its_numerical_gradient() -> None:
    network = netdsl.parse("2 > linear-1(bias=no, init=[-0.8, 0.3]) as f")
    x = [0.5, -0.2]
    assert network.forward(x).last.item() == pytest.approx(-0.46)
    step, more = 1e-6, netdsl.parse("2 > linear-1(bias=no, init=[{-0.8 + 1e-6}, 0.3])")
    forward_difference = (more.forward(x).last.item() - -0.46) / step
    assert forward_difference == pytest.approx(0.5, abs=1e-6)
    exact = network.backward(x).by("f").weights["kernel"].ravel()
    np.testing.assert_allclose(exact, [0.5, -0.2])
    checks = network.gradcheck(x)
    assert checks.right
    assert max(check.worst for check in checks.arrays) < 1e-7


def test_item_26_centred_differences_are_closer(out: Any) -> None:
    text = "3 > fc-4(tanh) > softmax-2"
    centred = answered(out, f'gradcheck "{text}" --h 1e-4')["arrays"]
    one_sided = answered(out, f'gradcheck "{text}" --h 1e-4 --one-sided')["arrays"]
    worst = [max(check["worst"] for check in checks) for checks in (centred, one_sided)]
    assert worst[0] < 1e-6 < worst[1] < 1e-3


# --- 27 to 29: graphs of numbers ------------------------------------------------------------------


def test_item_27_a_sum_times_a_number(out: Any, tmp_path: Path) -> None:
    found = netdsl.parse(GATES).backward({"x": -2, "y": 5, "z": -4})
    assert found.value == -12
    assert found.by("q").value.item() == 3
    assert derivatives(found, "x", "y", "z", "q", "f") == [-4, -4, 3, -4, 1]
    file = tmp_path / "gates.net"
    file.write_text(GATES)
    assert printed(out, f"backward {file} x=-2 y=5 z=-4").startswith("f = -12\n")


def test_item_28_a_logistic_neuron_step_by_step() -> None:
    found = netdsl.parse(NEURON).backward(NUMBERS)
    values = [found.by(name).value.item() for name in ("a0", "a1", "z", "minus", "e", "plus", "a")]
    np.testing.assert_allclose(values, [-2, 6, 1, -1, 0.37, 1.37, 0.73], atol=0.005)
    steps = derivatives(found, "a", "plus", "e", "minus", "z", "a0", "a1")
    np.testing.assert_allclose(steps, [1, -0.53, -0.53, -0.2, 0.2, 0.2, 0.2], atol=0.005)
    dw = derivatives(found, "w0", "w1", "w2")
    np.testing.assert_allclose(dw, [-0.197, -0.393, 0.197], atol=0.0005)
    dx = derivatives(found, "x0", "x1")
    np.testing.assert_allclose(dx, [0.393, -0.590], atol=0.0005)
    (local,) = [edge.local for edge in found.by("e").inputs]
    assert local == pytest.approx(np.exp(-1))  # of exp it is exp itself


def test_item_28_as_one_layer_checked_in_a_file() -> None:
    text = "2 > fc-1(sigmoid, init=[2, -3], bias_init=-3)\ngiven x = [-1, -2]\n"
    assert not netdsl.check(f"{text}expect output = [0.73]")
    assert [each.code for each in netdsl.check(f"{text}expect output = [0.74]")] == ["N303"]
    found = netdsl.parse(f"{text}expect output = [0.73]").backward()
    kernel = found.nodes[1].weights["kernel"].ravel()
    np.testing.assert_allclose(kernel, [-0.197, -0.393], atol=0.0005)
    np.testing.assert_allclose(found.nodes[0].derivative, [[0.393, -0.590]], atol=0.0005)


@pytest.mark.parametrize(
    ("text", "given", "expected", "rule"),
    [
        ("add[ @x | @y ]", (3, -4), (1, 1), "add distributes"),
        ("mul[ @x | @y ]", (3, -4), (-4, 3), "mul swaps"),
        ("max[ @x | @y ]", (3, -4), (1, 0), "max routes"),
        ("add[ @x | @x | @y ]", (3, -4), (2, 1), "copy adds"),
    ],
)
def test_item_29_the_rules_of_gates(
    text: str, given: tuple[int, int], expected: tuple[int, int], rule: str
) -> None:
    network = netdsl.parse(f"input x: 1\ninput y: 1\n{text}")
    found = network.backward(dict(zip("xy", given, strict=True)))
    assert derivatives(found, "x", "y") == list(expected)
    assert rule in str(found)


# --- 30 to 34: layers -----------------------------------------------------------------------------


def test_item_30_derivatives_of_layers_are_matrix_products() -> None:
    """a,b - c,d,e - f,g,h - z: delta_i = W_i^T delta-bar_{i+1}, Delta_i an outer product."""
    network = netdsl.parse("2 > fc-3(tanh) as v1 > fc-3(tanh) as v2 > linear-1 as z")
    x = np.array([0.5, -1.0])
    found = network.backward(x, seed=3)
    outputs = network.forward(x, seed=3)
    delta = np.array([1.0])
    for name, before in (("z", "v2"), ("v2", "v1"), ("v1", "input")):
        value, v = outputs.array(name).ravel(), outputs.array(before).ravel()
        bar = delta if name == "z" else (1 - value**2) * delta  # s'(v-bar) * delta
        np.testing.assert_allclose(found.by(name).weights["kernel"], np.outer(v, bar), atol=1e-12)
        np.testing.assert_allclose(found.by(name).weights["bias"], bar, atol=1e-12)
        slopes = network.matrix(name, seed=3).array  # rows are the layer above, as W_i has them
        delta = slopes.T @ bar
        np.testing.assert_allclose(found.by(before).derivative.ravel(), delta, atol=1e-12)


def test_item_31_derivatives_cost_a_small_multiple_of_the_values(out: Any) -> None:
    """Each weight is used once on the way forward, and twice on the way back."""
    text = "784 > fc-64 > fc-64 > softmax-10"
    total = netdsl.parse(text).counts
    assert total.macs == total.weights
    back = [node.weights["kernel"].size for node in _weighted_nodes(text)]
    assert sum(back) == total.weights


def _weighted_nodes(text: str) -> list[Any]:
    found = netdsl.parse(text).backward(np.ones(784))
    return [node for node in found.nodes if node.weights]


def test_item_32_the_chain_rule_of_logistics() -> None:
    found = netdsl.parse("1 > sigmoid as a > sigmoid as b").backward(2)
    a, b = (found.by(name).value.item() for name in ("a", "b"))
    assert (round(a, 4), round(b, 5)) == (0.8808, 0.70699)
    assert derivatives(found, "a") == pytest.approx([b * (1 - b)])
    assert derivatives(found, "input") == pytest.approx([b * (1 - b) * a * (1 - a)])


@pytest.mark.parametrize(("act", "low", "high"), [("sigmoid", 0, 1e-4), ("relu", 0.1, 10)])
def test_item_33_gradients_vanish_through_logistic_layers(
    act: str, low: float, high: float
) -> None:
    network = netdsl.parse(f"default fc({act}, init=he_normal)\n64 > fc-64 x10 > linear-1")
    x = np.random.default_rng(0).normal(size=(8, 64))
    found = network.backward(x, loss="squared", target=np.ones((8, 1)), seed=0)
    norms = [np.linalg.norm(node.weights["kernel"]) for node in found.nodes if node.weights]
    assert low <= norms[0] / norms[-1] <= high


def test_item_34_shared_weights_sum_and_a_maximum_routes() -> None:
    shared = netdsl.parse("4x1 > conv2-1(pad=0, init=[1, 0]) as y")
    x = np.array([1.0, 2, 3, 4])
    kernel = shared.backward(x).by("y").weights["kernel"].ravel()
    assert kernel.tolist() == [1 + 2 + 3, 2 + 3 + 4]  # over the three places of the window
    routed = netdsl.parse("4x4x1 > pool").backward("1 9 2 3; 4 5 8 7; 6 1 0 2; 3 2 4 1")
    winners = [[0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0]]
    assert routed.nodes[0].derivative[0, ..., 0].tolist() == winners
