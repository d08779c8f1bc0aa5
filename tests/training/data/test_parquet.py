"""Columns of Parquet files: numbers, dates, texts, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from netdsl.errors import NetError, Source, Span
from netdsl.training.data.sources.parquet import read_parquet

SPAN = Span(Source("recipe.yaml", "data: a.parquet"), 6, 15)


def read(path: Path, **columns: Any) -> Any:
    parquet.write_table(pyarrow.table(columns), path / "a.parquet")
    return read_parquet(path / "a.parquet", None)


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        ([1, None, -3], pyarrow.int8(), [1, None, -3]),
        ([2**53 + 1], pyarrow.int64(), [2.0**53]),  # rounded, as in a CSV
        ([0.5, float("nan"), None], pyarrow.float32(), [0.5, None, None]),
        ([True, None, False], pyarrow.bool_(), [1, None, 0]),
        ([Decimal("1.25"), None], pyarrow.decimal128(5, 2), [1.25, None]),
        ([None, None], pyarrow.null(), [None, None]),
        ([3e38, -3e38], pyarrow.float64(), [3e38, -3e38]),
    ],
)
def test_numbers(tmp_path: Path, cells: Any, kind: Any, values: Any) -> None:
    (column,) = read(tmp_path, a=pyarrow.array(cells, kind)).columns
    assert [None if np.isnan(one) else one for one in column.values.tolist()] == values
    assert (column.name, column.categories, column.days) == ("a", None, False)


@pytest.mark.parametrize(
    "kind", [pyarrow.timestamp("s"), pyarrow.timestamp("ns", "Europe/Oslo"), pyarrow.date32()]
)
def test_dates_are_days_since_1970(tmp_path: Path, kind: Any) -> None:
    cells = pyarrow.array([86_400, None, 0], pyarrow.timestamp("s")).cast(kind)
    (column,) = read(tmp_path, a=cells).columns
    assert np.nan_to_num(column.values, nan=-9).tolist() == [1.0, -9.0, 0.0]
    assert column.days


@pytest.mark.parametrize("kind", [pyarrow.string(), pyarrow.large_string()])
@pytest.mark.parametrize("encoded", [False, True])
def test_texts(tmp_path: Path, kind: Any, encoded: bool) -> None:
    cells = pyarrow.array([" rome", None, "oslo", "rome"], kind)
    (column,) = read(tmp_path, a=cells.dictionary_encode() if encoded else cells).columns
    texts = [None if np.isnan(one) else column.categories[int(one)] for one in column.values]
    assert texts == ["rome", None, "oslo", "rome"]


@pytest.mark.parametrize(
    ("cells", "code", "reported"),
    [
        (pyarrow.array([1.0, 1e39]), "N531", "holds 1e+39 in row 1, "),
        (pyarrow.array([-np.inf]), "N531", "holds -inf in row 0, "),
        (pyarrow.array([b"x"]), "N531", "holds binary, neither numbers, dates nor text"),
        (pyarrow.array([[1]]), "N531", "neither numbers, dates nor text"),
    ],
)
def test_columns_that_are_refused(tmp_path: Path, cells: Any, code: str, reported: str) -> None:
    parquet.write_table(pyarrow.table({"a": cells}), tmp_path / "a.parquet")
    with pytest.raises(NetError) as caught:
        read_parquet(tmp_path / "a.parquet", SPAN)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.span) == (code, SPAN)
    assert reported in problem.message


def test_files_that_are_refused(tmp_path: Path) -> None:
    table = pyarrow.table([pyarrow.array([1]), pyarrow.array([2])], names=["a", "a"])
    parquet.write_table(table, tmp_path / "twice.parquet")
    (tmp_path / "text.parquet").write_text("a,b")
    (tmp_path / "folder.parquet").mkdir()
    for name, code, reported in (
        ("twice", "N536", "the column `a` is in"),
        ("text", "N536", "is not a Parquet file"),
        ("none", "N511", "none.parquet"),
        ("folder", "N511", "folder.parquet"),
    ):
        with pytest.raises(NetError) as caught:
            read_parquet(tmp_path / f"{name}.parquet", SPAN)
        assert (caught.value.code, caught.value.diagnostics[0].span) == (code, SPAN)
        assert reported in caught.value.diagnostics[0].message
