"""The lectures' items 1 to 15: perceptrons, layers of them, activations, losses."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from support.commands import answered, printed

import netdsl
from netdsl.analysis.forward import initial_weights
from netdsl.keras.quiet import quiet_keras
from netdsl.training.data import load_data
from netdsl.training.evaluation.plane import plane
from netdsl.training.recipes.recipe import DataSpec, Recipe
from netdsl.training.reporting.plane_picture import errors_of

pytestmark = pytest.mark.keras

quiet_keras()

IMAGE = "{http://www.w3.org/2000/svg}image"


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Any:
    return capsys.readouterr


def trained(text: str, where: Path, **keys: Any) -> netdsl.Run:
    return netdsl.parse(text, name="toy").train(where=where, quiet=True, **keys)


@pytest.fixture(scope="module")
def xor(tmp_path_factory: pytest.TempPathFactory) -> netdsl.Run:
    where = tmp_path_factory.mktemp("xor")
    keys = {"data": "xor", "optimizer": {"name": "gd", "rate": 1}, "epochs": 150}
    return trained("2 > fc-4(tanh) > sigmoid-1", where, loss="binary", **keys)


def last(out: Any, command: str) -> list[float]:
    """Return the numbers of the last layer for a single example."""
    values = answered(out, f"forward {command}")["layers"][-1]["values"]
    return np.asarray(values).reshape(-1).tolist()  # type: ignore[no-any-return]


def test_item_01_rosenblatts_perceptron_of_20x20_sensors(out: Any, tmp_path: Path) -> None:
    assert "401 params" in printed(out, 'check "20x20x1 > step-1"')
    rows, columns = np.indices((20, 20))
    letters = [np.abs(rows - columns) < 2, np.abs(rows - 10) < 2]  # a stroke across, and a bar
    rng = np.random.default_rng(0)
    x = np.stack([letters[at % 2] ^ (rng.random((20, 20)) < 0.1) for at in range(12)])
    data = (x.astype(np.float32), np.arange(12) % 2)
    run = trained(
        "20x20x1 > fc-64(step) > step-1", tmp_path, data=data, epochs=5, early_stopping=False
    )
    # the connections to the association units are random and stay as they are
    network = netdsl.parse("20x20x1 > fc-64(step) > step-1", name="toy")
    assert (run.model.get_weights()[0] == network.keras(seed=0).get_weights()[0]).all()
    assert run.history[-1]["accuracy"] == 1.0


def test_item_02_a_unit_answers_1_above_0(out: Any) -> None:
    unit = '"2 > step-1(init=[1, 1], bias_init=[-1])"'
    assert [last(out, f'{unit} "{x}"') for x in ("1 1", "1 0", "0 0")] == [[1], [0], [0]]


def test_item_03_a_perceptron_learns_and_but_not_xor(tmp_path: Path) -> None:
    run = trained("2 > step-1", tmp_path, data="and", epochs=10)
    assert run.validation["accuracy"] == 1.0
    run = trained("2 > step-1", tmp_path, data="xor", epochs=10)
    assert max(row["accuracy"] for row in run.history) <= 0.75
    keys = {"optimizer": {"name": "gd", "rate": 1}, "epochs": 150}
    run = trained("2 > sigmoid-1", tmp_path, data="xor", **keys)
    assert run.history[-1]["loss"] == pytest.approx(math.log(2), abs=1e-3)
    assert 'stroke="#222" stroke-width="1.5"' in run.plane().svg  # the line is drawn


def test_item_04_a_multilayer_perceptron_learns_xor(xor: netdsl.Run) -> None:
    assert xor.validation["accuracy"] == 1.0
    assert xor.evaluate()["accuracy"] == 1.0


def test_item_05_hidden_units_are_half_planes(xor: netdsl.Run) -> None:
    (layer,) = xor.plane().plane.layers
    assert layer.total == 4
    for unit in layer.units:
        gradient = np.stack(np.gradient(np.arctanh(np.clip(unit, -0.999, 0.999))))
        inside = np.abs(unit[1:-1, 1:-1]) < 0.99
        slopes = gradient[:, 1:-1, 1:-1][:, inside]
        assert slopes.std(axis=1) == pytest.approx([0, 0], abs=1e-3)
    root = ElementTree.fromstring(xor.plane().svg)
    assert len(list(root.iter(IMAGE))) == 5  # the surface, and a small one a unit


def test_item_06_a_playground_of_small_networks(tmp_path: Path) -> None:
    keys = {"optimizer": {"rate": 0.05}, "epochs": 15, "early_stopping": False}
    run = trained("2 > fc-8(tanh) > sigmoid-1", tmp_path, data="circle", **keys)
    assert run.test["accuracy"] > 0.95
    plane = run.plane().plane
    middle, corner = plane.values[40, 40], plane.values[0, 0]
    assert middle[1] > 0.5 > corner[1]


def test_item_07_a_grid_of_pixels_with_their_values(out: Any, tmp_path: Path) -> None:
    assert "28x28x1 to 784" in printed(out, 'check "28x28x1 > flatten"')
    digit = np.round(np.linspace(0, 1, 64).reshape(8, 8), 2)
    np.save(tmp_path / "digit.npy", digit)
    rows = printed(out, f"forward '8x8x1 > flatten' {tmp_path}/digit.npy --at input").splitlines()
    assert [[float(each) for each in row.split()] for row in rows[1:9]] == digit.tolist()
    assert netdsl.training.data.NAMES["mnist"] == tuple("0123456789")


def test_item_08_a_forward_pass(out: Any) -> None:
    layer = "init=[[1, -2], [0.5, 1]], bias_init=[0.5, -1]"
    x, kernel, bias = np.array([2.0, 1.0]), np.array([[1, -2], [0.5, 1]]), np.array([0.5, -1])
    sums = kernel @ x + bias
    assert last(out, f'"2 > fc-2(linear, {layer})" "2 1"') == pytest.approx(sums)
    found = last(out, f'"2 > fc-2(sigmoid, {layer})" "2 1"')
    assert found == pytest.approx(1 / (1 + np.exp(-sums)))
    assert last(out, f'"2 > fc-2(relu, {layer})" "2 1"') == pytest.approx(np.maximum(sums, 0))


def test_item_09_784_16_16_10(out: Any) -> None:
    text = printed(out, 'check "784 > fc-16(sigmoid) x2 > sigmoid-10"')
    assert "13,002 params" in text
    assert 784 * 16 + 16 * 16 + 16 * 10 + 16 + 16 + 10 == 13002


IDENTITY = '"2 > fc-2(linear, init=[[1, 0], [0, 1]], bias=no)"'


def test_item_10_the_squared_loss_of_one_hot_targets(out: Any) -> None:
    command = f'backward {IDENTITY} "0.8 0.3" --target "1 0"'
    assert answered(out, f"{command} --loss squared")["value"] == pytest.approx(0.04 + 0.09)
    assert answered(out, f"{command} --loss half-squared")["value"] == pytest.approx(0.065)


def test_item_11_the_logistic_function_is_a_softmax_of_two(out: Any) -> None:
    one, other = last(out, '"2 > softmax" "1.5 0.3"')
    assert [one] == pytest.approx(last(out, '"1 > sigmoid" 1.2'))
    assert one + other == pytest.approx(1)
    command = f'backward {IDENTITY} "1.5 0.3" --loss cross-entropy --target 0'
    assert answered(out, command)["value"] == pytest.approx(-math.log(one))


def test_item_12_losses_and_their_derivatives(out: Any) -> None:
    unit = '"1 > fc-1(linear, init=1, bias=no)"'
    found = answered(out, f"backward {unit} 0.8 --loss half-squared --target 0.5")
    assert found["value"] == pytest.approx(0.045)
    assert derivative(found) == pytest.approx(0.3)  # y - y*
    y, true = 0.8, 1.0
    found = answered(out, f"backward '1 > sigmoid' {math.log(4)} --loss binary --target 1")
    assert found["value"] == pytest.approx(-math.log(y))
    # the slide lacks the minus: dJ/dy = -y*/y + (1 - y*)/(1 - y), and dy/dz = y(1 - y)
    assert derivative(found) == pytest.approx((-true / y + (1 - true) / (1 - y)) * y * (1 - y))


def derivative(found: dict[str, Any]) -> float:
    """Return the derivative by the input."""
    return float(np.asarray(found["nodes"][0]["derivative"]).reshape(-1)[0])


def test_item_13_a_hidden_layer_approximates_a_function(tmp_path: Path) -> None:
    units = "tanh, init=uniform(10), bias_init=uniform(10)"
    keys = {"optimizer": {"rate": 0.02}, "schedule": "cosine", "early_stopping": False}
    errors = []
    for width in (4, 64):
        text = f"1 > fc-{width}({units}) > linear-1"
        run = trained(text, tmp_path, data="sin(3*pi*x)", epochs=80, **keys)
        errors.append(errors_of(run.plane().plane)[0])
    assert errors[1] < 0.05 < errors[0]


def test_item_14_depth_makes_a_sawtooth(out: Any) -> None:
    """Telgarsky's: a tent of two units, k times, has 2^(k - 1) teeth."""
    tent = "fc-2(relu, init=[2, 4], bias_init=[0, -2]) > fc-1(linear, init=[1, -1], bias=no)"
    for depth in (1, 3, 5):
        network = netdsl.parse(f"1 > ({tent}) x{depth}")
        spec = DataSpec(function=f"1 - abs(2*({2 ** (depth - 1)}*x % 1) - 1)", range=(0.0, 1.0))
        data = load_data(Recipe(data=spec), network)
        weights, _ = initial_weights(np, network.graph)
        assert errors_of(plane(network, weights, data)) == pytest.approx((0, 0), abs=1e-5)


def test_item_15_weights_between_layers_are_inputs_times_outputs(out: Any, tmp_path: Path) -> None:
    file = tmp_path / "width.net"
    file.write_text("param width = 16\ninput 8 > fc-{width}(bias=no) > fc-3(bias=no) > softmax\n")
    for width in (16, 32):
        text = printed(out, f"check {file} -p width={width}")
        assert f"{8 * width + width * 3} params" in text
