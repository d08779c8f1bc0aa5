"""Losses and penalties by their definitions, on a few numbers."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from netdsl import parse
from netdsl.keras.quiet import quiet_keras

pytestmark = pytest.mark.keras

keras = quiet_keras()

from netdsl.training.metrics.losses import keras_loss, measured_loss  # noqa: E402
from netdsl.training.metrics.penalties import (  # noqa: E402
    ElasticNet,
    SoftThreshold,
    adds_to_loss,
    follow_rate,
    kernels,
    penalise,
    zeros,
)
from netdsl.training.preparation.outputs import OutputTransform  # noqa: E402
from netdsl.training.recipes.recipe import Penalty  # noqa: E402


def output(shape: Any, activation: str, loss: str, classes: int, **more: Any) -> OutputTransform:
    return OutputTransform("y", shape, activation, loss, classes, **more)


SOFTMAX = output((2,), "softmax", "cross-entropy", 2)
LOGITS = output((2,), "linear", "cross-entropy", 2)
SIGMOID = output((1,), "sigmoid", "binary", 2)
SCORE = output((1,), "linear", "binary", 2)
HINGE = output((1,), "linear", "hinge", 2)
HINGES = output((3,), "linear", "hinge", 3)
SQUARED = output((2,), "linear", "squared", 0)
ABSOLUTE = output((2,), "linear", "absolute", 0)
RULE = output((1,), "linear", "perceptron", 2)
LOG4 = math.log(4)


@pytest.mark.parametrize(
    ("made", "y", "values", "expected"),
    [
        (SOFTMAX, [1], [[0.75, 0.25]], LOG4),
        (LOGITS, [1], [[math.log(3), 0.0]], LOG4),
        (SIGMOID, [[1.0]], [[0.25]], LOG4),
        (SIGMOID, [[0.0]], [[0.75]], LOG4),
        (SCORE, [[1.0]], [[-math.log(3)]], LOG4),
        (HINGE, [[1.0]], [[0.25]], 0.75),
        (HINGE, [[0.0]], [[0.25]], 1.25),
        (HINGE, [[1.0]], [[2.0]], 0.0),
        (HINGES, [[0.0, 1.0, 0.0]], [[0.5, 0.25, 0.0]], 1.25),
        (SQUARED, [[1.0, 2.0]], [[2.0, 4.0]], 2.5),
        (ABSOLUTE, [[1.0, 2.0]], [[2.0, 4.0]], 1.5),
        (RULE, [[1.0], [0.0]], [[-0.5], [-2.0]], 0.5),
        (RULE, [[1.0], [0.0]], [[0.5], [2.0]], 0.5),
        (RULE, [[1.0], [0.0]], [[0.0], [0.0]], 0.5),
    ],
)
def test_losses(made: OutputTransform, y: Any, values: Any, expected: float) -> None:
    given = np.array(values, np.float32)
    targets = np.array(y, np.int32 if made.loss == "cross-entropy" else np.float32)
    assert float(keras_loss(made)(targets, given)) == pytest.approx(expected, abs=1e-5)
    assert float(measured_loss(made)(targets, given)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("reduce", "factor"), [("mean", 1.0), ("sum", 2.0), ("half", 1.0)])
def test_sums_of_losses(reduce: str, factor: float) -> None:
    y, values = np.array([[1.0, 2.0]], np.float32), np.array([[2.0, 4.0]], np.float32)
    for loss, mean in (("squared", 2.5), ("absolute", 1.5)):
        made = output((2,), "linear", loss, 0, reduce=reduce)
        assert float(keras_loss(made)(y, values)) == pytest.approx(factor * mean)
    three = output((3,), "linear", "squared", 0, reduce="half")
    found = keras_loss(three)(np.zeros((1, 3), np.float32), np.ones((1, 3), np.float32))
    assert float(found) == pytest.approx(1.5)


def test_shares_of_classes() -> None:
    shares, values = np.array([[0.5, 0.5]], np.float32), np.array([[0.75, 0.25]], np.float32)
    expected = -0.5 * (math.log(0.75) + math.log(0.25))
    assert float(keras_loss(SOFTMAX, soft=True)(shares, values)) == pytest.approx(
        expected, rel=1e-5
    )
    logits = np.array([[math.log(3), 0.0]], np.float32)
    assert float(keras_loss(LOGITS, soft=True)(shares, logits)) == pytest.approx(expected, rel=1e-5)


def test_a_loss_at_a_temperature() -> None:
    made = output((2,), "linear", "cross-entropy", 2, temperature=2.0)
    y, values = np.array([1], np.int32), np.array([[2 * math.log(3), 0.0]], np.float32)
    assert float(measured_loss(made)(y, values)) == pytest.approx(LOG4, rel=1e-5)
    assert float(keras_loss(made)(y, values)) == pytest.approx(math.log(10), rel=1e-5)


def test_pixels_in_a_row() -> None:
    maps = output((2, 2, 3), "softmax", "cross-entropy", 3)
    y = np.array([[[0, 1], [2, 0]]], np.int32)
    values = np.full((1, 2, 2, 3), 0.25, np.float32)
    values[0, 0, 0] = [0.5, 0.25, 0.25]
    shares = values / values.sum(axis=-1, keepdims=True)
    expected = -np.log([shares[0, at // 2, at % 2, y.reshape(-1)[at]] for at in range(4)]).mean()
    assert float(keras_loss(maps)(y, shares)) == pytest.approx(expected, rel=1e-5)


# --- penalties ------------------------------------------------------------------------------------

WEIGHT = np.array([[1.0, -2.0]], np.float32)


@pytest.mark.parametrize(
    ("l1", "l2", "expected"), [(0.5, 0.0, 1.5), (0.0, 0.5, 1.25), (0.5, 0.5, 2.75), (0.0, 0.0, 0.0)]
)
def test_the_elastic_net(l1: float, l2: float, expected: float) -> None:
    for proximal in (False, True):
        assert float(ElasticNet(l1, l2, proximal)(WEIGHT)) == pytest.approx(expected)


def test_a_soft_threshold() -> None:
    weight = keras.ops.convert_to_tensor([1.0, -2.0, 0.25, -0.5])
    constraint = SoftThreshold(5.0, None)
    constraint.optimizer = SimpleNamespace(learning_rate=0.1)
    found = np.asarray(constraint(weight))
    assert found.tolist() == [0.5, -1.5, 0.0, 0.0]
    then = SoftThreshold(5.0, lambda weight: 2 * weight)
    then.optimizer = constraint.optimizer
    assert np.asarray(then(weight)).tolist() == [1.0, -3.0, 0.0, 0.0]


def made(text: str) -> Any:
    network = parse(text)
    return network.keras(seed=0), network.graph


@pytest.mark.parametrize(
    ("penalty", "regularised", "constrained"),
    [
        (Penalty(), False, False),
        (Penalty(l1=0.0), False, False),
        (Penalty(l1=0.1), True, False),
        (Penalty(l2=0.1), True, False),
        (Penalty(max_norm=1.0), False, True),
        (Penalty(l1=0.1, max_norm=1.0), True, True),
        (Penalty(l1=0.1, proximal=True), True, True),
    ],
)
def test_what_penalties_are_put_on(penalty: Any, regularised: bool, constrained: bool) -> None:
    model, graph = made("4 > fc-3(bn, relu) > fc-2")
    penalise(model, graph, penalty)
    found = kernels(model, graph)
    assert len(found) == 2
    for weight in model.trainable_weights:
        kernel = any(weight is one for one in found)
        assert (weight.regularizer is not None) is (kernel and regularised)
        assert (weight.constraint is not None) is (kernel and constrained)
    assert adds_to_loss(model) is regularised
    if penalty.max_norm:
        assert list(found[0].constraint.axis) == [0]
    if penalty.proximal:
        optimizer: Any = object()
        follow_rate(model, optimizer)
        assert found[0].constraint.optimizer is optimizer
        assert found[0].constraint.then is None


def test_penalties_are_added_to_those_of_the_network() -> None:
    model, graph = made("2 > fc-1")
    (weight,) = kernels(model, graph)
    weight.assign(np.array([[1.0], [-2.0]]))
    weight.regularizer = lambda value: 10.0
    penalise(model, graph, Penalty(l1=0.5, l2=0.5, max_norm=1.0, proximal=True))
    assert float(weight.regularizer(weight.value)) == pytest.approx(12.75)
    assert isinstance(weight.constraint, SoftThreshold)
    assert isinstance(weight.constraint.then, keras.constraints.MaxNorm)


def test_zeros_are_counted() -> None:
    model, graph = made("2 > fc-2 > fc-1")
    first, second = kernels(model, graph)
    first.assign(np.array([[0.0, 1.0], [0.0, 1e-30]]))
    second.assign(np.array([[1.0], [2.0]]))
    assert zeros(model, graph) == {
        first.path: {"zeros": 2, "weights": 4},
        second.path: {"zeros": 0, "weights": 2},
    }


@pytest.mark.parametrize(
    ("text", "adds"), [("4 > fc-2", False), ("4 > [ fc-2 as a | fc-2 as b ] > fc-1", False)]
)
def test_what_adds_to_a_loss(text: str, adds: bool) -> None:
    assert adds_to_loss(made(text)[0]) is adds


def test_layers_that_draw_add_to_a_loss() -> None:
    model, _ = made("4 > gaussian[ fc-2 | fc-2 ] > fc-4")
    assert adds_to_loss(model)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("8x4 > lstm-2 > fc-1", 3),
        ("8 of int(5) > embed-3 > flatten > fc-1", 2),
        ("8x8x2 > conv3-2 > ln > gap > fc-1", 2),
        ("8x4 > attention(heads=2) > gap", 4),
    ],
)
def test_what_kernels_are(text: str, count: int) -> None:
    assert len(kernels(*made(text))) == count
