"""What data is taken for, and the first network and recipe for each form of it. No framework is
imported here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from netdsl.errors import NetError
from netdsl.training.data.sources.date_cells import NOT_DATES
from netdsl.training.recipes.recipe import DataSpec
from netdsl.training.starter.facts import ExampleForm, Facts, Task, facts_of
from netdsl.training.starter.network_text import network_text
from netdsl.training.starter.recipe_text import first_recipe, for_few_steps, recipe_text

GOLDEN = Path(__file__).parents[2] / "golden" / "training"

TWO = Task("`left`", {"no": 30, "yes": 10})
MANY = Task("the class", {f"c{at}": 20 for at in range(7)})
RARE = Task("the class", {"often": 300, "seldom": 100})
RARER = Task("the class", {"often": 301, "seldom": 100})
VALUE, VALUES = Task("`fee`", {}), Task("`fee`", {}, 3)


def numbers(width: int, word: str = "numbers") -> ExampleForm:
    return ExampleForm(word, (width,), f"{width} numbers for an example")


def images(height: int, width: int) -> ExampleForm:
    return ExampleForm("images", (height, width, 3), "height x width x channels: colour")


FACTS = {
    "a small table": Facts("a.csv", numbers(6, "table"), 999, TWO),
    "a table": Facts("a.csv", numbers(6, "table"), 1000, MANY),
    "a table of values": Facts("a.csv", numbers(6, "table"), 19_999, VALUE),
    "a large table": Facts("a.csv", numbers(6, "table"), 20_000, VALUES),
    "tiny images": Facts("photos", images(7, 40), 400, RARE),
    "small images": Facts("photos", images(8, 40), 400, RARER),
    "images": Facts("photos", images(16, 16), 4000, MANY),
    "larger images": Facts("photos", images(64, 32), 4000, VALUE),
    "a short sequence": Facts(
        "s.npz", ExampleForm("sequence", (15, 3), "15 positions of 3 numbers"), 30, VALUES
    ),
    "a sequence": Facts(
        "s.npz", ExampleForm("sequence", (16, 3), "16 positions of 3 numbers"), 300, TWO
    ),
    "words": Facts(
        "w.npz", ExampleForm("words", (20,), "20 words, each by its place in a list", 1500), 30, TWO
    ),
    "few rows": Facts("a.csv", numbers(2, "table"), 9, TWO),
    "ten rows": Facts("a.csv", numbers(2, "table"), 10, TWO),
}


def written_recipe(facts: Facts, steps: int) -> str:
    """The recipe of data whose epochs have this many steps."""
    spec = DataSpec(source="data/a.csv", target="left")
    inputs = [SimpleNamespace(columns=None)]
    job: Any = SimpleNamespace(
        steps=steps, data=SimpleNamespace(preparation=SimpleNamespace(inputs=inputs))
    )
    recipe = for_few_steps(first_recipe(spec, facts), steps)
    return recipe_text(job, recipe, facts, Path("first.net"))


def test_whole_texts(golden: Callable[[Path, str], None]) -> None:
    networks = [f"== {title}\n{network_text(facts, 'first')}" for title, facts in FACTS.items()]
    golden(GOLDEN / "first_networks.txt", "\n".join(networks))
    recipes = [
        f"== {title}, {steps} steps\n{written_recipe(facts, steps)}"
        for title, facts in FACTS.items()
        for steps in (3, 10)
    ]
    golden(GOLDEN / "first_recipes.txt", "\n".join(recipes))


def test_paths_are_those_from_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").touch()
    job: Any = SimpleNamespace(
        steps=10,
        data=SimpleNamespace(preparation=SimpleNamespace(inputs=[SimpleNamespace(columns=None)])),
    )
    spec = DataSpec(source="data/a.csv", target="left", weight="data/a.csv")
    recipe = first_recipe(spec, FACTS["a table"])
    text = recipe_text(job, recipe, FACTS["a table"], Path("nets/first.net"))
    assert "source: ../data/a.csv " in text
    assert "weight: ../data/a.csv" in text
    assert "target: left " in text
    named = first_recipe(DataSpec(source="digits"), FACTS["a table"])
    assert "source: digits " in recipe_text(job, named, FACTS["a table"], Path("nets/first.net"))


def form_of(tmp_path: Path, x: Any, y: Any = None) -> Facts:
    x = np.asarray(x)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(len(x)) % 2 if y is None else y)
    return facts_of(DataSpec(source=str(tmp_path / "a.npz")))


@pytest.mark.parametrize(
    ("shape", "dtype", "word", "expected"),
    [
        ((5,), float, "numbers", (5,)),
        ((1,), float, "numbers", (1,)),
        ((4, 4), float, "images", (4, 4, 1)),
        ((3, 3), float, "sequence", (3, 3)),
        ((3, 3), np.uint8, "images", (3, 3, 1)),
        ((4, 5), float, "sequence", (4, 5)),
        ((4, 5), np.uint8, "images", (4, 5, 1)),
        ((96, 40, 3), np.uint8, "images", (96, 40, 3)),
        ((97, 40, 3), np.uint8, "images", (64, 64, 3)),
        ((40, 97, 1), np.uint8, "images", (64, 64, 1)),
        ((3, 3, 3), float, "images", (3, 3, 3)),
        ((3, 4, 5), float, "images", (3, 4, 5)),
        ((2, 4, 4), float, "images", (2, 4, 4)),
    ],
)
def test_what_an_example_is(
    shape: tuple[int, ...], dtype: Any, word: str, expected: tuple[int, ...], tmp_path: Path
) -> None:
    found = form_of(tmp_path, np.zeros((20, *shape), dtype))
    assert (found.form.word, found.form.shape, found.examples) == (word, expected, 20)
    assert ("larger ones are resized" in found.form.about) == (97 in shape)
    if word == "images":
        words = {1: "grey", 3: "colour"}
        kind = words.get(expected[2], f"{expected[2]} channels")
        assert found.form.about.startswith(f"height x width x channels: {kind}")
        assert found.task.name == "the class"


@pytest.mark.parametrize(
    ("high", "dtype", "count", "vocabulary"),
    [
        (999, np.int64, 4, 0),
        (1000, np.int64, 4, 1001),
        (1000, np.int64, 1, 0),
        (1000, np.float64, 4, 0),
        (255, np.uint8, 4, 0),
    ],
)
def test_words_by_their_places(
    high: int, dtype: Any, count: int, vocabulary: int, tmp_path: Path
) -> None:
    x = np.zeros((20, count), dtype)
    x[3, -1] = high
    found = form_of(tmp_path, x)
    assert found.form.vocabulary == vocabulary
    assert found.form.word == ("words" if vocabulary else "numbers")
    x = x.astype(np.int64 if dtype is np.uint8 else dtype)
    x[4, 0] = -1
    assert form_of(tmp_path, x).form.word == "numbers"


@pytest.mark.parametrize(
    ("y", "counts", "values"),
    [
        (np.arange(20) % 3, {"0": 7, "1": 7, "2": 6}, 1),
        (np.arange(20) % 2 * 2, {"0": 10, "1": 0, "2": 10}, 1),
        (np.zeros(20, int), {}, 1),
        (np.arange(20) / 2, {}, 1),
        (np.eye(3)[np.arange(20) % 3], {"0": 7, "1": 7, "2": 6}, 1),
        (np.eye(3)[np.arange(20) % 3] * 2, {}, 3),
        (np.ones((20, 3)), {}, 3),
        (np.eye(3)[np.arange(20) % 3][:, :1], {"0": 13, "1": 7}, 1),
        (
            np.arange(20) % 2 * 999,
            dict.fromkeys(map(str, range(1000)), 0) | {"0": 10, "999": 10},
            1,
        ),
        (np.arange(20) % 2 * 1000, {}, 1),
        (np.zeros((20, 2, 2)), None, 0),
    ],
)
def test_what_is_learned(y: Any, counts: Any, values: int, tmp_path: Path) -> None:
    x = np.zeros((20, 4))
    if counts is None:
        with pytest.raises(NetError, match="has the shape 2x2") as caught:
            form_of(tmp_path, x, y)
        assert "examples/unet.net" in caught.value.diagnostics[0].help
        return
    assert form_of(tmp_path, x, y).task == Task("`y`", counts, values)


@pytest.mark.parametrize(
    ("arrays", "said", "help"),
    [
        ({"x": np.zeros((20, 3, 8, 8))}, "have their channels first", "x.transpose(0, 2, 3, 1)"),
        ({"x": np.zeros((20, 1, 8, 8))}, "have their channels first", "x.transpose(0, 2, 3, 1)"),
        ({"x": np.zeros((20, 2, 2, 2, 2))}, "has the shape 2x2x2x2", "see docs/kinds.md"),
        (
            {"x_a": np.zeros((20, 3)), "x_b": np.zeros((20, 3))},
            "has 2 inputs and 1 target for an example",
            "netdsl explain input",
        ),
        (
            {"x": np.zeros((20, 3)), "y_a": np.arange(20) % 2, "y_b": np.arange(20) % 2},
            "has 1 input and 2 targets for an example",
            "netdsl explain input",
        ),
    ],
)
def test_data_without_a_first_network(arrays: Any, said: str, help: str, tmp_path: Path) -> None:
    own = {} if "y_a" in arrays else {"y": np.arange(20) % 2}
    np.savez(tmp_path / "a.npz", **arrays, **own)
    spec = DataSpec(source=str(tmp_path / "a.npz"))
    copied = replace(spec, target="input")
    for asked, message, advice in (
        (spec, said, help),
        (copied, "its target is the input itself", "see examples/autoencoder_deep.net"),
    ):
        with pytest.raises(NetError, match=message) as caught:
            facts_of(asked)
        (problem,) = caught.value.diagnostics
        assert (problem.code, advice in problem.help) == ("N560", True)


def test_classes_with_names(tmp_path: Path) -> None:
    for name, count in {"cat": 3, "dog": 2}.items():
        (tmp_path / name).mkdir()
        for at in range(count):
            Image.new("L", (6, 4)).save(tmp_path / name / f"{at}.png")
    found = facts_of(DataSpec(source=str(tmp_path)))
    assert found.task == Task("the class", {"cat": 3, "dog": 2})
    assert found.form.shape == (4, 6, 1)
    assert facts_of(DataSpec(source="digits")).task.name == "the class"


@pytest.mark.parametrize(
    ("column", "target", "help"),
    [
        ([f"n{at}" for at in range(30)], "y", "name the column that is predicted"),
        ([f"2024-01-{at + 1:02}" for at in range(30)], "y", NOT_DATES),
        (["a", "b"] * 15, ("y", "x"), "begin with one: --target NAME"),
    ],
)
def test_targets_without_a_first_network(
    column: list[str], target: Any, help: str, tmp_path: Path
) -> None:
    lines = [f"{row % 7},{cell}" for row, cell in enumerate(column)]
    (tmp_path / "a.csv").write_text("\n".join(["x,y", *lines]) + "\n")
    with pytest.raises(NetError) as caught:
        facts_of(DataSpec(source=str(tmp_path / "a.csv"), target=target))
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.help) == ("N560", help)


@pytest.mark.parametrize(
    ("column", "classes"),
    [
        ([str(at % 10) for at in range(60)], 10),
        ([str(at % 11) for at in range(60)], 0),
        ([str(at % 2 / 2) for at in range(60)], 0),
        (["7"] * 60, 0),
        ([f"n{at % 30}" for at in range(60)], 30),
        ([f"n{at % 31}" for at in range(60)], None),
        ([f"n{at % 10}" for at in range(12)], 10),
        ([f"n{at % 11}" for at in range(12)], None),
    ],
)
def test_classes_of_a_column(column: list[str], classes: int | None, tmp_path: Path) -> None:
    lines = [f"{row % 7},{cell}" for row, cell in enumerate(column)]
    (tmp_path / "a.csv").write_text("\n".join(["x,y", *lines]) + "\n")
    spec = DataSpec(source=str(tmp_path / "a.csv"), target="y")
    if classes is None:
        with pytest.raises(NetError, match="different texts in") as caught:
            facts_of(spec)
        assert caught.value.code == "N560"
    else:
        found = facts_of(spec)
        assert (len(found.task.counts), found.form.word, found.form.shape) == (
            classes,
            "table",
            (1,),
        )
        assert found.task.name == "`y`"
