"""Trying a training out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.keras.quiet import quiet_keras
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import (
    Augment,
    Optimizer,
    Recipe,
    Schedule,
)

pytestmark = pytest.mark.keras

quiet_keras()


from netdsl.training.loop import sanity  # noqa: E402
from netdsl.training.loop.rate_finder import find_rate  # noqa: E402


def test_a_dry_run_writes_nothing(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    reported = sanity.dry_run(plan(network(), Recipe(augment=Augment(noise=0.1))))
    assert "the first step: loss 2." in reported
    assert "training peak" in reported
    assert "noise: 0.1" in reported
    assert list(tmp_path.iterdir()) == []


def test_one_batch_is_overfitted_or_not(network: Any) -> None:
    found = sanity.overfit(plan(network(), Recipe(optimizer=Optimizer(rate=0.01))))
    assert found.learned
    assert found.examples == 32
    assert "is learned" in sanity.describe_overfit(found)
    stuck = sanity.overfit(plan(network(), Recipe(optimizer=Optimizer(name="sgd", rate=1e-9))))
    assert (stuck.learned, stuck.steps) == (False, sanity.STEPS)
    assert "NOT learned" in sanity.describe_overfit(stuck)


def test_a_rate_is_proposed_below_the_one_with_the_lowest_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lowers the loss further than the first rates and than the last ones; a schedule waits."""
    monkeypatch.chdir(tmp_path)
    network = netdsl.parse("64 > fc-16 > softmax-10")
    found = find_rate(plan(network, Recipe(schedule=Schedule(name="cosine"))))
    assert found.falls
    assert found.rates[0] == pytest.approx(1e-7)
    assert 1e-4 < found.proposed < 0.3
    assert found.proposed == pytest.approx(found.rates[found.lowest] / 10, rel=0.05)
    assert found.means[found.lowest] < 0.7 * found.means[0]
    assert f"try --set optimizer.rate={found.proposed:g}, a tenth" in found.description
    assert "loss by learning rate" in found.picture()
    assert list(tmp_path.iterdir()) == []


def test_no_rate_is_proposed_where_none_lowers_the_loss() -> None:
    """Nothing can be learned from inputs that are all the same."""
    data = np.zeros((400, 4), np.float32), np.arange(400) % 10
    found = find_rate(plan(netdsl.parse("4 > softmax-10"), data=data))
    assert not found.falls
    assert "no rate lowers it" in found.description


def test_an_optimizer_that_finds_its_steps_has_no_rate_to_find(network: Any) -> None:
    with pytest.raises(NetError, match="N507"):
        find_rate(plan(network(), Recipe(optimizer=Optimizer(name="lbfgs"))))
