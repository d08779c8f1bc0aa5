"""Runs from Python: recipes as dicts and paths, what a run knows of itself, and examples asked as
arrays, columns and files alike.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.training.runs.run import RunResult

pytestmark = pytest.mark.keras

DIGITS = netdsl.parse("8x8x1 > fc-16 > softmax-10 as digit", name="small")
KEYS = {"optimizer": {"name": "sgd", "rate": 0.1}, "batch": 64}


class Undecided:
    """A missing value like pandas's: comparing it gives a missing value, neither true nor false."""

    def __ne__(self, other: object) -> Any:
        return self

    def __bool__(self) -> bool:
        raise TypeError("its truth is not known")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> netdsl.Run:
    return DIGITS.train(KEYS, epochs=2, where=tmp_path_factory.mktemp("runs"), quiet=True)


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> tuple[netdsl.Run, Path]:
    path = tmp_path_factory.mktemp("houses") / "houses.csv"
    rows = [f"{size},{('town', 'village')[size % 2]},{size * 1000}" for size in range(40, 80)]
    path.write_text("\n".join(["size,place,price", *rows]), encoding="utf-8")
    network = netdsl.parse("input 3 > fc-8 > linear-1", name="houses")
    where = path.parent / "runs"
    data = {"source": path, "target": "price"}
    return network.train(data=data, epochs=1, where=where, quiet=True), path


def test_what_a_run_knows_of_itself(run: netdsl.Run) -> None:
    assert netdsl.Run.load(run.path) == run
    assert (run.recipe.optimizer.name, run.recipe.optimizer.rate) == ("sgd", 0.1)
    assert (run.recipe.batch, run.recipe.epochs) == (64, 2)
    assert [row["epoch"] for row in run.history] == [1, 2]
    assert run.history[-1]["val_loss"] == pytest.approx(run.best_value)
    lines = (run.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert list(run.history) == [json.loads(line) for line in lines]
    assert run.model.count_params() == DIGITS.counts.total
    assert str(run).endswith(f"saved in {run.path}: open {run.path / 'report.html'}")


def test_a_damaged_history(run: netdsl.Run, tmp_path: Path) -> None:
    for file in run.path.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    for text in ("{", "[1]", "\xff"):
        (tmp_path / "metrics.jsonl").write_text(text, encoding="latin-1")
        with pytest.raises(netdsl.RunFolderError, match=r"metrics\.jsonl") as caught:
            _ = netdsl.Run.load(tmp_path).history
        assert caught.value.code == "N614"


def test_a_recipe_is_a_path_a_dict_or_keys(run: netdsl.Run, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("optimizer: {name: sgd, rate: 0.1}\nbatch: 64\n", encoding="utf-8")
    same: list[Any] = [str(path), path, netdsl.Recipe.of(KEYS)]
    for recipe in same:
        again = DIGITS.train(recipe, epochs=np.int64(2), where=str(tmp_path / "runs"), quiet=True)  # type: ignore[typeddict-item]
        assert again.test == run.test
    keys = netdsl.train(DIGITS, epochs=2, where=tmp_path / "runs", quiet=True, **KEYS)  # type: ignore[arg-type]
    assert keys.test == run.test


def test_data_in_a_recipe_of_python(tmp_path: Path) -> None:
    network = netdsl.parse("input 3 > linear-1", name="line")
    x = np.random.default_rng(0).normal(size=(60, 3))
    y = x.sum(axis=1, keepdims=True)
    runs = [
        network.train({"data": data, "epochs": 1}, where=tmp_path, quiet=True)
        for data in ((x, y), {"x": x, "y": y})
    ]
    runs.append(network.train(data=(x, y), epochs=1, where=tmp_path, quiet=True))
    assert runs[0].test == runs[1].test == runs[2].test
    found = runs[0].evaluate((x, y), part="test")
    assert found["loss"] == pytest.approx(runs[0].test["loss"])


def test_evaluating(run: netdsl.Run) -> None:
    found = run.evaluate()
    assert {name: found[name] for name in run.test} == pytest.approx(dict(run.test))
    assert found == netdsl.evaluate(str(run.path)) == netdsl.evaluate(run.path)
    assert f"accuracy {found['accuracy']:.4f}" in str(found)


def test_arrays_are_asked_as_files_are(run: netdsl.Run, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 17, (3, 8, 8)).astype(np.uint8)
    np.save(tmp_path / "images.npy", images)
    of_file = run.predict(tmp_path / "images.npy")
    expected = [{**row, "input": f"[{place}]"} for place, row in enumerate(of_file)]
    for given in (images, images[..., None], images.tolist(), images.astype(float)):
        assert list(run.predict(given)) == expected
    assert list(run.predict({"input": images})) == expected
    assert list(run.predict({"x": images})) == expected
    (alone,) = run.predict(images[1])
    # One example may be computed otherwise than three at once, but for rounding the same.
    assert alone["probabilities"] == pytest.approx(expected[1]["probabilities"], abs=1e-6)
    assert (alone["input"], alone["class"]) == ("[0]", expected[1]["class"])
    assert list(run.predict([tmp_path / "images.npy"])) == list(of_file)
    assert len(run.predict(images, top=np.int64(5))[0]["top"]) == 5  # type: ignore[arg-type]


def test_columns_are_asked_as_files_are(houses: tuple[netdsl.Run, Path]) -> None:
    run, path = houses
    expected = [row["output"] for row in run.predict(path)][:2]
    columns = {"size": [40, 41], "place": ["town", "village"]}
    rows = [{"size": 40, "place": "town"}, {"size": 41.0, "place": "village"}]
    for given in (columns, rows, {name: np.array(cells) for name, cells in columns.items()}):
        assert [row["output"] for row in run.predict(given)] == expected
    assert [row["output"] for row in run.predict(rows[0])] == expected[:1]
    sizes = [None, np.nan, Undecided()]
    missing = run.predict({"size": sizes, "place": [None, "", Undecided()]})
    masked = run.predict({"size": np.ma.masked_less([1, 40], 40), "place": ["", "town"]})
    for row in [*missing, masked[0]]:
        assert row["output"] == missing[0]["output"]
        assert row["notes"][0].startswith("size is missing")
    assert masked[1]["output"] == expected[0]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([[1, 2], [3]], "N533"),
        (None, "N533"),
        (object(), "N533"),
        (3, "N516"),
        ([], "N516"),
        (np.zeros((0, 8, 8)), "N516"),
        (np.zeros((2, 8, 8, 1, 1)), "N518"),
        (np.full((8, 8), np.nan), "N517"),
        ({"inputs": np.zeros((8, 8))}, "N514"),
        ({}, "N514"),
        ("none.png", "N511"),
    ],
)
def test_what_cannot_be_asked(run: netdsl.Run, given: Any, code: str) -> None:
    with pytest.raises(netdsl.DataError) as caught:
        run.predict(given)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (np.zeros((2, 2)), "N533"),
        ({"size": [40]}, "N530"),
        ({}, "N516"),
        ({"size": ["wide"], "place": ["town"]}, "N531"),
        ({"size": [float("inf")], "place": ["town"]}, "N531"),
        ({"size": [40, 41], "place": ["town"]}, "N515"),
        ({"size": [[40, 41]], "place": ["town"]}, "N533"),
        ({"size": [], "place": []}, "N516"),
    ],
)
def test_what_is_not_a_table(houses: tuple[netdsl.Run, Path], given: Any, code: str) -> None:
    with pytest.raises(netdsl.DataError) as caught:
        houses[0].predict(given)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda run: run.export("a\0.keras"), "N601"),
        (lambda run: netdsl.Run.load("a\0"), "N601"),
        (lambda run: DIGITS.train(KEYS, data="digits", where="a\0"), "N601"),
        (lambda run: DIGITS.train(KEYS, data="a\0.csv", target="y"), "N511"),
    ],
)
def test_a_path_that_no_file_has(run: netdsl.Run, call: Any, code: str) -> None:
    with pytest.raises(netdsl.NetError) as caught:
        call(run)
    assert caught.value.code == code


def test_a_run_that_has_ended_is_not_resumed(run: netdsl.Run) -> None:
    with pytest.raises(netdsl.RunFolderError) as caught:
        run.resume()
    assert caught.value.code == "N616"


def test_a_run_is_a_result() -> None:
    assert issubclass(netdsl.Run, RunResult)


def test_what_its_layers_give(run: netdsl.Run, tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((2, 8, 8, 1))
    found = run.forward(x)
    expected = np.asarray(run.model(x.astype("float32")))
    np.testing.assert_allclose(found.array("digit"), expected, atol=1e-5)
    checks = run.gradcheck(x[:1], loss="cross-entropy", target=3)
    assert checks.right
    derived = run.backward(x[:1], loss="cross-entropy", target=3)
    assert derived.value == pytest.approx(-np.log(expected[0, 3]), rel=1e-4)


def test_files_are_prepared_as_its_data_was(houses: tuple[netdsl.Run, Path]) -> None:
    run, path = houses
    first = run.forward(path).array("input")
    assert first.shape == (40, 3)
    np.testing.assert_allclose(first[:, 0].mean(), 0, atol=0.3)  # sizes are from 40 to 79
    assert set(first[:, 1:].ravel().tolist()) == {0, 1}
