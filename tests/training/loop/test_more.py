"""Epochs that are added to a run that has ended."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.line import LINE, SGD, X, Y, assert_same_weights, rows, stopped_after, trained

from netdsl.errors import NetError
from netdsl.training.loop.callback import TrainingCallback
from netdsl.training.loop.more import state_of, train_more
from netdsl.training.loop.train import resume, train
from netdsl.training.recipes.recipe import Optimizer, Schedule, Stopping
from netdsl.training.runs.folder import read_json
from netdsl.training.runs.run import RunResult

pytestmark = pytest.mark.keras

RECIPE = dataclasses.replace(SGD, batch=20, epochs=2, early_stopping=Stopping(patience=9))


@pytest.fixture(autouse=True)
def _written_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.training.loop.pace.MIN_SECONDS", 0.0)
    monkeypatch.setattr("netdsl.training.loop.pace.SHARE", 0)


def test_with_an_optimizer_without_a_memory_it_is_one_longer_training(tmp_path: Path) -> None:
    whole = trained(LINE, tmp_path, dataclasses.replace(RECIPE, epochs=5), data=(X, Y))
    run = trained(LINE, tmp_path, RECIPE, data=(X, Y))
    for epochs in (1, 2):
        run = train_more(run.folder, epochs, data=(X, Y), quiet=True)
    assert_same_weights(run, whole)
    assert dataclasses.replace(run, folder=whole.folder, seconds=whole.seconds) == whole
    figures = [[{**row, "seconds": 0} for row in rows(found)] for found in (run, whole)]
    assert figures[0] == figures[1]
    stages = read_json(run.folder, "run.json")["stages"]
    assert stages == [{"epochs": 1, "after": 2}, {"epochs": 2, "after": 3}]
    assert RunResult.load(run.folder).epochs == 5


def test_what_was_best_stays_the_best(tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, optimizer=Optimizer(name="sgd", rate=1.05))
    run = trained(LINE, tmp_path, recipe, data=(X, Y))
    more = train_more(run.folder, 2, data=(X, Y), quiet=True)
    assert more.steps == 2 * run.steps
    best = min(row["val_loss"] for row in rows(more))
    assert more.best_value == pytest.approx(best, rel=1e-5)


def test_the_last_rate_is_taken_up(tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, schedule=Schedule("steps", at=(1,), divide=4.0))
    run = trained(LINE, tmp_path, recipe, data=(X, Y))
    more = train_more(run.folder, 1, data=(X, Y), quiet=True)
    assert [row["rate"] for row in rows(more)] == pytest.approx([0.1, 0.025, 0.025])


def test_with_averages_it_is_one_longer_training(tmp_path: Path) -> None:
    """The weights that Adam has moved, its numbers, the averages, and an update that is begun."""
    adam = Optimizer(rate=0.05)
    recipe = dataclasses.replace(RECIPE, batch=12, ema=0.9, accumulate=3, optimizer=adam)
    whole = trained(LINE, tmp_path, dataclasses.replace(recipe, epochs=4), data=(X, Y))
    run = trained(LINE, tmp_path, recipe, data=(X, Y))
    moved = np.load(run.folder / "last.npz")["model/0"]
    assert not np.array_equal(moved, run.model.get_weights()[0])
    for _ in range(2):
        run = train_more(run.folder, 1, data=(X, Y), quiet=True)
    assert_same_weights(run, whole)
    assert dataclasses.replace(run, folder=whole.folder, seconds=whole.seconds) == whole


@pytest.mark.parametrize(
    ("changes", "noted"),
    [
        ({"optimizer": Optimizer(rate=0.05)}, True),
        ({"optimizer": Optimizer(rate=0.05), "ema": 0.9}, False),
        ({}, False),  # `sgd` has no numbers
    ],
)
def test_an_optimizer_that_is_reset_is_noted(
    changes: dict[str, Any], noted: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = dataclasses.replace(RECIPE, epochs=1, **changes)
    run = trained(LINE, tmp_path, recipe, data=(X, Y))
    capsys.readouterr()
    train_more(run.folder, 1, data=(X, Y))
    assert capsys.readouterr().err.count("the optimizer is reset") == noted


def test_only_an_improvement_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without early stopping the last weights are kept; `best` is the validation loss's."""
    sgd = Optimizer(name="sgd", rate=1.05)
    recipe = dataclasses.replace(RECIPE, optimizer=sgd, early_stopping=Stopping(enabled=False))
    run = train(LINE, recipe, data=(X, Y), where=tmp_path)
    run = train_more(run.folder, 2, data=(X, Y))
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("epoch ")]
    losses = [row["val_loss"] for row in rows(run)]
    better = [loss < min(losses[:at], default=math.inf) for at, loss in enumerate(losses)]
    assert [line.split("  ")[-2] == "best" for line in lines] == better
    assert not all(better)
    assert run.best_step == run.steps


def test_the_training_loss_is_marked_where_it_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sgd = Optimizer(name="sgd", rate=1.05)
    stopping = Stopping(part="training", patience=9)
    recipe = dataclasses.replace(RECIPE, optimizer=sgd, epochs=4, early_stopping=stopping)
    run = train(LINE, recipe, data=(X, Y), where=tmp_path)
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("epoch ")]
    losses = [row["loss"] for row in rows(run)]
    better = [loss < min(losses[:at], default=math.inf) for at, loss in enumerate(losses)]
    assert [line.split("  ")[-2] == "best" for line in lines] == better
    assert not all(better)


def test_more_epochs_than_a_training_takes(tmp_path: Path) -> None:
    run = trained(LINE, tmp_path, dataclasses.replace(RECIPE, epochs=1), data=(X, Y))
    with pytest.raises(NetError, match="1,000,000,000 more are above the 1,000,000,000") as raised:
        train_more(run.folder, 10**9, data=(X, Y))
    assert raised.value.code == "N616"
    assert not (run.folder / "checkpoint.npz").exists()


def test_a_last_rate_goes_with_averages(tmp_path: Path) -> None:
    """The optimizer has a schedule at first, and a rate afterwards."""
    schedule = Schedule("steps", at=(1,), divide=4.0)
    run = trained(
        LINE, tmp_path, dataclasses.replace(RECIPE, ema=0.5, schedule=schedule), data=(X, Y)
    )
    more = train_more(run.folder, 1, data=(X, Y), quiet=True)
    assert [row["rate"] for row in rows(more)] == pytest.approx([0.1, 0.025, 0.025])


@pytest.mark.parametrize("content", [None, b"", b"PK"])
def test_averages_without_their_numbers(tmp_path: Path, content: bytes | None) -> None:
    run = trained(LINE, tmp_path, dataclasses.replace(RECIPE, ema=0.5, epochs=1), data=(X, Y))
    (run.folder / "last.npz").unlink()
    if content is not None:
        (run.folder / "last.npz").write_bytes(content)
    with pytest.raises(NetError, match=r"last\.npz is damaged") as raised:
        train_more(run.folder, 1, data=(X, Y))
    assert raised.value.code == "N614"
    assert not (run.folder / "checkpoint.npz").exists()


@pytest.mark.parametrize("row", [True, False])
def test_what_was_best_is_compared_as_the_training_measures_it(row: bool, tmp_path: Path) -> None:
    """The result's scores are those at a temperature, the evaluations are not."""
    run = trained(LINE, tmp_path, RECIPE, data=(X, Y))
    decided = dataclasses.replace(
        run,
        decisions={"fc_1": {"temperature": 2.0}},
        validation={**run.validation, "loss": 0.125},
        best_step=run.best_step if row else 1,
    )
    best = state_of(run.folder, decided, RECIPE).best
    assert best
    assert best.scores["loss"] == pytest.approx(run.best_value)


def test_a_stage_that_is_stopped_is_resumed_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = dataclasses.replace(RECIPE, optimizer=Optimizer(rate=0.05))
    whole, cut = (trained(LINE, tmp_path, recipe, data=(X, Y)) for _ in range(2))
    whole = train_more(whole.folder, 3, data=(X, Y), quiet=True)
    real = TrainingCallback.on_train_batch_end

    def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> None:
        real(self, batch, logs)
        if self.state.step > 10:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TrainingCallback, "on_train_batch_end", on_train_batch_end)
        assert train_more(cut.folder, 3, data=(X, Y), quiet=True).interrupted
    with pytest.raises(NetError, match="was stopped"):
        train_more(cut.folder, 3, data=(X, Y))
    assert_same_weights(resume(cut.folder, data=(X, Y), quiet=True), whole)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"schedule": Schedule("cosine")}, "has ended at its lowest rate"),
        ({"early_stopping": Stopping(then="retrain")}, "the second training"),
        ({"optimizer": Optimizer(name="sgd", rate=1e30)}, "diverged"),
    ],
)
def test_runs_to_which_nothing_is_added(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    try:
        trained(LINE, tmp_path, dataclasses.replace(RECIPE, **changes), data=(X, Y))
    except NetError:
        assert why == "diverged"
    with pytest.raises(NetError, match=why) as raised:
        train_more(tmp_path / "line-1", 3, data=(X, Y))
    assert raised.value.code in ("N616", "N613")


@pytest.mark.parametrize("stages", [[{"epochs": 0, "after": 2}], [3], [{"epochs": 2}], "all", 5])
def test_damaged_stages(tmp_path: Path, stages: Any) -> None:
    run = stopped_after(1, LINE, tmp_path, RECIPE, data=(X, Y))
    values = json.loads((run.folder / "run.json").read_text())
    (run.folder / "run.json").write_text(json.dumps({**values, "stages": stages}))
    with pytest.raises(NetError, match=r"run\.json is damaged"):
        resume(run.folder, data=(X, Y))
