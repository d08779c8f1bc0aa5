"""How rows are divided: at random, by time, by group, by a column."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netdsl
from netdsl import NetError
from netdsl.training.data import Data, reload
from netdsl.training.data.splits import advanced, grouped_folds, last, whole_groups
from netdsl.training.recipes.recipe import DataSpec, Recipe, Split, load_recipe, parse_recipe
from netdsl.training.recipes.yaml_writer import to_yaml
from tests.support.recipes import load_data

GROUPS = st.lists(st.integers(0, 6), min_size=2, max_size=40).map(np.array)
SHARES = st.floats(0.05, 0.6)


@given(GROUPS, SHARES, st.integers(0, 3))
def test_no_group_is_in_two_parts(groups: Any, share: float, seed: int) -> None:
    kept, taken = whole_groups(groups, share, seed)
    assert sorted([*kept, *taken]) == list(range(len(groups)))
    assert not set(groups[kept]) & set(groups[taken])
    if len(set(groups)) > 1:
        assert len(kept)
        assert len(taken)
    smallest = np.unique(groups, return_counts=True)[1].min()
    assert len(taken) <= max(share * len(groups) + 0.5, smallest)


@given(GROUPS, st.integers(2, 5), st.integers(0, 3))
def test_folds_of_groups(groups: Any, folds: int, seed: int) -> None:
    """Each group is in one fold; folds differ by at most the largest group."""
    parts = [grouped_folds(groups, folds, fold, seed) for fold in range(folds)]
    assert sorted(row for _, taken in parts for row in taken) == list(range(len(groups)))
    for kept, taken in parts:
        assert not set(groups[kept]) & set(groups[taken])
        assert len(kept) + len(taken) == len(groups)
    sizes = [len(taken) for _, taken in parts]
    assert max(sizes) - min(sizes) <= np.bincount(groups).max()


@given(GROUPS, SHARES)
def test_nothing_earlier_is_in_a_later_part(times: Any, share: float) -> None:
    kept, taken = last(times, share)
    assert sorted([*kept, *taken]) == list(range(len(times)))
    if len(set(times)) == 1:
        assert not len(taken)
        return
    assert times[kept].max() < times[taken].min()
    others = [np.count_nonzero(times >= time) for time in set(times) - {times.min()}]
    expected = share * len(times)
    assert abs(len(taken) - expected) == min(abs(count - expected) for count in others)


@given(GROUPS, st.integers(2, 5))
def test_folds_of_time_advance(times: Any, folds: int) -> None:
    ends = []
    for fold in range(folds):
        kept, taken = advanced(times, folds, fold)
        if len(kept) and len(taken):
            assert times[kept].max() < times[taken].min()
        ends.append(len(kept) + len(taken))
    assert ends == sorted(ends)
    assert ends[-1] == len(times)


# --- of tables ------------------------------------------------------------------------------------

ROWS = 40
Table = Callable[..., str]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    def write(**columns: Any) -> str:
        columns = {"x": [(7 * row) % 23 for row in range(ROWS)], **columns, "y": range(ROWS)}
        rows = (",".join(map(str, row)) for row in zip(*columns.values(), strict=True))
        path = tmp_path / "a.csv"
        path.write_text("\n".join([",".join(columns), *rows]) + "\n")
        return str(path)

    return write


def loaded(source: str, width: int = 1, seed: int = 0, **keys: Any) -> Data:
    split = Split.of(keys.pop("split", None))
    spec = DataSpec(source=source, target="y", split=split, **keys)
    return load_data(Recipe(data=spec, seed=seed), netdsl.parse(f"input {width} > linear-1"))


def parts(found: Data) -> list[list[int]]:
    """The rows of the three parts: `y` is the row."""
    return [sorted(part.y[0].tolist()) for part in (found.train, found.validation, found.test)]


DAYS = [f"2024-{row % 12 + 1:02}-{row // 12 + 1:02}" for row in range(ROWS)]


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 9), min_size=ROWS, max_size=ROWS), st.integers(0, 3))
def test_groups_of_a_table(tmp_path_factory: Any, patients: list[int], seed: int) -> None:
    if len(set(patients)) < 4:
        return
    path = tmp_path_factory.mktemp("groups") / "a.csv"
    rows = [f"p{patient},{row % 7},{row}" for row, patient in enumerate(patients)]
    path.write_text("\n".join(["patient,x,y", *rows]))
    found = loaded(str(path), seed=seed, split={"group": "patient"})
    held = [{patients[row] for row in part} for part in parts(found)]
    assert all(held)
    assert sum(map(len, held)) == len(set(patients))
    assert sorted(chain(*parts(found))) == list(range(ROWS))


def test_a_group_is_not_learned(table: Table) -> None:
    found = loaded(
        table(patient=[f"p{row % 8}" for row in range(ROWS)]), split={"group": "patient"}
    )
    columns = found.preparation.inputs[0].columns
    assert columns is not None
    assert (list(columns.widths), columns.left_out) == (["x"], ("patient",))
    assert found.spec.split == Split(test=0.2, validation=0.1, group="patient")


def test_the_last_rows_of_a_table(table: Table) -> None:
    found = loaded(table(day=DAYS), 3, split={"order": "day"}, columns={"day": ("month",)})
    days = [{DAYS[row] for row in part} for part in parts(found)]
    assert max(days[0]) < min(days[1])
    assert max(days[1]) < min(days[2])
    assert [len(part) for part in parts(found)] == [29, 3, 8]


def test_the_order_need_not_be_learned(table: Table) -> None:
    source = table(day=DAYS, step=[(row * 9) % 40 for row in range(ROWS)])
    found = loaded(source, 1, split={"order": "day"}, drop=("day", "step"))
    assert max(DAYS[row] for row in parts(found)[0]) < min(DAYS[row] for row in parts(found)[2])
    found = loaded(source, 1, split={"order": "step"}, drop=("day", "step"))
    assert max((row * 9) % 40 for row in parts(found)[0]) == 28


def test_folds_of_a_table(table: Table) -> None:
    source = table(patient=[f"p{row % 8}" for row in range(ROWS)])
    tests = []
    for fold in range(4):
        found = loaded(source, split={"group": "patient", "test": 0.25, "fold": fold})
        tests.append(parts(found)[2])
    assert sorted(chain(*tests)) == list(range(ROWS))
    source = table(day=DAYS)
    for fold in range(4):
        found = loaded(source, 1, split={"order": "day", "test": 0.25, "fold": fold}, drop=("day",))
        train, validation, test = ({DAYS[row] for row in part} for part in parts(found))
        assert max(train) < min(validation) <= max(validation) < min(test)


def test_a_column_of_parts(table: Table) -> None:
    words = ["Train", "train", "val", "test"]
    source = table(part=[words[row % 4] for row in range(ROWS)])
    found = loaded(source, split={"column": "part"})
    assert parts(found) == [
        [row for row in range(ROWS) if row % 4 < 2],
        list(range(2, ROWS, 4)),
        list(range(3, ROWS, 4)),
    ]
    assert found.spec.split == Split(column="part")
    again = reload(Recipe(data=found.spec), found.preparation)
    assert parts(again) == parts(found)
    two = loaded(table(part=[2 * (row % 2) for row in range(ROWS)]), split={"column": "part"})
    assert [len(part) for part in parts(two)] == [18, 2, 20]
    assert parse_recipe("data: {source: a.csv, split: part}").data.split == Split(column="part")


@pytest.mark.parametrize("split", [{"order": "day"}, {"group": "patient"}, {"column": "part"}])
@pytest.mark.parametrize("missing", ["median", "drop"])
def test_divided_again_as_it_was(table: Table, split: dict[str, str], missing: str) -> None:
    source = table(
        day=DAYS,
        patient=[row % 8 for row in range(ROWS)],
        part=[("train", "train", "test")[row % 3] for row in range(ROWS)],
    )
    unused = tuple({"day", "patient", "part"} - set(split.values()))
    width = 4 if "order" in split else 1
    found = loaded(source, width, split=split, drop=unused, missing=missing)
    text = to_yaml(Recipe(data=found.spec))
    again = reload(parse_recipe(text), found.preparation)
    assert parts(again) == parts(found)
    assert all(len(part) for part in parts(found))


@pytest.mark.parametrize(
    ("split", "code", "reported", "help"),
    [
        ({"group": "pateint"}, "N530", "no column `pateint`", "`patient`"),
        ({"order": "dya"}, "N530", "no column `dya`", "`day`"),
        ({"column": "prat"}, "N530", "no column `prat`", "`part`"),
        ({"group": "y"}, "N507", "is the target, and cannot be the group too", "`split.group`"),
        ({"group": "day", "order": "day"}, "N507", "cannot be the", "another column"),
        ({"group": "patient", "order": "day"}, "N507", "not by both", "leave one"),
        (
            {"order": "patient"},
            "N531",
            "`p0` in line 2: rows have an order by num",
            "such a column: ",
        ),
        ({"column": "patient"}, "N531", "`p0` in line 2, which is not a part", "train"),
        ({"column": "part", "test": 0.2}, "N507", "a test part of its own", "leave `test` out"),
        ({"group": "same"}, "N516", "are all of one group of `same`", "split: {test: 0}"),
        ({"order": "same"}, "N516", "all have the same `same`", "split: {test: 0}"),
        (
            {"group": "patient", "test": 0.05, "fold": 0},
            "N516",
            "20 folds need 20 groups: there are 8",
            "",
        ),
        ({"order": "gap"}, "N531", "`gap` of .* is empty in 20 rows", "missing: drop"),
        ({"column": "untrained"}, "N516", "no row of the training part", "train"),
    ],
)
def test_divisions_that_are_refused(
    table: Table, split: dict[str, Any], code: str, reported: str, help: str
) -> None:
    source = table(
        day=DAYS,
        patient=[f"p{row % 8}" for row in range(ROWS)],
        part=[("train", "test")[row % 2] for row in range(ROWS)],
        untrained=["test"] * ROWS,
        same=[5] * ROWS,
        gap=[row if row % 2 else "" for row in range(ROWS)],
    )
    with pytest.raises(NetError, match=reported) as error:
        loaded(source, 3, split=split)
    found = error.value.diagnostics[0]
    assert (found.code, help in (found.help or "")) == (code, True)


@pytest.mark.parametrize(
    ("days", "split", "warned"),
    [
        (sorted(DAYS), {}, True),
        (sorted(DAYS, reverse=True), {}, True),
        (DAYS, {}, False),
        (sorted(DAYS), {"order": "day"}, False),
        (sorted(DAYS), {"test": 0, "validation": 0}, False),
        (["2024-01-01"] * ROWS, {}, False),
    ],
)
def test_a_random_split_of_rows_in_time_order_warns(
    table: Table, days: list[str], split: dict[str, Any], warned: bool
) -> None:
    found = loaded(table(day=days), 2, split=split, columns={"day": ("elapsed",)})
    reported = [note for note in found.notes if note.startswith("warning: the rows are in")]
    assert bool(reported) == warned
    if warned:
        assert "data: {split: {order: day}} tests on the last ones" in reported[0]


def test_no_test_part_where_none_is_asked_for(table: Table) -> None:
    found = loaded(table(), split={"test": 0})
    assert [len(part) for part in parts(found)] == [36, 4, 0]


# --- files of their own ---------------------------------------------------------------------------


def test_files_of_their_own(table: Table, tmp_path: Path) -> None:
    source = table(city=["rome", "paris"] * 20)
    (tmp_path / "val.csv").write_text("city,y,x\nrome,100,1\nparis,101,2\n")
    (tmp_path / "test.csv").write_text("x,city,y\n5,oslo,200\n,rome,201\n")
    text = "data: {source: a.csv, target: y, validation: val.csv, test: test.csv}"
    (tmp_path / "r.yaml").write_text(text)
    recipe = load_recipe(tmp_path / "r.yaml")
    found = load_data(recipe, netdsl.parse("input 3 > linear-1"))
    assert parts(found) == [list(range(ROWS)), [100, 101], [200, 201]]
    assert found.spec.source == source
    assert found.spec.test == str(tmp_path / "test.csv")
    assert found.spec.split == Split()
    assert found.notes == (
        "test part: `oslo` is not one of the categories of city (1 row, first in line 2)",
        "x: 1 missing value filled with the training median, 11.5",
    )
    again = reload(Recipe(data=found.spec), found.preparation)
    assert parts(again) == parts(found)


def test_a_test_file_alone(table: Table, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("x,y\n5,200\n")
    found = loaded(table(), test=str(tmp_path / "test.csv"))
    assert [len(part) for part in parts(found)] == [36, 4, 1]


STATED = ["train"] * 20 + ["val"] * 10 + ["test"] * 10


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"group": "mixed"}, "`p0` of `mixed` is in the training and in the validation part"),
        ({"order": "back"}, "training part are not before all of the validation part, by `back`"),
        ({"group": "apart"}, None),
        ({"order": "forth"}, None),
    ],
)
@pytest.mark.parametrize("by", ["column", "files"])
def test_stated_parts_obey_groups_and_times(
    table: Table, split: dict[str, str], message: str | None, by: str
) -> None:
    columns = {
        "mixed": [f"p{row % 8}" for row in range(ROWS)],
        "apart": [f"q{row // 10}" for row in range(ROWS)],
        "back": range(ROWS, 0, -1),
        "forth": range(ROWS),
        "part": STATED,
    }
    source = Path(table(**columns))
    keys: dict[str, Any] = {"split": {"column": "part", **split}}
    if by == "files":
        head, *lines = source.read_text().splitlines()
        for name in ("train", "val", "test"):
            rows = [line for line, part in zip(lines, STATED, strict=True) if part == name]
            source.with_name(f"{name}.csv").write_text("\n".join([head, *rows]))
        keys = {"split": split, "drop": ("part",)}
        keys |= {"validation": str(source.with_name("val.csv"))}
        keys |= {"test": str(source.with_name("test.csv"))}
        source = source.with_name("train.csv")
    unused = {"mixed", "apart", "back", "forth"} - set(split.values())
    keys["drop"] = (*keys.get("drop", ()), *unused)
    width = 2 if "order" in split else 1
    if message:
        with pytest.raises(NetError, match=message) as error:
            loaded(str(source), width, **keys)
        (problem,) = error.value.diagnostics
        (key,) = split
        advice = f"correct the parts that the data states, or leave `{key}` out"
        assert (problem.code, problem.help) == ("N507", advice)
    else:
        assert [len(part) for part in parts(loaded(str(source), width, **keys))] == [20, 10, 10]


def test_groups_that_cannot_be_compared_are_noted(table: Table, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("x,y\n5,200\n")
    source = table(patient=[f"p{row % 8}" for row in range(ROWS)])
    found = loaded(source, split={"group": "patient"}, test=str(tmp_path / "test.csv"))
    assert "the test part has no column `patient`: it is not compared with the others" in (
        found.notes
    )


def test_no_test_part_is_taken_of_rows_that_are_said_to_be_trained_on(table: Table) -> None:
    source = table(part=["train", "val"] * 20)
    found = loaded(source, split={"column": "part"})
    assert [len(part) for part in parts(found)] == [20, 20, 0]
    assert any("no row of the column `part` is of the test part" in note for note in found.notes)
    again = reload(Recipe(data=found.spec), found.preparation)
    assert parts(again) == parts(found)
    asked = loaded(source, split={"column": "part", "test": 0.2})
    assert [len(part) for part in parts(asked)] == [16, 20, 4]


@pytest.mark.parametrize("name", ["validation", "test"])
def test_one_file_is_one_part(table: Table, name: str) -> None:
    source = table()
    with pytest.raises(NetError, match=r"a\.csv would be two parts") as error:
        loaded(source, **{name: source})
    assert error.value.code == "N507"


def test_rows_that_are_in_two_files_are_counted(table: Table, tmp_path: Path) -> None:
    source = Path(table())
    lines = source.read_text().splitlines()
    (tmp_path / "test.csv").write_text("\n".join([lines[0], *lines[3:6], "1,200"]))
    found = loaded(str(source), test=str(tmp_path / "test.csv"))
    assert any("3 rows of 4 of the test part are in the training's" in one for one in found.notes)


def test_one_row_is_too_few_and_no_share_is_named_that_nobody_asked_for(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("x,y\n5,200\n")
    with pytest.raises(NetError, match="1 example is too few to be divided") as error:
        loaded(str(tmp_path / "one.csv"))
    assert error.value.code == "N516"
    found = loaded(str(tmp_path / "one.csv"), split={"test": 0, "validation": 0})
    assert [len(part) for part in parts(found)] == [1, 0, 0]


def test_arrays_of_their_own(tmp_path: Path) -> None:
    for name, count in (("a", 20), ("b", 5)):
        x = np.arange(count * 2, dtype=np.float32).reshape(count, 2)
        np.savez(tmp_path / f"{name}.npz", x=x, y=np.arange(count) % 2)
    spec = DataSpec(source=str(tmp_path / "a.npz"), test=str(tmp_path / "b.npz"))
    found = load_data(Recipe(data=spec), netdsl.parse("input 2 > sigmoid-1"))
    assert [len(part) for part in (found.train, found.validation, found.test)] == [18, 2, 5]


def test_files_of_their_own_that_are_refused(table: Table, tmp_path: Path) -> None:
    source = table(part=["train", "test"] * 20)
    other = tmp_path / "test.csv"
    other.write_text("x,y\n5,200\n")
    with pytest.raises(NetError, match="has a test part of its own, and") as error:
        loaded(source, split={"column": "part"}, test=str(other))
    assert error.value.code == "N507"
    given = (np.zeros((9, 1)), np.zeros(9))
    named = parse_recipe(f"data: {{test: {other}}}")
    with pytest.raises(NetError, match="`test` names a file; the data is given in Python") as error:
        load_data(named, netdsl.parse("input 1 > linear-1"), given)
    (problem,) = error.value.diagnostics
    assert problem.help == "give the parts with the data: ((x, y), (x_test, y_test))"
    assert problem.span == named.data.place("test") is not None
    other.write_text("z,y\n5,200\n")
    with pytest.raises(NetError, match="has no column `x`"):
        loaded(table(), test=str(other))
    with pytest.raises(NetError, match="nope") as error:
        loaded(table(), test=str(tmp_path / "nope.csv"))
    assert error.value.code == "N511"
    other.write_text("x,y\n5,200\n")
    with pytest.raises(NetError, match="a test part of its own") as error:
        loaded(table(), test=str(other), split={"test": 0.2})
    assert error.value.code == "N507"
    with pytest.raises(NetError, match="given in Python") as error:
        load_data(
            Recipe(data=DataSpec(test=source)),
            netdsl.parse("input 2 > linear-1"),
            (np.zeros((9, 2)), np.zeros(9)),
        )
    assert error.value.code == "N507"


def test_later_numbers_beyond_those_trained_on_are_counted(table: Table) -> None:
    """Of a level that drifts; the order itself always does."""
    step, note = list(range(ROWS)), "level in 100% lie beyond what is trained on"
    drifts = table(step=step, level=[row + row % 3 for row in step])
    (said,) = (one for one in loaded(drifts, 3, split={"order": "step"}).notes if "beyond" in one)
    assert note in said
    assert not any("beyond" in one for one in loaded(drifts, 3).notes)
    stays = table(step=step, level=[row % 3 for row in step])
    assert not any("beyond" in one for one in loaded(stays, 3, split={"order": "step"}).notes)
