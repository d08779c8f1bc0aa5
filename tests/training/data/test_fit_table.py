"""What is fitted to the training part of a table, and what is said of its columns."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from netdsl.training.data import fit_table
from netdsl.training.preparation.columns import ColumnTransform, TableTransform
from netdsl.training.preparation.outputs import OutputTransform

NAN = np.nan
SIZE, TOWN = (
    ColumnTransform("size"),
    ColumnTransform("town", "category", categories=("a", "b", "c")),
)
YEAR, HOUR = ColumnTransform("day", "date", "year"), ColumnTransform("day", "date", "hour")


def table(*columns: ColumnTransform) -> TableTransform:
    return TableTransform(columns, ("price",))


def rows(*cells: Any) -> Any:
    """A column's cells as rows of a table of one column."""
    return np.array(cells, float)[:, None]


@pytest.mark.parametrize(
    ("columns", "values", "said"),
    [
        (("h", "w"), [[1, 1], [2, 4]], False),  # 3 times as much, and not more
        (
            ("h", "w"),
            [[1, 1], [2, 4.5]],
            "w deviates by 1.75 and h by 0.5 in one output",
        ),
        (("h", "w", "d"), [[1, 0, 7], [3, 0, 9]], "h deviates by 1 and w by 0 in one output"),
        (("h",), [[1], [2]], False),
        ((), [[1, 1], [2, 9]], False),  # not of a table
    ],
)
def test_targets_of_different_scales(columns: Any, values: Any, said: Any) -> None:
    output = OutputTransform("out", (2,), "linear", "squared", 0, columns=columns)
    data: Any = SimpleNamespace(
        preparation=SimpleNamespace(outputs=[output]),
        train=SimpleNamespace(y=[np.array(values, float)]),
    )
    found = list(fit_table._unlike_scales(data))
    assert len(found) == bool(said)
    assert all(note.startswith(said) for note in found)


@pytest.mark.parametrize(
    ("columns", "parts", "said"),
    [
        ((SIZE,), [rows(1, 2), rows(3)], []),
        (
            (ColumnTransform("size", median=2.5),),
            [rows(NAN, 2), rows(3), rows(NAN)],
            ["size: 2 missing values filled with the training median, 2.5"],
        ),
        (
            (ColumnTransform("size", median=2.5),),
            [rows(1, 2), rows(NAN)],
            ["size: 1 missing value filled with the training median, 2.5"],
        ),
        ((TOWN,), [rows(NAN, 0)], []),  # all numbers of its categories are 0
        # A date is one column, whatever parts of it are learned.
        (
            (YEAR, HOUR),
            [np.array([[NAN, NAN], [0, 0]])],
            ["day: 1 missing value filled with the training median, 1970-01-01"],
        ),
    ],
)
def test_missing_numbers_that_are_filled(columns: Any, parts: Any, said: list[str]) -> None:
    assert list(fit_table._filled(parts, table(*columns))) == said


@pytest.mark.parametrize(
    ("column", "training", "other", "said"),
    [
        (TOWN, [0, 1], [1, 0, NAN], []),
        (TOWN, [0, 1], [2, 1, 2], ["town: 2 cells in the test part (c)"]),
        (TOWN, [NAN], [1, 0], ["town: 2 cells in the test part (a, b)"]),
        (SIZE, [1, 2], [3, NAN], []),
        (SIZE, [NAN, NAN], [3], ["size: empty in the training part, so nothing is learned"]),
        (SIZE, [NAN, NAN], [NAN], []),
        (SIZE, [NAN, 1], [3], []),
    ],
)
def test_categories_that_no_training_row_has(
    column: ColumnTransform, training: Any, other: Any, said: list[str]
) -> None:
    found = list(fit_table._unseen(rows(*training), rows(*other), "test", table(column)))
    assert len(found) == len(said)
    assert all(map(str.startswith, found, said))


@pytest.mark.parametrize(
    ("column", "training", "later", "said"),
    [
        (SIZE, [1, 5], [1, 5, 3], None),  # the ends are not beyond
        (SIZE, [1, 5], [6] + [2] * 9, None),  # a tenth
        (SIZE, [1, 5], [6] + [2] * 8, "size in 11%"),
        (SIZE, [1, 5, NAN], [0, 6, NAN], "size in 100%"),
        (SIZE, [NAN], [6], None),
        (SIZE, [1], [NAN], None),
        (ColumnTransform("time"), [1, 5], [6], None),  # the order itself
        (YEAR, [1, 5], [6], None),
        (TOWN, [0, 1], [2], None),
    ],
)
def test_later_numbers_beyond_those_of_the_training(
    column: ColumnTransform, training: Any, later: Any, said: str | None
) -> None:
    found = list(fit_table._later(rows(*training), rows(*later), table(column), "time"))
    assert len(found) == (said is not None)
    assert all(f"of the later rows, which are tested on, {said} lie beyond" in one for one in found)


@pytest.mark.parametrize(
    ("activation", "loss", "classes", "values", "centre", "spread"),
    [
        ("linear", "squared", 0, [1, 3], 2.0, 1.0),
        ("linear", "absolute", 0, [1, 5], 3.0, 2.0),
        ("linear", "squared", 0, [0.1] * 10, 0.1, 1.0),  # whose computed deviation is 1e-17
        ("linear", "squared", 0, [7], 7.0, 1.0),
        ("sigmoid", "squared", 0, [1, 3], 0.0, 1.0),
        ("linear", "binary", 0, [1, 3], 0.0, 1.0),
        ("linear", "squared", 2, [1, 3], 0.0, 1.0),
    ],
)
def test_values_that_are_standardised(
    activation: str, loss: str, classes: int, values: Any, centre: float, spread: float
) -> None:
    output = OutputTransform("out", (1,), activation, loss, classes)
    found = fit_table._standardised(output, np.array(values, float))
    assert (found.centre, found.spread) == (pytest.approx(centre), pytest.approx(spread))
