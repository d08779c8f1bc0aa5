"""The commands of `docs/lab.md` on trained networks, from the first to the last."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from netdsl.cli.main import main

pytestmark = pytest.mark.keras

ROOT = Path(__file__).resolve().parents[2]


def test_commands_draw_the_pictures_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the bundled digits, three times as large, in place of MNIST, one epoch, few places of
    the landscape and few steps to excite a class.
    """
    monkeypatch.setattr("netdsl.lab.inside.landscape.GRID", 5)
    monkeypatch.setattr("netdsl.lab.inside.excite.STEPS", 16)
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    page = import_module("lab_pictures")
    held = np.load(files("netdsl") / "training/data/sources/digits.npz")
    x = np.kron(held["x"], np.ones((1, 3, 3), np.uint8))
    x = np.pad(x * 15, ((0, 0), (2, 2), (2, 2)))
    np.savez(
        tmp_path / "mnist.npz",
        x_train=x[:600],
        y_train=held["y"][:600],
        x_test=x[600:800],
        y_test=held["y"][600:800],
    )
    monkeypatch.setenv("NETDSL_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    drawn = []
    for command in page.commands():
        more = ["--epochs", "1"] if command[0] == "train" else []
        assert main([*command, *more]) == 0, capsys.readouterr().err
        drawn += [Path(command[command.index("-o") + 1])] if "-o" in command else []
    assert len(drawn) >= 12
    for path in drawn:
        assert path.read_text("utf-8").startswith("<svg")
        assert (page.PICTURES / path.name).is_file()
    sizes = [path.stat().st_size for path in page.PICTURES.iterdir()]
    assert sum(sizes) < 1_500_000
    sys.modules.pop("lab_pictures")
