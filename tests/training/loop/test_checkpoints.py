"""Checkpoints within an epoch: what was killed between two of an epoch's steps ends like a training
that was not, bit for bit.
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.line import ALL, LINE, TORCH, X, Y, assert_same_weights, rows, trained

import netdsl
from netdsl.errors import NetError
from netdsl.training.loop.callback import TrainingCallback
from netdsl.training.loop.checkpoint import write_numbers
from netdsl.training.loop.keeper import Keeper
from netdsl.training.loop.pace import WITHIN_SECONDS, Pace
from netdsl.training.loop.train import resume
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import Augment, Optimizer, Recipe, Schedule, Stopping
from netdsl.training.runs.folder import BEST
from netdsl.training.runs.run import RunResult

pytestmark = pytest.mark.keras

STEPS = 8
"""In an epoch: 60 examples, 8 in a step, the last of 4."""

RECIPE = dataclasses.replace(
    ALL, batch=8, epochs=3, checkpoint=3, optimizer=Optimizer(rate=0.05), metrics=("rmse",)
)
DRAWS = netdsl.parse("3 > fc-8(bn) > dropout(0.3) > linear-1", name="draws")
TWO = netdsl.parse(
    "input 3 > fc-4 as h\n@h > linear-1 as price\n@h > softmax-2 as kind", name="two"
)


def killed_at(
    step: int, network: Any, where: Path, recipe: Recipe, data: Any, stage: str = "search"
) -> Path:
    """The folder of a training whose process dies after this step of a stage."""
    real = Keeper.keep_step

    def keep_step(self: Any, learner: Any, stops: bool) -> None:
        real(self, learner, stops)
        if learner.state.stage == stage and learner.state.step >= step:
            raise SystemExit

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keeper, "keep_step", keep_step)
        with pytest.raises(SystemExit):
            trained(network, where, recipe, data=data)
    return where / f"{network.name}-1"


def assert_same_run(one: RunResult, other: RunResult) -> None:
    """Two runs agree in weights, figures and result, but for seconds."""
    assert_same_weights(one, other)
    figures = [[{**row, "seconds": 0} for row in rows(found)] for found in (one, other)]
    assert figures[0] == figures[1]
    assert dataclasses.replace(one, folder=other.folder, seconds=other.seconds) == other


def changed(**changes: Any) -> Recipe:
    return dataclasses.replace(RECIPE, **changes)


UPDATES = changed(accumulate=3, ema=0.9, schedule=Schedule("cosine", warmup=1.0))
NOISE = Augment(noise=0.2)


@pytest.mark.parametrize(
    ("network", "step", "recipe"),
    [
        (LINE, 6, changed(speed="chunks" if TORCH else "compiled")),
        (DRAWS, 12, dataclasses.replace(UPDATES, speed="plain", augment=NOISE)),
        (DRAWS, 19, dataclasses.replace(UPDATES, augment=Augment(noise=0.2, mixup=0.3))),
        (
            LINE,
            12,
            changed(
                schedule=Schedule("plateau", patience=1, divide=2.0),
                early_stopping=Stopping(every=3, patience=99, min_delta=9.0, start_from=2),
            ),
        ),
    ],
    ids=["compiled", "plain", "chunks", "evaluations"],
)
def test_killed_within_an_epoch(
    network: Any, step: int, recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = trained(network, tmp_path / "whole", recipe, data=(X, Y))
    assert whole.steps == 3 * STEPS
    folder = killed_at(step, network, tmp_path, recipe, (X, Y))
    capsys.readouterr()
    found = resume(folder, data=(X, Y))
    begun = re.match(r"resuming .* after epoch \d, step (\d+)\n", capsys.readouterr().err)
    assert begun
    assert int(begun[1]) % STEPS
    assert_same_run(found, whole)


def test_several_outputs_and_a_second_training(tmp_path: Path) -> None:
    data = {"x": X, "y_price": Y, "y_kind": (Y > 0).astype(np.int64)}
    recipe = dataclasses.replace(
        RECIPE, metrics=None, early_stopping=Stopping(then="retrain", patience=9)
    )
    best: list[Any] = []
    real = Keeper._save

    def save(self: Any, name: str, model: Any, weights: Any) -> None:
        real(self, name, model, weights)
        if name == BEST:
            best.append(np.concatenate([np.ravel(one) for one in weights]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keeper, "_save", save)
        whole = trained(TWO, tmp_path / "whole", recipe, data=data)
    # The second training writes it once, with its last weights.
    assert len(best) > 1
    assert not any(np.array_equal(one, other) for one, other in itertools.pairwise(best))
    for step, stage in ((12, "search"), (7, "retrain")):
        folder = killed_at(step, TWO, tmp_path / stage, recipe, data, stage)
        assert_same_run(resume(folder, data=data, quiet=True), whole)


def test_ctrl_c_loses_no_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither within an epoch nor at its end."""
    recipe = dataclasses.replace(RECIPE, checkpoint=None, speed="plain")
    whole = trained(LINE, tmp_path, recipe, data=(X, Y))
    for step in (13, 16):
        real = TrainingCallback.on_train_batch_end

        def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> None:
            self.stopped = self.state.step + 1 == step  # noqa: B023
            real(self, batch, logs)  # noqa: B023

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TrainingCallback, "on_train_batch_end", on_train_batch_end)
            cut = trained(LINE, tmp_path, recipe, data=(X, Y))
        assert (cut.interrupted, cut.steps) == (True, step)
        found = resume(cut.folder, data=(X, Y))
        assert f"after epoch {step // STEPS}, step {step}" in capsys.readouterr().err
        assert_same_run(found, whole)


Values = dict[str, Any]

HOSTILE: tuple[Callable[[Values, Values], object], ...] = (
    lambda state, arrays: state.update(step=state["step"] + STEPS),
    lambda state, arrays: state.update(ended="epochs"),
    lambda state, arrays: state.update(begun="soon"),
    lambda state, arrays: arrays.pop("running/0"),
    lambda state, arrays: arrays.update({"running/0": np.zeros(9, np.float32)}),
    lambda state, arrays: arrays.update({"running/0": np.zeros((), np.float64)}),
    lambda state, arrays: [one["scores"].pop("rmse") for one in evaluations(state)],
)


def evaluations(state: Values) -> list[Values]:
    of_epochs = [row["evaluation"] for row in state["rows"]]
    return [state["best"], *state["evaluations"], *of_epochs]


def test_a_state_that_cannot_be_is_refused(tmp_path: Path) -> None:
    recipe = changed(early_stopping=Stopping(metric="rmse", patience=99))
    folder = killed_at(12, LINE, tmp_path, recipe, (X, Y))
    with np.load(folder / "checkpoint.npz") as file:
        arrays = dict(file)
    state = json.loads(arrays.pop("state").tobytes())
    for change in HOSTILE:
        values, held = copy.deepcopy(state), dict(arrays)
        change(values, held)
        write_numbers(folder, {}, values, held)
        with pytest.raises(NetError, match=r"checkpoint\.npz is damaged") as raised:
            resume(folder, data=(X, Y), quiet=True)
        assert raised.value.code == "N614"
    write_numbers(folder, {}, state, arrays)
    assert resume(folder, data=(X, Y), quiet=True).steps == 3 * STEPS


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"optimizer": Optimizer(name="gd")}, "an epoch of `gd` is one step"),
        *([] if TORCH else [({"devices": 2, "batch": 10}, "a training on one device")]),
    ],
)
def test_where_nothing_is_within_an_epoch(changes: dict[str, Any], why: str) -> None:
    recipe = dataclasses.replace(RECIPE, **{"batch": None, **changes})
    with pytest.raises(NetError, match=why) as raised:
        plan(LINE, recipe, data=(X, Y))
    assert raised.value.code == "N507"


def test_when_it_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("netdsl.training.loop.pace.time.perf_counter", lambda: now)
    steps, times, usual = Pace(100), Pace("2 minutes"), Pace(None)
    assert [step for step in range(1, 301) if steps.within(step)] == [100, 200, 300]
    now += 119
    assert not times.within(5)
    now += 1
    assert times.within(5)
    with times.writing():
        now += 1
    assert not times.within(6)
    assert not usual.within(6)
    now = 100 + WITHIN_SECONDS
    assert usual.within(6)
    with usual.writing():
        now += 30  # it takes half a minute: fifty times that are waited for
    now += 1400
    assert not usual.within(7)
    assert not usual.at_end()
    now += 100
    assert usual.within(7)
    assert usual.at_end()
