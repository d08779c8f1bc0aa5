"""Tables: what columns become, what is kept of them, what is refused.

No framework is imported here.
"""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.recipes import load_data

import netdsl
from netdsl.errors import NetError
from netdsl.training.data import Data, given_inputs, read_inputs, reload
from netdsl.training.data.sources.cells import cell_number
from netdsl.training.data.sources.table_file import read_table_file
from netdsl.training.preparation.table_format import NumberFormat
from netdsl.training.preparation.transforms import as_plain, from_plain
from netdsl.training.recipes.recipe import DataSpec, Recipe, Split

HOUSES = "size,place,price\n" + "".join(
    f"{row},{'here' if row % 3 else 'there'},{row * 10 + 5}\n" for row in range(30)
)
IRIS = "petal,sepal,kind\n" + "".join(
    f"{row / 10},{row % 4}.5,{('setosa', 'versicolor', 'virginica')[row % 3]}\n"
    for row in range(30)
)
PRICE = "input 3 > fc-4 > linear-1"
KIND = "input 2 > fc-4 > softmax-3"


@pytest.fixture
def table(tmp_path: Path) -> Any:
    def make(content: str | bytes, name: str = "data.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return make


def loaded(network: str, source: str, target: str | None, **more: Any) -> Data:
    return load_data(
        Recipe(data=DataSpec(source=source, target=target, **more)), netdsl.parse(network)
    )


def inputs(data: Data, part: str = "train") -> Any:
    return data.preparation.x(getattr(data, part).x)[0]


# --- what columns become --------------------------------------------------------------------------


def test_numbers_are_standardised_by_the_training_part_and_texts_are_one_hot(table: Any) -> None:
    found = loaded(PRICE, table(HOUSES), "price")
    made = inputs(found)
    assert made.shape == (len(found.train), 3)
    assert made[:, 0].mean() == pytest.approx(0, abs=1e-6)
    assert made[:, 0].std() == pytest.approx(1, abs=1e-6)
    assert set(map(tuple, made[:, 1:].tolist())) == {(0.0, 1.0), (1.0, 0.0)}
    (columns,) = (input.columns for input in found.preparation.inputs)
    assert columns
    assert columns.columns[0].mean == pytest.approx(found.train.x[0][:, 0].mean())
    assert columns.columns[1].categories == ("here", "there")
    assert (found.spec.target, found.spec.header, found.spec.missing, found.spec.scale) == (
        "price",
        True,
        "median",
        None,
    )


def test_values_are_standardised_and_can_be_undone(table: Any) -> None:
    found = loaded(PRICE, table(HOUSES), "price")
    (output,) = found.preparation.outputs
    (y,) = found.preparation.y(found.train.y)
    assert (y.mean(), y.std()) == (pytest.approx(0, abs=1e-6), pytest.approx(1, abs=1e-6))
    assert output.original(y)[:, 0] == pytest.approx(found.train.y[0], abs=1e-3)
    positive = loaded("input 3 > fc-4 > relu-1", table(HOUSES), "price").preparation.outputs[0]
    assert (positive.centre, positive.spread) == (0.0, 1.0)


def test_texts_are_classes(table: Any) -> None:
    found = loaded(KIND, table(IRIS), "kind")
    (output,) = found.preparation.outputs
    assert (output.classes, output.names, output.loss) == (
        3,
        ("setosa", "versicolor", "virginica"),
        "cross-entropy",
    )
    assert np.bincount(found.train.y[0]).tolist() == pytest.approx([7, 7, 7], abs=1)


@pytest.mark.parametrize(
    ("values", "end", "classes", "names"),
    [
        ((3, 5, 8), "softmax-3", 3, ("3", "5", "8")),
        ((0, 1, 2), "softmax-3", 3, ()),
        ((2, 4, 4), "sigmoid-1", 2, ("2", "4")),
        ((0, 1, 1), "sigmoid-1", 2, ()),
        ((3, 5, 8), "linear-1", 0, ()),
    ],
)
def test_integers_are_classes_after_a_softmax(
    table: Any, values: tuple[int, ...], end: str, classes: int, names: tuple[str, ...]
) -> None:
    path = table("a,b,y\n" + "".join(f"{row},{row % 7},{values[row % 3]}\n" for row in range(30)))
    found = loaded(f"input 2 > {end}", path, "y")
    (output,) = found.preparation.outputs
    assert (output.classes, output.names) == (classes, names)
    again = reload(Recipe(data=found.spec), found.preparation)
    assert np.array_equal(again.test.y[0], found.test.y[0])


def test_what_was_done_is_kept_and_done_again(table: Any) -> None:
    for network, content, target in ((PRICE, HOUSES, "price"), (KIND, IRIS, "kind")):
        found = loaded(network, table(content), target)
        kept = from_plain(json.loads(json.dumps(as_plain(found.preparation))))
        assert kept == found.preparation
        again = reload(Recipe(data=found.spec), kept)
        assert np.array_equal(inputs(again, "test"), inputs(found, "test"))
        assert np.array_equal(again.test.y[0], found.test.y[0])


def test_a_missing_number_is_the_training_parts_median(table: Any) -> None:
    lines = HOUSES.split("\n")
    lines[5], lines[9] = ",here,45", "NA,there,85"
    found = loaded(PRICE, table("\n".join(lines)), "price")
    column = found.preparation.inputs[0].columns.columns[0]  # type: ignore[union-attr]
    assert found.notes == (
        f"size: 2 missing values filled with the training median, {column.median:g}",
    )
    known = np.concatenate([part.x[0][:, 0] for part in (found.train,)])
    assert column.median == np.nanmedian(known)
    dropped = loaded(PRICE, table("\n".join(lines)), "price", missing="drop")
    assert len(dropped.train) + len(dropped.validation) + len(dropped.test) == 28
    assert dropped.notes == ("2 of 30 rows left out: a cell is empty",)


def test_a_text_that_no_training_row_has(table: Any) -> None:
    """Its category is one of the width all the same: that does not depend on the split."""
    found = loaded(PRICE, table(HOUSES), "price")
    line = 2 + int(found.test.x[0][0, 0])
    lines = HOUSES.split("\n")
    lines[line - 1] = f"{line - 2},nowhere,{(line - 2) * 10 + 5}"
    changed = loaded("input 4 > fc-4 > linear-1", table("\n".join(lines)), "price")
    assert changed.notes[1:] == (
        "place: 1 cell in the test part (nowhere) with a category that no training row has",
    )
    assert (inputs(changed, "test")[:, 2] == 1).sum() == 1
    assert not inputs(changed)[:, 2].any()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fold", [None, 0, 1, 2, 3, 4])
def test_the_width_of_a_row_depends_on_no_split(table: Any, seed: int, fold: int | None) -> None:
    """Five villages of one row each are categories, wherever their rows go."""
    rows = "".join(f"{row},{('rome', 'paris')[row % 2]},{row}\n" for row in range(60))
    rows += "".join(f"{row},village{row},{row}\n" for row in range(5))
    spec = DataSpec(
        source=table("size,city,price\n" + rows), target="price", split=Split(fold=fold)
    )
    found = load_data(Recipe(data=spec, seed=seed), netdsl.parse("input 8 > linear-1"))
    assert found.preparation.inputs[0].columns.width == 8  # type: ignore[union-attr]


def test_stated_categories(table: Any) -> None:
    stated = {"place": ("there", "here", "nowhere")}
    found = loaded("input 4 > linear-1", table(HOUSES), "price", categories=stated)
    columns = found.preparation.inputs[0].columns
    assert columns
    assert columns.columns[1].categories == stated["place"]
    assert inputs(found)[:, 1:].sum(axis=0).astype(int).tolist()[2] == 0
    again = reload(Recipe(data=found.spec), found.preparation)
    assert np.array_equal(inputs(again), inputs(found))
    with pytest.raises(NetError, match=r"`there` in line 2, not a stated category") as caught:
        loaded(PRICE, table(HOUSES), "price", categories={"place": ("here", "theer")})
    assert "did you mean `theer`" in str(caught.value)
    with pytest.raises(NetError, match="no column `plaice`"):
        loaded(PRICE, table(HOUSES), "price", categories={"plaice": ("here",)})


def test_numbers_that_are_stated_as_categories(table: Any) -> None:
    content = HOUSES.replace("there", "01").replace("here", "2")
    stated = {"place": ("01", "2")}
    found = loaded(PRICE, table(content), "price", categories=stated)
    columns = found.preparation.inputs[0].columns
    assert columns
    assert columns.columns[1].categories == ("01", "2")


def test_rows_that_count_differently(table: Any) -> None:
    lines = HOUSES.strip().split("\n")
    content = "\n".join(
        [lines[0] + ",w", *(f"{line},{at % 3}" for at, line in enumerate(lines[1:]))]
    )
    found = loaded(PRICE, table(content), "price", weight="w")
    columns = found.preparation.inputs[0].columns
    assert columns
    assert [column.name for column in columns.columns] == ["size", "place"]
    assert found.train.weights is not None
    assert found.train.weights.tolist() == [size % 3 for size in found.train.x[0][:, 0].tolist()]
    assert found.notes[-1].startswith("examples have weights")
    again = reload(Recipe(data=found.spec), found.preparation)
    assert np.array_equal(again.train.weights, found.train.weights)
    reload(Recipe(data=replace(found.spec, source=table(HOUSES, "no.csv"))), found.preparation)
    for bad, message in (("x", "are not numbers"), ("-1", "hold -1, first in line 2")):
        rows = "".join(f"{line},{bad}\n" for line in lines[1:])
        with pytest.raises(NetError, match=message):
            loaded(PRICE, table(lines[0] + ",w\n" + rows), "price", weight="w")
    with pytest.raises(NetError, match=r"column `price` of .* is the target, and cannot"):
        loaded("input 3 > linear-1", table(content), "price", weight="price")
    with pytest.raises(NetError, match=r"column `w` of .* is empty in 1 row, first in line 2"):
        loaded(PRICE, table(content.replace("0,there,5,0", "0,there,5,")), "price", weight="w")


def test_an_empty_text_is_none_of_the_categories(table: Any) -> None:
    found = loaded(PRICE, table(HOUSES.replace("3,there", "3,")), "price")
    assert "1 empty cell in place: none of its categories" in found.notes[1]


# --- how files may look ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(",", ", "),
        lambda text: text + "\n\n",
        lambda text: text.replace("here", '"here"').replace('t"here"', '"there"'),
    ],
)
def test_files_that_say_the_same(table: Any, change: Any) -> None:
    plain = loaded(PRICE, table(HOUSES), "price")
    other = loaded(PRICE, table(change(HOUSES), "other.csv"), "price")
    assert other.preparation == plain.preparation


def test_decimal_commas_between_semicolons(table: Any) -> None:
    path = table(IRIS.replace(",", ";").replace(".", ","))
    plain = loaded(KIND, table(IRIS, "plain.csv"), "kind").preparation
    found = loaded(KIND, path, "kind").preparation
    (columns,) = (input.columns for input in found.inputs)
    assert columns
    assert columns.numbers == NumberFormat(",", ".")
    assert columns.columns == plain.inputs[0].columns.columns  # type: ignore[union-attr]


@pytest.mark.parametrize(("target", "header"), [("3", False), ("-1", None), ("3", None)])
def test_a_file_without_names(table: Any, target: str, header: bool | None) -> None:
    found = loaded(PRICE, table(HOUSES.split("\n", 1)[1]), target, header=header)
    assert (found.spec.target, found.spec.header) == ("3", False)
    assert [column.name for column in found.preparation.inputs[0].columns.columns] == ["1", "2"]  # type: ignore[union-attr]
    assert any("no column names" in note for note in found.notes) == (header is None)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1", 1.0),
        ("-2.5e3", -2500.0),
        (" 7 ", 7.0),
        ("x", None),
        ("1_000", None),
        ("inf", None),
        ("1,5", None),
        ("0x10", None),
    ],
)
def test_cells_that_are_numbers(cell: str, value: float | None) -> None:
    assert cell_number(cell.strip()) == value
    assert np.isnan(cell_number("NaN") or 0)
    assert cell_number("1,5", NumberFormat(",", ".")) == 1.5


def test_a_column_of_one_value_is_only_centred(table: Any) -> None:
    found = loaded(
        "input 2 > linear-1",
        table("a,b,y\n" + "".join(f"{row},3,{row}\n" for row in range(20))),
        "y",
    )
    assert not inputs(found)[:, 1].any()


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "target", "code", "reported"),
    [
        ("", "price", "N536", "is empty"),
        ("\n\n", "price", "N536", "is empty"),
        (HOUSES + "1,2\n", "price", "N536", "line 32 of .* has 2 cells, but the first has 3"),
        (HOUSES + "1,2,3,4\n", "price", "N536", "line 32 of .* has 4 cells"),
        (HOUSES.replace("place", "size"), "price", "N536", "`size` is in .* twice: 1 and 2"),
        (HOUSES.replace("place", ""), "price", "N536", "column 2 of .* has no name"),
        (b"\x89PNG\r\n\x1a\n\xff\x00" * 50, "price", "N536", "not UTF-8 text: byte 0x89 in line 1"),
        (HOUSES.encode("utf-16"), "price", "N536", "UTF-16"),
        (HOUSES + "\0,1,1\n", "price", "N536", "zero byte"),
        (HOUSES + '1,"here,3\n', "price", "N536", "line 32 of .* is not a row of a table"),
        (HOUSES, None, "N530", "no target column(.|\n)*size, place, price"),
        (HOUSES, "prize", "N530", "no column `prize`(.|\n)*did you mean `price`"),
        (HOUSES, "weight_of", "N530", "the columns are size, place, price"),
        (HOUSES, "4", "N530", "no column 4: it has 3"),
        (HOUSES, "0", "N530", "no column 0"),
        (
            HOUSES.split("\n", 1)[1],
            "price",
            "N530",
            "no column names: its columns are the numbers 1 to 3",
        ),
        (
            HOUSES.replace("\n7,", "\nseven,"),
            "price",
            "N531",
            "column `size` of .* holds numbers, but `seven` in line 9",
        ),
        (
            HOUSES.replace(",75\n", ",much\n"),
            "price",
            "N531",
            "column `price` of .* holds numbers, but `much` in line 9",
        ),
        (
            HOUSES.replace(",75\n", ",inf\n"),
            "price",
            "N531",
            "holds numbers, but `inf` in line 9, which is not finite(.|\\n)*leave cells with",
        ),
        (
            HOUSES.replace(",75\n", ",1e300\n"),
            "price",
            "N531",
            "but `1e300` in line 9, which is too large for float32(.|\\n)*divide the column",
        ),
        (
            HOUSES.replace(",75\n", ",1e999\n"),
            "price",
            "N531",
            "but `1e999` in line 9, which is too large for float32",
        ),
        (
            "a,price\n" + "inf,1\n" * 9,
            "price",
            "N531",
            "`inf` in line 2, which is not finite(.|\\n)*9 such cells",
        ),
        (
            "a,b,price\n" + ",2,3\n" * 9,
            "price",
            "N531",
            "column `a` of .* is empty in all of its 9 rows",
        ),
        ("price\n1\n2\n", "price", "N530", "has only the target column `price`"),
        (HOUSES, "input", "N507", "`target: input` is for arrays and images; .* is a table"),
        (
            HOUSES.replace(",75\n", ",\n"),
            "price",
            "N531",
            "column `price` of .* is empty in 1 row, first in line 9",
        ),
        ("size,place,price\n", "price", "N516", "has no rows"),
        (HOUSES, "size", "N518", "gives 3 numbers: place as 2, price; the network's input has 2"),
        ("a,b,price\n1,2,3\n", "price", "N516", "1 example is too few"),
    ],
)
def test_tables_that_are_refused(
    table: Any, content: Any, target: str | None, code: str, reported: str
) -> None:
    network = "input 2 > linear-1" if code == "N518" else PRICE
    with pytest.raises(NetError, match=reported) as caught:
        loaded(network, table(content), target)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


@pytest.mark.parametrize(
    ("network", "code", "reported"),
    [
        (
            "input 2 > softmax-4",
            "N526",
            r"3 classes \(setosa, versicolor, virginica\); .* output of 4 has 4 "
            r"classes(.|\n)*`softmax-3`",
        ),
        ("input 2 > softmax-2", "N526", "has 2 classes"),
        ("input 2 > linear-1", "N526", "the network gives values of 1"),
        ("input 2 > sigmoid-1", "N526", "has 2 classes"),
        ("input 5 > softmax-3", "N518", "gives 2 numbers: petal, sepal; the network's input has 5"),
        ("input 2 of int(9) > embed-3 > flatten > softmax-3", "N518", "the network has indices"),
        (
            "input a: 2\ninput b: 2\nadd[ @a | @b ] > softmax-3",
            "N518",
            "the network has `a` and `b`",
        ),
    ],
)
def test_networks_that_do_not_fit_a_table(
    table: Any, network: str, code: str, reported: str
) -> None:
    with pytest.raises(NetError, match=reported) as caught:
        loaded(network, table(IRIS), "kind")
    assert caught.value.diagnostics[0].code == code


def test_a_target_of_nearly_distinct_texts_is_not_answered_with_a_softmax(table: Any) -> None:
    rows = "".join(f"{row},person {row}\n" for row in range(30))
    with pytest.raises(NetError) as caught:
        loaded("input 1 > linear-1", table("size,name\n" + rows), "name")
    assert "30 different texts in 30 rows are names or sentences" in str(caught.value)


def test_a_table_of_one_class(table: Any) -> None:
    for content in (
        IRIS.replace("versicolor", "setosa").replace("virginica", "setosa"),
        "a,b,kind\n" + "1,2,7\n" * 9,
    ):
        with pytest.raises(
            NetError, match=r"column `kind` of .* has only one class: [s7]"
        ) as caught:
            loaded("input 2 > softmax-2", table(content), "kind")
        assert caught.value.diagnostics[0].code == "N521"


def test_a_column_without_a_value_in_the_training_part(table: Any) -> None:
    """Nothing is learned from it, and a note says so: the split must not decide what is refused."""
    network = "input 2 > linear-1"
    whole = "".join(f"{row},1,2\n" for row in range(30))
    kept = set(loaded(network, table("a,b,y\n" + whole), "y").train.x[0][:, 0])
    rows = "".join(f"{row},{'' if row in kept else row},2\n" for row in range(30))
    found = loaded(network, table("a,b,y\n" + rows), "y")
    assert "b: empty in the training part, so nothing is learned from it" in found.notes
    assert np.isfinite(inputs(found)).all()
    assert len(set(inputs(found)[:, 1])) == 1


def test_one_sign_for_two_things(table: Any) -> None:
    with pytest.raises(NetError, match="`decimal` and `thousands` are both `,`") as caught:
        loaded(PRICE, table(HOUSES), "price", decimal=",", thousands=",")
    assert caught.value.code == "N507"


def test_what_is_for_tables_alone() -> None:
    for more in ({"header": False}, {"missing": "drop"}):
        with pytest.raises(
            NetError, match=f"`{next(iter(more))}` is for tables; digits is not a table"
        ) as caught:
            loaded("input 8x8x1 > softmax-10", "digits", None, **more)
        assert caught.value.diagnostics[0].code == "N507"


def test_a_missing_number_may_be_an_error(table: Any) -> None:
    with pytest.raises(NetError, match=r"column `size` of .* is empty in 1 row, first in line 7"):
        loaded(PRICE, table(HOUSES.replace("\n5,", "\n,")), "price", missing="error")


def test_a_table_that_changed_after_the_training(table: Any) -> None:
    found = loaded(KIND, table(IRIS), "kind")
    for content, code, reported in (
        (
            IRIS.replace("virginica", "virginia"),
            "N520",
            "holds `virginia` in line 4; .*(.|\n)*did you mean `virginica`",
        ),
        (IRIS.replace("sepal", "sepals"), "N530", "no column `sepal`(.|\n)*did you mean `sepals`"),
        (IRIS.replace("0.5,", "half,"), "N531", "column `petal` of .* holds numbers, but `half`"),
    ):
        table(content)
        with pytest.raises(NetError, match=reported) as caught:
            reload(Recipe(data=found.spec), found.preparation)
        assert caught.value.diagnostics[0].code == code
    with pytest.raises(NetError, match="trained on a table") as caught:
        reload(Recipe(data=found.spec), found.preparation, (np.zeros((9, 2)), np.zeros(9)))
    help = f"evaluate it on a file like {found.spec.source}"
    assert caught.value.diagnostics[0].help == help


# --- predicting -----------------------------------------------------------------------------------


def test_rows_to_predict(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    preparation = loaded(PRICE, table(HOUSES), "price").preparation
    whole, expected, *_ = read_inputs(table(HOUSES), preparation)
    assert [name.rpartition("/")[2] for name in whole[:2]] == ["data.csv:2", "data.csv:3"]
    for content in (
        "place,size\nhere,4\nelse,\n",
        "extra,place,size,price\n?,here,4,?\nx,else,,9\n",
    ):
        names, x, *_ = read_inputs(table(content, "new.csv"), preparation)
        assert [name.rpartition("/")[2] for name in names] == ["new.csv:2", "new.csv:3"]
        made = preparation.x(x)[0]
        row = next(place for place in range(30) if expected[0][place, 0] == 4)
        assert np.array_equal(made[0], preparation.x(expected)[0][row])
        assert made[1, 1:].tolist() == [0.0, 0.0]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"place,size\nhere,4\n")))
    names, x, *_ = read_inputs("-", preparation)
    assert (names, x[0].shape) == (["-:2"], (1, 2))


def test_cells_that_the_network_was_not_trained_on_are_noted(table: Any) -> None:
    preparation = loaded(PRICE, table(HOUSES), "price").preparation
    content = "place,size\nhere,4\nHERE,5\nRome,\n,7\nRome,8\n"
    path = table(content, "new.csv")
    names, x, notes, *_ = read_inputs(path, preparation)
    columns = preparation.inputs[0].columns
    assert columns
    filled = f"size is missing: the training median, {columns.columns[0].median:g}, is used"
    assert notes == {
        1: ["`HERE` is not one of the categories of place (did you mean `here`?)"],
        2: [filled, "`Rome` is not one of the categories of place"],
        3: ["place is missing: it is not one of its categories"],
        4: ["`Rome` is not one of the categories of place"],
    }
    assert names[1] == f"{path}:3"
    assert preparation.x(x)[0][1:, 1:].sum() == 0


@pytest.mark.parametrize("older", [False, True])
def test_empty_cells_that_the_training_had_too_are_not_noted(table: Any, older: bool) -> None:
    """Of categories nothing is said, of numbers what they are filled with."""
    content = HOUSES.replace("\n4,", "\n,").replace("\n6,there", "\n6,")
    preparation = loaded(PRICE, table(content), "price").preparation
    plain = as_plain(preparation)
    for column in plain["inputs"][0]["columns"]["columns"] if older else ():
        del column["gaps"]  # as runs of before have it
    kept = from_plain(plain)
    read = read_inputs(table("place,size\nhere,4\n,7\nRome,\n", "new.csv"), kept)
    rome, size = "`Rome` is not one of the categories of place", "size is missing: the training"
    if older:
        assert sorted(read.notes) == [1, 2]
        assert not read.filled
        return
    assert read.notes == {2: [rome]}
    assert list(read.filled) == [2]
    assert read.filled[2][0].startswith(size)


def test_rows_left_out_of_the_training_make_no_empty_cell_known(table: Any) -> None:
    content = HOUSES.replace("\n4,", "\n,").replace("\n6,there", "\n6,")
    preparation = loaded(PRICE, table(content), "price", missing="drop").preparation
    read = read_inputs(table("place,size\n,7\nhere,\n", "new.csv"), preparation)
    assert (sorted(read.notes), read.filled) == ([0, 1], {})


def test_columns_that_name_rows_are_kept_for_the_predictions(table: Any) -> None:
    lines = HOUSES.splitlines()
    rows = [f"{row:03},{line}" for row, line in enumerate(lines[1:], 7)]
    content = "\n".join([f"customer_id,{lines[0]}", *rows]) + "\n"
    kept = from_plain(as_plain(loaded(PRICE, table(content), "price").preparation))
    new = table("customer_id,size,place\n0012,4,here\nC13,5,there\n", "new.csv")
    read = read_inputs([new, table("size,place\n4,here\n", "b.csv"), new], kept)
    ids = {0: {"customer_id": "0012"}, 1: {"customer_id": "C13"}}
    assert read.ids == ids | {3: ids[0], 4: ids[1]}
    cells = {"customer_id": ["0012", 13], "size": [4, 5], "place": ["here", "there"]}
    assert given_inputs(cells, kept).ids == {0: ids[0], 1: {"customer_id": "13"}}


def test_an_evaluation_notes_what_the_network_was_not_trained_on(table: Any) -> None:
    found = loaded(PRICE, table(HOUSES), "price")
    other = table(HOUSES.replace("\n3,there", "\n3,There").replace("\n4,", "\n,"), "other.csv")
    again = reload(Recipe(data=replace(found.spec, source=other)), found.preparation)
    median = found.preparation.inputs[0].columns.columns[0].median  # type: ignore[union-attr]
    assert again.notes == (
        f"size is missing: the training median, {median:g}, is used (1 row, first in line 6)",
        "`There` is not one of the categories of place (did you mean `there`?) "
        "(1 row, first in line 5)",
    )


def test_rows_to_predict_without_names(table: Any) -> None:
    preparation = loaded(PRICE, table(HOUSES.split("\n", 1)[1]), "3", header=False).preparation
    with_target = preparation.x(read_inputs(table("4,here,45\n", "new.csv"), preparation)[1])[0]
    without = preparation.x(read_inputs(table("4,here\n", "new.csv"), preparation)[1])[0]
    assert np.array_equal(with_target, without)


@pytest.mark.parametrize(
    ("content", "code", "reported"),
    [
        ("sizes,place\n1,here\n", "N530", "did you mean `sizes`"),
        ("size,place\nmuch,here\n", "N531", "but `much` in line 2"),
        ("size,place\n", "N516", "no rows"),
        ("", "N536", "is empty"),
    ],
)
def test_rows_to_predict_that_are_refused(
    table: Any, content: str, code: str, reported: str
) -> None:
    preparation = loaded(PRICE, table(HOUSES), "price").preparation
    with pytest.raises(NetError, match=reported) as caught:
        read_inputs(table(content, "new.csv"), preparation)
    assert caught.value.diagnostics[0].code == code


def test_tables_of_a_folder_that_cannot_be_read_leave_the_others(
    table: Any, tmp_path: Path
) -> None:
    preparation = loaded(PRICE, table(HOUSES), "price").preparation
    folder = tmp_path / "new"
    folder.mkdir()
    for name, text in (
        ("a.csv", "size,place\n1,here\n"),
        ("b.csv", "size,place\n"),
        ("c.csv", "sizes,place\n1,here\n"),
        ("d.csv", "size,place\nmuch,here\n"),
        ("readme.txt", "Houses of a town\nmore of them\n"),
        ("empty.txt", ""),
    ):
        (folder / name).write_text(text)
    found = read_inputs(folder, preparation)
    assert len(found.names) == 1
    assert [Path(path).name for path in found.failed] == ["b.csv", "c.csv", "d.csv"]
    assert [Path(path).name for path in found.others] == ["empty.txt", "readme.txt"]


# --- Parquet --------------------------------------------------------------------------------------


def test_a_parquet_file_is_read_as_its_csv(table: Any, tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    rows = range(30)
    places = ["here" if row % 3 else "there" for row in rows]
    columns = {
        "size": pyarrow.array([float(row) for row in rows]),
        "place": pyarrow.array(places).dictionary_encode(),
    }
    path = tmp_path / "data.parquet"
    parquet.write_table(pyarrow.table({**columns, "price": [row * 10 + 5 for row in rows]}), path)
    found = loaded(PRICE, str(path), "price")
    assert found.preparation == loaded(PRICE, table(HOUSES), "price").preparation
    assert len(reload(Recipe(data=found.spec), found.preparation).test) == len(found.test)
    parquet.write_table(pyarrow.table({"size": [[1], [2]], "price": [1, 2]}), path)
    for content, reported in (
        (None, "neither numbers, dates nor text"),
        (b"PAR1 hello", "not a Parquet file"),
    ):
        if content:
            path.write_bytes(content)
        with pytest.raises(NetError, match=reported):
            loaded(PRICE, str(path), "price")


# --- real ones ------------------------------------------------------------------------------------

FOLDER = Path(os.environ.get("NETDSL_DATA", ""))


@pytest.mark.extra
@pytest.mark.skipif(
    not (FOLDER / "california_housing.csv").is_file(),
    reason="NETDSL_DATA names no folder with california_housing.csv",
)
def test_the_houses_of_california() -> None:
    found = loaded(
        "input 13 > fc-8 > linear-1", str(FOLDER / "california_housing.csv"), "median_house_value"
    )
    assert (len(found.train), len(found.validation), len(found.test)) == (14861, 1651, 4128)
    assert found.notes == (
        "total_bedrooms: 207 missing values filled with the training median, 435",
    )
    assert len(read_table_file(FOLDER / "california_housing.csv").names) == 10


@pytest.mark.extra
@pytest.mark.skipif(
    not (FOLDER / "abalone.csv").is_file(), reason="NETDSL_DATA names no folder with abalone.csv"
)
def test_abalones() -> None:
    found = loaded("input 10 > fc-8 > linear-1", str(FOLDER / "abalone.csv"), "-1", header=False)
    assert (
        found.preparation.inputs[0].columns.description == "10 numbers: 1 as 3, 2, 3, 4, 5, 6, 7, 8"
    )  # type: ignore[union-attr]
