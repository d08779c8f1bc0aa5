"""Penalties in training: the proximal step, and the loss without them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.loop.train import resume, train
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import Recipe

pytestmark = pytest.mark.keras

ONE = netdsl.parse("1 > linear-1(bias=no, init=0.12)", name="one")
NOTHING = np.zeros((8, 1)), np.zeros((8, 1))
WALK = {"optimizer": {"name": "gd", "rate": 0.1}, "early_stopping": False, "epochs": 4}


def last(run: Any) -> Any:
    return run.model.get_weights()[0].ravel()


def test_without_a_proximal_step_l1_jumps_over_0(tmp_path: Path) -> None:
    run = ONE.train(WALK, penalty={"l1": 0.5}, data=NOTHING, where=tmp_path, quiet=True)
    assert last(run) == pytest.approx([0.02])  # .12 .07 .02 -.03 .02
    assert run.zeros == {"fc_1/kernel": {"zeros": 0, "weights": 1}}


@pytest.mark.parametrize("speed", ["plain", "chunks", "compiled"])
def test_a_proximal_step_ends_at_0(tmp_path: Path, speed: str) -> None:
    penalty = {"l1": 0.5, "proximal": True}
    run = ONE.train(WALK, penalty=penalty, data=NOTHING, where=tmp_path, quiet=True, speed=speed)
    assert last(run).tolist() == [0.0]  # .12 .07 .02 0 0
    assert run.zeros == {"fc_1/kernel": {"zeros": 1, "weights": 1}}
    losses = [row["loss"] for row in run.history]
    assert losses == pytest.approx([0.06, 0.035, 0.01, 0.0])  # the penalty is part of it
    assert [row["data_loss"] for row in run.history] == [0.0] * 4
    assert "exactly 0: fc_1/kernel 1 of 1 (100.0%)" in str(run)


def test_the_threshold_follows_the_rate(tmp_path: Path) -> None:
    """The rate of step t is 0.1 in the first epoch and 0.01 after it."""
    keys = {**WALK, "schedule": {"name": "steps", "at": [1], "divide": 10}}
    penalty = {"l1": 0.5, "proximal": True}
    run = ONE.train(keys, penalty=penalty, data=NOTHING, where=tmp_path, quiet=True)
    assert last(run) == pytest.approx([0.12 - 0.05 - 3 * 0.005])


def test_a_threshold_and_a_bound_go_together(tmp_path: Path) -> None:
    network = netdsl.parse("1 > linear-1(bias=no, init=3)", name="one")
    penalty = {"l1": 0.5, "proximal": True, "max_norm": 1.0}
    run = network.train(WALK, penalty=penalty, data=NOTHING, where=tmp_path, quiet=True)
    assert last(run) == pytest.approx([0.85])  # 2.95 -> 1, .95, .9, .85


def test_the_loss_without_penalties_is_a_figure(tmp_path: Path) -> None:
    """Also where a layer of the network adds its own, and with several outputs by their weights."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    text = (
        "input x: 3\n@x > fc-4(l2=0.1) as h\n@h > linear-2 as a\n@h > linear-2 as b\noutput @a, @b"
    )
    network = netdsl.parse(text, name="two")
    keys = {"epochs": 2, "loss_weights": {"a": 1, "b": 0.5}, "penalty": {"l2": 0.01}}
    run = network.train(keys, data={"x": x, "y_a": y, "y_b": y}, where=tmp_path, quiet=True)
    model = run.model
    weights = {variable.path: variable.numpy() for variable in model.trainable_weights}
    kernels = [array for name, array in weights.items() if name.endswith("kernel")]
    added = 0.005 * sum(float((array**2).sum()) for array in kernels)
    added += sum(float(loss) for loss in model.losses)
    found = run.evaluate({"x": x, "y_a": y, "y_b": y}, part="all")
    assert found["loss"] - found["data_loss"] == pytest.approx(added, rel=1e-4)
    rows = list(csv.DictReader((run.folder / "metrics.csv").read_text("utf-8").splitlines()))
    assert float(rows[-1]["val_loss"]) > float(rows[-1]["val_data_loss"])


def test_without_penalties_there_is_no_such_column(network: Any, tmp_path: Path) -> None:
    run = train(network(), Recipe(epochs=1), where=tmp_path, quiet=True)
    assert "data_loss" not in (run.folder / "metrics.csv").read_text("utf-8")
    assert run.zeros == {}


def test_a_proximal_run_is_resumed_bit_for_bit(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from netdsl.training.loop.callback import TrainingCallback

    recipe = Recipe(
        epochs=3,
        batch=200,
        penalty={"l1": 0.01, "proximal": True},
        label_noise=0.1,
        keep={"epochs": [1], "best": 1},
    )
    whole = train(network(), recipe, where=tmp_path / "whole", quiet=True)
    monkeypatch.setattr("netdsl.training.loop.pace.MIN_SECONDS", 0.0)
    monkeypatch.setattr("netdsl.training.loop.pace.SHARE", 0)
    real = TrainingCallback.on_epoch_end

    def on_epoch_end(self: Any, epoch: int, logs: Any = None) -> None:
        real(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TrainingCallback, "on_epoch_end", on_epoch_end)
        stopped = train(network(), recipe, where=tmp_path, quiet=True)
    found = resume(stopped.folder, quiet=True)
    for one, other in zip(found.model.get_weights(), whole.model.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert found.zeros == whole.zeros
    kept = [sorted(file.name for file in (run.folder / "kept").iterdir()) for run in (found, whole)]
    assert kept[0] == kept[1]
    assert "epoch-1.keras" in kept[0]


@pytest.mark.parametrize(
    ("reduce", "factor"), [("mean", 1.0), ("sum", 3.0), ("half", 1.5)], ids=str
)
def test_a_loss_is_reduced_as_the_recipe_says(reduce: str, factor: float, tmp_path: Path) -> None:
    """f = (1, 2, 3) for y = 0: the mean of the squares is 14/3."""
    network = netdsl.parse("1 > linear-3(bias=no, init=[1, 2, 3])", name="q")
    data = np.ones((4, 1)), np.zeros((4, 3))
    keys = {**WALK, "epochs": 1, "loss": {"name": "squared", "reduce": reduce}}
    run = network.train(keys, data=data, where=tmp_path, quiet=True)
    assert run.history[0]["loss"] == pytest.approx(factor * 14 / 3)
    step = 0.1 * factor * 2 / 3 * np.array([1, 2, 3])
    after = np.array([1, 2, 3]) - step
    assert last(run) == pytest.approx(after)
    assert run.evaluate(data)["loss"] == pytest.approx(factor * (after**2).mean())
    assert run.recipe.loss.reduce == (None if reduce == "mean" else reduce)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"penalty": {"proximal": True}}, "there is none"),
        ({"loss": {"reduce": "sum"}}, "not cross-entropy"),
        ({"keep": {"epochs": [3, 101]}}, "there is no epoch 101: the training has 100"),
        ({"keep": {"epochs": [3], "every": 1}}, "101 epochs would be kept, and 100 are the most"),
        ({"keep": {"best": 2}, "early_stopping": {"every": 7}}, "epochs end between evaluations"),
        (
            {"keep": {"best": 2}, "data": {"split": {"validation": 0}}, "early_stopping": False},
            "no validation part",
        ),
        ({"data": {"split": {"training": 5000}}}, "1,294 training examples, not 5,000"),
        ({"data": {"labels": "random"}, "label_noise": 0.1}, "leave one of the two out"),
    ],
)
def test_what_does_not_go_together(network: Any, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(NetError, match=r"N507") as caught:
        plan(network(), Recipe.of({"data": {"source": "digits"}, **keys}))
    assert message in str(caught.value)


def test_values_have_no_labels_to_be_changed() -> None:
    with pytest.raises(NetError, match=r"N507.*no labels"):
        plan(ONE, Recipe(label_noise=0.5), data=NOTHING)
