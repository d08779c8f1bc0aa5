"""Arrays of labels that are texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl import NetError
from netdsl.training.data import load_other, reload
from netdsl.training.data.inspect import as_json, survey
from netdsl.training.preparation.transforms import as_plain, from_plain
from netdsl.training.recipes.recipe import DataSpec, Recipe
from tests.support.recipes import load_data

X = np.arange(80, dtype=np.float32).reshape(40, 2)
NAMES = np.array([("dog", "cat", "owl")[row % 3] for row in range(40)])
CLASSES = ("cat", "dog", "owl")
NET = netdsl.parse("input 2 > softmax-3")


def loaded(source: Any, target: str | None = None, network: Any = NET) -> Any:
    return load_data(Recipe(data=DataSpec(source=str(source), target=target)), network)


@pytest.mark.parametrize(
    "y", [NAMES, NAMES[:, None], np.char.encode(NAMES), np.char.add(NAMES, " ")]
)
def test_names_are_classes_as_in_a_table(tmp_path: Path, y: Any) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=y)
    found = loaded(tmp_path / "a.npz")
    (output,) = found.preparation.outputs
    assert (output.names, output.loss) == (CLASSES, "cross-entropy")
    rows = (found.train.x[0][:, 0] / 2).astype(int)
    assert [CLASSES[label] for label in found.train.y[0]] == NAMES[rows].tolist()
    kept = from_plain(as_plain(found.preparation))
    again = reload(Recipe(data=found.spec), kept)
    assert np.array_equal(again.test.y[0], found.test.y[0])
    assert as_json(survey(DataSpec(source=str(tmp_path / "a.npz"))))["parts"]["all"]["classes"] == {
        "cat": 13,
        "dog": 14,
        "owl": 13,
    }


def test_classes_are_those_of_all_parts(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=X, y_train=NAMES, x_test=X[:2], y_test=["ape", "dog"])
    found = loaded(tmp_path / "a.npz", network=netdsl.parse("input 2 > softmax-4"))
    assert found.preparation.outputs[0].names == ("ape", *CLASSES)
    assert found.test.y[0].tolist() == [0, 2]


def test_names_in_a_file_of_their_own(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", NAMES)
    found = loaded(tmp_path / "x.npy", str(tmp_path / "y.npy"))
    assert found.preparation.outputs[0].names == CLASSES
    assert len(reload(Recipe(data=found.spec), found.preparation).test) == 8


def test_names_from_python(tmp_path: Path) -> None:
    found = load_data(Recipe(data=DataSpec(source="python")), NET, (X, NAMES.tolist()))
    assert found.preparation.outputs[0].names == CLASSES
    other = (X[:3], ["owl", "owl", "cat"])
    recipe = Recipe(data=found.spec)
    again = load_other(recipe, found.preparation, other, lambda data: False)
    assert again.test.y[0].tolist() == [2, 2, 0]
    with pytest.raises(NetError, match="`owls` in row 1") as error:
        load_other(recipe, found.preparation, (X[:3], ["owl", "owls", "cat"]), lambda data: False)
    assert error.value.code == "N520"
    assert "`owl`" in (error.value.diagnostics[0].help or "")


def test_an_output_of_names_and_one_of_numbers(tmp_path: Path) -> None:
    network = netdsl.parse("input 2 > fc-2 as h\n@h > softmax-3 as kind\n@h > linear-1 as sum")
    np.savez(tmp_path / "a.npz", x=X, y_kind=NAMES, y_sum=X.sum(axis=1))
    found = loaded(tmp_path / "a.npz", network=network)
    kind, total = found.preparation.outputs
    assert (kind.names, total.names, total.loss) == (CLASSES, (), "squared")


def test_which_of_several_outputs_is_wrong(tmp_path: Path) -> None:
    network = netdsl.parse("input 2 > fc-2 as h\n@h > softmax-3 as a\n@h > softmax-3 as b")
    np.savez(tmp_path / "a.npz", x=X, y_a=["one"] * 40, y_b=NAMES)
    with pytest.raises(NetError, match=r"N521.*`y_a` of .* has only one class: one"):
        loaded(tmp_path / "a.npz", network=network)


@pytest.mark.parametrize(
    ("y", "network", "code", "reported"),
    [
        (NAMES, "input 2 > softmax-4", "N526", "holds 3 classes (cat, dog, owl)"),
        (NAMES, "input 2 > linear-1", "N526", "holds 3 classes"),
        (NAMES[:9], "input 2 > softmax-3", "N515", "40 rows"),
        (NAMES.reshape(20, 2), "input 2 > softmax-3", "N518", "2 texts for each example"),
        (np.array(["a"] * 40), "input 2 > softmax-3", "N521", "only one class: a"),
        (np.array(["a" * 201, "b"] * 20), "input 2 > sigmoid-1", "N517", "201 characters"),
        (np.array([b"\xff", b"b"] * 20), "input 2 > sigmoid-1", "N517", "not UTF-8"),
    ],
)
def test_texts_that_are_not_labels(
    tmp_path: Path, y: Any, network: str, code: str, reported: str
) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=y)
    with pytest.raises(NetError) as error:
        loaded(tmp_path / "a.npz", network=netdsl.parse(network))
    assert error.value.code == code
    assert reported in str(error.value)
