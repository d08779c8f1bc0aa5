"""What data holds, in words, as JSON and as a sheet of images. No framework is imported here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import netdsl
from netdsl.errors import NetError
from netdsl.text_table import aligned
from netdsl.training.data.contact_sheet import contact_sheet
from netdsl.training.data.inspect import as_json, survey
from netdsl.training.data.inspect_text import describe, short_number
from netdsl.training.recipes.recipe import DataSpec

RANDOM = np.random.default_rng(0)


def looked(source: object, target: str | None = None, network: str | None = None) -> Any:
    return survey(
        DataSpec(source=str(source), target=target), netdsl.parse(network) if network else None
    )


def test_the_digits_in_words() -> None:
    text = describe(looked("digits"))
    assert text.startswith("digits: 1,797 examples\n\narray  shape     type   min   mean  max\n")
    assert "x      1797x8x8  uint8    0  4.884   16" in text
    assert f"3           183  {'█' * 30}" in text


def test_parts_and_channels(npz: Any) -> None:
    x = np.zeros((12, 4, 4, 3), np.uint8)
    x[..., 0] = 200
    found = as_json(
        looked(npz(x_train=x, y_train=np.arange(12) % 3, x_test=x[:3], y_test=np.arange(3)))
    )
    assert list(found["parts"]) == ["train", "test"]
    train = found["parts"]["train"]
    assert train["classes"] == {"0": 4, "1": 4, "2": 4}
    (array,) = train["x"]
    assert (array["shape"], array["type"], array["least"], array["most"]) == (
        [12, 4, 4, 3],
        "uint8",
        0,
        200,
    )
    assert [channel["mean"] for channel in array["channels"]] == [200, 0, 0]
    text = describe(
        looked(npz(x_train=x, y_train=np.arange(12) % 3, x_test=x[:3], y_test=np.arange(3)))
    )
    assert text.startswith(
        f"{npz(x_train=x, y_train=np.arange(12) % 3, x_test=x[:3], y_test=np.arange(3))}: 12 "
        "train, 3 test"
    )
    assert "  red" in text


@pytest.mark.parametrize(
    ("arrays", "names"),
    [
        ({"x": RANDOM.random((9, 4))}, ["x"]),
        (
            {"x_left": np.ones((9, 4)), "x_right": np.ones((9, 4)), "y": np.ones(9)},
            ["x_left", "x_right", "y"],
        ),
        ({"x": np.ones((9, 4)), "y_a": np.ones(9), "y_b": np.ones((9, 2))}, ["x", "y_a", "y_b"]),
    ],
)
def test_arrays_of_any_network(npz: Any, arrays: Any, names: list[str]) -> None:
    part = as_json(looked(npz(**arrays)))["parts"]["all"]
    assert [array["name"] for array in (*part["x"], *part["y"])] == names


def test_values_are_not_classes(npz: Any) -> None:
    found = as_json(looked(npz(x=np.ones((9, 4)), y=RANDOM.random(9))))
    assert "classes" not in found["parts"]["all"]


def test_a_table(tmp_path: Path) -> None:
    path = tmp_path / "houses.csv"
    path.write_text("size,place,price\n1,here,5\n,there,6\n3,here,7\n", encoding="utf-8")
    found = as_json(looked(path, "place"))
    assert found["rows"] == 3
    size, place, _ = found["columns"]
    assert size == {
        "name": "size",
        "type": "number",
        "missing": 1,
        "least": 1,
        "mean": 2,
        "median": 2,
        "most": 3,
        "distinct": 2,
    }
    assert place == {
        "name": "place",
        "type": "category",
        "missing": 0,
        "categories": {"here": 2, "there": 1},
        "target": True,
    }
    assert json.loads(json.dumps(found)) == found
    with pytest.raises(NetError, match="has no images"):
        contact_sheet(looked(path).data, tmp_path / "none.png")
    text = describe(looked(path, "place"))
    assert text.startswith(
        f"{path}: 3 rows, 3 columns\n\ncolumn          type      missing  min  mean  max\n"
    )
    assert f"here          2  {'█' * 30}\nthere         1  {'█' * 15}" in text
    for content, target, code in (("a,b\n", None, "N516"), ("a,b\n1,2\n", "c", "N530")):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(NetError) as caught:
            looked(path, target)
        assert caught.value.diagnostics[0].code == code


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    for shade, name in enumerate(("cat", "dog")):
        (tmp_path / "animals" / name).mkdir(parents=True)
        for place in range(4):
            Image.new("RGB", (20, 10), (100 * shade + place, 0, 0)).save(
                tmp_path / "animals" / name / f"{place}.png"
            )
    return tmp_path / "animals"


def test_a_folder_of_images(animals: Path) -> None:
    found = as_json(looked(animals))
    assert found["parts"]["all"]["x"][0]["shape"] == [8, 10, 20, 3]
    assert found["parts"]["all"]["classes"] == {"cat": 4, "dog": 4}
    assert as_json(looked(animals / "cat"))["parts"]["all"]["examples"] == 4
    small = looked(animals, network="input 5x5x3 > flatten > softmax-2")
    assert as_json(small)["parts"]["all"]["x"][0]["shape"] == [8, 5, 5, 3]


def test_a_sheet_has_a_row_for_each_class(animals: Path, tmp_path: Path) -> None:
    contact_sheet(looked(animals).data, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.mode == "RGB"
        pixels = np.asarray(sheet, int)
    red = np.argwhere((pixels[..., 0] >= 100) & (pixels[..., 1] == 0))
    black = np.argwhere(pixels.sum(axis=2) < 10)
    assert len(red) == len(black) == 4 * 60 * 30
    assert black[:, 0].max() < red[:, 0].min(), "cats above dogs"
    assert (np.ptp(red[:, 1]) + 1, np.ptp(red[:, 0]) + 1) == (4 * 60 + 3 * 6, 30)


def test_a_sheet_of_examples_without_classes(npz: Any, tmp_path: Path) -> None:
    contact_sheet(looked(npz(x=RANDOM.random((23, 100, 100)))).data, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (24 * 2 + 10 * 64 + 9 * 6, 24 * 2 + 32 + 3 * 64 + 2 * 6)
    with pytest.raises(NetError, match="which are not images"):
        contact_sheet(looked(npz(x=RANDOM.random((23, 100)))).data, tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
    with pytest.raises(NetError, match=r"does not end in .png(.|\n)*sheet\.png") as caught:
        contact_sheet(looked("digits").data, tmp_path / "sheet.jpg")
    assert caught.value.diagnostics[0].code == "N631"


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (0.12345, "0.1235"), (1234.5, "1,234"), (-124.3, "-124.3"), (2e12, "2e+12")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert short_number(value) == text


def test_columns_are_aligned() -> None:
    assert aligned([("a", "b"), ("long", "1")], "lr", rule=True) == "a     b\n-------\nlong  1"


def test_long_texts_are_cut_and_need_an_input_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    rows = [
        f"{number} is one of {number} texts of several words,{number % 2}" for number in range(60)
    ]
    path.write_text("\n".join(["text,y", *rows]), encoding="utf-8")
    said = describe(survey(DataSpec(str(path), "y")))
    assert "60: 0 is one of 0 texts o..., 1 is one of 1 texts o..., " in said
    assert "input text: 64 of int(1000)" in said
    assert "input 0" not in said
