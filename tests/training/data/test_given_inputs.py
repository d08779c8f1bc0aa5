"""Examples to predict that are given in Python: arrays, and columns of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from netdsl.errors import NetError
from netdsl.training.data.given_inputs import given_inputs
from netdsl.training.preparation.columns import ColumnTransform, TableTransform
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.transforms import Preparation

OUTPUT = OutputTransform("price", (1,), "linear", "squared", 0)
LEFT = InputTransform("left", (2,), False, 1.0, False, (2,))
RIGHT = InputTransform("right", (3,), False, 1.0, False, (3,))
ONE, BOTH = Preparation((LEFT,), (OUTPUT,)), Preparation((LEFT, RIGHT), (OUTPUT,))
COLUMNS = TableTransform(
    (
        ColumnTransform("size"),
        ColumnTransform("town", "category", categories=("oslo", "rome")),
    ),
    ("price",),
    ids=("guest",),
)
TABLE = Preparation(
    (InputTransform("input", (2,), False, 1.0, False, (3,), columns=COLUMNS),), (OUTPUT,)
)
TWO, THREE = np.array([[1.0, 2.0], [3.0, 4.0]]), np.arange(6.0).reshape(2, 3)


class Frame:
    """What a data frame lets be seen of it."""

    def __init__(self, **columns: Any) -> None:
        self.columns, self._cells = list(columns), columns

    def __getitem__(self, name: str) -> Any:
        return self._cells[name]


class Missing:
    """As the NA of pandas: its comparisons are neither true nor false."""

    def __eq__(self, other: object) -> Any:
        return self

    __ne__ = __eq__
    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")


def shown(array: Any) -> list[Any]:
    return np.nan_to_num(array, nan=-9.0).tolist()


# --- arrays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "preparation", "expected"),
    [
        (TWO, ONE, [TWO]),
        (TWO[0], ONE, [TWO[:1]]),
        (TWO.tolist(), ONE, [TWO]),
        ({"left": TWO}, ONE, [TWO]),
        ({"x": TWO}, ONE, [TWO]),
        ((TWO, THREE), BOTH, [TWO, THREE]),
        ({"right": THREE, "left": TWO}, BOTH, [TWO, THREE]),
        ((TWO[0], THREE[:1]), BOTH, [TWO[:1], THREE[:1]]),
    ],
)
def test_arrays(given: Any, preparation: Preparation, expected: list[Any]) -> None:
    found = given_inputs(given, preparation)
    assert [one.tolist() for one in found.x] == [one.tolist() for one in expected]
    assert found.names == ["[0]", "[1]"][: len(expected[0])]


@pytest.mark.parametrize(
    ("given", "preparation", "code", "message", "help"),
    [
        ({"x": TWO, "left": TWO}, ONE, "N514", "has no input `x`", "the inputs are left"),
        ({"lefd": TWO}, ONE, "N514", "has no input `lefd`", "did you mean `left`?"),
        ({"left": TWO}, BOTH, "N514", "nothing is given for the input `right`", None),
        ({"x": TWO}, BOTH, "N514", "has no input `x`", "the inputs are left, right"),
        ([TWO, THREE], BOTH, "N514", "the network has 2 inputs: left, right", "give a dict"),
        ((TWO,), BOTH, "N514", "the network has 2 inputs", "give a dict"),
        ((TWO, THREE[:1]), BOTH, "N515", "an example for each input: 2, 1", None),
        (TWO[:0], ONE, "N516", "`left` is empty: 0x2", None),
        ("a.png", ONE, "N517", "`left` holds text, not numbers", None),
        ({"left": [None, 1]}, ONE, "N533", "`left`", None),
    ],
)
def test_arrays_that_are_refused(
    given: Any, preparation: Preparation, code: str, message: str, help: str | None
) -> None:
    with pytest.raises(NetError) as caught:
        given_inputs(given, preparation)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert message in found.message
    assert (found.help or "").startswith(help or "")
    assert bool(found.help) or not help


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"size": [4, 0.5], "town": ["rome", "oslo"]}, [[4, 1], [0.5, 0]]),
        ({"town": ["rome"], "size": np.array([4])}, [[4, 1]]),
        ({"size": 4, "town": "rome"}, [[4, 1]]),
        ([{"size": 4, "town": "rome"}, {"town": "oslo"}], [[4, 1], [-9, 0]]),
        (({"size": "4.5", "town": " rome "},), [[4.5, 1]]),
        (Frame(town=["rome", None], size=[4, float("nan")]), [[4, 1], [-9, -9]]),
        (Frame(size=[Missing(), 2], town=[Missing(), "oslo"]), [[-9, -9], [2, 0]]),
        (
            {"size": np.ma.array([1.0, 2.0], mask=[True, False]), "town": ["rome"] * 2},
            [[-9, 1], [2, 1]],
        ),
        ({"size": np.ma.array([1.0, 2.0]), "town": ["rome"] * 2}, [[1, 1], [2, 1]]),
        ({"size": [4], "town": ["rome"], "price": ["dear"], "seen": [None]}, [[4, 1]]),
        ({"size": np.float32(0.1), "town": "rome"}, [[float(np.float32(0.1)), 1]]),
    ],
)
def test_columns(given: Any, expected: Any) -> None:
    found = given_inputs(given, TABLE)
    assert shown(found.x[0]) == expected
    assert found.names == ["[0]", "[1]"][: len(expected)]
    assert found.ids == {}


def test_columns_that_identify_rows() -> None:
    found = given_inputs({"size": [1, 2], "town": ["rome", "nice"], "guest": [7.0, "b"]}, TABLE)
    assert found.ids == {0: {"guest": "7"}, 1: {"guest": "b"}}
    assert found.notes == {1: ["`nice` is not one of the categories of town"]}


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (TWO, "N533", "was trained on a table; arrays have no columns"),
        ([], "N533", "was trained on a table"),
        ([{"size": 1}, 2], "N533", "was trained on a table"),
        ({"size": [], "town": []}, "N516", "nothing to predict"),
        ({}, "N516", "nothing to predict"),
        ({"size": [1, 2], "town": ["rome"]}, "N515", "lengths: `size` 2, `town` 1"),
        ({"size": [[1, 2]], "town": ["rome"]}, "N533", "column `size` of the table given is not"),
        (
            {"size": ["big"], "town": ["rome"]},
            "N531",
            "column `size` of the table given holds text",
        ),
        ({"size": [1, 1e39], "town": ["rome"] * 2}, "N531", "holds 1e+39 in row 1,"),
        ({"size": [-1e39], "town": ["rome"]}, "N531", "holds -1e+39 in row 0,"),
        ({"size": [1], "twon": ["rome"]}, "N530", "the table given has no column `town`"),
    ],
)
def test_columns_that_are_refused(given: Any, code: str, message: str) -> None:
    with pytest.raises(NetError) as caught:
        given_inputs(given, TABLE)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert message in found.message
