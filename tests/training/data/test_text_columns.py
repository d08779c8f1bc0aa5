"""Columns that have an input of their own: texts as words, categories by their places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import netdsl
from netdsl import NetError
from netdsl.training.data import Data, reload
from netdsl.training.data.given_inputs import given_inputs
from netdsl.training.data.prediction import read_inputs
from netdsl.training.evaluation.mistakes import worst_mistakes
from netdsl.training.preparation.columns import ColumnTransform, TableTransform
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.tokens import tokens, vocabulary_of, words_of
from netdsl.training.preparation.transforms import Preparation, as_plain, from_plain
from netdsl.training.recipes.recipe import DataSpec, Recipe, Split
from tests.support.recipes import load_data

ROWS = 30
ONE = "input words: 5 of int(20) > embed-4 > gap > sigmoid-1"
ALL = """input review: 5 of int(20)
input city: 1 of int(4)
input rest: 2
@review > embed-4 > gap as a
@city > embed-3 > flatten as b
[ @a | @b | @rest ] > fc-4 > sigmoid-1
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's good, really!", ["it's", "good", ",", "really", "!"]),
        ("  Straße 7\n", ["strasse", "7"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_columns_that_no_input_is_for_are_named_and_nothing_else_is_said_of_them(
    tmp_path: Path,
) -> None:
    cities = ["rome", "paris", "oslo"]
    rows = [
        f"{cities[row % 3]},2024-01-{row + 1:02},{row},good {row},{row % 2}" for row in range(28)
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["city,date,size,review,y", *rows]))
    spec = DataSpec(source=str(path), target="y", columns={"review": "text"}, split=Split(test=0.2))
    network = netdsl.parse("input city: 1 of int(20) > embed-3 > flatten > sigmoid-1")
    found = load_data(Recipe(data=spec), network)
    named = "not read, since no input of the network is for them: date, size and review"
    assert named in found.notes
    assert not [note for note in found.notes if note.startswith("date ")]


@given(st.lists(st.text("ab c.", max_size=12), max_size=8), st.integers(2, 9), st.integers(1, 6))
def test_tokens_are_below_the_vocabulary_and_padded_in_front(
    texts: list[str], size: int, length: int
) -> None:
    words = vocabulary_of(texts, size)
    assert len(words) <= size - 2
    found = tokens(texts, words, length)
    assert found.shape == (len(texts), length)
    for text, row in zip(texts, found.tolist(), strict=True):
        last = words_of(text)[-length:]
        assert row[: length - len(last)] == [0] * (length - len(last))
        known = [words[at - 2] if at > 1 else None for at in row[length - len(last) :]]
        assert known == [word if word in words else None for word in last]


def test_frequent_words_come_first() -> None:
    assert vocabulary_of(["b a a", "c b", "a"], 4) == ("a", "b")


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "a.csv"
    rows = [
        f'"It was {("bad", "good")[row % 2]}, guest {row}",{("rome", "paris", "oslo")[row % 3]},'
        f"{row % 7},{row % 4},{('no', 'yes')[row % 2]}"
        for row in range(ROWS)
    ]
    path.write_text("\n".join(["review,city,nights,age,again", *rows]) + "\n")
    return str(path)


def loaded(text: str, source: str, **keys: Any) -> Data:
    spec = DataSpec(source=source, target="again", **keys)
    return load_data(Recipe(data=spec), netdsl.parse(text))


def test_a_single_text_is_for_the_only_input_of_words(source: str) -> None:
    found = loaded(ONE, source, drop=("city", "nights", "age"))
    (input,) = found.preparation.inputs
    assert input.columns is not None
    (column,) = input.columns.columns
    assert (column.name, column.length, column.width) == ("review", 5, 5)
    assert column.categories[:4] == (",", "guest", "it", "was")
    x = found.preparation.x(tuple(array[:] for array in found.train.x))[0]
    assert (x.dtype, x.shape) == (np.int32, (len(found.train), 5))
    for place, row in zip(found.train.keys.places - 2, x.tolist(), strict=True):  # type: ignore[union-attr]
        words = ["was", ("bad", "good")[place % 2], ",", "guest", str(place)]
        known = [word if word in column.categories else None for word in words]
        assert [column.categories[at - 2] if at > 1 else None for at in row] == known
    assert not found.notes


def test_each_input_gets_the_column_of_its_name(source: str) -> None:
    found = loaded(ALL, source)
    review, city, rest = found.preparation.inputs
    assert [list(one.columns.widths) for one in (review, city, rest)] == [  # type: ignore[union-attr]
        ["review"],
        ["city"],
        ["nights", "age"],
    ]
    assert set(found.train.x[1][:].reshape(-1).tolist()) == {1, 2, 3}
    kept = from_plain(as_plain(found.preparation))
    assert kept == found.preparation
    again = reload(Recipe(data=found.spec), kept)
    for one, other in zip(again.test.x, found.test.x, strict=True):
        assert np.array_equal(one, other)


def test_an_input_of_numbers_gets_the_column_of_its_name_alone(source: str) -> None:
    text = "input rest: 1\ninput nights: 1\n[ @rest | @nights ] > sigmoid-1"
    found = loaded(text, source, drop=("review", "city"))
    rest, nights = found.preparation.inputs
    assert [list(one.columns.widths) for one in (rest, nights)] == [["age"], ["nights"]]  # type: ignore[union-attr]
    assert found.train.keys is not None
    rows = found.train.keys.places - 2
    assert [array[:].reshape(-1).tolist() for array in found.train.x] == [
        (rows % 4).tolist(),
        (rows % 7).tolist(),
    ]


def test_rows_to_be_predicted(source: str, tmp_path: Path) -> None:
    kept = loaded(ALL, source).preparation
    columns = kept.inputs[0].columns
    assert columns is not None
    words = columns.columns[0].categories
    (tmp_path / "b.csv").write_text("age,city,review,nights\n1,rome,good stay,2\n,bergen,,3\n")
    read = read_inputs(tmp_path / "b.csv", kept)
    assert read.x[0].tolist() == [[0, 0, 0, 2 + words.index("good"), 1], [0] * 5]
    assert read.x[1].tolist() == [[3], [0]]
    assert read.x[2][0].tolist() == [2, 1]
    assert list(read.notes) == [1]
    text = "; ".join(read.notes[1])
    for note in ("review is missing", "`bergen` is not one of the categories", "age is missing"):
        assert note in text
    rows = [{"age": 1, "city": "rome", "review": "good stay", "nights": 2}]
    for one, other in zip(given_inputs(rows, kept).x, read.x, strict=True):
        assert np.array_equal(one, other[:1])


def test_categories_that_are_given_as_numbers() -> None:
    """They are written as in training; a data frame has floats where a cell is missing."""
    code = ColumnTransform("code", "category", categories=("0.1234567", "1234567", "7"))
    input = InputTransform(
        "input", (1,), False, 1.0, False, (3,), columns=TableTransform((code,), ("y",))
    )
    preparation = Preparation((input,), (OutputTransform("y", (1,), "linear", "squared", 0),))
    cells = [1234567.0, np.float32(7), 0.1234567, 7, 8.0, float("nan")]
    found = given_inputs({"code": cells}, preparation)
    assert np.nan_to_num(found.x[0][:, 0], nan=-1).tolist() == [1, 2, 0, 2, -1, -1]


def test_mistakes_show_the_words(source: str) -> None:
    found = loaded(ALL, source)

    def predict(arrays: tuple[Any, ...]) -> list[Any]:
        return [np.full((len(arrays[0]), 1), 0.9, np.float32)]

    ranks = np.arange(len(found.test), dtype=float)
    worst = worst_mistakes(predict, found.test, found.preparation, 0, ranks)
    numbers = dict(worst[0].numbers)
    assert list(numbers) == ["review", "city", "nights", "age"]
    assert numbers["review"].startswith(("was", "it", ",", "good", "bad"))
    assert numbers["city"] in ("rome", "paris", "oslo")


@pytest.mark.parametrize(
    ("text", "keys", "code", "reported", "help"),
    [
        (ALL.replace("city", "citi"), {}, "N518", "has `citi` and `rest`", "`city`"),
        (
            ALL.replace("city: 1 of int(4)", "city: 1 of int(3)"),
            {},
            "N527",
            "needs 4 indices",
            "(4)",
        ),
        (ALL.replace("city: 1 of", "city: 2 of"), {}, "N518", "a category is one", "1 of int"),
        (ONE, {"columns": {"review": "category"}}, "N518", "has indices in `words`", "`input 35`"),
        (ONE.replace("words", "nights"), {}, "N518", "is `number`", "nights: category"),
        (ALL.replace("rest: 2", "rest: 3"), {}, "N518", "rest has 3", "input 2"),
        ("input a: 2\ninput b: 2\nadd[ @a | @b ] > sigmoid-1", {}, "N518", "`a` and `b`", ""),
    ],
)
def test_inputs_that_no_column_fits(
    source: str, text: str, keys: Any, code: str, reported: str, help: str
) -> None:
    with pytest.raises(NetError) as error:
        loaded(text, source, **keys)
    found = error.value.diagnostics[0]
    assert (found.code, help in (found.help or "")) == (code, True)
    assert reported in str(error.value)


def test_a_text_without_an_input_of_its_own_is_left_out(source: str) -> None:
    found = loaded("input 5 > sigmoid-1", source)
    assert found.notes == (
        "review has another text of 4 words in every row: it needs an input of its own, as "
        "`input review: 64 of int(1000) > embed-16`",
    )


def test_ids_are_indices_where_an_input_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["user,x,again", *(f"u{row},{row},{row % 2}" for row in range(20))]))
    text = (
        "input user: 1 of int(21)\ninput rest: 1\n"
        "@user > embed-2 > flatten as a\n[ @a | @rest ] > sigmoid-1"
    )
    found = loaded(text, str(path))
    assert sorted(
        int(row) for part in (found.train, found.validation, found.test) for row in part.x[0][:, 0]
    ) == list(range(1, 21))
    assert not [note for note in found.notes if "user" in note]


@pytest.mark.keras
def test_texts_are_trained_on_and_predicted(source: str, tmp_path: Path) -> None:
    run = netdsl.parse(ALL).train(
        data=source, target="again", epochs=1, quiet=True, where=tmp_path / "runs"
    )
    assert run.evaluate()["examples"] == 6
    assert len(run.predict(source)) == ROWS
    row = {"age": 1, "city": "rome", "review": "good stay", "nights": 2}
    assert set(run.predict([row])[0]["probabilities"]) == {"no", "yes"}
