"""`results.py tables`: the data that it makes, and how figures become lines. Nothing is trained."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def programs() -> Iterator[Any]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        importlib.import_module("table_results")
        yield importlib.import_module("table_parts")
    finally:
        sys.path.pop(0)


@pytest.fixture
def table(programs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Fifty rows with a missing number and a text; the target is between them."""
    cells = ("near", "far", "island")
    rows = [f"{at},{at * 2 if at != 7 else ''},{at * 3},{cells[at % 3]}" for at in range(50)]
    (tmp_path / "houses.csv").write_text("\n".join(["a,b,price,place", *rows]))
    monkeypatch.setenv("NETDSL_DATA", str(tmp_path))
    return programs.Table("houses", "houses", True, "price", 2, 0.1, "{:.1f}")


def test_each_row_is_in_one_part(programs: Any, table: Any, tmp_path: Path) -> None:
    paths = programs.split_table(table, tmp_path / "split")
    read = {part: path.read_text().splitlines() for part, path in paths.items()}
    assert {part: len(lines) - 1 for part, lines in read.items()} == {
        "test": 10,
        "validation": 4,
        "train": 36,
    }
    assert {lines[0] for lines in read.values()} == {"a,b,price,place"}
    rows = [line for lines in read.values() for line in lines[1:]]
    assert sorted(rows) == sorted((tmp_path / "houses.csv").read_text().splitlines()[1:])
    again = programs.split_table(table, tmp_path / "again")
    assert {part: path.read_text().splitlines() for part, path in again.items()} == read


def test_arrays_are_the_files(programs: Any, table: Any, tmp_path: Path) -> None:
    paths = programs.split_table(table, tmp_path / "split")
    arrays, texts = programs.table_arrays(table, paths)
    assert texts == [2]
    x, y = (np.concatenate([part[at] for part in arrays.values()]) for at in range(2))
    order = np.argsort(y)
    x, y = x[order], y[order]
    assert (y == 3 * np.arange(50)).all()
    assert (x[:, 0] == np.arange(50)).all()
    assert np.isnan(x[7, 1])
    assert np.isnan(x).sum() == 1
    assert x[:3, 2].tolist() == [2, 0, 1]  # island is between them in the alphabet


def test_without_the_file_it_is_named(programs: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("NETDSL_DATA", str(tmp_path))
    with pytest.raises(SystemExit, match="names the folder that holds abalone"):
        programs.data_file("abalone.csv")


def test_a_target_is_reached_or_missed(programs: Any, table: Any) -> None:
    theirs = {"mlp_r2": 0.7, "mlp_stopped_r2": 0.8, "boosting_r2": 0.85}
    theirs |= {"mlp_mae": 12.0, "mlp_stopped_mae": 11.0, "boosting_mae": 10.0}
    cases = [
        (0.795, 10.9, [True, True, True]),
        (0.785, 11.1, [True, False, False]),
        (0.685, 10.9, [False, False, True]),
    ]
    for r2, mae, reached in cases:
        ours = {"netdsl_r2": r2, "netdsl_mae": mae}
        lines = programs.table_lines(table, {0: ours | theirs, 1: ours | theirs})
        assert [line.reached for line in lines] == reached
        assert "at least 0.6900" in lines[0].target
        assert "at least 0.7900" in lines[1].target
        assert "at most 11.0" in lines[2].target


def test_scores_are_those_of_their_definitions(programs: Any) -> None:
    true = np.array([1.0, 2.0, 3.0, 4.0])
    assert programs.scores("a", true, true) == {"a_r2": 1, "a_mae": 0}
    assert programs.scores("a", true, np.full(4, 2.5)) == {"a_r2": 0, "a_mae": 1}


def test_a_series_has_the_noise_that_is_known(programs: Any, tmp_path: Path) -> None:
    series, following = programs.write_series(tmp_path, 0)
    lines = [path.read_text().splitlines()[1:] for path in (series, following)]
    assert [len(some) for some in lines] == [programs.DAYS, programs.FOLLOWING]
    cells = [line.split(",") for some in lines for line in some]
    values = np.array([[float(cell) for cell in row[1:]] for row in cells])
    assert (values[1:, 0] == values[:-1, 2]).all()
    assert (values[7:, 1] == values[:-7, 2]).all()
    # the difference of two weeks has no season, the noise twice and the trend of seven days
    weekly = values[:, 2] - values[:, 1]
    assert abs(weekly.std() / np.sqrt(2) / programs.NOISE - 1) < 0.05
    assert cells[0][0] == "2019-01-08"
    assert len({row[0] for row in cells}) == programs.DAYS + programs.FOLLOWING


def test_ratios_of_rounds_and_of_errors(programs: Any) -> None:
    rounds = {at: {"netdsl_1": 9.0, "keras_1": 10.0} for at in range(3)}
    rounds = {at: one | {"netdsl_5": 30.0, "keras_5": 10.0} for at, one in rounds.items()}
    rounds[2]["netdsl_1"] = 100
    assert [line.reached for line in programs.folders_lines(rounds)] == [False, True]
    for after, reached in ((11.0, True), (13.0, False), (8.0, False)):
        errors = {"reported": 10.0, "after": after}
        (line,) = programs.series_lines({0: {"reported": 10.0, "after": 10.0}, 1: errors})
        assert line.reached == reached
