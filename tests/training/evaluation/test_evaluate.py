"""`evaluate` and `predict`: figures against their definitions, several outputs, labels for each
position, and what is refused.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError, RunError
from netdsl.training.evaluation.details import DETAILS, output_details
from netdsl.training.evaluation.evaluate import PARTS, evaluate
from netdsl.training.evaluation.evaluate_text import describe_evaluation
from netdsl.training.evaluation.predict import predict
from netdsl.training.evaluation.predict_text import describe_predictions, predictions_csv
from netdsl.training.export.export import export
from netdsl.training.loop.train import train
from netdsl.training.metrics.counters import Counter
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.recipes.recipe import DataSpec, Optimizer, Penalty, Recipe
from netdsl.training.runs.run import RunResult

pytestmark = pytest.mark.keras

ONE = Recipe(epochs=1, batch=64, optimizer=Optimizer(rate=0.01))


def trained(text: str, where: Path, recipe: Recipe = ONE, **more: Any) -> RunResult:
    return train(netdsl.parse(text), recipe, where=where, quiet=True, **more)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    recipe = dataclasses.replace(ONE, penalty=Penalty(l2=0.01))
    return trained("net small\n8x8x1 > fc-16 > softmax-10", tmp_path_factory.mktemp("runs"), recipe)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, str]:
    """A run with two outputs, of classes and of values that are far from 0, and its data."""
    where = tmp_path_factory.mktemp("two")
    x = np.random.default_rng(0).random((300, 6)).astype(np.float32)
    np.savez(
        where / "data.npz",
        x=x,
        y_kind=(x[:, 0] > 0.5) + (x[:, 1] > 0.5).astype(int),
        y_sum=x.sum(axis=1) * 100 + 1000,
    )
    text = "net two\n6 > fc-16 as a\n@a > softmax-3 as kind\n@a > linear-1 as sum"
    return trained(text, where, data=str(where / "data.npz")), str(where / "data.npz")


# --- figures --------------------------------------------------------------------------------------


def test_the_figures_are_the_trainings(digits: RunResult) -> None:
    """The loss with the recipe's penalty, as in `result.json`."""
    found = evaluate(digits.folder)
    assert {name: found[name] for name in digits.test} == pytest.approx(dict(digits.test))
    assert (found["run"], found["part"], found["data"], found["step"]) == (
        str(digits.folder),
        "test",
        "digits",
        digits.best_step,
    )
    assert (found["trained_on"], found["changed"]) == (False, False)
    json.dumps(found, allow_nan=False)


def test_each_part_and_all(digits: RunResult) -> None:
    found = {part: evaluate(digits.folder, part=part) for part in PARTS}
    assert [found[part]["examples"] for part in PARTS] == [359, 144, 1294, 1797]
    assert {name: found["validation"][name] for name in digits.validation} == pytest.approx(
        dict(digits.validation)
    )
    assert [found[part]["trained_on"] for part in PARTS] == [False, False, True, True]
    matrices = [np.array(found[part]["outputs"]["fc_2"]["confusion"]) for part in PARTS]
    assert (matrices[0] + matrices[1] + matrices[2] == matrices[3]).all()
    assert "training part of digits, which was trained on: loss" in describe_evaluation(
        found["training"]
    )
    assert "\nall of digits, which" in describe_evaluation(found["all"])


def test_classes_follow_from_the_confusion_matrix(digits: RunResult) -> None:
    found = evaluate(digits.folder)
    (reported,) = found["outputs"].values()
    matrix = np.array(reported["confusion"])
    assert np.trace(matrix) / matrix.sum() == pytest.approx(found["accuracy"])
    assert found["accuracy"] < reported["top5_accuracy"] <= 1
    for label, one in enumerate(reported["classes"]):
        right, given, said = matrix[label, label], matrix[label].sum(), matrix[:, label].sum()
        assert (one["class"], one["name"], one["support"]) == (label, str(label), given)
        assert one["precision"] == (pytest.approx(right / said) if said else None)
        assert one["recall"] == pytest.approx(right / given)
        assert one["f1"] == pytest.approx(2 * right / (given + said))


def test_small_cases_by_hand() -> None:
    """Labels 0 0 1 2 predicted as 0 1 1 1; class 3 does not occur."""
    output = OutputTransform("y", (4,), "softmax", "cross-entropy", 4, ("a", "b", "c", "d"))
    counter = Counter(output, DETAILS)
    counter.update(np.array([0, 0]), np.eye(4)[[0, 1]])
    counter.update(np.array([1, 2]), np.eye(4)[[1, 1]])
    reported = output_details(counter)
    assert [(one["precision"], one["recall"], one["f1"]) for one in reported["classes"]] == [
        (1.0, 0.5, pytest.approx(2 / 3)),
        (pytest.approx(1 / 3), 1.0, 0.5),
        (None, 0.0, 0.0),
        (None, None, None),
    ]
    assert reported["macro_f1"] == pytest.approx((2 / 3 + 0.5) / 3)
    assert reported["confusion"] == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert "top5_accuracy" not in reported


def test_values_by_hand() -> None:
    """Standardised outputs are reported in the data's units; R2 takes each element's own mean."""
    output = OutputTransform("y", (2,), "linear", "squared", 0, centre=10.0, spread=2.0)
    counter = Counter(output, DETAILS)
    y = np.array([[10.0, 100.0], [12.0, 104.0], [14.0, 108.0]])
    given = y + np.array([[1, -1], [1, -1], [-2, 0]])
    for rows in (slice(0, 2), slice(2, 3)):
        counter.update(y[rows], (given[rows] - 10) / 2)
    reported = output_details(counter)
    assert reported["mae"] == pytest.approx(1)
    assert reported["rmse"] == pytest.approx(np.sqrt(8 / 6))
    assert reported["r2"] == pytest.approx(1 - 8 / (8 + 32))
    constant = Counter(OutputTransform("y", (1,), "linear", "squared", 0), DETAILS)
    constant.update(np.ones(3), np.ones((3, 1)))
    assert output_details(constant) == {"r2": None, "mae": 0.0, "rmse": 0.0}


def test_tags_by_hand() -> None:
    counter = Counter(OutputTransform("y", (2,), "linear", "binary", 0), DETAILS)
    values = np.array([[0.1, 2.0], [-0.1, 3.0], [-1.0, -1.0]])
    counter.update(np.array([[1, 0], [1, 1], [0, 0]]), values)
    reported = output_details(counter)
    assert [(one["precision"], one["recall"], one["support"]) for one in reported["classes"]] == [
        (1.0, 0.5, 2),
        (0.5, 1.0, 1),
    ]
    assert set(reported) == {"classes", "macro_f1", "auc", "pr_auc"}
    assert (reported["auc"], reported["pr_auc"]) == (1.0, 1.0)


# --- several outputs ------------------------------------------------------------------------------


def test_several_outputs(two: tuple[RunResult, str], tmp_path: Path) -> None:
    run, path = two
    found = evaluate(run.folder)
    assert {name: found[name] for name in run.test} == pytest.approx(dict(run.test))
    assert set(found["outputs"]) == {"kind", "sum"}
    assert found["outputs"]["sum"]["mae"] == pytest.approx(found["sum_absolute_error"], rel=1e-4)
    shown = describe_evaluation(found)
    assert "kind accuracy" in shown
    assert "\nkind:\nclass  precision" in shown
    assert "\nsum: R2 " in shown
    x = np.load(path)["x"]
    np.save(tmp_path / "some.npy", x[:40])
    records = predict(run.folder, [tmp_path / "some.npy"])
    assert len(records) == 40
    assert set(records[0]["outputs"]) == {"kind", "sum"}
    given = run.model.predict(x[:40], verbose=0)[1][:, 0]
    preparation = json.loads((run.folder / "preparation.json").read_text(encoding="utf-8"))
    own = given * preparation["outputs"][1]["spread"] + preparation["outputs"][1]["centre"]
    assert [record["outputs"]["sum"]["output"][0] for record in records] == pytest.approx(
        own.tolist(), rel=1e-5
    )
    assert describe_predictions(records).startswith(f"{tmp_path}/some.npy[0]: kind: ")
    table = list(csv.DictReader(io.StringIO(predictions_csv(records))))
    assert list(table[0])[:4] == ["input", "kind.class", "kind.name", "kind.probability"]
    assert float(table[0]["sum.output"]) == pytest.approx(own[0], rel=1e-4)


def test_other_data(two: tuple[RunResult, str], tmp_path: Path) -> None:
    run, path = two
    held = dict(np.load(path))
    np.savez(tmp_path / "other.npz", **{name: array[:100] for name, array in held.items()})
    found = evaluate(run.folder, part="all", data=tmp_path / "other.npz")
    assert (found["examples"], found["changed"], found["trained_on"]) == (100, True, False)
    assert "not the data that the run was trained with" in describe_evaluation(found)
    given = evaluate(run.folder, data=held)
    assert not given["changed"]
    assert given["loss"] == pytest.approx(run.test["loss"])


def test_other_data_is_measured_whole(two: tuple[RunResult, str], tmp_path: Path) -> None:
    """Where it has no test part of its own, even if it has only two rows."""
    run, path = two
    held = {name: array[:2] for name, array in np.load(path).items()}
    np.savez(tmp_path / "few.npz", **held)
    found = evaluate(run.folder, data=tmp_path / "few.npz")
    assert (found["part"], found["examples"], found["changed"], found["whole"]) == (
        "test",
        2,
        True,
        True,
    )
    assert (
        f"all of {tmp_path / 'few.npz'}, which has no test part of its own: loss"
        in describe_evaluation(found)
    )
    assert evaluate(run.folder, data=held)["outputs"] == found["outputs"]
    with pytest.raises(NetError, match=r"has no validation part(.|\n)*--part test") as caught:
        evaluate(run.folder, data=held, part="validation")
    assert caught.value.diagnostics[0].code == "N630"
    parts = {
        f"{name[0]}_{part}{name[1:]}": array
        for name, array in held.items()
        for part in ("train", "test")
    }
    np.savez(tmp_path / "parts.npz", **parts)
    with pytest.raises(NetError, match="for validation leaves a part empty"):
        evaluate(run.folder, data=tmp_path / "parts.npz")
    same = evaluate(run.folder, data=path)
    assert (same["changed"], same["whole"], same["examples"]) == (False, False, 60)


def test_a_table_is_measured_on_tables(tmp_path: Path, digits: RunResult) -> None:
    lines = "size,price\n" + "".join(f"{row},{row * 3}\n" for row in range(40))
    (tmp_path / "all.csv").write_text(lines, encoding="utf-8")
    run = trained(
        "net houses\n1 > linear-1",
        tmp_path,
        Recipe(epochs=1),
        data=str(tmp_path / "all.csv"),
        target="price",
    )
    (tmp_path / "new.csv").write_text("price,size\n3,1\n6,2\n", encoding="utf-8")
    assert evaluate(run.folder, data=tmp_path / "new.csv")["examples"] == 2
    for folder, data, reported in (
        (run.folder, "digits", "is not a table"),
        (digits.folder, tmp_path / "new.csv", "is a table, and"),
    ):
        with pytest.raises(NetError, match=reported) as caught:
            evaluate(folder, data=data)
        assert caught.value.diagnostics[0].code == "N536"


# --- labels for each position ---------------------------------------------------------------------


def test_a_class_for_each_position(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((120, 4, 4, 1)).astype(np.float32)
    np.savez(tmp_path / "maps.npz", x=x, y=(x[..., 0] * 2.99).astype(int))
    run = trained(
        "net maps\n4x4x1 > conv1-4 > conv1-3(softmax)", tmp_path, data=str(tmp_path / "maps.npz")
    )
    (reported,) = evaluate(run.folder)["outputs"].values()
    assert sum(one["support"] for one in reported["classes"]) == 24 * 16
    for one in reported["classes"]:
        assert one["iou"] is None or one["iou"] <= one["f1"]
    np.save(tmp_path / "some.npy", x[:2])
    records = predict(run.folder, tmp_path / "some.npy")
    given = run.model.predict(x[:2], verbose=0).argmax(axis=-1)
    assert [record["labels"] for record in records] == given.tolist()
    assert sum(one["count"] for one in records[0]["classes"]) == 16
    assert "4x4 labels, " in describe_predictions(records)
    table = list(csv.DictReader(io.StringIO(predictions_csv(records))))
    assert [sum(int(cell) for name, cell in row.items() if name != "input") for row in table] == [
        16,
        16,
    ]


# --- telling --------------------------------------------------------------------------------------


def result(classes: int, matrix: Any) -> dict[str, Any]:
    counter = Counter(
        OutputTransform(
            "y",
            (classes,),
            "softmax",
            "cross-entropy",
            classes,
            tuple(f"class{label:02}" for label in range(classes)),
        ),
        DETAILS,
    )
    labels, said = np.nonzero(matrix)
    for label, given in zip(labels, said, strict=True):
        counter.update(
            np.full(matrix[label, given], label),
            np.eye(classes)[np.full(matrix[label, given], given)],
        )
    rest = {
        "run": "runs/a-1",
        "part": "test",
        "data": "d",
        "step": 7,
        "examples": 9,
        "loss": None,
        "accuracy": 0.5,
    }
    return {
        **rest,
        "outputs": {"y": output_details(counter)},
        "trained_on": False,
        "changed": False,
        "whole": False,
    }


def test_the_table_for_people() -> None:
    assert describe_evaluation(result(2, np.array([[3, 1], [2, 1200]]))) == (
        "runs/a-1, weights of step 7\n"
        "test part of d: loss -, accuracy 0.5000 (9 examples)\n"
        "\n"
        "class    precision  recall      f1  support\n"
        "-------------------------------------------\n"
        "class00     0.6000  0.7500  0.6667        4\n"
        "class01     0.9992  0.9983  0.9988    1,202\n"
        "-------------------------------------------\n"
        "mean        0.7996  0.8742  0.8327    1,206\n"
        "confused (true -> predicted): class01 -> class00 (2), class00 -> class01 (1)\n"
        "AUC 0.8742, PR-AUC 0.9992, calibration error 0.0025"
    )


def test_of_many_classes_the_worst() -> None:
    matrix = np.diag([5] * 40)
    matrix[7] = 0
    matrix[7, 3] = 4
    shown = describe_evaluation(result(40, matrix))
    assert "the 10 of 40 classes with the lowest f1" in shown
    assert shown.count("\nclass") == 11
    assert shown.index("class07") < shown.index("class03") < shown.index("class00")


def test_longer_outputs_are_summarized() -> None:
    assert describe_predictions([{"input": "a", "output": [1.23456789, 2.0]}]) == "a: 1.23457, 2"
    assert (
        describe_predictions([{"input": "a", "output": np.zeros((8, 8, 1)).tolist()}])
        == "a: 8x8x1 values from 0 to 0"
    )
    assert (
        predictions_csv([{"input": "a,b", "output": [1.0, 2.5]}])
        == 'input,output_0,output_1\n"a,b",1,2.5\n'
    )


def test_a_margin_says_its_side(network: Any, npz: Any, tmp_path: Path) -> None:
    """Hinge: the answers that are reported are those that the accuracy counts."""
    x = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    y = (x.sum(axis=1) > 0).astype(int)
    recipe = Recipe(
        data=DataSpec(source=npz(x=x, y=y)), loss="hinge", epochs=2, optimizer=Optimizer(rate=0.05)
    )
    run = train(network((4,), 1, "linear"), recipe, where=tmp_path, quiet=True)
    np.save(tmp_path / "all.npy", x)
    records = predict(run.folder, tmp_path / "all.npy")
    right = np.mean([record["class"] == label for record, label in zip(records, y, strict=True)])
    assert right == pytest.approx(evaluate(run.folder, part="all")["accuracy"])
    assert "output" in records[0]["top"][0]


# --- what is refused ------------------------------------------------------------------------------


def test_a_part_that_is_none(digits: RunResult) -> None:
    with pytest.raises(NetError, match="there is no part `tset`") as caught:
        evaluate(digits.folder, part="tset")
    assert (caught.value.diagnostics[0].code, "did you mean `test`" in str(caught.value)) == (
        "N630",
        True,
    )


@pytest.mark.parametrize("action", [evaluate, lambda folder: predict(folder, "x.npy")])
def test_a_run_that_has_not_ended(action: Any, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(NetError, match="netdsl resume") as caught:
        action(tmp_path)
    assert caught.value.diagnostics[0].code == "N613"
    with pytest.raises(NetError, match="there is no run folder"):
        action(tmp_path / "none")


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        (
            '"shape": [8, 8, 1]',
            '"shape": [3]',
            "its input `input` has 3; the network's `input` has 8x8x1",
        ),
        ('"example": [8, 8]', '"example": [3]', "it turns examples of 3 into 8x8x1"),
        ('"scale": 16.0', '"scale": 0', ""),
        ('"vocabulary": 0', '"vocabulary": 9', "it has 9 indices"),
        (
            '"activation": "softmax"',
            '"activation": "linear"',
            "is a `linear`, the network's a `softmax`",
        ),
        ('"copies": ""', '"copies": "other"', "copies `other`, which is not an input"),
    ],
)
def test_a_preparation_that_does_not_fit(
    digits: RunResult, tmp_path: Path, old: str, new: str, reported: str
) -> None:
    shutil.copytree(digits.folder, tmp_path / "run")
    path = tmp_path / "run" / "preparation.json"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    for action in (
        evaluate,
        lambda folder: predict(folder, "x.npy"),
        lambda folder: export(folder, tmp_path / "a.keras"),
    ):
        with pytest.raises(NetError, match=f"preparation.json is damaged.*{reported}") as caught:
            action(tmp_path / "run")
        assert caught.value.diagnostics[0].code == "N614"


@pytest.mark.parametrize(
    "text",
    ["8x8x1 > fc-17 > softmax-10", "8x8x1 > fc-16 > softmax-11", "4x16x1 > fc-16 > softmax-10"],
)
def test_another_networks_weights(digits: RunResult, tmp_path: Path, text: str) -> None:
    shutil.copytree(digits.folder, tmp_path / "run")
    netdsl.parse(text).keras().save(tmp_path / "run" / "best.keras")
    np.save(tmp_path / "x.npy", np.zeros((1, 8, 8), np.uint8))
    actions = (
        evaluate,
        lambda folder: predict(folder, tmp_path / "x.npy"),
        lambda folder: export(folder, tmp_path / "a.keras"),
    )
    for action in actions:
        with pytest.raises(
            NetError,
            match=r"best\.keras does not hold the network small: it has inputs of .* weights",
        ) as caught:
            action(tmp_path / "run")
        assert caught.value.diagnostics[0].code == "N614"


def test_memory_that_runs_out(digits: RunResult, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("netdsl.training.evaluation.evaluate._scores", none)
    with pytest.raises(RunError, match="a batch of 64 examples does not fit into memory"):
        evaluate(digits.folder)
