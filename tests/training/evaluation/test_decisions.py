"""What is chosen on the validation part once a network is trained: thresholds and temperatures."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.evaluation.decisions import best_temperature, best_threshold
from netdsl.training.evaluation.evaluate import evaluate
from netdsl.training.evaluation.evaluate_text import describe_evaluation
from netdsl.training.evaluation.predict import predict
from netdsl.training.metrics.answers import at_temperature
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.runs.decisions import COLDEST, HOTTEST, decision_lines
from netdsl.training.runs.run import RunResult


def by_hand(asked: str, known: Any, true: Any, threshold: float) -> float:
    said = known > threshold
    right = (said & (true == 1)).sum()
    if asked == "f1":
        return float(2 * right / max(said.sum() + true.sum(), 1))
    if asked == "accuracy":
        return float((said == true).mean())
    no = true == 0
    return float((right / max(true.sum(), 1) + (~said & no).sum() / max(no.sum(), 1)) / 2)


@pytest.mark.parametrize("asked", ["f1", "accuracy", "balanced_accuracy"])
@pytest.mark.parametrize("seed", range(4))
def test_no_threshold_is_better(asked: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    known, true = rng.integers(1, 20, 40) / 20, rng.integers(0, 2, 40) * rng.integers(0, 2, 40)
    threshold, value = best_threshold(known, true, asked)
    assert value == pytest.approx(by_hand(asked, known, true, threshold))
    others = [by_hand(asked, known, true, one) for one in np.linspace(0.01, 0.99, 99)]
    assert value >= max(others) - 1e-12


def test_of_equal_thresholds_the_one_next_to_one_half() -> None:
    known, true = np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1])
    assert best_threshold(known, true, "f1") == (0.5, 1.0)
    assert best_threshold(np.array([0.3]), np.array([0]), "f1") == (0.5, 0.0)


def test_the_temperature_of_the_least_loss() -> None:
    assert best_temperature(lambda t: (1 / t - 1 / 3) ** 2) == pytest.approx(3, rel=1e-4)


# --- a run ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rare(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, Any, Any]:
    """A run on two classes of which one is rare, stopped by F1, with all that can be chosen."""
    folder = tmp_path_factory.mktemp("rare")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 4)).astype(np.float32)
    y = (x.sum(axis=1) + rng.normal(size=600) > 2.5).astype(int)
    network = netdsl.parse("net rare\n4 > fc-8 > sigmoid-1\n")
    run = network.train(
        data=(x, y),
        epochs=4,
        optimizer={"rate": 0.01},
        early_stopping={"metric": "f1", "then": "retrain"},
        metrics=["auc", "pr-auc"],
        threshold="f1",
        calibrate="temperature",
        where=folder,
    )
    return RunResult.load(run.folder), x, y


@pytest.mark.keras
def test_a_run_keeps_what_it_chose(rare: tuple[RunResult, Any, Any]) -> None:
    run, x, y = rare
    assert (run.metric, set(run.validation)) == (
        "f1",
        {"examples", "loss", "accuracy", "auc", "pr_auc", "f1"},
    )
    assert run.retrained
    (decision,) = run.decisions.values()
    assert decision["values"][1] >= decision["values"][0] == pytest.approx(run.best_value)
    assert decision["log_loss"][1] <= decision["log_loss"][0]
    found = evaluate(run.folder, data=(x, y))
    assert {name: found[name] for name in run.test} == pytest.approx(dict(run.test))
    shown = describe_evaluation(found)
    assert f"threshold {decision['thresholds'][0]:.4g}, chosen on the validation part" in shown
    assert "temperature" in shown
    assert "PR-AUC" in shown
    page = (run.folder / "report.html").read_text("utf-8")
    (about,) = re.findall(r"<title>Reliability: (.*?)</title>", page)
    assert len(about) < 110  # what the width of the drawing holds


@pytest.mark.parametrize(
    ("temperature", "reported"),
    [
        (COLDEST, "the lowest that is tried: hardly an answer of the validation part is wrong"),
        (HOTTEST, "the highest that is tried: equal probabilities would fit as well"),
        (1.2, ""),
    ],
)
def test_a_temperature_at_the_edge_of_its_search(temperature: float, reported: str) -> None:
    def loss(tried: float) -> float:
        return abs(math.log(tried / temperature))

    chosen = best_temperature(loss)
    said = {"temperature": chosen, "log_loss": [-0.00001, 0.5]}
    first, *notes = decision_lines({"y": said})
    assert first.endswith("log loss 0.0000 to 0.5000")
    assert [reported in note for note in notes] == [True] * bool(reported)


@pytest.mark.keras
def test_predictions_obey_the_threshold_and_the_temperature(
    rare: tuple[RunResult, Any, Any],
) -> None:
    run, x, _ = rare
    (decision,) = run.decisions.values()
    given = run.model.predict(x, verbose=0)[:, 0].astype(float)
    power = 1 / decision["temperature"]
    known = given**power / (given**power + (1 - given) ** power)
    said = predict(run.folder, x)
    assert [one["class"] for one in said] == list(
        (known > np.float32(decision["thresholds"][0])).astype(int)
    )
    for one, probability in zip(said, known, strict=True):
        assert one["top"][0]["class"] == one["class"]
        of_yes = {best["class"]: best["probability"] for best in one["top"]}[1]
        assert of_yes == pytest.approx(probability, rel=1e-5)


@pytest.mark.keras
def test_the_loss_is_that_of_the_calibrated_probabilities(tmp_path: Path) -> None:
    """Of the test and the validation part, in the result and in an evaluation."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 3)).astype(np.float32)
    y = (x.sum(axis=1) > 0).astype(int)
    network = netdsl.parse("net sure\n3 > fc-2 > softmax-2\n")
    run = network.train(
        data=(x, y), epochs=2, early_stopping=False, calibrate="temperature", where=tmp_path
    )
    (decision,) = run.decisions.values()
    assert decision["temperature"] != 1
    assert run.validation["loss"] == pytest.approx(decision["log_loss"][1], rel=1e-4)
    found = evaluate(run.folder, data=(x, y), part="all")
    said = [one["top"] for one in predict(run.folder, x)]
    own = [
        next(one["probability"] for one in top if one["class"] == label)
        for top, label in zip(said, y, strict=True)
    ]
    assert found["loss"] == pytest.approx(-np.log(own).mean(), rel=1e-4)
    of_test = evaluate(run.folder, data=(x, y))
    assert of_test["loss"] == pytest.approx(run.test["loss"], rel=1e-5)


def test_probabilities_at_a_low_temperature_are_numbers() -> None:
    output = OutputTransform("kind", (1_000,), "softmax", "cross-entropy", 1_000)
    known = np.full((1, 1_000), 1e-3, np.float32)
    with np.errstate(all="raise"):
        assert at_temperature(np, output, known, 0.05) == pytest.approx(known)


@pytest.mark.keras
def test_the_report_draws_the_reliability(rare: tuple[RunResult, Any, Any]) -> None:
    text = (rare[0].folder / "report.html").read_text(encoding="utf-8")
    for part in ("Reliability", "at temperature", "without", "is said above a probability of"):
        assert part in text


@pytest.mark.keras
@pytest.mark.parametrize(
    "decisions",
    [
        {"nobody": {"temperature": 2.0}},
        {"fc_2": {"thresholds": [0.5, 0.5]}},
        {"fc_2": {"temperature": 0.0}},
        {"fc_2": {"temperature": "hot"}},
        {"fc_2": {"thresholds": [7.0]}},
        {"fc_2": {"values": [1.0]}},
        {"fc_2": {"more": 1}},
        {"fc_2": 3},
        [],
    ],
)
def test_damaged_decisions(
    rare: tuple[RunResult, Any, Any], decisions: Any, tmp_path: Path
) -> None:
    import shutil

    folder = tmp_path / "run"
    shutil.copytree(rare[0].folder, folder)
    values = json.loads((folder / "result.json").read_text())
    assert set(values["decisions"]) == {"fc_2"}
    (folder / "result.json").write_text(json.dumps({**values, "decisions": decisions}))
    with pytest.raises(NetError, match=r"result\.json is damaged"):
        predict(folder, np.zeros((1, 4), np.float32))


@pytest.mark.keras
def test_a_threshold_that_is_given(tmp_path: Path) -> None:
    """Each tag has its own threshold; a given one is used for all tags, and none is chosen."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)).astype(np.float32)
    y = (x[:, :2] > 0).astype(np.float32)
    network = netdsl.parse("net tags\n3 > sigmoid-2\n")
    run = network.train(
        data=(x, y), epochs=1, early_stopping=False, threshold=0.7, calibrate=None, where=tmp_path
    )
    assert run.decisions == {"fc_1": {"thresholds": [0.7, 0.7]}}
    assert "Yes is said above a probability of 0.7, 0.7" in (run.folder / "report.html").read_text()
    # An answer that one half would give otherwise is among them.
    records = run.predict(x)
    known = np.array([record["output"] for record in records])
    assert ((known > 0.5) != (known > 0.7)).any()
    labels = [record["labels"] for record in records]
    assert labels == (known > 0.7).astype(int).tolist()
    right = np.array(labels) == y
    found = evaluate(run.folder, data=(x, y), part="all")
    assert found["accuracy"] == pytest.approx(right.mean())


@pytest.mark.keras
def test_the_rarer_of_two_named_classes_is_looked_for(tmp_path: Path) -> None:
    """`fraud` comes before `ok`, and is what F1 and the threshold are about."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    lines = [f"{a:.3f},{b:.3f},{'fraud' if a + b > 1.5 else 'ok'}" for a, b in x]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a,b,label", *lines]) + "\n")
    network = netdsl.parse("2 > sigmoid-1", name="found")
    recipe: dict[str, Any] = {
        "data": {"source": str(path), "target": "label"},
        "epochs": 3,
        "metrics": ["f1", "pr_auc"],
        "threshold": "f1",
        "optimizer": {"rate": 0.1},
    }
    run = network.train(recipe, where=tmp_path)
    found = evaluate(run.folder)
    (details,) = found["outputs"].values()
    by_name = {one["name"]: one for one in details["classes"]}
    assert found["f1"] == pytest.approx(by_name["fraud"]["f1"])
    (decision,) = run.decisions.values()
    records = predict(run.folder, [path])
    for one in records:
        fraud = {best["name"]: best["probability"] for best in one["top"]}["fraud"]
        assert (one["name"] == "fraud") == (fraud > np.float32(decision["thresholds"][0]))
    other = network.train({**recipe, "positive": "ok"}, where=tmp_path)
    (details,) = evaluate(other.folder)["outputs"].values()
    by_name = {one["name"]: one for one in details["classes"]}
    assert other.test["f1"] == pytest.approx(by_name["ok"]["f1"])
    with pytest.raises(NetError, match="no class `frod`"):
        network.train({**recipe, "positive": "frod"}, where=tmp_path)
