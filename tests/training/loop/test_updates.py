"""Batches that are added up, averages of weights, rates by layer, layers that are trained later,
and given weights that are evaluated before the first step.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.line import ALL, LINE, SGD, TORCH, X, Y, assert_same_weights, stopped_after, trained
from support.shares import share

import netdsl
from netdsl.training.loop.train import resume
from netdsl.training.recipes.recipe import Keep, Optimizer, Stopping

pytestmark = pytest.mark.keras

TWO = netdsl.parse("3 > fc-4 > linear-1", name="two")


def kept(run: Any, epoch: int) -> list[Any]:
    """The weights that a run kept of an epoch."""
    return list(netdsl.load_model(run.folder / "kept" / f"epoch-{epoch}.keras").get_weights())


@pytest.mark.parametrize("speed", ["plain", "chunks"] if TORCH else ["plain", "chunks", "compiled"])
@pytest.mark.parametrize(
    "optimizer",
    share(
        [Optimizer(name="adam", rate=0.05), Optimizer(name="adamw", rate=0.05, clip_norm=0.1)],
        lambda optimizer: optimizer.name == "adamw",
    ),
    ids=str,
)
def test_batches_that_are_added_up_are_one_large_batch(
    tmp_path: Path, optimizer: Optimizer, speed: str
) -> None:
    recipe = dataclasses.replace(ALL, optimizer=optimizer, epochs=3, speed=speed)
    large = trained(TWO, tmp_path, recipe, data=(X, Y))
    recipe = dataclasses.replace(recipe, batch=15, accumulate=4)
    small = trained(TWO, tmp_path, recipe, data=(X, Y))
    assert (large.steps, small.steps) == (3, 12)
    for one, other in zip(large.model.get_weights(), small.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)


def test_words_that_are_added_up(tmp_path: Path) -> None:
    """The gradient of an embedding comes in rows under TensorFlow."""
    words = np.random.default_rng(0).integers(0, 5, (60, 4))
    y = (words.sum(axis=1) > 8).astype(int)
    network = netdsl.parse("input 4 of int(5) > embed-3 > gap > sigmoid-1", name="words")
    recipe = dataclasses.replace(ALL, optimizer=Optimizer(name="sgd", rate=0.5), epochs=2)
    recipe = dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, split=SPLIT))
    large = trained(network, tmp_path, dataclasses.replace(recipe, batch=40), data=(words, y))
    recipe = dataclasses.replace(recipe, batch=10, accumulate=4)
    small = trained(network, tmp_path, recipe, data=(words, y))
    for one, other in zip(large.model.get_weights(), small.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)


SPLIT = dataclasses.replace(ALL.data.split, test=1 / 6, validation=0.2)


@pytest.mark.parametrize("accumulate", [1, 3])
def test_averages_by_hand(tmp_path: Path, accumulate: int) -> None:
    """What is kept and evaluated is m a + (1 - m) w of each update."""
    recipe = dataclasses.replace(
        SGD, batch=60 // accumulate, accumulate=accumulate, epochs=4, keep=Keep(every=1)
    )
    plain = trained(LINE, tmp_path, recipe, data=(X, Y))
    moved = trained(LINE, tmp_path, dataclasses.replace(recipe, ema=0.8), data=(X, Y))
    average, share = kept(plain, 1), 0.8 ** (1 / accumulate)
    for epoch in range(1, 5):
        before, now = kept(plain, max(1, epoch - 1)), kept(plain, epoch)
        for weights in [*[before] * (accumulate - 1), now] if epoch > 1 else ():
            average = [share * a + (1 - share) * b for a, b in zip(average, weights, strict=True)]
        for one, other in zip(kept(moved, epoch), average, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    for one, other in zip(moved.model.get_weights(), average, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert moved.test["loss"] != plain.test["loss"]


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_rates_by_layer(tmp_path: Path, name: str) -> None:
    """One step: each layer moves by its share of the rate, decay too."""
    optimizer = Optimizer(name=name, rate=0.05)
    recipe = dataclasses.replace(ALL, optimizer=optimizer, epochs=1)
    first = TWO.keras(seed=0).get_weights()
    whole = trained(TWO, tmp_path, recipe, data=(X, Y)).model.get_weights()
    recipe = dataclasses.replace(recipe, rates={"fc_1": 0.5, "fc*": 0.0})
    shares = trained(TWO, tmp_path, recipe, data=(X, Y)).model.get_weights()
    for place, factor in enumerate((0.5, 0.5, 0.0, 0.0)):
        moved = factor * (whole[place] - first[place])
        np.testing.assert_allclose(shares[place] - first[place], moved, rtol=1e-3, atol=1e-7)


def test_layers_that_are_trained_later(tmp_path: Path) -> None:
    """A norm among them keeps its statistics, and is not trained."""
    network = netdsl.parse("3 > fc-4(bn) > linear-1", name="later")
    recipe = dataclasses.replace(
        ALL, freeze=("fc_1*",), unfreeze=2, epochs=3, keep=Keep(every=1), batch=20
    )
    run = trained(network, tmp_path, recipe, data=(X, Y))
    names = [variable.path for variable in run.model.weights]
    first = network.keras(seed=0).get_weights()
    for epoch, changed in ((2, {"fc_2"}), (3, {"fc_1", "fc_2"})):
        pairs = zip(names, first, kept(run, epoch), strict=True)
        assert {path.split("/")[0] for path, a, b in pairs if not np.array_equal(a, b)} == changed


def test_resumed_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.training.loop.pace.MIN_SECONDS", 0.0)
    monkeypatch.setattr("netdsl.training.loop.pace.SHARE", 0)
    recipe = dataclasses.replace(
        ALL,
        batch=8,
        epochs=4,
        accumulate=3,
        ema=0.9,
        rates={"fc_1": 0.3},
        freeze=("fc_2",),
        unfreeze=2,
        early_stopping=Stopping(patience=9),
    )
    whole = trained(TWO, tmp_path, recipe, data=(X, Y))
    cut = stopped_after(18, TWO, tmp_path, recipe, data=(X, Y))
    assert_same_weights(resume(cut.folder, data=(X, Y), quiet=True), whole)


def test_given_weights_are_evaluated_before_the_first_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rate that spoils them: what was given is the best."""
    recipe = dataclasses.replace(SGD, epochs=20, early_stopping=Stopping(patience=3))
    good = trained(LINE, tmp_path, recipe, data=(X, Y))
    recipe = dataclasses.replace(
        recipe, init_from=str(good.folder), optimizer=Optimizer(name="sgd", rate=5.0), epochs=2
    )
    run = netdsl.train(LINE, recipe, where=tmp_path, data=(X, Y))
    assert (run.best_step, run.best_value) == (0, pytest.approx(good.best_value))
    assert_same_weights(run, good)
    assert "step 0, the weights that were given: validation loss" in capsys.readouterr().err


OF_UPDATES = (
    "test_updates.py",
    "test_more.py",
    "test_checkpoints.py",
    "test_sanity.py::test_a_rate_is_proposed_below_the_one_with_the_lowest_loss",
    "test_sanity.py::test_no_rate_is_proposed_where_none_lowers_the_loss",
)


@pytest.mark.zoo
@pytest.mark.extra
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_under_other_backends(backend: str) -> None:
    """These tests, those of added epochs and checkpoints, and of the search for a rate."""
    here = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
    command += [str(here / name) for name in OF_UPDATES]
    environment = os.environ | {"KERAS_BACKEND": backend}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
