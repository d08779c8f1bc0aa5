"""One image, and what a recipe's `augment` makes of it. No framework is imported here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netdsl.cli.main import main

WRITE = "augment: {shift: 2, noise: 0.05}\nseed: 3\n"


def sheet(tmp_path: Path, recipe: str, name: str = "sheet.png", source: str = "digits") -> int:
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe, "utf-8")
    return main(["data", source, str(path), "--sheet", str(tmp_path / name)])


def test_twenty_versions_by_the_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sheet(tmp_path, WRITE) == sheet(tmp_path, WRITE, "again.png") == 0
    assert sheet(tmp_path, WRITE.replace("3", "4"), "other.png") == 0
    one, again, other = (
        np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("sheet", "again", "other")
    )
    assert "20 changed versions" in capsys.readouterr().err
    assert one.shape == again.shape == other.shape
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    right, bottom = one.shape[1] - 24, one.shape[0] - 24
    rows = [one[bottom - 64 - 70 * up : bottom - 70 * up, right - 694 : right] for up in (0, 1)]
    tiles = [row[:, 70 * at : 70 * at + 64].tobytes() for row in rows for at in range(10)]
    assert len(set(tiles)) == 20


@pytest.mark.parametrize(
    ("recipe", "code", "placed"),
    [
        ("seed: 3", "N507", False),
        ("augment: {mixup: 0.2}", "N507", False),
        ("augment: {colour: 0.2}", "N507", True),
        ("augment: {shift: 9}", "N507", True),
        ("augmnt: {shift: 1}", "N503", True),
    ],
)
def test_what_changes_no_image(
    recipe: str, code: str, placed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sheet(tmp_path, recipe) == 1
    said = capsys.readouterr().err
    assert (code in said, "recipe.yaml:1:" in said) == (True, placed)
    assert not (tmp_path / "sheet.png").exists()


def test_other_names_and_a_recipe_without_a_sheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sheet(tmp_path, WRITE, "sheet.jpg") == 1
    assert "N631" in capsys.readouterr().err
    assert main(["data", "digits", str(tmp_path / "recipe.yaml")]) == 2
    assert "--sheet" in capsys.readouterr().err
