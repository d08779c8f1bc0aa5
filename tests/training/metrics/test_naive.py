"""The simplest answer, the most frequent class or the mean of the training part, is measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from netdsl.training.data.parts import Examples, RowKeys
from netdsl.training.metrics.naive import (
    baseline_text,
    baseline_warning,
    is_baseline,
    mean_baseline,
    naive_baseline,
)
from netdsl.training.preparation.outputs import OutputTransform


def examples(y: Any) -> Examples:
    y = np.asarray(y)
    return Examples((np.zeros((len(y), 3)),), (y,), "training")


def output(shape: tuple[int, ...], loss: str, classes: int = 0, **more: Any) -> OutputTransform:
    return OutputTransform("y", shape, "linear", loss, classes, **more)


@pytest.mark.parametrize(
    ("made", "train", "part", "answer", "figure", "value"),
    [
        (
            output((2,), "cross-entropy", 2, names=("No", "Yes")),
            [0, 0, 1],
            [0, 1, 1, 1],
            "No",
            "accuracy",
            0.25,
        ),
        (output((1,), "binary", 2), [1, 1, 0], [1, 0], "1", "accuracy", 0.5),
        (output((1,), "binary"), [[0.0], [0.0], [1.0]], [[0.0], [1.0]], "0", "accuracy", 0.5),
        (output((1,), "hinge", 2), [1, 1, 0], [1, 1, 0, 0], "1", "accuracy", 0.5),
        (
            output((2, 2, 3), "cross-entropy", 3),
            [[[2, 2], [0, 1]]],
            [[[2, 2], [2, 1]], [[0, 0], [0, 0]]],
            "2",
            "accuracy",
            0.375,
        ),
        (
            output((1,), "squared", centre=10.0, spread=5.0),
            [[0.0], [20.0]],
            [[13.0], [6.0]],
            "the mean",
            "absolute_error",
            3.5,
        ),
        (
            output((2,), "absolute"),
            [[0.0, 1.0], [2.0, 3.0]],
            [[1.0, 4.0]],
            "the mean",
            "absolute_error",
            1.0,
        ),
    ],
)
def test_the_simplest_answer_is_measured_in_the_figure_of_the_training(
    made: OutputTransform, train: Any, part: Any, answer: str, figure: str, value: float
) -> None:
    found = naive_baseline(examples(train), examples(part), [made])
    assert found == {"answer": answer, "figure": figure, "value": pytest.approx(value)}
    assert is_baseline(found)


def series(y: Any, times: Any) -> Examples:
    keys = RowKeys(np.arange(len(y)), "row", np.asarray(times, float))
    return replace(examples(np.asarray(y, float)), keys=keys)


ONE = output((1,), "squared", centre=10.0, spread=5.0)
TWO = output((2,), "absolute")
EARLIER = series([[0.0], [4.0]], [0, 1])


@pytest.mark.parametrize(
    ("made", "part", "known", "expected"),
    [
        # In order 7, 5, 11, after 4: off by 3, 2 and 6.
        (ONE, series([[11.0], [7.0], [5.0]], [9, 2, 3]), [EARLIER], 11 / 3),
        (ONE, series([[11.0], [7.0], [5.0]], [9, 2, 3]), [series([[0.0]], [0]), EARLIER], 11 / 3),
        (ONE, series([[11.0], [7.0], [5.0]], [9, 2, 3]), [], 4.0),
        (ONE, series([[11.0], [7.0]], [2, 3]), [series([[50.0]], [2])], 4.0),  # it is not before
        (TWO, series([[0.0, 1.0], [2.0, 5.0]], [0, 1]), [], 3.0),
        (ONE, series([[7.0]], [2]), [EARLIER], 3.0),
        (ONE, series([[7.0]], [2]), [EARLIER, series(np.zeros((0, 1)), [])], 3.0),
        (ONE, series([[7.0]], [2]), [], None),
        (ONE, series([[11.0], [7.0], [5.0]], [9, 2, 2]), [EARLIER], None),
        (ONE, examples([[11.0], [7.0]]), [EARLIER], None),
        (output((1,), "binary", 2), series([1, 0], [0, 1]), [], None),
    ],
)
def test_of_a_series_the_row_before_is_an_answer_too(
    made: OutputTransform, part: Examples, known: list[Examples], expected: float | None
) -> None:
    found = naive_baseline(part, part, [made], known)
    assert found.get("row_before") == (expected and pytest.approx(expected))
    assert is_baseline(found)


def test_the_row_before_is_said() -> None:
    baseline = {"answer": "the mean", "figure": "absolute_error", "value": 3.5, "row_before": 1.25}
    assert baseline_text(baseline) == "; always the mean: 3.5000; the row before: 1.2500"
    warning = "warning: not better than answering the target of the row before"
    assert baseline_warning(baseline, {"absolute_error": 2.0}) == [warning]
    assert len(baseline_warning(baseline, {"absolute_error": 4.0})) == 2
    assert not is_baseline({**baseline, "row_before": "1"})


@pytest.mark.parametrize(
    ("made", "y"),
    [
        (output((3,), "binary"), [[0.0, 1.0, 0.0]]),  # tags
        (output((3,), "squared", copies="x"), [[0.0, 1.0, 0.0]]),
        (output((1,), "squared"), np.zeros((0, 1))),
    ],
)
def test_there_is_none_of_tags_of_copies_and_of_nothing(made: OutputTransform, y: Any) -> None:
    assert naive_baseline(examples(y), examples(y), [made]) == {}


def test_there_is_none_where_either_part_is_empty() -> None:
    some, none = examples([[1.0]]), examples(np.zeros((0, 1)))
    assert naive_baseline(some, none, [ONE]) == naive_baseline(none, some, [ONE]) == {}


@pytest.mark.parametrize(
    ("figure", "value", "warned"),
    [
        ("accuracy", 0.76, False),
        ("accuracy", 0.75, True),
        ("accuracy", 0.5, True),
        ("accuracy", float("nan"), True),
        ("absolute_error", 0.75, True),
        ("absolute_error", 0.5, False),
    ],
)
def test_a_network_that_does_not_beat_it_is_warned_of(
    figure: str, value: float, warned: bool
) -> None:
    baseline = {"answer": "No", "figure": figure, "value": 0.75}
    warning = "warning: not better than always answering No"
    assert baseline_warning(baseline, {figure: value}) == [warning] * warned
    assert baseline_text(baseline) == "; always No: 0.7500"


def test_without_a_baseline_nothing_is_said() -> None:
    assert (baseline_text({}), baseline_warning({}, {"accuracy": 0.1})) == ("", [])
    assert is_baseline({})
    assert not is_baseline({"answer": "a"})
    whole = {"answer": "a", "figure": "loss", "value": 1}
    assert is_baseline(whole)
    for key, other in {"answer": 1, "figure": 1, "value": "b", "more": 1}.items():
        assert not is_baseline(whole | {key: other})
    assert not is_baseline([])


def test_the_mean_of_baselines() -> None:
    one = {"answer": "No", "figure": "accuracy", "value": 0.5}
    assert mean_baseline([one, one | {"value": 1.0}]) == one | {"value": 0.75}
    assert mean_baseline([one, one | {"value": 1.0}], [1, 3]) == one | {"value": 0.875}
    answer = "the most frequent class"
    assert mean_baseline([one, one | {"answer": "Yes"}]) == one | {"answer": answer}
    assert mean_baseline([one, {}]) == mean_baseline([]) == {}
    ordered = one | {"row_before": 2.0}
    assert mean_baseline([ordered, one | {"row_before": 6.0}], [1, 3]) == one | {"row_before": 5.0}
    assert mean_baseline([ordered, one]) == one
