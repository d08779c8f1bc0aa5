"""Adversarial training: a step is taken on its batch and on the batch changed by FGSM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.loop.callback import TrainingCallback
from netdsl.training.loop.train import resume
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import Adversarial, Recipe, parse_recipe

pytestmark = pytest.mark.keras

STEPS = {
    "optimizer": {"name": "sgd", "rate": 0.1},
    "batch": 4,
    "epochs": 3,
    "early_stopping": False,
}


def by_hand(x: Any, y: Any, w: Any, eps: float) -> tuple[Any, list[float]]:
    """Three steps of a neuron that squares its error, and the loss before each."""
    losses = []
    for _ in range(3):
        slope = 2 * (x @ w - y)[:, None] * w  # of each example's loss, by its input
        both = np.concatenate([x, np.clip(x + eps * np.sign(slope), 0, 1)])
        error = both @ w - np.concatenate([y, y])
        losses.append(float((error**2).mean()))
        w = w - 0.1 * 2 * (error[:, None] * both).mean(axis=0)
    return w, losses


@pytest.mark.parametrize("speed", ["plain", "chunks", "compiled"])
def test_steps_are_those_computed_in_numpy(speed: str, tmp_path: Path) -> None:
    """Examples lie in 0..1, and the changed ones stay there."""
    x = np.array([[0.1, 0.9], [0.95, 0.5], [0.0, 0.3], [0.6, 1.0]], np.float32)
    y = np.array([0.2, -0.3, 0.5, 0.1], np.float32)
    network = netdsl.parse("2 > linear-1(bias=no, init=[[0.5, -0.25]])", name="one")
    keys = {**STEPS, "adversarial": 0.2, "speed": speed, "data": (x, y)}
    run = network.train(keys, where=tmp_path, quiet=True)
    weights, losses = by_hand(x, y, np.array([0.5, -0.25]), 0.2)
    assert run.model.get_weights()[0].ravel() == pytest.approx(weights, abs=1e-6)
    assert [row["loss"] for row in run.history] == pytest.approx(losses, abs=1e-6)


def test_a_network_is_harder_to_fool_afterwards(tmp_path: Path) -> None:
    """Both know the digits; of changes by a tenth the one learned on them withstands more."""
    network = netdsl.parse("64 > fc-64(relu) > softmax-10", name="digits")
    found = []
    for eps in (0.0, 0.1):
        keys = {"data": "digits", "epochs": 20, "early_stopping": False, "adversarial": eps}
        run = network.train(keys, optimizer={"rate": 0.003}, where=tmp_path, quiet=True)
        clean, changed = run.attack((0.0, 0.1)).results
        assert clean.adversarial > 0.93
        found.append(changed.adversarial)
    assert found[1] > found[0] + 0.1


def test_a_resumed_training_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = netdsl.parse("64 > fc-8(relu) > dropout(0.1) > softmax-10", name="digits")
    keys = {"data": "digits", "epochs": 3, "batch": 100, "adversarial": 0.1}
    whole = network.train(keys, where=tmp_path / "whole", quiet=True)
    real = TrainingCallback.on_epoch_begin

    def on_epoch_begin(self: Any, epoch: int, logs: Any = None) -> None:
        if epoch == 2:
            raise KeyboardInterrupt
        real(self, epoch, logs)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingCallback, "on_epoch_begin", on_epoch_begin)
        stopped = network.train(keys, where=tmp_path, quiet=True)
    found = resume(stopped.folder, quiet=True)
    for one, other in zip(found.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert found.test == whole.test


@pytest.mark.parametrize(
    ("text", "keys", "said"),
    [
        (
            "input a: 64\ninput b: 64\nadd[ @a | @b ] > softmax-10",
            {"data": {"x_a": np.zeros((9, 64)), "x_b": np.zeros((9, 64)), "y": np.arange(9)}},
            "one input of numbers",
        ),
        (
            "input 5 of int(7)\n> embed-4 > gap > softmax-10",
            {"data": (np.ones((9, 5), int), np.arange(9))},
            "not indices",
        ),
        ("64 > softmax-10", {"data": "digits", "optimizer": "lbfgs"}, "the same examples"),
    ],
)
def test_what_cannot_be_changed_a_little_is_refused(
    text: str, keys: dict[str, Any], said: str, tmp_path: Path
) -> None:
    network = netdsl.parse(text, name="one")
    with pytest.raises(NetError, match=said) as caught:
        network.train(keys, adversarial={"eps": 0.1}, where=tmp_path, quiet=True)
    assert caught.value.code == "N507"


def test_a_size_of_0_is_left_out() -> None:
    recipe = parse_recipe("adversarial: 0\n")
    assert recipe.adversarial == Adversarial(0.0)
    assert plan(netdsl.parse("64 > softmax-10"), recipe).recipe.adversarial == Adversarial()
    with pytest.raises(NetError, match="eps") as caught:
        parse_recipe("adversarial: {eps: -0.1}\n")
    assert caught.value.code == "N505"
    with pytest.raises(NetError, match="eps"):
        Recipe(adversarial={"epsilon": 0.1})  # type: ignore[arg-type]
