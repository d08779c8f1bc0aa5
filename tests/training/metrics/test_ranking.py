"""AUC, average precision and calibration error against plain rules of their own."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdsl.training.metrics.answers import Answers
from netdsl.training.metrics.counters import Counter
from netdsl.training.metrics.definitions import (
    AUC,
    BALANCED_ACCURACY,
    ECE,
    F1,
    METRICS,
    PR_AUC,
    PRECISION,
    RECALL,
    asked_metric,
    metric_named,
    stopping_figure,
    top_accuracy,
)
from netdsl.training.metrics.ranking import (
    BINS,
    average_precision,
    bins_of,
    calibration_error,
    roc_auc,
)
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.recipes import recipe

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1)), min_size=1, max_size=30)
TWO = OutputTransform("y", (1,), "sigmoid", "binary", 2)


@given(PAIRS)
def test_auc_is_the_share_of_pairs_in_order(pairs: list[tuple[int, int]]) -> None:
    scores, true = np.array(pairs, float).T
    yes, no = scores[true == 1], scores[true == 0]
    found = roc_auc(np, scores, true)
    if not len(yes) or not len(no):
        assert math.isnan(found)
        return
    above = [1.0 if one > other else 0.5 if one == other else 0.0 for one in yes for other in no]
    assert found == pytest.approx(np.mean(above))


@given(PAIRS)
def test_average_precision_level_by_level(pairs: list[tuple[int, int]]) -> None:
    scores, true = np.array(pairs, float).T
    expected, before = 0.0, 0.0
    for level in sorted(set(scores), reverse=True):
        said = scores >= level
        reached = true[said].sum() / max(true.sum(), 1)
        expected += (reached - before) * true[said].mean()
        before = reached
    found = average_precision(np, scores, true)
    assert math.isnan(found) if not true.any() else found == pytest.approx(expected)


def test_of_several_classes_the_mean_of_each_against_the_others() -> None:
    output = OutputTransform("y", (3,), "linear", "cross-entropy", 3)
    rng = np.random.default_rng(0)
    y, values = rng.integers(0, 3, 50), rng.normal(size=(50, 3))
    counter = Counter(output, [AUC, PR_AUC])
    for rows in (slice(0, 20), slice(20, 50)):
        counter.update(y[rows], values[rows])
    known = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
    each = [roc_auc(np, known[:, at], y == at) for at in range(3)]
    assert counter.result(AUC) == pytest.approx(np.mean(each))
    assert counter.result(AUC) == counter.result(AUC)
    each = [average_precision(np, known[:, at], y == at) for at in range(3)]
    assert counter.result(PR_AUC) == pytest.approx(np.mean(each))


def test_calibration_error_by_hand() -> None:
    """Sure by 0.9 and right in 1 of 2; sure by 0.62 and always right."""
    counter = Counter(TWO, [ECE])
    counter.update(np.array([1, 0]), np.array([[0.9], [0.9]]))
    counter.update(np.array([0, 0]), np.array([[0.38], [0.38]]))
    assert counter.result(ECE) == pytest.approx((2 * 0.4 + 2 * 0.38) / 4)


def test_confidence_is_counted_in_fifteen_bins() -> None:
    """1 belongs to the last bin, NaN to the first."""
    sure = [1.0, 14.1 / 15, 13.9 / 15, 0.5, math.nan]
    scores = np.array([[[one, 0.0]] for one in sure])
    true = np.array([[0], [1], [0], [0], [1]])
    (bins,) = bins_of(np, Answers(true, true, scores, 2, 1))
    assert bins.shape == (3, BINS) == (3, 15)
    assert {place: int(count) for place, count in enumerate(bins[0]) if count} == {
        14: 2,
        13: 1,
        7: 1,
        0: 1,
    }
    assert (bins[2][14], bins[2][13], bins[2][0]) == (1, 1, 0)
    assert calibration_error(np, np.zeros((3, BINS))) == 0


@pytest.mark.parametrize(
    ("positive", "precision", "recall", "f1"), [(1, 1 / 3, 1 / 2, 2 / 5), (0, 1 / 2, 1 / 3, 2 / 5)]
)
def test_figures_of_two_classes_are_those_of_the_positive(
    positive: int, precision: float, recall: float, f1: float
) -> None:
    counter = Counter(replace(TWO, positive=positive), [PRECISION, RECALL, F1, BALANCED_ACCURACY])
    counter.update(np.array([1, 1, 0, 0, 0]), np.array([[0.9], [0.1], [0.8], [0.7], [0.2]]))
    found = [counter.result(metric) for metric in counter.metrics]
    assert found == pytest.approx([precision, recall, f1, (1 / 2 + 1 / 3) / 2])


@pytest.mark.parametrize("known", [0.2, 0.5, 0.8])
def test_a_threshold_is_a_probability(known: float) -> None:
    """The same answers of a sigmoid, of logits, and of a softmax of two."""
    threshold = 0.6
    logit = math.log(known / (1 - known))
    cases: list[tuple[Any, list[float]]] = [
        (OutputTransform("y", (1,), "sigmoid", "binary", 2), [known]),
        (OutputTransform("y", (1,), "linear", "binary", 2), [logit]),
        (OutputTransform("y", (2,), "softmax", "cross-entropy", 2), [1 - known, known]),
        (OutputTransform("y", (2,), "linear", "cross-entropy", 2), [0.0, logit]),
    ]
    for output, values in cases:
        read = output.decided({"thresholds": [threshold]})
        found = Counter(read, METRICS).update(np.array([1]), np.array([values]))
        assert int(found.given[0, 0]) == (known > threshold)


@pytest.mark.parametrize("temperature", [0.5, 2.0, 3.0])
def test_a_temperature_divides_logits(temperature: float) -> None:
    """The probabilities of a softmax and of its logits are the same at each temperature."""
    from netdsl.training.metrics.answers import category_scores, probabilities

    logits = np.random.default_rng(1).normal(size=(5, 3))
    known = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    pairs = [("linear", "cross-entropy", logits), ("softmax", "cross-entropy", known)]
    sure = [("linear", "binary", logits), ("sigmoid", "binary", 1 / (1 + np.exp(-logits)))]
    for group in (pairs, sure):
        found = []
        for activation, loss, values in group:
            output = OutputTransform("y", (3,), activation, loss, 3)
            output = output.decided({"temperature": temperature})
            found.append(probabilities(np, output, category_scores(np, output, values)))
        np.testing.assert_allclose(found[0], found[1])
    colder = np.exp(logits / temperature)
    output = OutputTransform("y", (3,), "softmax", "cross-entropy", 3)
    output = output.decided({"temperature": temperature})
    found = probabilities(np, output, category_scores(np, output, known))
    np.testing.assert_allclose(found[:, 0], colder / colder.sum(axis=1, keepdims=True))


# --- names ----------------------------------------------------------------------------------------


def test_recipes_know_every_metric() -> None:
    assert tuple(metric.name for metric in METRICS) == recipe.METRICS


def test_any_top_k() -> None:
    assert metric_named("top3_accuracy") == metric_named("main_top3_accuracy")
    output = OutputTransform("y", (4,), "softmax", "cross-entropy", 4)
    counter = Counter(output, [top_accuracy(3), top_accuracy(4)])
    counter.update(np.array([0, 3]), np.array([[0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]]))
    assert [metric.name for metric in counter.metrics] == ["top3_accuracy"]
    assert counter.result(counter.metrics[0]) == 0.5


def test_an_asked_metric_is_that_of_the_first_output_that_has_it() -> None:
    labels = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3)
    values = OutputTransform("price", (1,), "linear", "squared", 0)
    outputs = (values, labels)
    for name, figure in {
        "f1": "kind_f1",
        "kind_f1": "kind_f1",
        "r2": "price_r2",
        "loss": "loss",
    }.items():
        assert stopping_figure(outputs, name) == figure
    assert asked_metric(outputs, "price_f1") is None
    assert asked_metric((values,), "auc") is None
    assert stopping_figure((labels,), "auc") == "auc"
