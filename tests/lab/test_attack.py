"""Adversarial examples: the steps, their sizes, and what cannot be attacked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.by_hand import SmallNetwork

import netdsl
from netdsl.cli.main import main
from netdsl.lab.attack import Attack, attack
from netdsl.lab.inside.subject import TrainedRun

pytestmark = pytest.mark.keras


def slopes(subject: TrainedRun, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The derivative of each example's cross-entropy by its pixels, in NumPy [n, 8, 8, 1]."""
    found = []
    for image, label in zip(x, labels, strict=True):
        network = SmallNetwork(subject, image)
        found.append(network.by_image(network.probabilities - np.eye(10)[label])[..., None])
    return np.stack(found)


def test_one_step_is_eps_along_the_sign_of_the_gradient(subject: TrainedRun) -> None:
    """Goodfellow et al. 2015: x + eps sign(dL/dx), in the pixels' range."""
    found = attack(subject, Attack(sizes=(0.1,), examples=20))
    slope = slopes(subject, found.original, found.labels)
    right = np.clip(found.original + 0.1 * np.sign(slope), 0, 1)
    np.testing.assert_allclose(found.changed, right, atol=1e-6)
    sizes = np.abs(found.changed - found.original).reshape(20, -1).max(axis=1)
    np.testing.assert_allclose(sizes, 0.1, atol=1e-6)


def test_one_step_of_norm_2_is_eps_along_the_gradient(subject: TrainedRun) -> None:
    """Pixels that would leave their range stay at its end; without that range it is eps exactly."""
    from netdsl.lab.attack import _climber, changed

    found = attack(subject, Attack(sizes=(0.3,), norm="2", examples=20))
    slope = slopes(subject, found.original, found.labels)
    step = 0.3 * slope / np.sqrt((slope**2).sum(axis=(1, 2, 3), keepdims=True))
    np.testing.assert_allclose(found.changed, np.clip(found.original + step, 0, 1), atol=1e-5)
    transform = subject.run.preparation.outputs[0]
    climb, goal = _climber(subject, 0, transform), transform.targets(found.labels)
    free = changed(climb, found.original, goal, 0.3, Attack(norm="2"), unit=False)
    np.testing.assert_allclose(free - found.original, step, atol=1e-5)
    sizes = np.linalg.norm((free - found.original).reshape(20, -1), axis=1)
    np.testing.assert_allclose(sizes, 0.3, rtol=1e-5)


@pytest.mark.parametrize("norm", ["inf", "2"])
def test_several_steps_stay_within_the_size(subject: TrainedRun, norm: str) -> None:
    found = attack(subject, Attack(sizes=(0.0, 0.1), steps=6, norm=norm, examples=20))
    change = (found.changed - found.original).reshape(20, -1)
    sizes = np.abs(change).max(axis=1) if norm == "inf" else np.linalg.norm(change, axis=1)
    assert (sizes <= 0.1 + 1e-6).all()
    assert sizes.max() > 0.09
    assert found.changed.min() >= 0
    assert found.changed.max() <= 1


def test_it_beats_random_changes(subject: TrainedRun) -> None:
    found = attack(subject, Attack(sizes=(0.0, 0.2), examples=200))
    none, some = found.results
    assert none.adversarial == none.random
    assert some.adversarial < some.random - 0.1


def test_a_target_is_answered(subject: TrainedRun) -> None:
    aimed = attack(subject, Attack(sizes=(0.3,), steps=10, target=1, examples=100))
    (result,) = aimed.results
    assert result.hit is not None
    assert result.hit > 0.3
    assert aimed.examples < 100  # those of the class itself are left out
    assert 1 not in aimed.labels
    assert aimed.sheet is not None
    assert "for the class 1" in aimed.sheet.about


def test_probabilities_that_round_to_1_are_attacked_too(folder: Path) -> None:
    """The slope of the scores is taken: that of softmax's own would be 0."""
    sure = TrainedRun.of(folder)
    dense = next(at for at in sure.weighted.weights if sure.graph.ops[at].kind.word == "fc")
    larger = {name: 40 * array for name, array in sure.weighted.weights[dense].items()}
    weights = {**sure.weighted.weights, dense: larger}
    sure.weighted = sure.weighted._replace(weights=weights)
    found = attack(sure, Attack(sizes=(0.1,), examples=40))
    scores = [np.sort(SmallNetwork(sure, each).scores) for each in found.original]
    margins = np.array([each[-1] - each[-2] for each in scores])
    certain = (margins > 20) & (margins < 80)
    assert certain.sum() >= 5
    sizes = np.abs(found.changed - found.original).reshape(40, -1).max(axis=1)
    np.testing.assert_allclose(sizes[certain], 0.1, atol=1e-6)


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.svg"
    call = ["attack", str(folder), "--eps", "0,0.3", "--count", "50"]
    assert main([*call, "-o", str(sheet)]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[1].split() == ["eps", "adversarial", "random"]
    assert [row.split()[0] for row in table[2:]] == ["0", "0.3"]
    assert "Adversarial examples, eps 0.3" in sheet.read_text("utf-8")
    assert main([*call, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [one["eps"] for one in printed["results"]] == [0, 0.3]
    assert printed["title"] == "Adversarial examples, eps 0.3"
    assert "a change of 0 is grey" in printed["scale"]


REFUSED = [
    (("--target", "10"), 1, "error[N107]: the network names the classes 0 to 9, not 10"),
    (("--eps", "0,-1"), 2, "'-1' is not a number from 0"),
    (("--eps", "nan"), 2, "'nan' is not a number from 0"),
    (("--eps", "inf"), 2, "'inf' is not a number from 0"),
    (("--eps", "0.1,"), 2, "'' is not a number from 0"),
    (("--eps", ",".join(["0.1"] * 101)), 2, "101 sizes; at most 100 are tried"),
    (("--steps", "0"), 2, "0"),
    (("--steps", "1000000000"), 2, "1,000,000,000 steps; at most 1,000 are made"),
    (("--count", "-3"), 2, "-3"),
    (("--eps", "0.1", "--steps", "2", "--part", "all", "--count", "1000000000"), 0, ""),
    (
        ("--eps", ",".join(["0.1"] * 100), "--steps", "1000"),
        1,
        "error[N670]: 359 examples, 100 sizes and 1,000 steps take 35,900,000 gradients; at most "
        "10,000,000 are computed",
    ),
]


@pytest.mark.parametrize(("options", "code", "said"), REFUSED, ids=lambda each: str(each)[:40])
def test_what_cannot_be_done_is_said(
    folder: Path,
    options: tuple[str, ...],
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    call = ["attack", str(folder), *options]
    if code == 2:
        with pytest.raises(SystemExit, match="2"):
            main(call)
    else:
        assert main(call) == code
    assert said in capsys.readouterr().err


def test_steps_and_examples_are_bounded_from_python_too(folder: Path) -> None:
    run = netdsl.Run.load(folder)
    with pytest.raises(netdsl.NetError, match="from 1 to 1,000, not 1001"):
        run.attack(steps=1001)
    with pytest.raises(netdsl.NetError, match="take 35,900,000 gradients"):
        run.attack([0.1] * 100, steps=1000)


def test_several_runs_are_attacked_next_to_each_other(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, chart = tmp_path / "other", tmp_path / "chart.svg"
    shutil.copytree(folder, other)
    command = ["attack", str(folder), str(other), "--eps", "0,0.2", "--count", "50"]
    assert main([*command, "-o", str(chart)]) == 0
    first, second = capsys.readouterr().out.split("\n\n")
    assert first.startswith("small-1: fast gradient sign attack")
    assert second.startswith("other: fast gradient sign attack")
    assert first.splitlines()[1:] == second.splitlines()[1:]
    assert chart.read_text("utf-8").count("stroke-dasharray") >= 2
    assert main([*command, "--json"]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [one["run"] for one in runs] == ["small-1", "other"]
    assert main([*command[:3], str(tmp_path / "none")]) == 1
