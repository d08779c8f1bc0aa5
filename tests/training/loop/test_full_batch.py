"""Optimizers that take each step on the whole training part."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.loop.callback import TrainingCallback
from netdsl.training.loop.train import resume, train
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import Recipe

pytestmark = pytest.mark.keras

LINE = netdsl.parse("64 > softmax-10", name="line")
DIGITS = {"source": "digits", "split": {"training": 200}}
SOLVED = {"optimizer": "least_squares", "loss": "squared", "data": DIGITS}


def losses(run: Any) -> list[float]:
    return [row["loss"] for row in run.history]


@pytest.mark.parametrize(
    ("optimizer", "epochs", "highest"),
    [
        ("lbfgs", 12, 0.3),
        ({"name": "gd", "line_search": True, "rate": 8}, 12, 1.0),
        ("random_search", 12, 2.6),
        ({"name": "local_search", "scale": 0.05}, 12, 2.6),
    ],
)
def test_the_loss_never_rises(optimizer: Any, epochs: int, highest: float, tmp_path: Path) -> None:
    keys = {"optimizer": optimizer, "epochs": epochs, "data": DIGITS, "early_stopping": False}
    found = losses(LINE.train(keys, where=tmp_path, quiet=True))
    assert all(after <= before + 1e-6 for before, after in pairwise(found))
    assert found[-1] < min(highest, found[0])


def test_a_quadratic_is_solved_and_the_training_ends(tmp_path: Path) -> None:
    network = netdsl.parse("2 > linear-1(bias=no, init=1)", name="bowl")
    data = np.array([[1.0, 0], [0, 2]]), np.zeros((2, 1))
    run = network.train(optimizer="lbfgs", data=data, epochs=50, where=tmp_path, quiet=True)
    assert run.ended == "converged"
    assert run.epochs < 50
    assert np.abs(run.model.get_weights()[0]).max() < 1e-5


def test_the_rate_shows_the_step_that_was_taken(tmp_path: Path) -> None:
    """f = 5 w^2: from rate 1 halved to 1/8 by Armijo's condition, 1 - 10/8 = -0.25."""
    network = netdsl.parse("1 > linear-1(bias=no, init=1)", name="one")
    data = np.full((4, 1), 5**0.5), np.zeros((4, 1))
    keys = {"optimizer": {"name": "gd", "rate": 1, "line_search": True}, "epochs": 1}
    run = network.train(keys, data=data, where=tmp_path, quiet=True)
    assert run.history[0]["rate"] == 0.125
    assert run.model.get_weights()[0].ravel() == pytest.approx([-0.25])
    assert losses(run) == pytest.approx([5 / 16])


@pytest.mark.parametrize("name", ["lbfgs", "local_search"])
def test_resumed_bit_for_bit(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe.of({"optimizer": name, "epochs": 6, "data": DIGITS})
    whole = train(LINE, recipe, where=tmp_path / "whole", quiet=True)
    monkeypatch.setattr("netdsl.training.loop.pace.MIN_SECONDS", 0.0)
    monkeypatch.setattr("netdsl.training.loop.pace.SHARE", 0)
    real = TrainingCallback.on_train_batch_end

    def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> None:
        real(self, batch, logs)
        if self.state.step == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TrainingCallback, "on_train_batch_end", on_train_batch_end)
        stopped = train(LINE, recipe, where=tmp_path, quiet=True)
    assert stopped.interrupted
    found = resume(stopped.folder, quiet=True)
    for one, other in zip(found.model.get_weights(), whole.model.get_weights(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("bias", ["yes", "no"])
@pytest.mark.parametrize("width", [8, 400])
def test_least_squares_are_those_of_the_pseudo_inverse(
    bias: str, width: int, tmp_path: Path
) -> None:
    network = netdsl.parse(f"64 > fc-{width} > linear-10(bias={bias})", name="features")
    job = plan(network, Recipe.of(SOLVED))
    run = network.train(SOLVED, where=tmp_path, quiet=True)
    assert (run.steps, run.epochs) == (1, 1)
    kernel, first, *last = run.model.get_weights()
    x = job.data.preparation.x(job.data.train.x)[0].reshape(-1, 64).astype(float)
    features = np.maximum(x @ kernel.astype(float) + first, 0)
    if bias == "yes":
        features = np.hstack([features, np.ones((len(features), 1))])
    y = np.eye(10)[np.asarray(job.data.train.y[0])]
    expected = np.linalg.pinv(features) @ y
    assert np.vstack(last) == pytest.approx(expected, abs=2e-3 * np.abs(expected).max())
    assert losses(run)[0] < (1e-6 if width > 200 else 0.1)  # all examples are met


@pytest.mark.parametrize(
    ("text", "keys", "message"),
    [
        ("64 > fc-4 > dropout(0.5) > softmax-10", {"optimizer": "lbfgs"}, "layers that draw"),
        ("64 > fc-4 > relu-10", SOLVED, "a last layer without an activation"),
    ],
)
def test_networks_that_they_cannot_train(
    text: str, keys: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(NetError, match="N507") as caught:
        netdsl.parse(text).train({"data": DIGITS, **keys}, where=tmp_path, quiet=True)
    assert message in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"optimizer": "lbfgs", "batch": 32}, "whole training part"),
        ({"optimizer": "lbfgs", "augment": {"noise": 0.1}}, "the same examples in each step"),
        ({"optimizer": "lbfgs", "schedule": "cosine"}, "it has no schedule"),
        ({"optimizer": {"name": "lbfgs", "clip_norm": 1}}, "does not clip"),
        ({"optimizer": "lbfgs", "speed": "compiled"}, "leave `speed` out"),
        ({"optimizer": "lbfgs", "penalty": {"l1": 1, "proximal": True}}, "not `lbfgs`"),
        ({**SOLVED, "penalty": {"l2": 1}}, "without a penalty"),
        ({**SOLVED, "epochs": 3}, "one step, not 3 epochs"),
        ({**SOLVED, "loss": "cross-entropy"}, "not for loss cross-entropy"),
        ({"early_stopping": {"part": "training", "every": 7}}, "leave `every` out"),
        ({"early_stopping": {"enabled": False, "tol": 0.1}}, "switched off"),
    ],
)
def test_what_does_not_go_together(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(NetError, match="N507") as caught:
        plan(LINE, Recipe.of({"data": DIGITS, **keys}))
    assert message in str(caught.value)


def test_stopping_by_the_training_loss_needs_no_validation_part(tmp_path: Path) -> None:
    data = {"source": "digits", "split": {"validation": 0, "training": 200}}
    stop = {"part": "training", "tol": 0.05, "patience": 2}
    keys = {"data": data, "early_stopping": stop, "optimizer": {"name": "sgd", "rate": 0.5}}
    run = LINE.train(keys, where=tmp_path, quiet=True)
    assert run.ended == "patience"
    found = losses(run)
    best = [min(found[: at + 1]) for at in range(len(found))]
    gains = [before - after for before, after in zip(best, found[1:], strict=False)]
    assert [gain > 0.05 for gain in gains[-2:]] == [False, False]
    assert run.best_step == run.steps
    assert "last weights at step" in str(run)
    assert run.metric == "training_loss"
