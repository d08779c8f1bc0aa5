"""How many examples are in which part, which ones, and what is said where there are too few."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.data import Data, Examples
from netdsl.training.data.checks import checked
from netdsl.training.data.inspect_text import short_number
from netdsl.training.data.splits import folded, split
from netdsl.training.data.weights import checked_weights
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.transforms import Preparation
from netdsl.training.recipes.recipe import DataSpec, Recipe, Split
from tests.support.recipes import load_data

VALUES = netdsl.parse("2 > linear-1")
CLASSES = netdsl.parse("2 > softmax-3")


def loaded(count: int, seed: int = 0, classes: bool = False, **asked: Any) -> Data:
    """Data whose examples are their own indices."""
    x = np.arange(count * 2, dtype=np.float32).reshape(count, 2)
    y = np.arange(count) % 3 if classes else np.arange(count, dtype=np.float32)
    recipe = Recipe(data=DataSpec(split=Split(**asked)), seed=seed)
    return load_data(recipe, CLASSES if classes else VALUES, (x, y))


def sizes(found: Data) -> tuple[int, ...]:
    return tuple(len(part) for part in (found.train, found.validation, found.test))


def rows(part: Examples) -> list[int]:
    return (np.asarray(part.x[0])[:, 0] / 2).astype(int).tolist()


TOO_FEW = "are too few to be divided"


@pytest.mark.parametrize(
    ("count", "asked", "expected", "note"),
    [
        (2, {}, (2, 0, 0), "neither a validation nor a test part"),
        (3, {}, (3, 0, 0), "neither a validation nor a test part"),
        (5, {}, (5, 0, 0), "neither a validation nor a test part"),
        (6, {}, (6, 0, 0), "neither a validation nor a test part"),
        (7, {}, (5, 1, 1), ""),
        (8, {}, (5, 1, 2), ""),
        (10, {}, (7, 1, 2), ""),
        (100, {}, (72, 8, 20), ""),
        (3, {"test": 0.34}, (2, 0, 1), "there is no validation part"),
        (3, {"validation": 0.34}, (1, 1, 1), ""),
        (2, {"validation": 0.5}, (1, 1, 0), "there is no test part"),
        (10, {"test": 0}, (9, 1, 0), ""),
        (10, {"validation": 0}, (8, 0, 2), ""),
        (10, {"test": 0, "validation": 0}, (10, 0, 0), ""),
        (4, {"test": 0, "validation": 0}, (4, 0, 0), ""),
        (10, {"test": 0.5, "validation": 0.4}, (3, 2, 5), ""),
        (10, {"training": 3}, (3, 1, 2), ""),
        (10, {"training": 7}, (7, 1, 2), ""),
        (10, {"test": 0.2, "fold": 1}, (7, 1, 2), ""),
        (10, {"fold": 4}, (7, 1, 2), ""),
    ],
)
def test_sizes_of_parts(count: int, asked: Any, expected: tuple[int, ...], note: str) -> None:
    found = loaded(count, **asked)
    assert sizes(found) == expected
    assert any(TOO_FEW in one and note in one for one in found.notes) == bool(note), found.notes
    held = sorted([*rows(found.train), *rows(found.validation), *rows(found.test)])
    if "training" not in asked:
        assert held == list(range(count))
    assert len(set(held)) == len(held)
    assert [found.train.name, found.validation.name, found.test.name] == [
        "training",
        "validation",
        "test",
    ]


@pytest.mark.parametrize(
    ("count", "asked", "code", "said"),
    [
        (1, {}, "N516", "1 example is too few to be divided into parts"),
        (3, {"test": 0.1}, "N516", "3 examples are too few: 0.1 of them for test leaves"),
        (2, {"test": 0.9}, "N516", "2 examples are too few: 0.9 of them for test leaves"),
        (4, {"test": 0, "validation": 0.05}, "N516", "0.05 of them for validation leaves"),
        (10, {"validation": 0.01}, "N516", "0.01 of the 8 outside the test part for validation"),
        (10, {"training": 8}, "N507", "there are 7 training examples, not 8"),
        (
            10,
            {"fold": 5},
            "N505",
            "there is no fold 5: the test share of 0.2 makes 5 folds, 0 to 4",
        ),
        (10, {"fold": 0, "test": 0.3}, "N505", "the test share of 0.3 is not 1/K"),
        (10, {"fold": 0, "test": 0}, "N505", "a test share of 0 makes none"),
        (4, {"fold": 0}, "N516", "4 examples are too few for 5 folds"),
    ],
)
def test_parts_that_cannot_be(count: int, asked: Any, code: str, said: str) -> None:
    with pytest.raises(NetError) as caught:
        loaded(count, **asked)
    assert caught.value.code == code
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("count", "asked", "help"),
    [
        (3, {"test": 0.1}, "data: {split: {test: 0.2}}"),
        (2, {"test": 0.1}, "give more examples"),
        (4, {"test": 0, "validation": 0.05}, "data: {split: {validation: 0.2}}"),
        (9, {"test": 0, "validation": 0.05}, "data: {split: {validation: 0.1}}"),
    ],
)
def test_another_share_that_fits(count: int, asked: Any, help: str) -> None:
    with pytest.raises(NetError) as caught:
        loaded(count, **asked)
    assert caught.value.diagnostics[0].help.endswith(help)


def test_the_test_part_is_always_the_same() -> None:
    one, other = loaded(40), loaded(40, seed=1)
    assert rows(one.test) == rows(other.test)
    assert rows(one.validation) != rows(other.validation)
    again = loaded(40, seed=1)
    assert rows(again.validation) == rows(other.validation)
    few, more = loaded(40, training=5), loaded(40, training=5, seed=1)
    assert len(few.train) == len(more.train) == 5
    assert rows(few.train) == sorted(rows(few.train))
    assert set(rows(few.train)) <= set(rows(one.train))


def test_the_parts_are_those_of_earlier_versions() -> None:
    """Else a run of an earlier version could not read its data again."""
    found = loaded(20, training=5)
    assert rows(found.train) == [2, 5, 16, 18, 19]
    assert rows(found.validation) == [0, 17]
    assert rows(found.test) == [6, 7, 9, 11]
    assert rows(loaded(20, fold=1).test) == [3, 12, 14, 19]


def test_folds_are_apart_and_whole() -> None:
    tests = [rows(loaded(20, fold=fold).test) for fold in range(5)]
    assert sorted(row for taken in tests for row in taken) == list(range(20))


@pytest.mark.parametrize("seed", [0, 1])
def test_shares_of_each_class(seed: int) -> None:
    labels = np.array([0] * 50 + [1] * 30 + [2] * 20)
    kept, taken = split(labels, 0.2, seed)
    assert np.bincount(labels[taken]).tolist() == [10, 6, 4]
    assert sorted([*kept, *taken]) == list(range(100))
    assert kept.tolist() == sorted(kept)
    for fold in range(4):
        kept, taken = folded(labels, 4, fold, seed)
        assert sorted([*kept, *taken]) == list(range(100))
        assert np.abs(np.bincount(labels[taken]) - [12.5, 7.5, 5]).max() < 1
    found = loaded(90, classes=True)
    assert np.bincount(np.asarray(found.test.y[0])).tolist() == [6, 6, 6]


def test_one_class_is_not_learned() -> None:
    recipe = Recipe(data=DataSpec(split=Split(test=0.2)))
    with pytest.raises(NetError, match="has only one class: 2") as caught:
        load_data(recipe, CLASSES, (np.zeros((20, 2)), np.full(20, 2)))
    assert caught.value.code == "N521"


# --- what is checked ------------------------------------------------------------------------------

ROW = InputTransform("row", (1,), False, 1.0, False, (1,))
KINDS = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3)
TWO = OutputTransform("two", (1,), "sigmoid", "binary", 2)
MARGIN = OutputTransform("margin", (1,), "linear", "hinge", 2)
MAPS = OutputTransform("map", (2, 1, 3), "softmax", "cross-entropy", 3)
SIZE = OutputTransform("size", (2,), "linear", "squared", 0)
ONE = OutputTransform("size", (1,), "linear", "squared", 0)


def targets(output: OutputTransform, y: Any) -> Any:
    y = np.asarray(y)
    part = Examples((np.zeros((len(y), 1), np.float32),), (y,), "all", ("x",), ("y",))
    return np.asarray(checked(part, Preparation((ROW,), (output,)), None).y[0][:])


@pytest.mark.parametrize(
    ("output", "y", "expected"),
    [
        (KINDS, [0, 2, 1], [0, 2, 1]),
        (KINDS, [[0], [2]], [0, 2]),
        (KINDS, [0.0, 2.0], [0, 2]),
        (KINDS, [[0, 0, 1], [1, 0, 0]], [2, 0]),
        (TWO, [0, 1], [0, 1]),
        (TWO, [[1], [0]], [1, 0]),
        (MARGIN, [-1, 1], [0, 1]),
        (MARGIN, [0, 1], [0, 1]),
        (MAPS, [[[0], [2]]], [[[0], [2]]]),
        (MAPS, [[[[0, 0, 1]], [[1, 0, 0]]]], [[[2], [0]]]),
        (SIZE, [[1.0, 2.0]], [[1.0, 2.0]]),
        (ONE, [1.0, 2.0], [1.0, 2.0]),
    ],
)
def test_targets(output: OutputTransform, y: Any, expected: Any) -> None:
    assert targets(output, y).tolist() == expected


@pytest.mark.parametrize(
    ("output", "y", "code", "said"),
    [
        (KINDS, [[0, 1, 1]], "N519", "the rows of y are not one-hot"),
        (KINDS, [[0, 0, 2]], "N519", "the rows of y are not one-hot"),
        (KINDS, [0, 1.5], "N519", "not integers: 1.5 in row 1"),
        (KINDS, [0, 3], "N520", "go from 0 to 3; the network has outputs 0 to 2"),
        (KINDS, [0, -1], "N520", "go from -1 to 0"),
        (TWO, [-1, 1], "N520", "go from -1 to 1"),
        (MARGIN, [-1, 0], "N520", "go from -1 to 0"),
        (KINDS, [[0, 1], [1, 0]], "N518", "holds one-hot rows of 2 classes; the network has 3"),
        (KINDS, [[0, 2], [1, 0]], "N518", "holds 2 for each example; a class label is one number"),
        (MAPS, [[0, 1, 2]], "N518", "the network needs a label for each of 2x1"),
        (SIZE, [[1.0, 2.0, 3.0]], "N518", "holds values of 3; the network gives 2"),
        (SIZE, [1.0], "N518", "holds values of single numbers; the network gives 2"),
    ],
)
def test_targets_that_do_not_fit(output: OutputTransform, y: Any, code: str, said: str) -> None:
    with pytest.raises(NetError) as caught:
        targets(output, y)
    assert caught.value.code == code
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("output", "y", "help"),
    [
        (KINDS, [0, 2, 3, -1], "the first is in row 2; labels count from 0"),
        (SIZE, [[1.0, 2.0, 3.0]], "give the network as many outputs: 3"),
        (SIZE, [1.0], "give the network as many outputs: 1"),
        (SIZE, [[[1.0], [2.0]]], ""),
        (KINDS, [[0, 1], [1, 0]], "give the network as many outputs: 2"),
    ],
)
def test_the_way_out(output: OutputTransform, y: Any, help: str) -> None:
    with pytest.raises(NetError) as caught:
        targets(output, y)
    assert caught.value.diagnostics[0].help == help


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([1, 2, 0], ""),
        ([[1.0], [0.5]], ""),
        ([True, False], ""),
        ([0.0, 0.0], "are all 0"),
        ([1.0, -0.5], "hold -0.5, first in row 1"),
        ([1.0, np.nan], "hold nan, first in row 1"),
        ([np.inf, 1.0], "hold inf, first in row 0"),
        ([[1.0, 2.0]], "are not one number for each example"),
        (["a"], "are not numbers"),
    ],
)
def test_weights(weights: Any, said: str) -> None:
    if not said:
        found = checked_weights(np.array(weights), "w")
        assert (found.ndim, found.dtype) == (1, np.float32)
        assert found.tolist() == np.array(weights, float).reshape(-1).tolist()
        return
    with pytest.raises(NetError, match=said) as caught:
        checked_weights(np.array(weights), "w")
    assert caught.value.code in ("N517", "N518")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (999_999.0, "999,999"),
        (1e6, "1,000,000"),
        (1.7e9, "1,700,000,000"),
        (1e12, "1e+12"),
        (1234.5, "1,234"),
        (999.5, "999.5"),
        (0.123456, "0.1235"),
        (-1234.5, "-1,234"),
        (-12.0, "-12"),
    ],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short_number(value) == text
