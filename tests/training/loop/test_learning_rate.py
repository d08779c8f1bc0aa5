"""Learning rates: those that follow from the step, and those that wait for what happens."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.line import LINE, SGD, X, Y, rows, trained

from netdsl.keras.quiet import quiet_keras
from netdsl.training.recipes.recipe import (
    Optimizer,
    Schedule,
)

pytestmark = pytest.mark.keras

quiet_keras()


from netdsl.training.loop import learner  # noqa: E402


def rates(
    where: Path, schedule: Schedule, epochs: int = 6, rate: float = 0.1, **more: Any
) -> list[float]:
    """The learning rate at the end of each epoch of one step, for the line."""
    recipe = dataclasses.replace(
        SGD, epochs=epochs, schedule=schedule, optimizer=Optimizer(name="sgd", rate=rate), **more
    )
    return [row["rate"] for row in rows(trained(LINE, where, recipe, data=(X, Y)))]


def test_rates_that_follow_from_the_step(tmp_path: Path) -> None:
    assert rates(tmp_path, Schedule()) == pytest.approx([0.1] * 6)
    assert rates(tmp_path, Schedule(name="steps", at=(2.0, 4.0))) == pytest.approx(
        [0.1, 0.1, 0.01, 0.01, 0.001, 0.001], rel=1e-4
    )
    found = rates(tmp_path, Schedule(name="cosine"))
    assert found == pytest.approx(
        [0.05 * (1 + math.cos(math.pi * step / 6)) for step in range(6)], abs=1e-6
    )
    warm = rates(tmp_path, Schedule(name="cosine", warmup=2.0, least=0.01))
    assert warm[:3] == pytest.approx([0.0, 0.05, 0.1], abs=1e-6)
    assert 0.01 < warm[-1] < 0.03


def test_the_first_epochs_take_the_first_rate(tmp_path: Path) -> None:
    """Divided after the second epoch: its steps are still taken at the full rate."""
    plain, divided = (
        trained(
            LINE, tmp_path, dataclasses.replace(SGD, epochs=2, schedule=schedule), data=(X, Y)
        ).model.get_weights()
        for schedule in (Schedule(), Schedule(name="steps", at=(2.0,), divide=1e6))
    )
    assert all(np.array_equal(one, other) for one, other in zip(plain, divided, strict=True))


def test_rates_as_in_scikit_learn(tmp_path: Path) -> None:
    expected = [0.5] + [0.5 / math.sqrt(60 * epoch + 1) for epoch in range(1, 6)]
    assert rates(tmp_path, Schedule(name="invscaling"), rate=0.5) == pytest.approx(
        expected, rel=1e-4
    )


def test_a_rate_that_waits_for_the_training_loss(tmp_path: Path) -> None:
    """No epoch is better by 100: after more than one of them in a row the rate is divided, and
    at its least the training ends.
    """
    schedule = Schedule(name="adaptive", patience=1, tolerance=100.0, least=0.001)
    recipe = dataclasses.replace(SGD, epochs=30, schedule=schedule)
    run = trained(LINE, tmp_path, recipe, data=(X, Y))
    assert [row["rate"] for row in rows(run)][:6] == pytest.approx(
        [0.1, 0.1, 0.1, 0.02, 0.02, 0.004]
    )
    assert run.ended == "rate"


def test_a_rate_that_waits_for_the_validation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([5, 4, 4, 4, 3, 3, 3, 3])
    monkeypatch.setattr(
        learner,
        "part_scores",
        lambda model, batches: {"loss": next(losses, 3), "absolute_error": 1.0},
    )
    found = rates(tmp_path, Schedule(name="plateau", patience=2), epochs=8)
    assert found == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001])
