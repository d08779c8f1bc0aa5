"""The search for the best step, and training again on all the data; several inputs and outputs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from support.line import LINE, SGD, X, Y, gradient, model_of, rows, trained

import netdsl
from netdsl.errors import NetError
from netdsl.keras.quiet import quiet_keras
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import (
    DataSpec,
    Optimizer,
    Recipe,
    Schedule,
    Split,
    Stopping,
)

pytestmark = pytest.mark.keras

quiet_keras()


from netdsl.training.data.batches import Sampling, Shuffled  # noqa: E402
from netdsl.training.loop import learner  # noqa: E402


def test_without_stopping_the_last_weights_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, losses = learner.part_scores, iter([1, 2, 3])
    monkeypatch.setattr(
        learner,
        "part_scores",
        lambda model, batches: {**real(model, batches), "loss": next(losses, 4)},
    )
    run = trained(LINE, tmp_path, dataclasses.replace(SGD, epochs=3), data=(X, Y))
    assert (run.best_step, run.ended, run.patience) == (3, "epochs", 0)
    last = netdsl.load_model(run.folder / "last.keras").get_weights()
    assert all(
        np.array_equal(one, other) for one, other in zip(run.model.get_weights(), last, strict=True)
    )


@pytest.mark.parametrize(("start_from", "steps"), [(None, 3), (1, 3), (2, 6)])
def test_evaluations_within_the_first_epoch_count(
    start_from: int | None, steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, losses = learner.part_scores, iter(range(1, 99))
    monkeypatch.setattr(
        learner,
        "part_scores",
        lambda model, batches: {**real(model, batches), "loss": next(losses)},
    )
    stopping = Stopping(patience=2, every=1, start_from=start_from)
    recipe = dataclasses.replace(SGD, batch=15, epochs=3, early_stopping=stopping)
    run = trained(LINE, tmp_path, recipe, data=(X, Y))
    assert (run.steps, run.best_step, run.ended) == (steps, 1, "patience")


def test_training_again_on_all_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best step is the second of four: two steps are taken from new weights, on the training
    and the validation part together.
    """
    real, losses = learner.part_scores, iter([5, 3, 4, 4])
    monkeypatch.setattr(
        learner,
        "part_scores",
        lambda model, batches: {**real(model, batches), "loss": next(losses, 9)},
    )
    recipe = dataclasses.replace(
        SGD, epochs=9, early_stopping=Stopping(patience=2, then="retrain"), seed=3
    )
    run = trained(LINE, tmp_path, recipe, data=(X, Y))
    assert (run.steps, run.best_step, run.retrained, run.ended) == (4, 2, 2, "patience")
    assert [row["step"] for row in rows(run, "retrained.csv")] == [
        2
    ]  # 120 examples, 60 a step: one epoch
    monkeypatch.undo()
    job = plan(LINE, recipe, data=(X, Y))
    model = model_of(job)
    kernel, bias = model.get_weights()
    training = Shuffled(
        job.data.train.joined(job.data.validation), job.data.preparation, Sampling.of(job.recipe)
    )
    training.at_epoch(1)
    for x, y in (training[0], training[1]):
        by_kernel, by_bias = gradient([kernel, bias], x, y)
        kernel, bias = kernel - 0.1 * by_kernel, bias - 0.1 * by_bias
    assert run.model.get_weights()[0] == pytest.approx(kernel, abs=1e-5)


def test_training_again_has_the_rates_of_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An epoch of the search is one step, an evaluation every third: the rates change between."""
    real = learner.part_scores
    runs = []
    for speed in ("plain", "chunks"):
        losses = iter([3, 2, 1])
        monkeypatch.setattr(
            learner,
            "part_scores",
            lambda model, batches, losses=losses: {
                **real(model, batches),
                "loss": next(losses, 9),
            },
        )
        recipe = dataclasses.replace(
            SGD,
            epochs=9,
            schedule=Schedule("invscaling"),
            early_stopping=Stopping(patience=2, every=3, then="retrain"),
            speed=speed,
        )
        runs.append(trained(LINE, tmp_path, recipe, data=(X, Y)))
    plain, chunks = runs
    searched = {row["step"]: row["rate"] for row in rows(plain)}
    for run in runs:
        again = {row["step"]: row["rate"] for row in rows(run, "retrained.csv")}
        assert again == {step: searched[step] for step in again}
    assert chunks.model.get_weights()[0] == pytest.approx(plain.model.get_weights()[0], abs=1e-5)


def test_all_the_data_without_a_validation_part(tmp_path: Path) -> None:
    recipe = dataclasses.replace(
        SGD, epochs=2, data=DataSpec(split=Split(test=0.5, validation=0.0))
    )
    run = trained(LINE, tmp_path, recipe, data=(X, Y))
    assert (run.validation["examples"], run.best_step, run.steps) == (0, 4, 4)
    assert run.validation["loss"] == pytest.approx(rows(run)[-1]["loss"], rel=1e-4)
    unsaid = plan(LINE, dataclasses.replace(recipe, early_stopping=Stopping()), data=(X, Y))
    assert unsaid.recipe.early_stopping.enabled is False
    asked = dataclasses.replace(recipe, early_stopping=Stopping(patience=3))
    with pytest.raises(NetError, match="early stopping needs a validation part"):
        plan(LINE, asked, data=(X, Y))


TWO = """
input left: 8
input right: 8
[ @left > fc-8 | @right > fc-8 ] > fc-8 as both
@both > sigmoid-1 as same
@both > linear-1 as gap
"""


def test_two_inputs_and_two_outputs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    left, right = rng.random((2, 400, 8), np.float32)
    gap = left.sum(axis=1) - right.sum(axis=1)
    arrays = {"x_left": left, "x_right": right, "y_same": (gap > 0).astype(int), "y_gap": gap}
    recipe = Recipe(epochs=25, batch=20, optimizer=Optimizer(rate=0.01), loss_weights={"gap": 0.5})
    run = trained(netdsl.parse(TWO, name="two"), tmp_path, recipe, data=arrays)
    assert set(run.test) == {"examples", "loss", "same_accuracy", "gap_absolute_error"}
    assert run.test["same_accuracy"] > 0.85
    assert run.test["gap_absolute_error"] < 0.4
    assert {"same_accuracy", "val_same_accuracy", "gap_absolute_error"} < set(rows(run)[0])
