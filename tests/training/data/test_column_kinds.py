"""What columns of tables are: recognised by their cells, or stated."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import netdsl
from netdsl import NetError
from netdsl.training.data import reload
from netdsl.training.data.inspect import as_json, survey
from netdsl.training.data.inspect_text import describe
from netdsl.training.data.prediction import read_inputs
from netdsl.training.data.sources.date_cells import read_dates
from netdsl.training.preparation import columns as transforms
from netdsl.training.preparation.columns import ColumnTransform
from netdsl.training.preparation.dates import CYCLIC, PARTS, date_text, part_values, usual_parts
from netdsl.training.preparation.transforms import as_plain, from_plain
from netdsl.training.recipes import column_values
from netdsl.training.recipes.recipe import DataSpec, Recipe, parse_recipe
from netdsl.training.recipes.yaml_writer import to_yaml
from tests.support.recipes import load_data

ROWS = 24
Table = Callable[..., Path]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    def write(**columns: Any) -> Path:
        columns = {"size": [(7 * row) % 23 for row in range(ROWS)], **columns}
        columns["price"] = [3 * row + 1.5 for row in range(ROWS)]
        rows = (",".join(map(str, row)) for row in zip(*columns.values(), strict=True))
        path = tmp_path / "a.csv"
        path.write_text("\n".join([",".join(columns), *rows]) + "\n")
        return path

    return write


def kinds(path: Path, **keys: Any) -> dict[str, str]:
    found = as_json(survey(DataSpec(source=str(path), target="price", **keys)))
    return {column["name"]: column["type"] for column in found["columns"][1:-1]}


def loaded(path: Path, width: int, **keys: Any) -> Any:
    spec = DataSpec(source=str(path), target="price", **keys)
    return load_data(Recipe(data=spec), netdsl.parse(f"input {width} > linear-1"))


REPEATED = [f"city{row % 3}" for row in range(ROWS)]


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("city", REPEATED, "category"),
        ("user", [f"user-{row:05}" for row in range(ROWS)], "id"),
        ("ticket", [f"T{row - row % 2 * (row < 8)}" for row in range(ROWS)], "id"),
        ("city", [f"city{row // 2}" for row in range(ROWS)], "category"),
        ("customer_id", [1000 + 17 * row for row in range(ROWS)], "id"),
        ("CustomerId", range(ROWS), "id"),
        ("Unnamed: 0", range(ROWS), "id"),
        ("index", range(1, ROWS + 1), "id"),
        ("paid", range(ROWS), "number"),
        ("customer_id", [row % 5 for row in range(ROWS)], "number"),
        ("id", [row + 0.5 for row in range(ROWS)], "number"),
        ("phone", [f"+49 {row} {7 * row}" for row in range(ROWS)], "id"),
        ("note", [f"the room of guest {row} was clean" for row in range(ROWS)], "text"),
        ("day", [f"2024-01-{row + 1:02}" for row in range(ROWS)], "date"),
        ("day", [f"2024-01-{row % 9 + 1:02} 10:00" for row in range(ROWS)], "date"),
        ("day", [f"{row + 1}.3.2024" for row in range(ROWS)], "date"),
        ("day", [f"03/{row + 1:02}/2024" for row in range(ROWS)], "date"),
        ("day", [f"{row + 1:02} Mar 2024" for row in range(ROWS)], "date"),
        ("day", [f"{row + 1}-Mar-24" for row in range(ROWS)], "date"),
        ("day", [f"202401{row + 1:02}" for row in range(ROWS)], "date"),
        ("day", [f"2024-01-{row + 1:02}" if row else "n/a" for row in range(ROWS)], "date"),
        ("code", [f"202413{row + 1:02}" for row in range(ROWS)], "number"),
        ("year", [2000 + row % 20 for row in range(ROWS)], "number"),
    ],
)
def test_kinds_of_columns_are_recognized(table: Table, name: str, cells: Any, kind: str) -> None:
    assert list(kinds(table(**{name: list(cells)})).values()) == [kind]


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ([f"{row} kg" for row in range(ROWS)], "with a unit, as `0 kg`, which are read as text"),
        (["x"] * ROWS, "odd has the same value, x, in every row, from which nothing is learned"),
        ([7] * ROWS, "odd has the same value, 7, in every row"),
        ([7] * (ROWS - 1) + [""], "the same value, 7, in every cell that is not empty"),
        (REPEATED, ""),
    ],
)
def test_columns_that_nothing_is_learned_of(table: Table, cells: Any, note: str) -> None:
    found = survey(DataSpec(source=str(table(odd=cells)), target="price"))
    (said,) = (one.note for one in found.kinds if one.name == "odd")
    assert note in said
    assert bool(note) == bool(said)


def test_what_is_left_out_is_said(table: Table) -> None:
    path = table(user=[f"user-{row:05}" for row in range(ROWS)], city=REPEATED)
    found = loaded(path, 4)
    assert found.notes[0] == (
        "user has another text in every row: left out as the name of the row; "
        "data: {columns: {'user': category}} reads it"
    )
    with pytest.raises(NetError) as error:
        loaded(path, 28)
    assert "gives 4 numbers: size, city as 3, without user;" in str(error.value)
    assert error.value.diagnostics[0].help == "begin the network with `input 4`"


def test_a_column_called_input_is_not_the_whole_input(table: Table) -> None:
    path = table(input=[row % 5 for row in range(ROWS)], city=REPEATED)
    assert [one.shape for one in loaded(path, 5).preparation.inputs] == [(5,)]


@pytest.mark.parametrize(
    ("counts", "help"),
    [
        ([100], "begin the network with `input 101`"),
        (
            [101],
            "begin the network with `input 102`; town0 gives 101 of them: "
            "leave it out with --ignore town0, and begin with `input 1`",
        ),
        (
            [101, 2, 120],
            "begin the network with `input 224`; town0 gives 101 of them, town2 gives 120 of them: "
            "leave it out with --ignore town0,town2, and begin with `input 3`",
        ),
    ],
)
def test_a_large_column_is_named_with_the_way_out(
    tmp_path: Path, counts: list[int], help: str
) -> None:
    path = tmp_path / "a.csv"
    towns = [",".join(f"town{row % count}" for count in counts) for row in range(1, 606)]
    rows = [f"{row},{town},{row}" for row, town in enumerate(towns, 1)]
    names = ",".join(f"town{place}" for place in range(len(counts)))
    path.write_text("\n".join([f"size,{names},price", *rows]))
    with pytest.raises(NetError) as error:
        loaded(path, 2)
    assert error.value.diagnostics[0].help == help


def test_a_large_column_that_is_the_whole_input_is_not_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["town,price", *(f"town{row % 120},{row}" for row in range(600))]))
    with pytest.raises(NetError) as error:
        loaded(path, 2)
    assert error.value.diagnostics[0].help == "begin the network with `input 120`"


def test_data_prints_the_kinds_and_the_input(table: Table) -> None:
    path = table(user=[f"user-{row:05}" for row in range(ROWS)], city=REPEATED)
    spec = DataSpec(source=str(path), target="price")
    assert describe(survey(spec)).endswith("begin the network with `input 4`")
    assert as_json(survey(spec))["input"] == 4
    without = describe(survey(DataSpec(source=str(path), drop=("city",))))
    assert without.splitlines()[-1].startswith("the columns give 2 numbers")


def test_stated_kinds(table: Table) -> None:
    """A recipe's word goes before what the cells look like."""
    path = table(
        user=[f"u{row}" for row in range(ROWS)], zip=[f"0{row % 4}" for row in range(ROWS)]
    )
    stated = {"user": "category", "zip": "category"}
    assert kinds(path, columns=stated) == stated
    columns = loaded(path, 29, columns=stated).preparation.inputs[0].columns
    assert columns.widths == {"size": 1, "user": 24, "zip": 4}
    assert columns.columns[2].categories == ("00", "01", "02", "03")
    assert loaded(path, 2, columns={"user": "drop"}).preparation.inputs[0].columns.left_out == (
        "user",
    )
    assert loaded(path, 1, drop=("user", "zip")).preparation.inputs[0].columns.width == 1


def test_an_order(table: Table) -> None:
    path = table(shirt=[("s", "m", "l")[row % 3] for row in range(ROWS)])
    order = {"shirt": ("s", "m", "l")}
    found = loaded(path, 2, columns={"shirt": "ordinal"}, categories=order)
    column = found.preparation.inputs[0].columns.columns[1]
    places = found.train.x[0][:, 1]
    assert set(places.tolist()) == {0, 1, 2}
    assert (column.width, column.mean) == (1, pytest.approx(places.mean()))
    assert [column.shown(place) for place in range(3)] == ["s", "m", "l"]
    with pytest.raises(NetError, match="the order of the texts in column `shirt`"):
        loaded(path, 2, columns={"shirt": "ordinal"})


@pytest.mark.parametrize(
    ("keys", "code", "reported", "help"),
    [
        ({"columns": {"sise": "drop"}}, "N530", "no column `sise`", "size"),
        ({"drop": ("citi",)}, "N530", "no column `citi`", "city"),
        ({"columns": {"city": "number"}}, "N531", "holds numbers, but `city0` in line 2", ""),
        ({"columns": {"city": "date"}}, "N531", "`city0` in line 2, not a date", "category"),
        ({"columns": {"city": "category"}, "drop": ("city",)}, "N507", "`drop`", "one of the two"),
        ({"columns": {"city": "date"}, "categories": {"city": REPEATED[:3]}}, "N507", "stated", ""),
        ({"columns": {"price": "date"}}, "N507", "is the target, and cannot be `date`", "number"),
        ({"drop": ("price",)}, "N507", "is the target, and cannot be `drop`", ""),
        ({"weight": "size", "drop": ("size",)}, "N507", "is the weight, and cannot", ""),
        ({"drop": ("city", "size")}, "N530", "but the target `price` is read", "left out"),
    ],
)
def test_kinds_that_are_refused(
    table: Table, keys: dict[str, Any], code: str, reported: str, help: str
) -> None:
    with pytest.raises(NetError, match=reported) as error:
        loaded(table(city=REPEATED), 1, **keys)
    found = error.value.diagnostics[0]
    assert found.code == code
    assert help in (found.help or "")


@pytest.mark.parametrize(
    ("text", "code", "help"),
    [
        ("{a: nombre}", "N505", "`number`"),
        ("{a: [weekday, hours]}", "N505", "`hour`"),
        ("{a: [weekday, weekday]}", "N505", "leave one out"),
        ("{a: []}", "N504", ""),
        ("{a: {b: date}}", "N504", ""),
        ("number", "N505", ""),
        ("[a, b]", "N504", ""),
    ],
)
def test_kinds_that_are_none(text: str, code: str, help: str) -> None:
    with pytest.raises(NetError) as error:
        parse_recipe(f"data: {{source: a.csv, columns: {text}}}")
    assert (error.value.code, help in (error.value.diagnostics[0].help or "")) == (code, True)


def test_kinds_go_through_a_recipe_and_back() -> None:
    text = "data: {source: a.csv, columns: {a: date, b: [elapsed, hour], c: drop}, drop: [d]}"
    recipe = parse_recipe(text)
    assert recipe.data.columns == {"a": "date", "b": ("elapsed", "hour"), "c": "drop"}
    assert parse_recipe(to_yaml(recipe)) == recipe
    given = {"a": "date", "b": ["elapsed", "hour"], "c": "drop"}
    assert DataSpec.of({"source": "a.csv", "columns": given, "drop": "d"}) == recipe.data


def test_the_words_of_recipes_are_those_of_preparations() -> None:
    assert (*transforms.READ, "id", "drop") == tuple(
        sorted(column_values.KINDS, key=(*transforms.READ, "id", "drop").index)
    )
    assert column_values.DATE_PARTS == PARTS


# --- dates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2024-02-29", "2024-02-29"),
        ("2024/2/9", "2024-02-09"),
        ("2024-02", "2024-02-01"),
        ("20240229", "2024-02-29"),
        ("29.2.2024", "2024-02-29"),
        ("29/02/24", "2024-02-29"),
        ("02/29/2024", "2024-02-29"),
        ("29 February 2024", "2024-02-29"),
        ("Feb 29, 2024", "2024-02-29"),
        ("2024-02-29 13:05", "2024-02-29 13:05"),
        ("2024-02-29T13:05:30Z", "2024-02-29 13:05:30"),
        ("2024-02-29T13:05:00.000+02:00", "2024-02-29 11:05"),
        ("2/29/2024 1:05 PM", "2024-02-29 13:05"),
        ("31.12.1969", "1969-12-31"),
        ("12/31/2024 12:00 am", "2024-12-31"),
        ("12/31/2024 12:30 PM", "2024-12-31 12:30"),
        ("12/31/2024 13:00 PM", None),
        ("12/31/2024 0:30 am", None),
        ("2024-02-29T13:05:00-0230", "2024-02-29 15:35"),
        ("2024-03-01T01:00+02:00", "2024-02-29 23:00"),
        ("31.12.2024 23:59:60", "2025-01-01"),
        ("31.12.2024 23:59:61", None),
        ("31.12.2024 23:60", None),
        ("31.12.2024 24:00", None),
        ("1 January 69", "1969-01-01"),
        ("1 January 68", "2068-01-01"),
        ("29 Foo 2024", None),
        ("Foo 29, 2024", None),
        ("\u0662\u0660\u0662\u0664-02-29", None),  # digits of another script
        ("29 February 2024" + " " * 25, None),
        ("2023-02-29", None),
        ("2024-13-01", None),
        ("2024-01-01 25:00", None),
        ("1.2.3", None),
        ("hello", None),
        ("12:30", None),
    ],
)
def test_texts_that_are_dates(text: str, meant: str | None) -> None:
    (day,) = read_dates([text]).days
    assert (day if day is None else date_text(day)) == meant


def test_the_day_or_the_month_first(table: Table) -> None:
    assert read_dates(["1/2/2024", "13/2/2024"]).day_first is True
    assert read_dates(["1/2/2024", "2/13/2024"]).day_first is False
    assert read_dates(["1/2/2024"]).unclear == "1/2/2024"
    assert not read_dates(["2/2/2024", "1.2.2024"]).unclear
    path = table(day=[f"{row % 12 + 1}/{row % 11 + 1}/2024" for row in range(ROWS)])
    with pytest.raises(NetError, match="may have the day or the month first") as error:
        loaded(path, 1)
    assert (error.value.code, error.value.diagnostics[0].help) == (
        "N531",
        "data: {day_first: yes}, or no",
    )
    for first, last in ((True, "2024-11-11"), (False, "2024-12-02")):
        spec = DataSpec(source=str(path), day_first=first)
        day = as_json(survey(spec))["columns"][1]
        assert (day["type"], day["least"]) == ("date", "2024-01-01")
        assert day["most"] == last
    both = table(day=["13/1/2024", "1/13/2024", *["2/2/2024"] * (ROWS - 2)])
    with pytest.raises(NetError, match=r"`1/13/2024` in line 3, which has the month first"):
        loaded(both, 1)


DAYS = st.floats(-100_000, 100_000, allow_nan=False).map(lambda day: round(day * 24) / 24)


@given(st.lists(DAYS, min_size=1, max_size=20))
def test_parts_of_dates(days: list[float]) -> None:
    """As Python's calendar has them; cycles lie on the unit circle."""
    held = np.array(days)
    moments = [datetime(1970, 1, 1) + timedelta(days=day) for day in days]
    moments = [(moment + timedelta(seconds=1)).replace(minute=0, second=0) for moment in moments]
    assert part_values(np, held, "year").tolist() == [moment.year for moment in moments]
    weekdays = np.round(part_values(np, held, "weekday") * 7).tolist()
    assert weekdays == [moment.weekday() for moment in moments]
    assert np.round(part_values(np, held, "hour") * 24).tolist() == [m.hour for m in moments]
    for part in CYCLIC:
        position = part_values(np, held, part)
        assert ((position >= 0) & (position < 1)).all()
        circle = ColumnTransform("day", "date", part).numbers(held)
        assert np.allclose((circle**2).sum(axis=1), 1, atol=1e-6)


def test_parts_that_differ() -> None:
    def parts(*texts: str) -> tuple[str, ...]:
        return usual_parts(np.array(read_dates(texts).days, float))

    assert parts("2024-01-01") == ("elapsed",)
    assert parts("2024-01-01", "2024-01-03 06:00") == ("elapsed", "hour")
    assert parts("2024-01-01", "2024-01-09") == ("elapsed", "weekday")
    assert parts("2024-01-01", "2025-06-01") == ("elapsed", "month")
    assert parts("2023-01-01", "2024-06-07 06:00") == ("elapsed", "month", "weekday", "hour")


def test_dates_of_a_run_are_read_again(table: Table, tmp_path: Path) -> None:
    """The kept preparation reads other rows in the same way, whatever parts their dates have."""
    path = table(day=[f"{row + 1}.1.2024" if row != 3 else "" for row in range(ROWS)])
    found = loaded(path, 4)
    middle = date_text(float(np.nanmedian(found.train.x[0][:, 1])))
    assert found.notes[-1] == f"day: 1 missing value filled with the training median, {middle}"
    kept = from_plain(as_plain(found.preparation))
    assert kept == found.preparation
    again = reload(Recipe(data=found.spec), kept)
    assert np.array_equal(again.test.x[0], found.test.x[0], equal_nan=True)
    (tmp_path / "b.csv").write_text("day,size\n8.1.2024,1\n,2\n")
    read = read_inputs(tmp_path / "b.csv", kept)
    numbers = kept.inputs[0].values(read.x[0])
    column = kept.inputs[0].columns.columns[1]  # type: ignore[union-attr]
    elapsed = (19730 - column.mean) / column.deviation
    assert numbers[0, 1:] == pytest.approx([elapsed, 0, 1], abs=1e-6)  # a Monday
    assert not read.notes  # as in the training
    assert f"day is missing: the training median, {middle}, is used" in read.filled[1]


def test_dates_to_predict_in_another_form_than_the_training_s(table: Table, tmp_path: Path) -> None:
    """Dates that may have the day or the month first are refused, not read as one of the two."""
    days = [f"2024-01-{row + 1:02}" for row in range(ROWS)]
    path, new = table(day=days), tmp_path / "b.csv"
    kept = loaded(path, 4).preparation
    new.write_text("day,size\n05/06/2024,1\n06/06/2024,2\n")
    with pytest.raises(
        NetError, match="`05/06/2024`, which may have the day or the month"
    ) as error:
        read_inputs(new, kept)
    assert (error.value.code, error.value.diagnostics[0].help) == (
        "N531",
        "write them as 2024-12-31, or train with data: {day_first: yes}, or no",
    )
    stated = loaded(path, 4, day_first=True).preparation
    read = read_inputs(new, stated)
    assert [date_text(day) for day in read.x[0][:, 1]] == ["2024-06-05", "2024-06-06"]
    assert not read.notes
    new.write_text("day,size\n05/06/2024,1\n2024-06-05,2\n13/06/2024,2\n")
    read = read_inputs(new, kept)
    assert date_text(read.x[0][0, 1]) == date_text(read.x[0][1, 1]) == "2024-06-05"
    assert sorted(read.notes) == [0, 2]
    assert read.notes[0][0].startswith("day is read with the day first, `05/06/2024` as 2024-06-05")
    new.write_text("day,size\n2024-06-05,1\n5 Jun 2024,2\n")
    assert not read_inputs(new, kept).notes


def test_dates_of_parquet(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    days = [None, *(datetime(2024, 1, 1, 6) + timedelta(days=3 * row) for row in range(29))]
    held = pyarrow.table(
        {"day": pyarrow.array(days, pyarrow.timestamp("s")), "price": list(range(30))}
    )
    parquet.write_table(held, tmp_path / "a.parquet")
    assert kinds_of_parquet(tmp_path / "a.parquet") == "date"
    found = loaded(tmp_path / "a.parquet", 5)
    rows = np.concatenate([part.x[0] for part in (found.train, found.validation, found.test)])
    assert date_text(np.nanmin(rows)) == "2024-01-01 06:00"
    assert math.isnan(rows[:, 0].sum())


def kinds_of_parquet(path: Path) -> str:
    found: str = as_json(survey(DataSpec(source=str(path))))["columns"][0]["type"]
    return found


def test_an_empty_column_can_be_left_out(table: Table) -> None:
    path = table(city=[""] * ROWS)
    with pytest.raises(NetError, match="is empty in all of its 24 rows") as error:
        loaded(path, 1)
    assert "--ignore city" in (error.value.diagnostics[0].help or "")
    assert len(loaded(path, 1, drop=("city",), missing="drop").train) > 10


def test_columns_of_a_file_without_names(tmp_path: Path) -> None:
    """Rows to be predicted have no target, and maybe the column that is left out."""
    path = tmp_path / "a.csv"
    rows = [f"user-{row},{row % 7},{row * 3},{row % 5}" for row in range(ROWS)]
    path.write_text("\n".join(rows))
    spec = DataSpec(source=str(path), target="3", header=False)
    found = load_data(Recipe(data=spec), netdsl.parse("input 2 > linear-1"))
    columns = found.preparation.inputs[0].columns
    assert columns is not None
    assert (columns.numbered, columns.left_out) == (["1", "2", "4"], ("1",))
    (tmp_path / "b.csv").write_text("a,6,4\nb,0,2\n")
    assert read_inputs(tmp_path / "b.csv", found.preparation).x[0].tolist() == [[6, 4], [0, 2]]


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"target": 5}, "N530"),  # the number of a column
        ({"target": 1.5}, "N504"),
        ({"target": []}, "N504"),
        ({"target": ["price", "price"]}, "N505"),
        ({"target": "price", "drop": 5}, "N530"),
        ({"target": "price", "drop": ["size", "size"]}, "N505"),
        ({"target": "price", "drop": {"size": 1}}, "N504"),
        ({"target": "price", "drop": "size"}, "N530"),
    ],
)
def test_wrong_columns_from_python(table: Table, keys: dict[str, Any], code: str) -> None:
    from netdsl.training.planning.plan import plan

    with pytest.raises(NetError) as error:
        plan(netdsl.parse("input 1 > linear-1"), None, data=str(table()), **keys)
    assert error.value.code == code
