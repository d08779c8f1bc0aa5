"""The lectures' items 16 to 20: gradient descent, step sizes, random search, single examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import answered, printed

import netdsl
from netdsl.keras.quiet import quiet_keras

pytestmark = pytest.mark.keras

quiet_keras()

BOWL = netdsl.parse("2 > linear-1(bias=no, init=1)", name="bowl")


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Any:
    return capsys.readouterr


def descent(where: Path, rate: float, epochs: int, **keys: Any) -> netdsl.Run:
    """Train the weights (1, 1) on a bowl, (w1^2 + 4 w2^2) / 2."""
    optimizer = keys.pop("optimizer", {"name": "gd", "rate": rate})
    return BOWL.train(
        data="bowl", optimizer=optimizer, epochs=epochs, where=where, quiet=True, **keys
    )


def closed_form(rate: float, steps: int) -> Any:
    """Return the weights before the first step and after each."""
    times = np.arange(steps + 1)
    return np.stack([(1 - rate) ** times, (1 - 4 * rate) ** times], axis=1)


def bowl(weights: Any) -> Any:
    return (weights[:, 0] ** 2 + 4 * weights[:, 1] ** 2) / 2


def test_item_16_the_loss_falls_at_each_step(tmp_path: Path) -> None:
    found = descent(tmp_path, 0.1, 6).descent()
    assert (np.diff(found.losses) < 0).all()
    assert not found.diverges


def test_item_17_the_path_on_a_bowl(out: Any, tmp_path: Path) -> None:
    run = descent(tmp_path, 0.1, 3)
    losses = [2.5, 1.125, 0.58725, 0.359032]
    found = run.descent()
    assert found.losses == pytest.approx(losses, abs=1e-6)
    assert found.path == pytest.approx(closed_form(0.1, 3), abs=1e-6)
    assert [row["loss"] for row in run.history] == pytest.approx(losses[:3], abs=1e-6)
    shown = answered(out, f"show {run.folder} --path")
    assert shown["path"] == pytest.approx(closed_form(0.1, 3), abs=1e-6)
    lines = printed(out, f"show {run.folder} --path -o {tmp_path}/path.svg").splitlines()
    assert lines[0] == "bowl on bowl: squared loss of the 2 training examples"
    assert [line.split() for line in lines[1:]] == [
        ["step", "fc_1.kernel[0]", "fc_1.kernel[1]", "loss"],
        ["0", "1", "1", "2.5"],
        ["1", "0.9", "0.6", "1.125"],
        ["2", "0.81", "0.36", "0.58725"],
        ["3", "0.729", "0.216", "0.359032"],
    ]
    assert (tmp_path / "path.svg").read_text(encoding="utf-8").count("<circle") == 4


@pytest.mark.parametrize(("rate", "diverges"), [(0.4, False), (0.6, True)])
def test_item_18_step_sizes(
    rate: float, diverges: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    optimizer = {"name": "gd", "rate": rate}
    run = BOWL.train(data="bowl", optimizer=optimizer, epochs=6, where=tmp_path)
    found = run.descent()
    assert found.path == pytest.approx(closed_form(rate, 6), rel=1e-4)
    assert found.losses == pytest.approx(bowl(closed_form(rate, 6)), rel=1e-4)
    assert found.diverges is diverges
    said = "the training loss grew from 2.5 to "
    assert (said in capsys.readouterr().err) is diverges
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert ("The training loss grew from 2.5" in page) is diverges


@pytest.mark.parametrize("name", ["random_search", "local_search"])
def test_item_19_random_search_against_descent(name: str, tmp_path: Path) -> None:
    found = descent(tmp_path, 0, 20, optimizer={"name": name}, seed=1).descent()
    assert (np.diff(found.losses) <= 0).all()  # a step that is not better is not taken
    assert found.losses[-1] < found.losses[0]
    assert descent(tmp_path, 0.2, 20).descent().losses[-1] < found.losses[-1]


def test_item_20_a_single_examples_gradient_is_the_whole_one_in_the_mean(tmp_path: Path) -> None:
    rate = 0.01
    run = descent(tmp_path, rate, 1, optimizer={"name": "sgd", "rate": rate}, batch=1)
    steps = np.diff(run.descent().path, axis=0)
    assert len(steps) == 2
    # each example moves a weight of its own, so both gradients are those at the beginning
    assert steps.mean(axis=0) / -rate == pytest.approx([1, 4], rel=1e-4)
    assert (np.abs(steps).min(axis=1) < 1e-7).all()
