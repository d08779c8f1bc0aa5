"""Stopped and resumed: the same weights, bit for bit, as a run that never stopped."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdsl.errors import NetError, RunError
from netdsl.training.loop import trainer
from netdsl.training.loop.callback import TrainingCallback
from netdsl.training.loop.keeper import Keeper
from netdsl.training.loop.train import resume, train
from netdsl.training.recipes.recipe import Optimizer, Recipe, Schedule, Stopping
from netdsl.training.runs.folder import locked
from netdsl.training.runs.run import RunResult

pytestmark = pytest.mark.keras

ROOT = Path(__file__).resolve().parents[3]
OTHERS = ("jax", "torch")
RECIPE = Recipe(epochs=4, batch=100, optimizer=Optimizer(rate=0.01))


def weights(found: RunResult) -> list[Any]:
    return list(found.model.get_weights())


def same(one: list[Any], other: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.fixture(autouse=True)
def _written_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.training.loop.pace.MIN_SECONDS", 0.0)
    monkeypatch.setattr("netdsl.training.loop.pace.SHARE", 0)


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.parametrize(
    ("kills", "other"),
    [
        (3, ""),
        pytest.param(20, "", marks=pytest.mark.zoo),
        *(pytest.param(6, name, marks=[pytest.mark.zoo, pytest.mark.extra]) for name in OTHERS),
    ],
)
def test_killed_at_random_moments(tmp_path: Path, kills: int, other: str) -> None:
    """Real kills, with dropout, batch norm, augmentation, mixup, a schedule that waits,
    evaluations within epochs, and `then: retrain`.
    """
    script = ROOT / "tests" / "support" / "killing.py"
    environment = os.environ | ({"KERAS_BACKEND": other} if other else {})
    command = [sys.executable, script, tmp_path, str(kills), str(kills)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("the same") >= kills


@pytest.mark.parametrize(
    "recipe",
    [
        RECIPE,
        dataclasses.replace(
            RECIPE,
            schedule=Schedule(name="cosine", warmup=1.0),
            early_stopping=Stopping(enabled=False),
        ),
        dataclasses.replace(
            RECIPE,
            optimizer=Optimizer(name="sgd", rate=0.1),
            schedule=Schedule(name="adaptive", patience=1, tolerance=1.0),
        ),
        dataclasses.replace(RECIPE, speed="plain", early_stopping=Stopping(every=7)),
        dataclasses.replace(
            RECIPE,
            schedule=Schedule(name="invscaling"),
            optimizer=Optimizer(name="nesterov", rate=0.1),
        ),
    ],
)
def test_after_ctrl_c(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: Recipe
) -> None:
    whole = train(network(), recipe, where=tmp_path / "whole", quiet=True)
    real = TrainingCallback.on_train_batch_end

    def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> None:
        real(self, batch, logs)
        if self.state.step > 30:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TrainingCallback, "on_train_batch_end", on_train_batch_end)
        stopped = train(network(), recipe, where=tmp_path, quiet=True)
    assert stopped.interrupted
    found = resume(stopped.folder, quiet=True)
    assert same(weights(found), weights(whole))
    assert dataclasses.replace(found, folder=whole.folder, seconds=whole.seconds) == whole
    assert not (found.folder / "checkpoint.npz").exists()
    with pytest.raises(NetError, match="is complete: there is nothing to resume"):
        resume(found.folder)


def stopped(network: Any, where: Path, monkeypatch: pytest.MonkeyPatch, epochs: int = 2) -> Path:
    """A run folder whose process died after this many epochs."""
    real = Keeper.keep_epoch

    def keep_epoch(self: Any, learner: Any, stops: bool = False) -> None:
        real(self, learner, stops)
        if len(learner.state.rows) == epochs:
            raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "keep_epoch", keep_epoch)
        with pytest.raises(SystemExit):
            train(network, RECIPE, where=where, quiet=True)
    return where / f"{network.name}-1"


@pytest.mark.parametrize("then", ["stop", "retrain"])
def test_cut_off_when_all_steps_are_taken(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    recipe = dataclasses.replace(RECIPE, early_stopping=Stopping(every=5, then=then))
    whole = train(network(), recipe, where=tmp_path / "whole", quiet=True)

    def lost(*given: Any) -> RunResult:
        raise KeyError("power")

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "result", lost)
        with pytest.raises(KeyError):
            train(network(), recipe, where=tmp_path, quiet=True)
    (folder,) = (path for path in tmp_path.iterdir() if path.name != "whole")
    again = resume(folder, quiet=True)
    assert (again.steps, again.retrained, again.test) == (whole.steps, whole.retrained, whole.test)
    assert same(weights(again), weights(whole))


def test_what_cannot_be_resumed(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, npz: Any
) -> None:
    folder = stopped(network(), tmp_path, monkeypatch)
    with pytest.raises(NetError, match="has not ended") as caught:
        RunResult.load(folder)
    assert "netdsl resume" in caught.value.diagnostics[0].help
    for content in (b"", b"PK\x03\x04", (folder / "checkpoint.npz").read_bytes()[:-300]):
        kept = (folder / "checkpoint.npz").read_bytes()
        (folder / "checkpoint.npz").write_bytes(content)
        with pytest.raises(NetError, match=r"checkpoint\.npz is damaged"):
            resume(folder, quiet=True)
        (folder / "checkpoint.npz").write_bytes(kept)
    text = (folder / "network.net").read_text(encoding="utf-8")
    (folder / "network.net").write_text(text.replace("width = 16", "width = 15"), encoding="utf-8")
    with pytest.raises(NetError, match="is another network than the run began with"):
        resume(folder, quiet=True)
    (folder / "network.net").write_text(text, encoding="utf-8")
    (folder / "run.json").write_text(
        (folder / "run.json")
        .read_text(encoding="utf-8")
        .replace('"fingerprint": "', '"fingerprint": "0')
    )
    with pytest.raises(NetError, match="the data digits has changed since"):
        resume(folder, quiet=True)
    reported = (
        (folder / "run.json")
        .read_text(encoding="utf-8")
        .replace('"fingerprint": "0', '"fingerprint": "')
    )
    (folder / "run.json").write_text(reported, encoding="utf-8")
    recipe = (folder / "recipe.yaml").read_text(encoding="utf-8")
    (folder / "recipe.yaml").write_text(
        recipe.replace("rate: 0.01", "rate: 0.02"), encoding="utf-8"
    )
    with pytest.raises(NetError, match="has been changed since"):
        resume(folder, quiet=True)
    (folder / "recipe.yaml").write_text(recipe, encoding="utf-8")
    with locked(folder), pytest.raises(NetError, match="another process is training"):
        resume(folder, quiet=True)
    with pytest.raises(NetError, match="there is no run folder"):
        resume(tmp_path / "none")
    with pytest.raises(NetError, match="holds no run"):
        resume(tmp_path)


def test_data_given_in_python_is_given_again(network: Any, tmp_path: Path) -> None:
    x, y = np.random.default_rng(0).random((200, 64)), np.arange(200) % 10
    found = train(network(), RECIPE, data=(x, y), where=tmp_path, quiet=True)
    for name in ("result.json", "last.keras"):
        (found.folder / name).unlink()
    again = resume(found.folder, data=(x, y), quiet=True)
    assert same(weights(again), weights(found))


def test_files_that_a_network_uses_go_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import netdsl

    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "blocks.net").write_text("def two(n) = fc-{n} x2\n", encoding="utf-8")
    (tmp_path / "network.net").write_text(
        'use "sub/blocks.net"\nparam n = 4\n64 > two({n}) > softmax-10\n', encoding="utf-8"
    )
    network = netdsl.load(tmp_path / "network.net", params={"n": 8})
    folder = stopped(network, tmp_path / "runs", monkeypatch)
    assert (folder / "sub" / "blocks.net").exists()
    found = resume(folder, quiet=True)
    assert [array.shape for array in weights(found)][:4] == [(64, 8), (8,), (8, 8), (8,)]


def test_a_run_that_diverged_before_the_first_evaluation_has_ended(
    network: Any, tmp_path: Path
) -> None:
    from netdsl.training.evaluation.evaluate import evaluate

    with pytest.raises(RunError):
        train(
            network(),
            Recipe(optimizer=Optimizer(name="sgd", rate=1e30), epochs=2),
            where=tmp_path,
            quiet=True,
        )
    assert (
        RunResult.load(tmp_path / "small-1").ended,
        RunResult.load(tmp_path / "small-1").best_step,
    ) == (
        "diverged",
        0,
    )
    with pytest.raises(NetError, match="diverged before its first evaluation"):
        evaluate(tmp_path / "small-1")
    with pytest.raises(NetError, match="is complete: there is nothing to resume"):
        resume(tmp_path / "small-1")


def test_an_interrupt_is_not_lost(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while something is deleted, where Python drops the exception: the training stops
    after the current step all the same.
    """
    real, usual = TrainingCallback.on_epoch_end, signal.getsignal(signal.SIGINT)

    class Deleted:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def on_epoch_end(self: Any, epoch: int, logs: Any = None) -> None:
        real(self, epoch, logs)
        if epoch == 0:
            Deleted()

    monkeypatch.setattr(TrainingCallback, "on_epoch_end", on_epoch_end)
    found = train(network(), dataclasses.replace(RECIPE, speed="plain"), where=tmp_path, quiet=True)
    assert (found.interrupted, found.steps) == (True, 14)
    assert signal.getsignal(signal.SIGINT) is usual


def test_an_interrupt_at_the_end_of_the_search_begins_no_retraining(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = dataclasses.replace(RECIPE, early_stopping=Stopping(then="retrain"))
    whole = train(network(), recipe, where=tmp_path / "whole", quiet=True)
    assert whole.retrained
    real = TrainingCallback.on_epoch_end

    def on_epoch_end(self: Any, epoch: int, logs: Any = None) -> None:
        real(self, epoch, logs)
        if epoch == (recipe.epochs or 0) - 1:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingCallback, "on_epoch_end", on_epoch_end)
        stopped = train(network(), recipe, where=tmp_path, quiet=True)
    assert (stopped.interrupted, stopped.retrained) == (True, 0)
    found = resume(stopped.folder, quiet=True)
    assert found.retrained == whole.retrained
    assert same(weights(found), weights(whole))
