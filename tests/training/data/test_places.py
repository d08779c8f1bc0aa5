"""Where messages about a recipe's data point to: the value that is wrong, not the source.

No framework is imported here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.data import load_data
from netdsl.training.planning.plan import asked_for
from netdsl.training.recipes.recipe import DataSpec, load_recipe

HOUSES = "size,city,sold,price,w\n" + "".join(
    f"{row * 7 % 50},{('rome', 'paris', 'oslo')[row % 3]},2024-{row % 12 + 1:02}-01,{row * 10},1\n"
    for row in range(24)
)
DATES = [f"{row % 9 + 1}/{row % 8 + 1}/2024" for row in range(20)]
MIXED = "when,y\n" + "".join(
    f"{ {5: '13/2/2024', 11: '2/14/2024'}.get(row, day) },{row}\n" for row, day in enumerate(DATES)
)
DAYS = "a,when\n" + "".join(f"{row * row % 11},2024-01-{row + 1:02}\n" for row in range(24))

NUMBERS_OR_DATES = "such a column: size, sold, price, w"
A_NUMBER_OF_IT = "a date is not learned as it is"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"h": HOUSES, "mixed": MIXED, "days": DAYS}.items():
        (tmp_path / f"{name}.csv").write_text(text)
    np.savez(tmp_path / "x.npz", x=np.zeros((20, 5)), y=np.arange(20.0))
    return tmp_path


def refused(folder: Path, data: str, target: str | None = None) -> NetError:
    path = folder / "recipe.yaml"
    path.write_text(f"data: {{{data.replace('«', '').replace('»', '')}}}")

    def load() -> None:
        recipe, _ = asked_for(load_recipe(path), target=target)
        load_data(recipe, netdsl.parse("input 5 > linear-1"))

    with pytest.raises(NetError) as error:
        load()
    return error.value


@pytest.mark.parametrize(
    ("data", "code", "reported", "help"),
    [
        ("source: h.csv, target: «prize»", "N530", "no column `prize`", "`price`"),
        ("source: h.csv, target: [size, «prise»]", "N530", "no column `prise`", "`price`"),
        ("source: h.csv, target: price, validation: «no.csv»", "N511", "no.csv cannot be", ""),
        ("source: h.csv, target: price, test: «no.csv»", "N511", "no.csv cannot be read", ""),
        ("source: h.csv, target: price, weight: «ww»", "N530", "no column `ww`", "columns are"),
        ("source: h.csv, target: price, weight: «city»", "N517", "are not numbers", ""),
        ("source: h.csv, target: price, drop: [w, «citi»]", "N530", "column `citi`", "`city`"),
        ("source: h.csv, target: price, drop: «citi»", "N530", "no column `citi`", "`city`"),
        ("source: h.csv, target: price, columns: {«citi»: id}", "N530", "column `citi`", "`city`"),
        (
            "source: h.csv, target: price, columns: {city: «[number, category]»}",
            "N505",
            "`columns.city` holds `number` in a list: a column is of one kind",
            "write `number` alone",
        ),
        (
            "source: h.csv, target: price, columns: {size: number, city: «categori»}",
            "N505",
            "`columns.city` requires",
            "`category`",
        ),
        (
            "source: h.csv, target: price, columns: {sold: [elapsed, «mont»]}",
            "N505",
            "`columns.sold` requires",
            "`month`",
        ),
        ("source: h.csv, target: price, categories: {«citi»: [a]}", "N530", "`citi`", "`city`"),
        (
            "source: h.csv, target: price, categories: {«city»: [rome, paris]}",
            "N531",
            "holds `oslo` in line 4, not a stated category",
            "rome, paris",
        ),
        ("source: h.csv, target: price, split: {order: «sld»}", "N530", "`sld`", "`sold`"),
        (
            "source: h.csv, target: price, split: {order: «city»}",
            "N531",
            "texts such as `rome` in line 2: rows have an order by numbers or dates",
            NUMBERS_OR_DATES,
        ),
        ("source: h.csv, target: price, split: {group: «price»}", "N507", "is the target", ""),
        ("source: h.csv, target: price, split: «city»", "N531", "not a part", "train"),
        ("source: h.csv, target: price, «day_frist»: no", "N503", "no key", "`day_first`"),
        ("source: h.csv, target: price, split: {«ordr»: w}", "N503", "no key", "`order`"),
        ("source: h.csv, target: price, decimal: ',', thousands: «','»", "N507", "both `,`", ""),
        ("source: x.npz, decimal: «','»", "N507", "`decimal` is for tables", "leave `decimal`"),
        ("source: x.npz, split: {order: «y»}", "N507", "x.npz is not a table", "x_train, x_val"),
        ("source: x.npz, split: {order: «y», fold: 1}", "N507", "x.npz is not a table", "x_val"),
        ("source: x.npz, split: {group: «who»}", "N507", "{group: who}` names a column", "table"),
        ("source: x.npz, split: {column: «part»}", "N507", "{column: part}`", "a table"),
        ("source: x.npz, split: «part»", "N507", "{column: part}`", "a table"),
        ("source: ., split: {group: «who»}", "N507", "not a table", "folders train, val, test"),
        ("source: sin(x), split: {order: «x»}", "N507", "sin(x) is not a table", "a table"),
        ("source: x.npz, weight: «w»", "N514", "has no weights `w`", "name the array"),
        ("source: x.npz, damaged: «skip»", "N507", "is for folders of images", "leave `damaged`"),
        ("source: x.npz, noise: «0.5»", "N507", "`noise` is for data that is made", ""),
        ("source: x.npz, target: «[a, b]»", "N507", "several targets are columns", ""),
        (
            "source: «mixed.csv», target: y",
            "N531",
            "`2/14/2024` in line 13, which has the month first, and `13/2/2024` in line 7, which "
            "has the day first",
            "alike",
        ),
        (
            "source: mixed.csv, target: y, day_first: «no»",
            "N531",
            "`13/2/2024` in line 7, which has the day first; by `day_first` the month is first",
            "leave `day_first` out",
        ),
        ("source: «days.csv», target: when", "N526", "holds 24 classes", A_NUMBER_OF_IT),
        (
            "source: days.csv, target: when, columns: {«when»: date}",
            "N507",
            "is the target, and cannot be `date`",
            A_NUMBER_OF_IT,
        ),
    ],
)
def test_messages_point_to_the_value(
    folder: Path, data: str, code: str, reported: str, help: str
) -> None:
    error = refused(folder, data)
    (found,) = error.diagnostics
    assert found.span
    marked = found.span.source.text[found.span.start : found.span.end]
    expected = data[data.index("«") + 1 : data.index("»")]
    assert (found.code, marked) == (code, expected)
    assert found.span.start == len("data: {") + data.index("«")
    assert reported in found.message
    assert help in (found.help or "")


def test_columns_by_their_numbers_from_python(folder: Path) -> None:
    """As a text has them: from 1 up, and -1 is the last."""
    source = str(folder / "h.csv")
    for target in (-2, "4", "price", np.int64(4)):
        recipe, _ = asked_for(None, data=source, target=target)
        keys = DataSpec.of({"drop": [3, -1], "split": {"order": 1}})
        spec = recipe.data.replace(drop=keys.drop, split=keys.split)
        data = load_data(recipe.replace(data=spec), netdsl.parse("input 4 > linear-1"))
        assert (data.spec.target, data.preparation.table.widths) == (
            "price",
            {"size": 1, "city": 3},
        )
    with pytest.raises(NetError, match="`target` requires a column's name or number"):
        asked_for(None, data=source, target=True)


def test_what_was_replaced_has_no_place(folder: Path) -> None:
    """A target of the command line is not in the recipe: the source is."""
    error = refused(folder, "source: «h.csv», target: price", target="prize")
    span = error.diagnostics[0].span
    assert span
    assert span.source.text[span.start : span.end] == "h.csv"
