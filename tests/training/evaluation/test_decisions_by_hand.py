"""What is chosen on a validation part, on a few numbers: no network is run."""

from __future__ import annotations

import dataclasses
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from netdsl.training.evaluation import decisions
from netdsl.training.evaluation.decisions import (
    _calibration,
    _counts,
    _threshold,
    _value,
    best_temperature,
    best_threshold,
    decide,
    log_loss,
)
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.recipes.recipe import Recipe
from netdsl.training.runs.decisions import COLDEST, HOTTEST

TWO = OutputTransform("two", (1,), "sigmoid", "binary", 2)
TWO_LOGITS = OutputTransform("two", (1,), "linear", "binary", 2)
PAIR = OutputTransform("pair", (2,), "linear", "cross-entropy", 2)
KINDS = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3)
TAGS = OutputTransform("tags", (2,), "sigmoid", "binary", 0)
SIZE = OutputTransform("size", (1,), "linear", "squared", 0)
MAPS = OutputTransform("map", (4, 2), "softmax", "cross-entropy", 2)


def test_log_losses() -> None:
    known = np.array([[[0.25, 0.75]], [[0.5, 0.5]]])
    assert log_loss(KINDS, np.array([[1], [0]]), known) == pytest.approx(
        -(math.log(0.75) + math.log(0.5)) / 2
    )
    tags = np.array([[[0.25, 0.75]]])
    assert log_loss(TAGS, np.array([[[0, 1]]]), tags) == pytest.approx(-math.log(0.75))
    assert log_loss(TAGS, np.array([[[1, 0]]]), tags) == pytest.approx(-math.log(0.25))
    none = log_loss(KINDS, np.array([[1]]), np.array([[[1.0, 0.0]]]))
    assert none == pytest.approx(-math.log(np.finfo(np.float64).tiny))


@pytest.mark.parametrize("best", [0.06, 0.5, 1.0, 2.0, 19.0])
def test_the_least_of_losses_is_found(best: float) -> None:
    asked: list[float] = []

    def loss(temperature: float) -> float:
        asked.append(temperature)
        return (math.log(temperature) - math.log(best)) ** 2

    assert best_temperature(loss) == pytest.approx(best, rel=1e-4)
    assert all(COLDEST < one < HOTTEST for one in asked)
    assert len(asked) == 62


def test_temperatures_end_at_the_edges() -> None:
    assert best_temperature(lambda temperature: temperature) == pytest.approx(COLDEST, rel=1e-4)
    assert best_temperature(lambda temperature: -temperature) == pytest.approx(HOTTEST, rel=1e-4)
    assert best_temperature(lambda temperature: 0.0) < 1, "of equal losses the lower temperature"


@pytest.mark.parametrize(
    ("known", "true", "asked", "threshold", "value"),
    [
        ([0.1, 0.3, 0.6], [0, 1, 1], "accuracy", 0.2, 1.0),
        ([0.1, 0.3, 0.6], [0, 1, 1], "f1", 0.2, 1.0),
        ([0.1, 0.3, 0.6], [0, 0, 1], "f1", 0.5, 1.0),
        ([0.6, 0.7, 0.9], [0, 1, 1], "balanced_accuracy", 0.65, 1.0),
        ([0.2, 0.2, 0.8], [0, 1, 1], "accuracy", 0.5, 2 / 3),
        ([0.1, 0.2, 0.3], [1, 1, 1], "accuracy", 0.05, 1.0),
        ([0.1, 0.2, 0.3], [1, 1, 0], "f1", 0.05, 0.8),
        ([0.6, 0.8], [0, 0], "accuracy", 0.9, 1.0),
        ([0.0, 1.0], [1, 0], "balanced_accuracy", 0.5, 0.0),
        ([0.1, 0.2, 0.3], [0, 0, 0], "accuracy", 0.5, 1.0),
        ([0.1, 0.2, 0.3], [0, 0, 0], "f1", 0.5, 0.0),
        ([0.9], [1], "f1", 0.5, 1.0),
        ([0.1], [1], "f1", 0.05, 1.0),
        ([0.1, 0.9, 0.9, 0.9], [1, 1, 0, 0], "balanced_accuracy", 0.95, 0.5),
    ],
)
def test_thresholds(
    known: list[float], true: list[int], asked: str, threshold: float, value: float
) -> None:
    found = best_threshold(np.array(known), np.array(true), asked)
    assert found == (pytest.approx(threshold), pytest.approx(value))


def test_thresholds_of_nothing() -> None:
    for known in ([], [math.nan, 0.5]):
        threshold, value = best_threshold(np.array(known), np.zeros(len(known)), "f1")
        assert threshold == 0.5
        assert math.isnan(value)


def test_figures_of_counts() -> None:
    counts = _counts(np.array([True, True, False, False]), np.array([1, 0, 1, 1]))
    assert counts == (1, 2, 3, 4)
    assert _value("f1", *counts) == pytest.approx(2 / 5)
    assert _value("accuracy", *counts) == pytest.approx(1 / 4)
    assert _value("balanced_accuracy", *counts) == pytest.approx((1 / 3 + 0) / 2)
    assert _value("f1", 0, 0, 0, 0) == 0
    assert _value("accuracy", 0, 0, 0, 0) == 0
    assert _value("balanced_accuracy", 2, 2, 2, 2) == pytest.approx(0.5)
    assert _value("balanced_accuracy", 0, 0, 0, 2) == pytest.approx(0.5)


def test_a_threshold_of_two_classes() -> None:
    y = np.array([0, 1, 1])
    values = np.array([[0.1], [0.3], [0.6]])
    assert _threshold(TWO, y, values, 0.3) == {"thresholds": [0.3]}
    found = _threshold(TWO, y, values, "accuracy")
    assert found == {
        "thresholds": [pytest.approx(0.2)],
        "for": "accuracy",
        "values": [pytest.approx(2 / 3), 1.0],
    }
    other = _threshold(dataclasses.replace(TWO, positive=0), y, values, "f1")
    assert other["thresholds"] == [pytest.approx(0.8)]
    assert other["values"] == [pytest.approx(2 / 3), 1.0]
    logits = np.log(np.array([[0.9, 0.1], [0.7, 0.3], [0.4, 0.6]]))
    assert _threshold(PAIR, y, logits, "accuracy")["thresholds"] == [pytest.approx(0.2)]


def test_a_threshold_for_each_tag() -> None:
    y = np.array([[0, 1], [1, 0], [1, 0]])
    values = np.array([[0.1, 0.9], [0.3, 0.6], [0.6, 0.7]])
    found = _threshold(TAGS, y, values, "f1")
    assert found["thresholds"] == pytest.approx([0.2, 0.8])
    assert found["values"] == [pytest.approx((2 / 3 + 1 / 2) / 2), 1.0]
    assert _threshold(TAGS, y, values, 0.25) == {"thresholds": [0.25, 0.25]}


def test_calibration() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(4000, 1))
    y = (rng.random(4000) < 1 / (1 + np.exp(-scores[:, 0]))).astype(int)
    found = _calibration(TWO_LOGITS, y, 3 * scores)
    assert found["temperature"] == pytest.approx(3, rel=0.1)
    before, after = found["log_loss"]
    assert after < before
    assert found["ece"][1] < found["ece"][0] / 2
    tags = _calibration(TAGS, np.array([[0, 1], [1, 0]]), np.array([[0.4, 0.6], [0.5, 0.5]]))
    assert "ece" not in tags
    assert tags["log_loss"][1] <= tags["log_loss"][0]


def test_what_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = (TWO_LOGITS, SIZE, MAPS, KINDS)
    y = (np.array([0, 1, 1]), np.zeros((3, 1)), np.zeros((3, 4), int), np.array([0, 1, 2]))
    given = (
        np.array([[-1.0], [1.0], [2.0]]),
        y[1],
        np.full((3, 4, 2), 0.5),
        np.full((3, 3), 1 / 3),
    )

    class Part:
        def __init__(self, rows: slice) -> None:
            self.y = tuple(one[rows] for one in y)

        def __len__(self) -> int:
            return len(self.y[0])

    def batches(rows: slice = slice(None)) -> Any:
        preparation = SimpleNamespace(outputs=outputs)
        return SimpleNamespace(preparation=preparation, part=Part(rows))

    # in two batches
    monkeypatch.setattr(
        decisions,
        "given_outputs",
        lambda model, batches: [
            (None, tuple(one[:2] for one in given)),
            (None, tuple(one[2:] for one in given)),
        ],
    )
    assert decide(None, batches(), Recipe()) == {}
    found = decide(None, batches(), Recipe(threshold=0.25))
    assert found == {"two": {"thresholds": [0.25]}}
    found = decide(None, batches(), Recipe(calibrate="temperature"))
    assert sorted(found) == ["kind", "two"]
    assert set(found["kind"]) == {"temperature", "log_loss", "ece"}
    both = decide(None, batches(), Recipe(threshold="f1", calibrate="temperature"))
    assert set(both["two"]) == {"temperature", "log_loss", "ece", "thresholds", "for", "values"}
    assert set(both["kind"]) == {"temperature", "log_loss", "ece"}
    alone = decide(None, batches(), Recipe(threshold="f1"))
    assert both["two"]["thresholds"] == alone["two"]["thresholds"] == [0.5]


def test_a_threshold_is_of_calibrated_probabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.array([[math.log(3)], [-math.log(3)], [math.log(2)], [math.log(4)]])
    y = (np.array([1, 0, 0, 1]),)

    class Part:
        def __init__(self) -> None:
            self.y = y

        def __len__(self) -> int:
            return 4

    batches: Any = SimpleNamespace(preparation=SimpleNamespace(outputs=(TWO_LOGITS,)), part=Part())
    monkeypatch.setattr(decisions, "given_outputs", lambda model, batches: [(None, (values,))])
    monkeypatch.setattr(decisions, "best_temperature", lambda loss: 0.5)
    found = decide(None, batches, Recipe(threshold="accuracy", calibrate="temperature"))["two"]
    # at the temperature 0.5 the odds 3 and 2 are 9 and 4: 0.9 and 0.8
    assert found["thresholds"] == [pytest.approx(0.85)]
    plain = decide(None, batches, Recipe(threshold="accuracy"))["two"]
    assert plain["thresholds"] == [pytest.approx((3 / 4 + 2 / 3) / 2)]
