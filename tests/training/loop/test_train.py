"""Training to the end on a small network: what is kept, what is given back, and what stops it."""

from __future__ import annotations

import csv
import dataclasses
import errno
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from netdsl.errors import NetError, RunError
from netdsl.training.data import load_data
from netdsl.training.evaluation.evaluate import evaluate
from netdsl.training.evaluation.evaluate_text import describe_evaluation
from netdsl.training.evaluation.predict import predict
from netdsl.training.evaluation.predict_text import describe_predictions
from netdsl.training.loop import learner
from netdsl.training.loop.callback import TrainingCallback
from netdsl.training.loop.compile import OPTIMIZERS as OPTIMIZERS_OF_KERAS
from netdsl.training.loop.compile import OPTIONS, keras_optimizer
from netdsl.training.loop.progress import Lines, progress
from netdsl.training.loop.train import train
from netdsl.training.recipes.recipe import (
    OPTIMIZERS,
    Augment,
    DataSpec,
    Optimizer,
    Recipe,
    Stopping,
    load_recipe,
    parse_recipe,
)
from netdsl.training.reporting.text import describe_run
from netdsl.training.runs import folder
from netdsl.training.runs.history import Epoch, Evaluation
from netdsl.training.runs.run import RunResult

pytestmark = pytest.mark.keras

THREE = Recipe(epochs=3, batch=64, optimizer=Optimizer(rate=0.01))


def trained(network: Any, where: Path, recipe: Recipe = THREE, **more: Any) -> RunResult:
    return train(network, recipe, where=where, quiet=True, **more)


def weights(found: RunResult) -> list[Any]:
    return list(found.model.get_weights())


def rows(found: RunResult) -> list[dict[str, str]]:
    return list(
        csv.DictReader(io.StringIO((found.folder / "metrics.csv").read_text(encoding="utf-8")))
    )


def same(one: list[Any], other: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def finished(network: Any, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """One training on the digits, which several tests examine."""
    return trained(network(), tmp_path_factory.mktemp("runs"))


# --- the run folder -------------------------------------------------------------------------------


def test_what_a_run_folder_holds(finished: RunResult) -> None:
    assert sorted(path.name for path in finished.folder.iterdir()) == [
        *(
            "best.keras",
            "curve.svg",
            "last.keras",
            "metrics.csv",
            "metrics.jsonl",
            "network.net",
            "preparation.json",
            "recipe.yaml",
        ),
        *("report.html", "result.json", "run.json", "versions.json"),
    ]
    assert finished.folder.name == "small-1"
    assert (
        (finished.folder / "network.net")
        .read_text(encoding="utf-8")
        .startswith("net small\nparam width")
    )
    assert load_recipe(finished.folder / "recipe.yaml").early_stopping == Stopping(
        True, 10, 21, "loss", "stop"
    )
    versions = json.loads((finished.folder / "versions.json").read_text(encoding="utf-8"))
    assert {"python", "netdsl", "keras", "numpy"} < set(versions)
    table = rows(finished)
    assert list(table[0]) == [
        "epoch",
        "step",
        "rate",
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "seconds",
    ]
    assert [(row["epoch"], row["step"]) for row in table] == [("1", "21"), ("2", "42"), ("3", "63")]
    assert float(table[-1]["val_loss"]) == pytest.approx(finished.best_value, rel=1e-4)


def test_a_run_is_loaded_again(finished: RunResult) -> None:
    assert RunResult.load(finished.folder) == finished
    assert (finished.steps, finished.epochs, finished.ended, finished.best_step) == (
        63,
        3,
        "epochs",
        63,
    )


def test_evaluating_gives_what_training_gave(finished: RunResult) -> None:
    found = evaluate(finished.folder)
    assert {name: found[name] for name in finished.test} == pytest.approx(dict(finished.test))
    assert found["examples"] == 359
    assert found["accuracy"] > 0.8
    assert f"accuracy {found['accuracy']:.4f}" in describe_evaluation(found)


def test_predicting_images_and_arrays(finished: RunResult, network: Any, tmp_path: Path) -> None:
    test = load_data(Recipe(), network()).test
    np.savez(tmp_path / "test.npz", x=test.x[0], y=test.y[0])
    records = predict(finished.folder, tmp_path / "test.npz")
    right = np.mean(
        [record["class"] == label for record, label in zip(records, test.y[0], strict=True)]
    )
    assert right == pytest.approx(finished.test["accuracy"])
    for row in range(5):
        Image.fromarray((test.x[0][row] * 15.9375).astype(np.uint8)).save(tmp_path / "digit.png")
        (record,) = predict(finished.folder, tmp_path / "digit.png", top=2)
        assert record["input"] == str(tmp_path / "digit.png")
        assert [best["class"] for best in record["top"]] == [
            best["class"] for best in records[row]["top"]
        ][:2]
        assert record["top"][0]["probability"] == pytest.approx(
            records[row]["top"][0]["probability"], abs=0.02
        )
    assert sum(
        best["probability"]
        for best in predict(finished.folder, tmp_path / "digit.png", top=10)[0]["top"]
    ) == pytest.approx(1)
    assert describe_predictions([record]).startswith(f"{tmp_path}/digit.png: {record['name']} 0.")


def test_the_end_is_said_in_words(finished: RunResult) -> None:
    reported = describe_run(finished)
    assert "ended after 3 epochs (63 steps" in reported
    assert "best weights at step 63 (epoch 3)" in reported
    measured = f"accuracy {finished.test['accuracy']:.4f} (359 examples); always 1: 0.1003\n"
    assert measured in reported
    assert reported.endswith(f"saved in {finished.folder}: open {finished.folder}/report.html")


def test_no_run_is_written_over(network: Any, tmp_path: Path) -> None:
    one = Recipe(epochs=1, batch=1000)
    (tmp_path / "runs" / "mine-2").mkdir(parents=True)
    (tmp_path / "runs" / "mine-4").touch()
    names = [trained(network(), tmp_path / "runs", one, name="mine").folder.name for _ in range(3)]
    assert names == ["mine-1", "mine-3", "mine-5"]


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a\\b", ".hidden", "x" * 101, "a\0b", "-x"])
def test_names_that_are_none_for_a_folder(network: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(NetError, match="cannot name a run"):
        folder.new_folder(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_what_is_refused_leaves_no_folder(network: Any, tmp_path: Path) -> None:
    with pytest.raises(NetError):
        trained(network((63,)), tmp_path / "runs")
    with pytest.raises(NetError):
        trained(network(), tmp_path / "runs", batch=5000)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("missing", ["result.json", "best.keras", "preparation.json"])
@pytest.mark.parametrize("content", [None, b"{\xff", b"[]", b"{}"])
def test_a_run_that_is_not_whole(
    tmp_path: Path, finished: RunResult, missing: str, content: bytes | None
) -> None:
    for path in finished.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / missing).unlink() if content is None else (tmp_path / missing).write_bytes(content)
    np.save(tmp_path / "one.npy", np.zeros((8, 8), np.uint8))
    action = (
        RunResult.load if missing == "result.json" else lambda at: predict(at, tmp_path / "one.npy")
    )
    with pytest.raises(NetError) as caught:
        action(tmp_path)
    assert caught.value.diagnostics[0].code == (
        "N613" if content is None and missing == "result.json" else "N614"
    )
    assert missing in caught.value.diagnostics[0].message


def test_a_folder_that_is_not_a_run(tmp_path: Path) -> None:
    for action in (RunResult.load, evaluate):
        with pytest.raises(NetError, match="there is no run folder"):
            action(tmp_path / "none")


# --- the same again -------------------------------------------------------------------------------


def test_a_seed_gives_the_same_weights_again(
    finished: RunResult, network: Any, tmp_path: Path
) -> None:
    again, other = trained(network(), tmp_path), trained(network(), tmp_path, seed=1)
    assert same(weights(finished), weights(again))
    assert again.test == finished.test
    assert not same(weights(again), weights(other))


def test_the_resolved_recipe_gives_the_same_run_again(
    finished: RunResult, network: Any, tmp_path: Path
) -> None:
    again = trained(network(), tmp_path, load_recipe(finished.folder / "recipe.yaml"))
    assert same(weights(finished), weights(again))


def test_parameters_of_the_recipe_and_of_the_command(network: Any, tmp_path: Path) -> None:
    recipe = Recipe(epochs=1, batch=1000, params={"width": 4})
    assert weights(trained(network(), tmp_path, recipe))[0].shape == (64, 4)
    assert weights(trained(network(width=5), tmp_path, recipe))[0].shape == (64, 5)
    assert load_recipe(tmp_path / "small-2" / "recipe.yaml").params == {"width": 5}
    with pytest.raises(NetError, match="no param `widht`"):
        trained(network(), tmp_path, Recipe(params={"widht": 4}))


# --- stopping -------------------------------------------------------------------------------------


def scripted(monkeypatch: pytest.MonkeyPatch, losses: list[float]) -> list[list[Any]]:
    """Makes the validation losses these, and gives the weights at each evaluation."""
    seen: list[list[Any]] = []
    real = learner.part_scores

    def scores(model: Any, batches: Any) -> dict[str, float]:
        found = real(model, batches)
        if len(batches.part) == 144:
            seen.append([weight.copy() for weight in model.get_weights()])
            found["loss"] = losses[len(seen) - 1]
        return found

    monkeypatch.setattr(learner, "part_scores", scores)
    return seen


def test_the_best_weights_come_back(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = scripted(monkeypatch, [5, 4, 3, 3.5, 2, 2.5, 2, 9, 1])
    found = trained(
        network(), tmp_path, Recipe(batch=64, early_stopping=Stopping(patience=3, every=8))
    )
    assert (found.best_step, found.best_value, found.steps, found.ended) == (40, 2, 64, "patience")
    assert (found.best_epoch, found.epochs, len(seen)) == (2, 4, 8)
    assert same(weights(found), seen[4])
    assert "no improvement in 3 evaluations in a row" in describe_run(found)
    assert [row["val_loss"] for row in rows(found)] == ["4", "2", "2", "9"]


def test_evaluating_within_an_epoch_leaves_the_training_as_it_is(
    finished: RunResult, network: Any, tmp_path: Path
) -> None:
    often = trained(
        network(),
        tmp_path,
        dataclasses.replace(THREE, early_stopping=Stopping(patience=100, every=4)),
    )
    for name in ("loss", "accuracy"):
        assert [row[name] for row in rows(often)] == [row[name] for row in rows(finished)]


def test_the_last_steps_are_evaluated_too(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = scripted(monkeypatch, [5, 4])
    found = trained(
        network(), tmp_path, dataclasses.replace(THREE, early_stopping=Stopping(every=40))
    )
    assert (found.best_step, len(seen), rows(found)[-1]["val_loss"]) == (63, 2, "4")


def interrupting(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Presses Ctrl-C after a step."""
    real = TrainingCallback.on_train_batch_end

    def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> None:
        real(self, batch, logs)
        if self.state.step == at:
            raise KeyboardInterrupt

    monkeypatch.setattr(TrainingCallback, "on_train_batch_end", on_train_batch_end)


def test_the_best_weights_come_back_after_an_interrupt(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = scripted(monkeypatch, [5, 3, 4, 6])
    interrupting(monkeypatch, 33)
    found = trained(
        network(), tmp_path, Recipe(batch=64, early_stopping=Stopping(every=10), speed="plain")
    )
    assert (found.interrupted, found.steps, found.best_step, len(seen)) == (True, 33, 20, 3)
    assert same(weights(found), seen[1])
    assert RunResult.load(found.folder) == found
    assert "interrupted" in describe_run(found)
    assert "interrupted" in (found.folder / "report.html").read_text(encoding="utf-8")
    assert evaluate(found.folder)["accuracy"] == pytest.approx(found.test["accuracy"])


def test_an_interrupt_before_the_first_evaluation_keeps_the_weights(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = scripted(monkeypatch, [5])
    interrupting(monkeypatch, 7)
    found = trained(network(), tmp_path, dataclasses.replace(THREE, speed="plain"))
    assert (found.interrupted, found.best_step, rows(found)) == (True, 7, [])
    assert same(weights(found), seen[0])


# --- failures -------------------------------------------------------------------------------------


def test_a_nan_loss_ends_the_training(network: Any, npz: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((200, 64)).astype(np.float32)
    path = npz(x=x, y=x[:, 0])
    recipe = Recipe(
        optimizer=Optimizer(name="sgd", rate=100.0), early_stopping=Stopping(every=1), batch=16
    )
    with pytest.raises(RunError, match="the loss is NaN or infinite at step") as caught:
        trained(network((64,), 1, "linear"), tmp_path / "runs", recipe, data=path)
    assert (caught.value.exit_code, caught.value.diagnostics[0].code) == (3, "N611")
    assert RunResult.load(tmp_path / "runs" / "small-1").ended == "diverged"
    assert np.isfinite(
        np.concatenate(
            [weight.ravel() for weight in weights(RunResult.load(tmp_path / "runs" / "small-1"))]
        )
    ).all()
    recipe = dataclasses.replace(
        recipe, early_stopping=Stopping(every=1000), optimizer=Optimizer(name="sgd", rate=1e10)
    )
    with pytest.raises(RunError, match="no step was evaluated before that"):
        trained(network((64,), 1, "linear"), tmp_path / "runs", recipe, data=path)
    assert (tmp_path / "runs" / "small-2" / "metrics.csv").exists()


@pytest.mark.parametrize("left", [0, 1, 4, 6])
def test_a_disk_that_is_full(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """The disk has room for this many more files: none; the recipe; what is written before the
    training; an epoch's metrics and curve.
    """
    room = [left]
    real = os.replace

    def replace(source: Any, target: Any) -> None:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room[0] -= 1
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(RunError, match="No space left on device") as caught:
        trained(network(), tmp_path)
    assert caught.value.exit_code == 3
    kept = sorted(path.name for path in (tmp_path / "small-1").iterdir())
    assert len(kept) == left
    assert not [name for name in kept if name.startswith(".")]
    assert left == 0 or "recipe.yaml" in kept


def test_a_folder_that_cannot_be_written(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written"):
        trained(network(), tmp_path / "file")
    with pytest.raises(RunError, match="cannot be written"):
        trained(network(), tmp_path / "file" / "runs")

    def mkdir(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(RunError, match="Read-only file system") as caught:
        trained(network(), tmp_path / "runs")
    assert caught.value.diagnostics[0].code == "N610"


def test_memory_that_runs_out(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_epoch_begin(self: Any, epoch: int, logs: Any = None) -> None:
        raise MemoryError

    monkeypatch.setattr(TrainingCallback, "on_epoch_begin", on_epoch_begin)
    with pytest.raises(RunError, match="smaller `batch`"):
        trained(network(), tmp_path)


# --- optimizers, losses, data ---------------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIMIZERS_OF_KERAS)
def test_every_optimizer_takes_its_options(name: str) -> None:
    given = OPTIMIZERS[name].items()
    options = {option: value / 2 for option, value in given if value is not None}
    made = keras_optimizer(Optimizer(name=name, **options).resolved())
    assert isinstance(made, OPTIMIZERS_OF_KERAS[name])
    config = made.get_config()
    for option, value in options.items():
        assert config[OPTIONS.get(option, option)] == pytest.approx(value)
    assert config.get("nesterov", False) == (name == "nesterov")


@pytest.mark.parametrize(
    ("outputs", "activation", "y", "keys"),
    [
        (1, "sigmoid", "sign", {"class", "name", "top", "input", "probabilities"}),
        (1, "linear", "sign", {"class", "name", "top", "input", "probabilities"}),
        (2, "linear", "sign", {"class", "name", "top", "input", "probabilities"}),
        (3, "tanh", "sign", {"class", "name", "top", "input", "scores"}),
        (1, "linear", "sum", {"output", "input"}),
        (2, "linear", "pair", {"output", "input"}),
    ],
)
def test_kinds_of_outputs(
    network: Any, npz: Any, tmp_path: Path, outputs: int, activation: str, y: str, keys: set[str]
) -> None:
    x = np.random.default_rng(0).normal(size=(400, 4)).astype(np.float32)
    values = {"sign": (x.sum(axis=1) > 0).astype(int), "sum": x.sum(axis=1), "pair": x[:, :2]}[y]
    loss = "binary" if (outputs, activation, y) == (1, "linear", "sign") else None
    recipe = Recipe(
        data=DataSpec(source=npz(x=x, y=values)),
        loss=loss,
        epochs=6,
        optimizer=Optimizer(rate=0.05),
    )
    found = trained(network((4,), outputs, activation), tmp_path, recipe)
    assert found.test["accuracy"] > 0.9 if y == "sign" else found.test["absolute_error"] < 0.3
    np.save(tmp_path / "new.npy", x[:50])
    records = predict(found.folder, tmp_path / "new.npy")
    assert set(records[0]) == keys
    assert evaluate(found.folder)["loss"] == pytest.approx(found.test["loss"])
    if y == "sign":
        assert (
            np.mean(
                [record["class"] == label for record, label in zip(records, values, strict=False)]
            )
            > 0.85
        )
    assert describe_predictions(records).count("\n") == 49


def test_batches_follow_from_seed_and_epoch_alone(network: Any) -> None:
    from netdsl.training.data.batches import Sampling, Shuffled

    loaded = load_data(Recipe(), network((8, 8, 1)))
    made = [
        Shuffled(loaded.train, loaded.preparation, Sampling(500, seed, Augment(shift=2), 0.0, None))
        for seed in (3, 3, 4)
    ]
    for batches in made:
        batches.at_epoch(1)
    one, again, other = ([batches[index][0] for index in (2, 0, 1)] for batches in made)
    assert same(one, again)
    assert not same(one, other)
    assert [len(batch) for batch in one] == [294, 500, 500]
    made[0].at_epoch(2)
    assert not np.array_equal(made[0][0][0], one[1])


def test_moved_images_of_another_size(tmp_path: Path, network: Any) -> None:
    found = trained(
        network((12, 12, 1)),
        tmp_path,
        parse_recipe("augment: {shift: 1}\noptimizer: {rate: 0.01}\nepochs: 2"),
    )
    assert found.test["accuracy"] > 0.5


# --- progress -------------------------------------------------------------------------------------


def test_one_plain_line_an_epoch(
    network: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    train(network(), Recipe(epochs=2, batch=1000), where=tmp_path)
    reported = capfd.readouterr()
    lines = reported.err.splitlines()
    assert reported.out == ""
    assert len(lines) == 3
    assert lines[0].startswith(
        "digits: 1,294 training, 144 validation and 359 test examples; 8x8 made 64, divided by 16"
    )
    assert lines[1].startswith("epoch 1/2  step 2  loss ")
    assert " best " in lines[1]


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    screen.verbose = True  # type: ignore[attr-defined]
    with progress(False, 2, 10, "accuracy") as shown:
        assert isinstance(shown, Lines)  # what stays, in place of the bar
    screen.verbose = False  # type: ignore[attr-defined]
    with progress(False, 2, 10, "accuracy") as shown:
        assert not isinstance(shown, Lines)
        shown.step(11, 0.5)
        shown.epoch(
            Epoch(
                1,
                10,
                0.1,
                {"loss": 0.25, "accuracy": 0.9},
                Evaluation(10, {"loss": 0.125, "accuracy": 0.8}, True),
                1.0,
            )
        )
    assert "epoch 2/2" in screen.getvalue()
    # Steps of an epoch that is resumed are not among those whose time is measured.
    with progress(False, 4, 10, "accuracy", 25) as shown:
        pass
    assert "epoch 3/4" in screen.getvalue()
    assert "62%" in screen.getvalue()
    assert " left" in screen.getvalue()
    assert "validation 0.1250" in screen.getvalue()
