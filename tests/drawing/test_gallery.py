"""The pictures of the pages are those that `make gallery` draws."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "docs"))
gallery = import_module("gallery")
imagenet = import_module("imagenet")


COMMANDS = [
    pytest.param(command, marks=pytest.mark.keras if command.startswith("backward") else ())
    for command in gallery.commands()
]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_picture_is_what_its_command_draws(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    made = gallery.run(command, tmp_path)
    kept = gallery.PICTURES / made.name
    assert made.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), "make gallery"


SHOWN = re.compile(r"!\[[^]]+\]\((?:docs/)?pictures/([^/)]+)\)")
"""A picture in a page; those of the lab, in a folder of their own, are another test's."""


def test_no_picture_is_left_over_and_every_one_is_shown() -> None:
    drawn = {re.findall(r"-o (\S+)$", command)[0] for command in gallery.commands()}
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {name for page in pages for name in SHOWN.findall(page.read_text("utf-8"))}
    drawn.add(imagenet.PICTURE)
    assert drawn == shown == {path.name for path in gallery.PICTURES.glob("*.svg")}


def test_the_zoo_ends_with_the_gallery() -> None:
    assert gallery.ZOO.read_text(encoding="utf-8").endswith(gallery.gallery())


def test_the_zoo_has_the_winners_of_imagenet() -> None:
    """Their errors as published, what their files count, and both as a chart."""
    assert imagenet.section() in gallery.ZOO.read_text(encoding="utf-8")
    kept = gallery.PICTURES / imagenet.PICTURE
    assert kept.read_text(encoding="utf-8") == imagenet.chart(), "make gallery"
