"""Trying a training out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netdsl.keras.quiet import quiet_keras
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import (
    Augment,
    Optimizer,
    Recipe,
)

pytestmark = pytest.mark.keras

quiet_keras()


from netdsl.training.loop import sanity  # noqa: E402


def test_a_dry_run_writes_nothing(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    reported = sanity.dry_run(plan(network(), Recipe(augment=Augment(noise=0.1))))
    assert "the first step: loss 2." in reported
    assert "training peak" in reported
    assert "noise: 0.1" in reported
    assert list(tmp_path.iterdir()) == []


def test_one_batch_is_learned_by_heart_or_not(network: Any) -> None:
    found = sanity.overfit(plan(network(), Recipe(optimizer=Optimizer(rate=0.01))))
    assert found.learned
    assert found.examples == 32
    assert "is learned" in sanity.describe_overfit(found)
    stuck = sanity.overfit(plan(network(), Recipe(optimizer=Optimizer(name="sgd", rate=1e-9))))
    assert (stuck.learned, stuck.steps) == (False, sanity.STEPS)
    assert "NOT learned" in sanity.describe_overfit(stuck)
