"""Where the worst mistakes of a report are in the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import netdsl
from netdsl.training.evaluation.outcomes import outcomes
from netdsl.training.recipes.recipe import DataSpec, Recipe, Split
from netdsl.training.reporting.mistakes_section import mistakes_of
from tests.support.recipes import load_data


def mistakes(source: Any, text: str, said: Any, target: str | None = None) -> list[Any]:
    """The places of the worst mistakes of a network that always says the same."""
    spec = DataSpec(source=str(source), target=target, split=Split(validation=0))
    data = load_data(Recipe(data=spec), netdsl.parse(text))

    def predict(arrays: tuple[Any, ...]) -> list[Any]:
        return [np.tile(np.array(said, np.float32), (len(arrays[0]), 1))]

    (found,) = outcomes(predict, data.test, data.preparation, 8)
    section = mistakes_of(found)
    assert section is not None
    if section.table is not None:
        assert [row[0] for row in section.table.rows] == [one.place for one in found.worst]
    else:
        assert [one.place for one in section.shown] == [one.place for one in found.worst]
    return [(one.place, one.given, dict(one.numbers)) for one in found.worst]


def test_lines_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    days = [f"2024-01-{row % 20 + 1:02}" for row in range(30)]
    rows = "".join(f"{day},{row}\n" for row, day in enumerate(days))
    path.write_text(f"day,price\n\n{rows}")
    found = mistakes(path, "input 3 > linear-1", [0.0], "price")
    assert len(found) == 6
    for place, given, numbers in found:
        row = int(given)
        assert place == f"line {row + 3}"
        assert numbers == {"day": days[row]}


def test_rows_of_arrays(tmp_path: Path) -> None:
    x = np.arange(40, dtype=np.float32).reshape(20, 2)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(20.0))
    for place, given, _ in mistakes(tmp_path / "a.npz", "input 2 > linear-1", [1000.0]):
        assert place == f"row {int(float(given))}"


@pytest.mark.parametrize("folder", ["", "test"])
def test_files_of_images(tmp_path: Path, folder: str) -> None:
    for part in ("train", "test") if folder else ("",):
        for name, value in (("cat", 50), ("dog", 200)):
            (tmp_path / part / name).mkdir(parents=True)
            for number in range(4):
                picture = Image.new("L", (4, 4), value + number)
                picture.save(tmp_path / part / name / f"{number}.png")
    found = mistakes(tmp_path, "input 4x4x1 > flatten > softmax-2", [0.1, 0.9])
    assert len(found) == (4 if folder else 1)
    for place, given, _ in found:
        assert given == "cat"
        assert (tmp_path / place).is_file()
        assert place.startswith(f"{folder}/cat/" if folder else "cat/")
