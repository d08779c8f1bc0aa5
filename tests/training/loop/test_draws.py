"""`gaussian` in training: its divergence in the loss, its draws seeded and resumable."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.arrays import array, random
from support.line import rows, trained

import netdsl
from netdsl.training.loop.callback import TrainingCallback
from netdsl.training.loop.train import resume
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.conflicts import Conflict
from netdsl.training.recipes.recipe import DataSpec, Recipe

pytestmark = pytest.mark.keras

TEXT = (
    "8x8x1 > fc-16(relu) as h\ngaussian[ @h > fc-3 as mean | @h > fc-3 as logvar ] as z\n"
    "@z > fc-64(sigmoid) > reshape(8x8x1) as picture"
)
RECIPE = Recipe(data=DataSpec(source="digits", target="input"), epochs=3, batch=100, kl=0.5)


def network(text: str = TEXT) -> Any:
    return netdsl.parse(text, name="vae")


def test_a_draw_while_training_and_the_mean_in_use() -> None:
    model = netdsl.parse("input m: 4\ninput v: 4\ngaussian[ @m | @v ]").keras(seed=1)
    mean, logvar = random((4,)), np.log(np.full((2, 4), 0.25, "float32"))
    mean, logvar = np.repeat(mean[:1], 4000, axis=0), np.repeat(logvar[:1], 4000, axis=0)
    assert np.array_equal(array(model([mean, logvar])), mean)
    drawn = array(model([mean, logvar], training=True)) - mean
    assert drawn.mean() == pytest.approx(0, abs=0.02)
    assert drawn.std() == pytest.approx(0.5, rel=0.03)


def test_the_divergence_is_in_the_loss() -> None:
    """KL(N(m, v) || N(0, 1)) of each number, summed, the mean over the batch."""
    model = netdsl.parse("input m: 2x4\ninput v: 2x4\ngaussian[ @m | @v ]").keras()
    mean, logvar = random((2, 4)), random((2, 4))
    model([mean, logvar])
    each = 0.5 * (mean**2 + np.exp(logvar) - 1 - logvar).sum(axis=(1, 2))
    assert float(model.losses[0]) == pytest.approx(each.mean(), rel=1e-5)


def test_its_weight_and_its_column(tmp_path: Path) -> None:
    runs = [
        trained(network(), tmp_path, dataclasses.replace(RECIPE, kl=kl, seed=1))
        for kl in (0.0, 0.5)
    ]
    for run, kl in zip(runs, (0.0, 0.5), strict=True):
        found = netdsl.evaluate(run.folder, part="validation")
        last = rows(run)[-1]
        assert found["kl"] == pytest.approx(last["val_kl"], rel=1e-4)
        assert found["loss"] == pytest.approx(last["val_loss"], rel=1e-4)
        plain = netdsl.load_model(run.folder / "best.keras")
        assert [layer.kl for layer in plain.layers if hasattr(layer, "kl")] == [kl]
    assert rows(runs[1])[-1]["val_kl"] < rows(runs[0])[-1]["val_kl"]


def test_steps_taken_together_draw_the_same(tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, epochs=2)
    one, other = (
        trained(network(), tmp_path, dataclasses.replace(recipe, speed=speed))
        for speed in ("chunks", "plain")
    )
    for a, b in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        assert a == pytest.approx(b, abs=2e-3)


def test_resumed_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained(network(), tmp_path / "whole", RECIPE)
    real = TrainingCallback.on_train_batch_end

    def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> None:
        real(self, batch, logs)
        if self.state.step > 15:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TrainingCallback, "on_train_batch_end", on_train_batch_end)
        stopped = trained(network(), tmp_path, RECIPE)
    assert stopped.interrupted
    found = resume(stopped.folder, quiet=True)
    pairs = zip(found.model.get_weights(), whole.model.get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_a_weight_without_draws_is_refused() -> None:
    with pytest.raises((Conflict, netdsl.NetError), match="the network draws nothing"):
        plan(netdsl.parse("8x8x1 > fc-10 > softmax"), Recipe(kl=1.0))
