"""A resumed run reads its data as the recipe says: it ends as if it had never been stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.line import assert_same_weights, stopped_after, trained

import netdsl
from netdsl.training.loop.train import resume
from netdsl.training.recipes.recipe import Recipe

pytestmark = pytest.mark.keras


def table(folder: Path) -> tuple[str, dict[str, Any]]:
    """A table of other signs, with weights, and a category that no row has."""
    rng = np.random.default_rng(0)
    lines = ["größe;farbe;gewicht;art", "% gemessen 2024"]
    for row in range(60):
        written = f"{2_000 * rng.normal():,.2f}".translate({ord(","): " ", ord("."): ","})
        size = written if row % 9 else "unbekannt"  # as in 1 234,50
        lines.append(f"{size};{'rot' if row % 3 else 'blau'};{1 + row % 2};{'ab'[row % 2]}")
    (folder / "data.csv").write_bytes("\n".join(lines).encode("latin-1"))
    keys = {
        "target": "art",
        "weight": "gewicht",
        "separator": ";",
        "decimal": ",",
        "thousands": "space",
        "encoding": "latin-1",
        "comment": "%",
        "missing_values": ["unbekannt"],
        "categories": {"farbe": ["blau", "grün", "rot"]},
    }
    return "4 > fc-6(tanh) > softmax-2", {"source": str(folder / "data.csv"), **keys}


def images(folder: Path) -> tuple[str, dict[str, Any]]:
    """Images of two classes, one of them damaged and left out."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(20):
            pixels = rng.integers(0, 256, (6, 6, 3), dtype="uint8")
            Image.fromarray(pixels).save(folder / "photos" / name / f"{number}.png")
    (folder / "photos" / "b" / "3.png").write_bytes(b"\x89PNG no more")
    return "6x6x3 > fc-5(tanh) > softmax-2", {"source": str(folder / "photos"), "damaged": "skip"}


@pytest.mark.parametrize("make", [table, images])
def test_it_ends_as_if_it_had_not_been_stopped(make: Any, tmp_path: Path) -> None:
    text, data = make(tmp_path)
    network, recipe = netdsl.parse(text, name="small"), Recipe(data=data, epochs=3, batch=8)
    whole = trained(network, tmp_path / "whole", recipe)
    stopped = stopped_after(6, network, tmp_path, recipe)
    assert_same_weights(resume(stopped.folder, quiet=True), whole)
