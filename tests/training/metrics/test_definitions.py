"""Each metric against its definition computed by hand, for every loss, activation and kind of
target. No framework is imported here.
"""

from __future__ import annotations

import math
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.outputs import CASES, Case

from netdsl.training.metrics.answers import Answers
from netdsl.training.metrics.counters import Confusion, Counter
from netdsl.training.metrics.definitions import (
    ABSOLUTE_ERROR,
    ACCURACY,
    BALANCED_ACCURACY,
    F1,
    MACRO_F1,
    METRICS,
    PRECISION,
    R2,
    RECALL,
    RMSE,
    TOP5_ACCURACY,
    Metric,
    figure_names,
    higher_is_better,
    iou,
    is_share,
    mean,
    mean_of,
    metric_named,
    stopping_figure,
    training_metric,
)
from netdsl.training.preparation.outputs import LABELS, TAGS, VALUES, OutputTransform


def counted(case: Case, y: Any, values: Any, batches: Sequence[int] = ()) -> Counter:
    """A counter of all metrics, over batches that end before these rows."""
    counter = Counter(case.output, METRICS)
    for rows in np.split(np.arange(len(y)), list(batches)):
        if len(rows):
            counter.update(y[rows], values[rows])
    return counter


# --- which, and their values ----------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_output_has_the_metrics_of_its_task(case: Case) -> None:
    assert case.output.task == case.task
    has = {metric.name for metric in METRICS if metric.has(case.output)}
    of_classes = {"accuracy", "macro_f1", "f1", "precision", "recall"}
    if len(case.output.shape) == 1:
        of_classes |= {"auc", "pr_auc"}
    of_labels = of_classes | {"balanced_accuracy"}
    of_labels |= {"top5_accuracy"} if case.output.categories > 5 else set()
    of_labels |= {"ece"} if case.output.loss in ("cross-entropy", "binary") else set()
    of_values = {"absolute_error", "rmse", "r2"}
    assert has == {LABELS: of_labels, TAGS: of_classes, VALUES: of_values}[case.task]
    expected = ABSOLUTE_ERROR if case.task == VALUES else ACCURACY
    assert training_metric(case.output) is expected


@pytest.mark.parametrize(("classes", "ranked"), [(100, True), (101, False)])
def test_scores_of_at_most_a_hundred_classes_are_ranked(classes: int, ranked: bool) -> None:
    output = OutputTransform("y", (classes,), "softmax", "cross-entropy", classes)
    assert [metric.has(output) for metric in METRICS if metric.ranks] == [ranked] * 2


@pytest.mark.parametrize(
    ("fact", "names"),
    [
        (lambda metric: not metric.higher, {"absolute_error", "rmse", "ece"}),
        (lambda metric: not metric.share, {"absolute_error", "rmse", "r2"}),
        (lambda metric: metric.power == 1, {"absolute_error", "rmse"}),
        (lambda metric: metric.power not in (0, 1), set()),
        (lambda metric: not metric.streams, {"auc", "pr_auc", "ece"}),
        (lambda metric: higher_is_better(metric.name) != metric.higher, set()),
        (lambda metric: is_share(metric.name) != metric.share, set()),
    ],
)
def test_directions_and_units(fact: Callable[[Metric], bool], names: set[str]) -> None:
    assert {metric.name for metric in METRICS if fact(metric)} == names


def test_a_loss_is_neither_a_share_nor_better_when_higher() -> None:
    assert not is_share("main_loss")
    assert not higher_is_better("loss")


def test_figures_of_several_outputs_have_their_names() -> None:
    one, other = (
        OutputTransform("price", (1,), "linear", "squared", 0),
        OutputTransform("kind", (3,), "softmax", "cross-entropy", 3),
    )
    assert figure_names([one]) == ["absolute_error"]
    assert figure_names([one, other]) == ["price_absolute_error", "kind_accuracy"]
    assert stopping_figure([one, other], None) == stopping_figure([one, other], "loss") == "loss"


@pytest.mark.parametrize(
    ("numbers", "counters"),
    [
        ([1.0, 0.0, 1.0], (2.0, 3)),
        ([[1.0], [0.0], [1.0]], (2.0, 3)),
        ([[1.0, 0.0], [1.0, 1.0]], (1.5, 2)),
        ([[[1.0, 0.0], [0.0, 0.0]]], (0.25, 1)),
    ],
)
def test_a_mean_counts_examples_by_their_own_means(numbers: Any, counters: Any) -> None:
    """So that a sum in single precision stays exact, however many positions an example has."""
    sums = mean_of(lambda xp, answers: np.array(numbers))
    assert sums(np, Answers(0, 0, 0, 0, 1)) == counters
    assert mean(np, counters) == counters[0] / counters[1]
    assert mean(np, (0.0, 0)) == 0


@pytest.mark.parametrize("case", [case for case in CASES if case.task != VALUES], ids=str)
def test_accuracy_and_f1_by_hand(case: Case) -> None:
    y, values = case.sample(60)
    counter = counted(case, y, values, (7, 40))
    true, said = case.true(y), case.said(values)
    assert counter.result(ACCURACY) == pytest.approx((true == said).mean())
    scores, precisions, recalls, overlaps = [], [], [], []
    for category in range(case.output.categories):
        if case.task == TAGS:
            mine, named = true[..., category] == 1, said[..., category] == 1
        else:
            mine, named = true == category, said == category
        support, answered, right = mine.sum(), named.sum(), (mine & named).sum()
        assert [int(one[category]) for one in counter.class_counts] == [support, answered, right]
        if support + answered:
            scores.append(2 * right / (support + answered))
        precisions.append(right / answered)
        recalls.append(right / support)
        overlaps.append(right / (mine | named).sum())
    assert counter.result(MACRO_F1) == pytest.approx(np.mean(scores))
    assert list(iou(np, counter.class_counts)) == pytest.approx(overlaps)
    # Of two classes that of the second alone.
    asked = slice(1, 2) if case.task == LABELS and case.output.categories == 2 else slice(None)
    for metric, each in ((F1, scores), (PRECISION, precisions), (RECALL, recalls)):
        assert counter.result(metric) == pytest.approx(np.mean(each[asked]))
    if case.task == LABELS:
        assert counter.result(BALANCED_ACCURACY) == pytest.approx(np.mean(recalls))


@pytest.mark.parametrize("case", [case for case in CASES if case.task == VALUES], ids=str)
def test_errors_by_hand(case: Case) -> None:
    y, values = case.sample(60)
    counter = counted(case, y, values, (7, 40))
    errors = case.said(values) - y.reshape(60, *case.output.shape)
    assert counter.result(ABSOLUTE_ERROR) == pytest.approx(np.abs(errors).mean())
    assert counter.result(RMSE) == pytest.approx(math.sqrt((errors**2).mean()))
    spread = ((y - y.mean(axis=0)) ** 2).sum()
    assert counter.result(R2) == pytest.approx(1 - (errors**2).sum() / spread)


def test_the_same_run_had_three_answers() -> None:
    """A binary loss of shares after a linear output: its logits are read as probabilities
    everywhere, and the shares are values, neither right nor wrong.
    """
    output = OutputTransform("y", (1,), "linear", "binary", 0, soft=True)
    counter = Counter(output, METRICS)
    y = np.array([0.25, 0.5, 0.75, 1.0])
    counter.update(y, np.log([[1.0], [1.0], [3.0], [3.0]]))  # 0.5, 0.5, 0.75, 0.75
    assert {metric.name for metric in counter.metrics} == {"absolute_error", "rmse", "r2"}
    assert counter.result(ABSOLUTE_ERROR) == pytest.approx(0.125)
    assert counter.result(RMSE) == pytest.approx(math.sqrt(0.125 / 4))
    assert counter.result(R2) == pytest.approx(1 - 0.125 / 0.3125)


# --- classes --------------------------------------------------------------------------------------

FOUR = OutputTransform("y", (4,), "softmax", "cross-entropy", 4)


def test_a_class_that_is_absent() -> None:
    """One that is answered nonetheless has an F1 of 0; one that is not is left out of the mean, as
    scikit-learn has it: f1_score([0, 0, 1], [0, 2, 1], average="macro") is 0.5555...
    """
    counter = Counter(FOUR, METRICS)
    counter.update(np.array([0, 0, 1]), np.eye(4)[[0, 2, 1]])
    assert counter.result(MACRO_F1) == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert counter.result(ACCURACY) == pytest.approx(2 / 3)


def test_one_example() -> None:
    counter = Counter(FOUR, METRICS)
    counter.update(np.array([3]), np.eye(4)[[3]])
    assert (counter.result(ACCURACY), counter.result(MACRO_F1)) == (1.0, 1.0)
    single = Counter(OutputTransform("y", (1,), "linear", "squared", 0), METRICS)
    single.update(np.array([2.0]), np.array([[2.5]]))
    assert single.result(ABSOLUTE_ERROR) == single.result(RMSE) == 0.5
    assert math.isnan(single.result(R2))


@pytest.mark.parametrize(
    ("y", "scores", "right"),
    [
        ([0], [6, 5, 4, 3, 2, 1, 0], 1),
        ([4], [6, 5, 4, 3, 2, 1, 0], 1),
        ([5], [6, 5, 4, 3, 2, 1, 0], 0),
        ([6], [6, 5, 4, 3, 2, 1, 9], 1),
        ([4], [0] * 7, 1),  # of equal scores the first come first
        ([5], [0] * 7, 0),
        ([0], [-1e30, -2e30, -3e30, -4e30, -5e30, -6e30, -7e30], 1),
        ([0], [math.nan] * 7, 0),
        ([1], [math.nan, 1, 1, 1, 1, 1, 1], 1),
    ],
)
def test_the_five_likeliest_classes(y: list[int], scores: list[float], right: int) -> None:
    output = OutputTransform("y", (7,), "linear", "cross-entropy", 7)
    counter = Counter(output, [TOP5_ACCURACY])
    counter.update(np.array(y), np.array([scores]))
    assert counter.result(TOP5_ACCURACY) == right


@given(st.integers(2, 6), st.data())
def test_the_confusion_is_what_plain_counting_finds(classes: int, data: st.DataObject) -> None:
    label = st.integers(0, classes - 1)
    pairs = data.draw(st.lists(st.tuples(label, label), min_size=1, max_size=30))
    cut = data.draw(st.integers(0, len(pairs)))
    confusion = Confusion(classes)
    for some in filter(None, (pairs[:cut], pairs[cut:])):
        confusion.update(*np.array(some).T)
    found = Tally(pairs)
    matrix = confusion.matrix()
    assert all(matrix[pair] == found[pair] for pair in np.ndindex(classes, classes))
    wrong = [(*pair, count) for pair, count in found.items() if pair[0] != pair[1]]
    assert confusion.mistakes(3) == sorted(wrong, key=lambda one: (-one[2], one[0], one[1]))[:3]


def test_the_confusion_of_many_classes() -> None:
    confusion = Confusion(5_000)
    confusion.update(np.array([4_999, 7, 7]), np.array([0, 7, 8]))
    confusion.update(np.array([4_999]), np.array([0]))
    assert confusion.mistakes(5) == [(4_999, 0, 2), (7, 8, 1)]


# --- batches --------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.sampled_from(CASES), st.lists(st.integers(0, 20), max_size=4), st.integers(0, 1000))
def test_batches_do_not_matter(case: Case, cuts: list[int], seed: int) -> None:
    y, values = case.sample(20, seed)
    whole, parts = counted(case, y, values), counted(case, y, values, sorted(cuts))
    for metric in whole.metrics:
        expected = whole.result(metric)
        assert parts.result(metric) == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_values_far_from_0_lose_no_digits() -> None:
    """R2 does not depend on where the values are."""
    output = OutputTransform("y", (1,), "linear", "squared", 0)
    noise = np.random.default_rng(0).normal(size=(2, 50))
    found = []
    for offset in (0.0, 1e7):
        counter = Counter(output, [R2])
        for rows in (slice(0, 20), slice(20, 50)):
            y = noise[0, rows] + offset
            counter.update(y, (y + 0.5 * noise[1, rows])[:, None])
        found.append(counter.result(R2))
    assert found[1] == pytest.approx(found[0], rel=1e-6)


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("loss", None),
        ("main_loss", None),
        ("accuracy", ACCURACY),
        ("main_accuracy", ACCURACY),
        ("top5_accuracy", TOP5_ACCURACY),
        ("price_absolute_error", ABSOLUTE_ERROR),
        ("inaccuracy", None),
    ],
)
def test_figures_are_known_by_their_names(name: str, metric: Any) -> None:
    assert metric_named(name) is metric


def test_each_metric_is_named_once() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
