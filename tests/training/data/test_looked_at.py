"""What is said of data before a training, and what a network for it may take, part by part."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from netdsl.errors import NetError
from netdsl.training.data import sizes
from netdsl.training.data.example_shape import example_shape
from netdsl.training.data.guess import _by_names, _usual_shape, guessed_signature
from netdsl.training.data.inspect import MAX_CLASSES, Survey, as_json, class_counts
from netdsl.training.data.inspect_text import (
    _categories,
    _class_bars,
    _column_table,
    _input_line,
    _title,
    describe,
    short_number,
)
from netdsl.training.data.parts import Examples, SourceData
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.transforms import Preparation
from netdsl.training.recipes.recipe import DataSpec, Recipe, parse_recipe

# --- classes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "classes", "counts"),
    [
        ([0, 2, 2], (), {"0": 1, "2": 2}),
        ([[0], [1]], (), {"0": 1, "1": 1}),
        ([0.0, 1.0], (), {"0": 1, "1": 1}),
        ([0, 2, 2], ("a", "b", "c"), {"a": 1, "b": 0, "c": 2}),
        ([0.5, 1.0], (), {}),
        ([-1, 1], (), {}),
        ([[0, 1], [1, 0]], (), {}),
        ([0, 2**53], (), {}),
        ([0, 2**53 - 1], (), {"0": 1, str(2**53 - 1): 1}),
        (list(range(MAX_CLASSES)), (), {str(n): 1 for n in range(MAX_CLASSES)}),
        (list(range(MAX_CLASSES + 1)), (), {}),
    ],
)
def test_examples_of_each_class(y: Any, classes: tuple[str, ...], counts: Any) -> None:
    assert class_counts(np.array(y), classes) == counts


def test_bars_of_classes() -> None:
    lines = _class_bars({"train": {"a": 30, "b": 1, "c": 0}, "test": {"a": 1_000, "d": 5}})
    rows = [line.split() for line in lines.splitlines()]
    assert rows[0] == ["class", "train", "test"]
    assert rows[2:] == [
        ["a", "30", "1,000", "█" * 30],
        ["b", "1", "0", "█"],
        ["c", "0", "0"],
        ["d", "0", "5"],
    ]
    alone = _class_bars({"all": {"a": 0}})
    assert alone.split()[:2] == ["class", "examples"]
    many = {"all": {str(n): 1 for n in range(101)}}
    assert _class_bars(many).endswith("\n... and 1 more classes")
    del many["all"]["0"]
    assert "more" not in _class_bars(many)
    assert len(_class_bars(many).splitlines()) == 102


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-3.0, "-3"),
        (999_999.0, "999,999"),
        (1_000_000.0, "1,000,000"),
        (1e9, "1,000,000,000"),
        (1e12 - 1, "999,999,999,999"),
        (1e12, "1e+12"),
        (999.5, "999.5"),
        (1000.5, "1,000"),
        (-1234.5, "-1,234"),
        (123.456, "123.5"),
        (0.000123456, "0.0001235"),
    ],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short_number(value) == text


# --- arrays ---------------------------------------------------------------------------------------


def source(**more: Any) -> Survey:
    x = np.arange(2 * 2 * 2 * 3, dtype=np.float32).reshape(2, 2, 2, 3)
    train = Examples((x,), (np.array([0, 1]),), "training", ("`x`",), ("`y`",))
    return Survey("a.npz", SourceData("a.npz", train, **more), None)


def test_arrays_and_their_channels() -> None:
    facts = as_json(source(notes=("a note",)))
    assert facts["notes"] == ["a note"]
    part = facts["parts"]["all"]
    assert (part["examples"], part["classes"]) == (2, {"0": 1, "1": 1})
    (x,), (y,) = part["x"], part["y"]
    assert (x["name"], x["shape"], x["type"]) == ("x", [2, 2, 2, 3], "float32")
    assert (x["least"], x["mean"], x["most"]) == (0.0, 11.5, 23.0)
    assert x["channels"] == [
        {"least": 0.0, "mean": 10.5, "most": 21.0},
        {"least": 1.0, "mean": 11.5, "most": 22.0},
        {"least": 2.0, "mean": 12.5, "most": 23.0},
    ]
    assert "channels" not in y
    assert (y["least"], y["mean"], y["most"]) == (0.0, 0.5, 1.0)
    text = describe(source(notes=("a note",)))
    assert text.startswith("a.npz: 2 examples\n\n")
    assert [line.split()[0] for line in text.splitlines()[4:9]] == [
        "x",
        "red",
        "green",
        "blue",
        "y",
    ]
    assert text.endswith("\n\na note")


def test_several_parts() -> None:
    train = source().data
    assert train is not None
    part = train.train.at(np.array([0]))
    facts = as_json(source(test=part, validation=part))
    assert {name: one["examples"] for name, one in facts["parts"].items()} == {
        "train": 2,
        "validation": 1,
        "test": 1,
    }
    assert _title(facts) == "a.npz: 2 train, 1 validation, 1 test"
    assert "channels" not in as_json(source())["parts"]["all"]["y"][0]


# --- tables ---------------------------------------------------------------------------------------


def test_tables_in_words() -> None:
    columns = [
        {"name": "age", "type": "number", "missing": 1234, "least": 1.0, "mean": 2.5, "most": 4.0},
        {
            "name": "when",
            "type": "date",
            "missing": 0,
            "least": "2024-01-01",
            "mean": "b",
            "most": "c",
        },
        {"name": "none", "type": "number", "missing": 3},
        {
            "name": "kind",
            "type": "category",
            "missing": 0,
            "categories": {"a": 1, "b" * 30: 1, "c": 1, "d": 1, "e": 1},
            "target": True,
        },
    ]
    rows = [line.split() for line in _column_table(columns).splitlines()]
    assert rows[0] == ["column", "type", "missing", "min", "mean", "max"]
    assert rows[2:] == [
        ["age", "number", "1,234", "1", "2.5", "4"],
        ["when", "date", "0", "2024-01-01", "b", "c"],
        ["none", "number", "3"],
        ["kind", "(target)", "category", "0", "5:", "a,", "b" * 21 + "...,", "c,", "d,", "..."],
    ]
    assert _categories({}) == ""
    assert _categories(dict.fromkeys("abcd", 1)) == "4: a, b, c, d"
    assert _categories(dict.fromkeys("abcde", 1)) == "5: a, b, c, d, ..."
    assert _input_line({"input": 7, "columns": columns}) == "begin the network with `input 7`"
    assert _input_line({"input": 1, "columns": columns[:3]}).startswith(
        "the columns give 1 number:"
    )
    titled = {"source": "a.csv", "rows": 1234, "columns": columns}
    assert _title(titled) == "a.csv: 1,234 rows, 4 columns"


# --- guesses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "inputs", "outputs", "target"),
    [
        (["x", "y"], ["input"], ["output"], None),
        (["x"], ["input"], ["output"], "input"),
        (["x_left", "x_right", "y"], ["left", "right"], ["output"], None),
        (["x_left", "y"], ["input"], ["output"], None),
        (["x", "x_left", "x_right", "y"], ["input"], ["output"], None),
        (["x", "y_a", "y_b"], ["input"], ["a", "b"], None),
        (["x", "y_a"], ["input"], ["output"], None),
        (["x", "y", "y_a", "y_b"], ["input"], ["output"], None),
        (["x_train", "y_train", "x_test"], ["input"], ["output"], None),
        (["x_train_a", "x_train_b", "x_test_a", "y_train"], ["a", "b"], ["output"], None),
        (["x_test", "y"], ["input"], ["output"], None),
    ],
)
def test_inputs_and_outputs_by_their_names(
    held: list[str], inputs: list[str], outputs: list[str], target: str | None
) -> None:
    signature, found = _by_names(held, None)
    assert [one.name for one in signature.inputs] == inputs
    assert [one.name for one in signature.outputs] == outputs
    assert not signature.sized
    assert found == target
    given = _by_names(held, "mine")[1]
    assert given == (target or "mine")


def image(path: Path, size: tuple[int, int], mode: str = "L") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size).save(path)
    return path


def test_the_size_that_most_images_have(tmp_path: Path) -> None:
    grey = [image(tmp_path / f"{n}.png", size) for n, size in enumerate([(4, 6), (4, 6), (9, 9)])]
    assert _usual_shape(grey) == (6, 4, 1)
    colour = image(tmp_path / "c.png", (9, 9), "RGB")
    assert _usual_shape([*grey, colour]) == (6, 4, 3)
    assert _usual_shape([image(tmp_path / "b.png", (2, 3), "1")]) == (3, 2, 1)
    assert _usual_shape([]) == (64, 64, 1)
    sizes = [(20, 31), (24, 33), (1, 1), (1, 1), (28, 35)]
    various = [image(tmp_path / f"v{i}.png", size, "L") for i, size in enumerate(sizes)]
    assert _usual_shape(various) == (31, 20, 1)
    assert _usual_shape([*various, *various[2:4]]) == (1, 1, 1)
    broken = tmp_path / "broken.png"
    broken.write_text("no image")
    assert _usual_shape([broken, grey[2]]) == (9, 9, 1)


def test_what_a_network_for_a_source_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    image(Path("classes/a/1.png"), (5, 7))
    image(Path("plain/1.png"), (5, 7), "RGB")
    np.savez("a.npz", x=np.zeros((2, 3)))
    for name, target, shape, vocabulary, found in (
        ("imdb", None, (200,), 20_000, None),
        ("imdb", "mine", (200,), 20_000, "mine"),
        ("polynomial", None, (4,), 0, None),
        ("b.npy", None, (64, 64, 3), 0, "input"),
        ("b.npy", "c.npy", (64, 64, 3), 0, "c.npy"),
        ("classes", None, (7, 5, 1), 0, None),
        ("plain", "mine", (7, 5, 3), 0, "input"),
        ("digits", None, (64, 64, 3), 0, None),
        ("a.npz", None, (), 0, "input"),
    ):
        signature, learned = guessed_signature(DataSpec(source=name, target=target))
        (input,) = signature.inputs
        assert (input.shape, input.vocabulary, learned) == (shape, vocabulary, found), name
        assert signature.outputs[0].name == "output"
    several = guessed_signature(DataSpec(source="digits", target=("a", "b")))[1]
    assert several is None


def test_the_shape_that_a_network_begins_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("images").mkdir()
    np.savez("a.npz", x=np.zeros((4, 3, 5)), y=np.array([0, 1, 0, 1]))
    Path("t.csv").write_text("u,v,y\n1,a,0\n2,b,1\n3,c,0\n")
    assert example_shape(Recipe(data=DataSpec(source="a.npz"))) == (3, 5)
    assert example_shape(Recipe()) == (8, 8, 1)
    assert example_shape(Recipe(data=DataSpec(source="t.csv", target="y"))) == (4,)
    given = (np.zeros((4, 2)), np.array([0, 1, 0, 1]))
    assert example_shape(Recipe(), given) == (2,)
    for name, once in (("images", ""), ("imdb", ""), ("polynomial", ""), ("hf:a", ""), ("", "x")):
        recipe = parse_recipe(f"data: {name}") if name else Recipe()
        with pytest.raises(NetError, match="N518") as caught:
            example_shape(recipe, iter([given]) if once else None)
        (problem,) = caught.value.diagnostics
        assert "--input 64x64x3" in problem.help
        assert ("read once only" in problem.message) == bool(once)
        assert problem.span == recipe.data_span
    recipe = parse_recipe("data: none.npz")
    with pytest.raises(NetError, match="N511") as caught:
        example_shape(recipe)
    assert caught.value.diagnostics[0].span == recipe.data_span is not None


# --- sizes ----------------------------------------------------------------------------------------

BYTES = InputTransform("x", (4,), True, 255.0, True, (4,))
FLOATS = InputTransform("x", (4,), False, 1.0, False, (4,))


@pytest.mark.parametrize(
    ("input", "dtype", "divided", "nbytes"),
    [
        (BYTES, "uint8", True, 160),
        (BYTES, "uint8", False, 40),
        (BYTES, "int16", False, 160),
        (FLOATS, "float64", False, 160),
    ],
)
def test_bytes_of_prepared_examples(
    input: InputTransform, dtype: str, divided: bool, nbytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = Examples((np.zeros((10, 4), dtype),), (), "training")
    made = Preparation((input,), ())
    assert sizes.prepared_nbytes(part, made, divided) == nbytes
    monkeypatch.setattr(sizes, "KEPT_NBYTES", 160)
    assert sizes.kept_nbytes(part, made) == 160
    monkeypatch.setattr(sizes, "KEPT_NBYTES", 159)
    assert sizes.kept_nbytes(part, made) == 0


@pytest.mark.parametrize(
    ("numbers", "batch", "found"),
    [
        (1, 8, 1024),
        (1024, 8, 1024),
        (2048, 8, 512),
        (1 << 20, 8, 8),
        (1 << 20, 1, 1),
        (4, 9000, 9000),
    ],
)
def test_examples_that_are_evaluated_at_a_time(numbers: int, batch: int, found: int) -> None:
    small: Any = SimpleNamespace(shape=(1,))
    large: Any = SimpleNamespace(shape=(numbers,))
    assert sizes.evaluation_batch(Preparation((small, large), ()), batch) == found
