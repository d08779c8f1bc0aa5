"""Arrays by their names: parts, inputs, outputs and weights.

No framework is imported here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.recipes import load_data

import netdsl
from netdsl.errors import NetError
from netdsl.training.data import Data, reload
from netdsl.training.data.sources.array_names import ArrayName, meaning
from netdsl.training.recipes.recipe import DataSpec, Recipe, Split

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = np.arange(40) % 2
W = np.linspace(0, 1, 40)
NETWORK = "3 > softmax-2"


def loaded(held: Any, network: str = NETWORK, **spec: Any) -> Data:
    return load_data(Recipe(data=DataSpec(**spec)), netdsl.parse(network), held)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x", ArrayName("x")),
        ("X_train", ArrayName("x", "train")),
        ("y_val", ArrayName("y", "validation")),
        ("Y_Valid", ArrayName("y", "validation")),
        ("x_validation_left", ArrayName("x", "validation", "left")),
        ("x_left", ArrayName("x", "", "left")),
        ("x_valley", ArrayName("x", "", "valley")),
        ("x_test", ArrayName("x", "test")),
        ("sample_weight", ArrayName("sample_weight")),
        ("weights_train", ArrayName("sample_weight", "train")),
        ("x_val_a", ArrayName("x", "", "val_a")),
        ("importance_val", ArrayName("sample_weight", "validation")),
        ("labels", None),
        ("xs", None),
        ("weighting", None),
    ],
)
def test_what_names_say(name: str, expected: ArrayName | None) -> None:
    assert meaning(name, ["val_a"], "importance") == expected


@pytest.mark.parametrize("train", ["train", "training"])
@pytest.mark.parametrize("validation", ["val", "valid", "validation"])
@pytest.mark.parametrize(("x", "y"), [("x", "y"), ("X", "y"), ("X", "Y")])
def test_parts_by_the_names_that_people_use(x: str, y: str, validation: str, train: str) -> None:
    held = {
        f"{x}_{train}": X[:20],
        f"{y}_{train}": Y[:20],
        f"{x}_{validation}": X[20:30],
        f"{y}_{validation}": Y[20:30],
        f"{x}_test": X[30:],
        f"{y}_test": Y[30:],
    }
    found = loaded(held)
    assert np.array_equal(found.train.x[0], X[:20])
    assert np.array_equal(found.validation.x[0], X[20:30])
    assert np.array_equal(found.test.y[0], Y[30:])
    assert found.validation.x_names == (f"`{x}_{validation}`",)


def test_parts_that_are_not_there_are_shares() -> None:
    found = loaded({"x_train": X, "y_train": Y})
    assert (len(found.train), len(found.validation), len(found.test)) == (29, 3, 8)
    found = loaded({"x_train": X, "y_train": Y, "x_val": X[:5], "y_val": Y[:5]})
    assert (len(found.train), len(found.validation), len(found.test)) == (32, 5, 8)
    held = {"x_train": X, "y_train": Y, "x_val": X, "y_val": Y}
    with pytest.raises(NetError, match="has a validation part of its own"):
        loaded(held, split=Split(validation=0.2))


def test_an_input_that_is_called_as_a_part_is_an_input() -> None:
    text = "input val: 3\ninput b: 3\nadd[ @val | @b ] > softmax-2"
    found = loaded({"x_val": X, "x_b": 2 * X, "y": Y}, text)
    assert np.array_equal(found.train.x[1], 2 * found.train.x[0])
    assert len(found.train) == 29


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({"x": X, "y": Y, "z": W}, "an array that is not used: `z`"),
        ({"x": X, "y": Y, "z": W, "a": W}, "arrays that are not used: `z`, `a`"),
        ({"x": X, "y": Y, "y_train": Y}, r"no array `x_train`; it has x, y, y_train"),
        ({"x": X, "y": Y, "x_left": X}, "not used: `x_left`"),
        ({"x": X, "y": Y, "y_other": Y}, "not used: `y_other`"),
        ({"x_val": X, "y_val": Y}, "no array `x_train`, `y_train`"),
        ({"x_val": X, "x_valid": X, "x_train": X, "y_train": Y}, "are both x_validation"),
        ({"x_train": X, "y_train": Y, "x_test": X}, "no array `y_test`"),
        ({"x_train": X, "y_train": Y, "x_val": X}, "no array `y_val`"),
        (
            {"x_train": X, "y_train": Y, "x_val": X, "y_val": Y, "sample_weight_val": W},
            "has weights, but none of its training examples",
        ),
        ({"images": X, "labels": Y}, "no array `x`, `y`; it has images, labels"),
    ],
)
def test_no_array_is_left_aside(held: Any, message: str) -> None:
    with pytest.raises(NetError, match=message) as caught:
        loaded(held)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["N514"]


def test_weights_go_with_their_examples() -> None:
    held = {"x": X, "y": Y, "sample_weight": W}
    for given in (held, (X, Y, W), [(X[:20], Y[:20], W[:20]), (X[20:], Y[20:], W[20:])]):
        found = loaded(given)
        weight_of = {row.tobytes(): weight for row, weight in zip(X, W, strict=True)}
        assert found.train.weights is not None
        expected = [weight_of[row.tobytes()] for row in found.train.x[0]]
        assert found.train.weights == pytest.approx(expected)
        assert "examples have weights: they count in the training loss" in found.notes[0]


def test_weights_by_another_name(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=X, y=Y, importance=W)
    found = loaded(None, source=str(path), weight="importance")
    assert found.train.weights is not None
    again = reload(Recipe(data=found.spec), found.preparation)
    assert np.array_equal(again.train.weights, found.train.weights)
    with pytest.raises(NetError, match=r"no array `sample_weight`|not used: `importance`"):
        loaded(None, source=str(path), weight="importanse")
    with pytest.raises(NetError, match="not used: `importance`"):
        loaded(None, source=str(path))
    for name, held in (("x", "examples"), ("y", "targets")):
        with pytest.raises(NetError, match=f"`{name}` of .* holds the {held}, and cannot be"):
            loaded(None, source=str(path), weight=name)


def test_weights_in_a_file_next_to_the_arrays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, array in (("x", X), ("y", Y), ("w", W)):
        np.save(tmp_path / f"{name}.npy", array)
    monkeypatch.chdir(tmp_path)
    found = loaded(None, source="x.npy", target="y.npy", weight="w.npy")
    assert found.train.weights is not None
    assert found.spec.weight == str(tmp_path / "w.npy")
    with pytest.raises(NetError, match="`weight` is for tables and arrays; digits has neither"):
        loaded(None, "64 > softmax-10", source="digits", weight="w")


def test_a_part_without_weights_counts_1_next_to_one_that_has_some() -> None:
    found = loaded({"x": X, "y": Y, "sample_weight": W}).train
    plain = loaded({"x": X, "y": Y}).test
    joined = found.joined(plain).weights
    assert joined is not None
    assert joined[len(found) :].tolist() == [1.0] * len(plain)
    assert plain.joined(plain).weights is None
