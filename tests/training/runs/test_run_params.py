"""A run keeps the params that it was trained with: every command finds the same network again."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from netdsl.cli.main import main

pytestmark = pytest.mark.keras

TEXT = "param w = 1\nparam on = no\n8x8x1 > fc-{48*w} > when(on, tanh) > softmax-10\n"


@pytest.mark.parametrize("source", ["command line", "recipe"])
def test_a_run_with_params(
    source: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    file, recipe = tmp_path / "f.net", tmp_path / "r.yaml"
    file.write_text(TEXT)
    given = ["-p", "w=1/3", "-p", "on=yes"] if source == "command line" else []
    recipe.write_text("epochs: 1\n" + ("" if given else "params: {w: 1/3, on: yes}\n"))
    command = ["train", str(file), str(recipe), *given]
    assert main(command) == 0
    run = tmp_path / "runs" / "f-1"
    np.save(tmp_path / "x.npy", np.zeros((2, 8, 8), np.float32))
    for more in (
        ["evaluate", str(run)],
        ["predict", str(run), str(tmp_path / "x.npy")],
        ["export", str(run), str(tmp_path / "f.keras")],
    ):
        assert main(more) == 0, capsys.readouterr().err
    capsys.readouterr()
    assert main(["resume", str(run)]) == 1
    assert "N616" in capsys.readouterr().err  # the run has ended; its params are not the reason

    from netdsl.training.runs.inputs import read_network

    network = read_network(run)
    assert dict(network.params) == {"w": Fraction(1, 3), "on": True}
    assert network.counts.params == 64 * 16 + 16 + 16 * 10 + 10
