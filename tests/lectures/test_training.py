"""The lectures' items 21 to 23 and 25: how AlexNet, scikit-learn's MLP and a demo are trained."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.commands import answered, printed

import netdsl
from netdsl.cli.main import main
from netdsl.keras.quiet import quiet_keras
from netdsl.training.recipes.recipe import load_recipe

pytestmark = pytest.mark.keras

quiet_keras()

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FEW = {"source": "digits", "split": {"training": 300}}


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Any:
    return capsys.readouterr


def test_item_21_alexnet_is_trained_so(out: Any, tmp_path: Path) -> None:
    recipe = tmp_path / "alexnet.yaml"
    recipe.write_text(
        "optimizer: {name: momentum, rate: 0.01, momentum: 0.9}\n"
        "schedule: {name: plateau, divide: 10}\npenalty: {l2: 5e-4}\nbatch: 128\n",
        "utf-8",
    )
    network = '"64 > fc-32 > dropout(0.5) > softmax-10"'
    found = answered(out, f"recipe {network} {recipe}")["recipe"]
    assert found["optimizer"] == {"name": "momentum", "rate": 0.01, "momentum": 0.9}
    assert found["schedule"]["divide"] == 10
    assert (found["penalty"], found["batch"]) == ({"l2": 5e-4}, 128)
    text = printed(out, f"train {network} {recipe} --dry-run")
    assert "nothing was written" in text
    network = f"{EXAMPLES}/alexnet.net"
    assert "dropout" in printed(out, f"table {network}")


@pytest.mark.parametrize("word", ["identity", "logistic"])
def test_item_22_scikit_learns_words_for_activations_are_explained(out: Any, word: str) -> None:
    assert main(["check", f"64 > fc-32({word}) > softmax-10"]) == 1
    known = {"identity": "linear", "logistic": "sigmoid"}[word]
    assert f"did you mean `{known}`?" in out().err


@pytest.mark.parametrize(
    "keys",
    [
        {"optimizer": "lbfgs"},
        {"optimizer": {"name": "sgd", "rate": 0.1}, "schedule": "invscaling"},
        {"optimizer": {"name": "sgd", "rate": 0.1}, "schedule": "adaptive"},
        {"optimizer": "adam", "early_stopping": {"part": "training", "tol": 1e-4, "patience": 10}},
    ],
    ids=["lbfgs", "invscaling", "adaptive", "tol"],
)
def test_item_22_the_options_of_scikit_learns_mlp(keys: dict[str, Any], tmp_path: Path) -> None:
    network = netdsl.parse("64 > fc-16(tanh) > softmax-10", name="mlp")
    run = network.train(keys, data=FEW, epochs=3, where=tmp_path, quiet=True)
    found = [row["loss"] for row in run.history]
    assert all(after < before for before, after in pairwise(found))


def test_item_23_scikit_learns_mlp(out: Any, tmp_path: Path) -> None:
    """Its network and its recipe, on the digits that come with netdsl: ten losses that fall."""
    files = EXAMPLES / "results" / "mlp_sklearn.net", EXAMPLES / "results" / "mlp_sklearn.yaml"
    assert "39,760" in printed(out, f"check {files[0]}")
    recipe = load_recipe(files[1])
    assert (recipe.optimizer.name, recipe.optimizer.rate, recipe.batch) == ("nesterov", 0.1, 200)
    network = netdsl.parse(files[0].read_text("utf-8").replace("784", "64").split("expect")[0])
    data = {"source": "digits", "split": {"validation": 0}}
    run = network.train(recipe, data=data, where=tmp_path, quiet=True)
    found = [row["loss"] for row in run.history]
    assert len(found) == 10
    assert all(after < before for before, after in pairwise(found))
    assert run.evaluate(part="training")["accuracy"] > run.test["accuracy"] > 0.9


def test_item_25_keras_demo_does_not_overfit(tmp_path: Path) -> None:
    network = netdsl.parse("64 > fc-32(sigmoid) > softmax-10", name="demo")
    keys = {"optimizer": {"name": "adam", "rate": 0.01}, "batch": 100, "epochs": 30}
    run = network.train(keys, where=tmp_path, quiet=True)
    last = run.history[-1]
    assert run.test["accuracy"] > last["accuracy"] - 0.03
    validation = [row["val_loss"] for row in run.history]
    assert validation[-1] < 1.1 * min(validation)
    assert (run.folder / "curve.svg").is_file()
    again = netdsl.from_keras(run.model)
    assert netdsl.parse(again) == network
    assert "Adam" not in network.emit()
