"""One answer everywhere: the console, early stopping, `evaluate` and the report agree with a plain
computation in NumPy, for each kind of loss, output and target.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import netdsl
from netdsl.training.evaluation.evaluate import evaluate
from netdsl.training.evaluation.predict import predict
from netdsl.training.loop.train import train
from netdsl.training.recipes.recipe import Augment, DataSpec, Optimizer, Recipe, Stopping
from netdsl.training.runs.run import RunResult
from netdsl.wording import number_text

pytestmark = pytest.mark.keras

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 6)).astype("float32")
SUM = X @ RNG.normal(size=6)


def logistic(values: Any) -> Any:
    return 1 / (1 + np.exp(-values))


class Task(NamedTuple):
    """A network's end, its loss and targets, and what it answers for the numbers that it gives."""

    end: str
    y: Any
    answers: Callable[[Any], Any]
    loss: str | None = None
    more: dict[str, Any] = {}  # noqa: RUF012


def above(threshold: float) -> Callable[[Any], Any]:
    return lambda values: values[:, 0] > threshold


THREE = np.digitize(SUM, [-1, 1])
TAGS = np.stack([SUM > -1, SUM > 0, SUM > 1], axis=1).astype(int)

CLASSES = {
    "softmax": Task("softmax-3", THREE, lambda values: values.argmax(axis=1)),
    "logits": Task("linear-3", THREE, lambda values: values.argmax(axis=1), "cross-entropy"),
    "smoothed": Task(
        "softmax-3",
        THREE,
        lambda values: values.argmax(axis=1),
        more={"label_smoothing": 0.2},
    ),
    "weighted": Task(
        "softmax-3",
        THREE,
        lambda values: values.argmax(axis=1),
        more={"class_weights": "balanced"},
    ),
    "sigmoid": Task("sigmoid-1", (SUM > 0).astype(int), above(0.5)),
    "sigmoid, smoothed": Task(
        "sigmoid-1", (SUM > 0).astype(int), above(0.5), more={"label_smoothing": 0.2}
    ),
    "logit": Task("linear-1", (SUM > 1).astype(int), above(0), "binary"),
    "margin": Task("linear-1", (SUM > 0).astype(int), above(0), "hinge"),
    "squared of a class": Task("sigmoid-1", (SUM > 1).astype(int), above(0.5), "squared"),
    "tags": Task("sigmoid-3", TAGS, lambda values: values > 0.5),
    "tags by logits": Task("linear-3", TAGS, lambda values: values > 0, "binary"),
}

VALUES = {
    "a value": Task("linear-1", 40 + 9 * SUM, lambda values: values),
    "values": Task("linear-2", np.stack([SUM, SUM**2], axis=1), lambda values: values),
    "a share": Task("sigmoid-1", logistic(SUM), lambda values: values),
    "a share by logits": Task("linear-1", logistic(SUM), logistic, "binary"),
    "shares by logits": Task(
        "linear-2", np.stack([logistic(SUM), logistic(-SUM) / 2], axis=1), logistic, "binary"
    ),
    "grey by logits": Task(
        "linear-6", None, logistic, "binary", {"data": DataSpec(target="input")}
    ),
}


def data(task: Task) -> Any:
    """The arrays that a run of the task was trained with."""
    x = logistic(X) if task.y is None else X
    arrays = {"x_train": x[:280], "x_test": x[280:]}
    if task.y is not None:
        arrays |= {"y_train": task.y[:280], "y_test": task.y[280:]}
    return arrays


def trained(task: Task, where: Path, **more: Any) -> tuple[RunResult, Any, Any]:
    """A run of the task, and its test part."""
    arrays = data(task)
    x = arrays["x_test"]
    keys = {"loss": task.loss, "epochs": 2, "batch": 16, "optimizer": Optimizer(rate=0.02)}
    recipe = Recipe(**{**keys, **task.more, **more})
    network = netdsl.parse(f"net small\n6 > fc-8 > {task.end} as y")
    run = train(network, recipe, data=arrays, where=where, quiet=True)
    return run, x, arrays.get("y_test", x)


def report(run: RunResult) -> str:
    return (run.folder / "report.html").read_text(encoding="utf-8")


def epochs(run: RunResult) -> list[dict[str, str]]:
    with (run.folder / "metrics.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", CLASSES)
def test_classes(name: str, tmp_path: Path) -> None:
    task = CLASSES[name]
    run, x, y = trained(task, tmp_path)
    answered = task.answers(np.asarray(run.model.predict(x, verbose=0), float))
    right = (answered == y).mean()
    found = evaluate(run.folder, data=data(task))
    assert run.test["accuracy"] == pytest.approx(right, abs=1e-6)
    assert found["accuracy"] == pytest.approx(right, abs=1e-6)
    (details,) = found["outputs"].values()
    classes = details["classes"]
    if "confusion" in details:
        matrix = np.array(details["confusion"])
        assert np.trace(matrix) / matrix.sum() == pytest.approx(right)
    scores = [one["f1"] for one in classes if one["f1"] is not None]
    assert details["macro_f1"] == pytest.approx(np.mean(scores))
    text = report(run)
    assert f"<td class=n>{100 * details['macro_f1']:.1f}</td></tr></tfoot>" in text
    assert f">{100 * right:.2f}\u00a0%</span>" in text
    validation = evaluate(run.folder, part="validation", data=data(task))
    assert run.validation["accuracy"] == pytest.approx(validation["accuracy"], abs=1e-6)
    best = max(epochs(run), key=lambda row: int(row["step"]) == run.best_step)
    assert float(best["val_accuracy"]) == pytest.approx(validation["accuracy"], abs=1e-6)
    assert float(epochs(run)[-1]["accuracy"]) > 0.4  # smoothed targets were never right


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str, tmp_path: Path) -> None:
    task = VALUES[name]
    run, x, y = trained(task, tmp_path)
    output = json.loads((run.folder / "preparation.json").read_text("utf-8"))["outputs"][0]
    values = np.asarray(run.model.predict(x, verbose=0), float)
    y = y.reshape(values.shape)
    answered = task.answers(values) * output["spread"] + output["centre"]
    absolute, squared = np.abs(answered - y).mean(), ((answered - y) ** 2).mean()
    explained = 1 - ((answered - y) ** 2).sum() / ((y - y.mean(axis=0)) ** 2).sum()
    found = evaluate(run.folder, data=data(task))
    (details,) = found["outputs"].values()
    assert run.test["absolute_error"] == pytest.approx(absolute, rel=1e-4)
    assert found["absolute_error"] == pytest.approx(absolute, rel=1e-4)
    assert details == pytest.approx(
        {"mae": absolute, "rmse": math.sqrt(squared), "r2": explained}, rel=1e-4
    )
    text = report(run)
    assert f"Mean absolute error <b>{number_text(details['mae'])}</b>" in text
    assert f"root mean squared error <b>{number_text(details['rmse'])}</b>" in text
    assert (f"R² <b>{details['r2']:.4f}</b>" in text) == (values.shape[1] == 1)
    validation = evaluate(run.folder, part="validation", data=data(task))
    assert run.validation["absolute_error"] == pytest.approx(validation["absolute_error"], rel=1e-5)
    best = max(epochs(run), key=lambda row: int(row["step"]) == run.best_step)
    assert float(best["val_absolute_error"]) == pytest.approx(
        validation["absolute_error"], rel=1e-4
    )
    assert "accuracy" not in epochs(run)[0]


def test_logits_are_predicted_as_probabilities(tmp_path: Path) -> None:
    """Of the class that is named, not of the other one."""
    run, x, _ = trained(CLASSES["logit"], tmp_path)
    np.save(tmp_path / "x.npy", x)
    likely = logistic(np.asarray(run.model.predict(x, verbose=0), float))[:, 0]
    for record, probability in zip(predict(run.folder, tmp_path / "x.npy"), likely, strict=True):
        assert record["class"] == int(probability > 0.5)
        assert record["top"][0]["probability"] == pytest.approx(
            max(probability, 1 - probability), rel=1e-5
        )


def test_stopping_goes_by_what_the_console_says(tmp_path: Path) -> None:
    stopping = Stopping(metric="accuracy", patience=3)
    run, _, _ = trained(CLASSES["tags"], tmp_path, early_stopping=stopping, epochs=6)
    found = [(float(row["val_accuracy"]), -int(row["step"])) for row in epochs(run)]
    assert run.best_step == -max(found)[1]
    assert run.best_value == pytest.approx(max(found)[0], abs=1e-6)


def test_an_absent_class_counts_alike(tmp_path: Path) -> None:
    """The test part holds two of three classes; the network answers all."""
    task = CLASSES["softmax"]
    arrays = {**data(task), "y_test": np.minimum(THREE[280:], 1)}
    network = netdsl.parse("net small\n6 > fc-8 > softmax-3 as y")
    recipe = Recipe(epochs=4, batch=16, optimizer=Optimizer(rate=0.02))
    run = train(network, recipe, data=arrays, where=tmp_path, quiet=True)
    (details,) = evaluate(run.folder, data=arrays)["outputs"].values()
    absent = details["classes"][2]
    assert (absent["support"], absent["recall"], absent["f1"]) == (0, None, 0.0)
    mean = np.mean([one["f1"] for one in details["classes"]])
    assert details["macro_f1"] == pytest.approx(mean)
    assert f"<td class=n>{100 * mean:.1f}</td></tr></tfoot>" in report(run)


def test_mixed_examples_are_measured(tmp_path: Path) -> None:
    """Targets that mixup makes shares count as their larger class."""
    run, _, _ = trained(CLASSES["sigmoid"], tmp_path, augment=Augment(mixup=0.2), epochs=3)
    assert float(epochs(run)[-1]["accuracy"]) > 0.5
