"""What autoencoders make of images, side by side; denoising ones learn the clean images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import netdsl
from netdsl import Run
from netdsl.cli.main import main
from netdsl.errors import NetError

pytestmark = pytest.mark.keras

CODE = "net {0}\n8x8x1 > {1}flatten > fc-{2}(tanh) as code > fc-64(sigmoid) > reshape(8x8x1)"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Autoencoders with codes of 2 and 24 numbers, and one of 24 that has learned from noise."""
    folder = tmp_path_factory.mktemp("runs")
    found = []
    for text in (
        CODE.format("two", "", 2),
        CODE.format("more", "", 24),
        CODE.format("denoising", "noise(0.4) > ", 24),
    ):
        spec = {"source": "digits", "target": "input"}
        keys = {"data": spec, "epochs": 15, "early_stopping": False}
        network = netdsl.parse(text)
        found.append(network.train(keys, optimizer={"rate": 0.01}, where=folder, quiet=True))
    return found


def test_errors_are_those_of_evaluate(runs: list[Run]) -> None:
    two, more, _ = runs
    found = two.reconstruct(more)
    assert [one.name for one in found.runs] == ["two-1", "more-1"]
    for one, run in zip(found.runs, (two, more), strict=True):
        assert one.error == pytest.approx(run.evaluate()["absolute_error"], abs=1e-5)
    assert found.runs[1].error < found.runs[0].error
    assert found.originals.shape == found.runs[0].array.shape == (10, 8, 8, 1)
    assert np.array_equal(found.given, found.originals)
    assert [row.label[:3] for row in found.sheet.rows] == ["ori", "two", "mor"]


def test_of_noise_the_denoising_one_keeps_least(runs: list[Run]) -> None:
    _, more, denoising = runs
    found = more.reconstruct(denoising, noise=0.4)
    again = more.reconstruct(denoising, noise=0.4)
    assert np.array_equal(found.given, again.given)
    assert np.abs(found.given - found.originals).mean() == pytest.approx(0.32, abs=0.03)
    assert found.given_error == pytest.approx(0.4 * (2 / np.pi) ** 0.5, rel=0.02)
    plain, learned = found.runs
    assert learned.error < plain.error - 0.01
    assert learned.error < found.given_error / 2


def test_the_target_of_noise_is_the_clean_image(tmp_path: Path) -> None:
    """What gives its noisy input on has the noise's variance as its loss; in use it has none."""
    x = np.random.default_rng(0).uniform(size=(4000, 1))
    network = netdsl.parse("1 > noise(0.5) > linear-1(bias=no, init=1)", name="same")
    keys = {"epochs": 1, "optimizer": {"name": "sgd", "rate": 1e-9}, "loss": "squared"}
    run = network.train(keys, data=x, target="input", where=tmp_path, quiet=True)
    assert run.history[0]["loss"] == pytest.approx(0.25, abs=0.02)
    assert run.test["loss"] == pytest.approx(0, abs=1e-6)


def test_the_command(runs: list[Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [str(run.folder) for run in runs]
    sheet = tmp_path / "sheet.svg"
    assert main(["show", *folders, "--reconstruct", "--noise", "0.4", "-o", str(sheet)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Reconstructions of 359 test examples")
    assert "with noise 0.4" in said
    assert sheet.read_text("utf-8").count("<image ") == 50
    assert main(["show", folders[0], "--reconstruct", "--json"]) == 0
    (values,) = json.loads(capsys.readouterr().out)["runs"]
    assert 0 < values["mean_absolute_error"] < 0.2
    assert main(["show", *folders, "--filters"]) == 2
    assert "several runs are for --reconstruct" in capsys.readouterr().err
    assert main(["show", folders[0], "--filters", "--noise", "0.4"]) == 2
    assert main(["show", *folders[:1] * 21, "--reconstruct"]) == 1
    assert "at most 20" in capsys.readouterr().err


def test_what_cannot_be_given_back(runs: list[Run], tmp_path: Path) -> None:
    keys = {"epochs": 1, "early_stopping": False}
    names = netdsl.parse("8x8x1 > softmax-10", name="names")
    labels = names.train(keys, data="digits", where=tmp_path, quiet=True)
    with pytest.raises(NetError, match="names-1 does not learn to give its input back"):
        runs[0].reconstruct(labels)
    x = np.random.default_rng(0).uniform(size=(50, 6, 6, 1))
    small = netdsl.parse("6x6x1 > conv3-1(sigmoid)", name="small")
    other = small.train(keys, data=x, target="input", where=tmp_path, quiet=True)
    with pytest.raises(NetError, match="small-1 is of images of 6x6x1, not 8x8x1"):
        runs[0].reconstruct(other)
    numbers = netdsl.parse("4 > linear-4", name="numbers")
    none = numbers.train(keys, data=x.reshape(-1, 4), target="input", where=tmp_path, quiet=True)
    with pytest.raises(NetError, match="no input of images"):
        none.reconstruct()
    for other in (3, str(runs[0].folder), None):
        with pytest.raises(TypeError, match="`others` accepts runs, not"):
            runs[0].reconstruct(other)  # type: ignore[arg-type]
