"""Exports that prepare examples themselves: they answer as `predict` does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import netdsl
from netdsl.process import backend
from netdsl.training.data.sources.date_cells import read_dates
from netdsl.training.export.export import export
from netdsl.training.export.interface import ExportedInput, Interface, interface_of
from netdsl.training.export.prepared import PreparedModel
from netdsl.training.export.prepared_check import check_prepared
from netdsl.training.export.raw_examples import raw_examples
from netdsl.training.export.registry import FORMATS
from netdsl.training.export.savedmodel import signature_names
from netdsl.training.export.silence import silent
from netdsl.training.loop.train import train
from netdsl.training.preparation.columns import (
    CATEGORY,
    DATE,
    ORDINAL,
    ColumnTransform,
    TableTransform,
)
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.transforms import Preparation
from netdsl.training.recipes.recipe import parse_recipe
from netdsl.training.runs.finished import finished_run

pytestmark = [
    pytest.mark.keras,
    pytest.mark.skipif(
        backend() != "tensorflow", reason="written on TensorFlow, whatever a run was trained on"
    ),
]

Given = dict[str, Any]
Train = Callable[..., Path]


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table of 60 rows: numbers, texts, dates, an order; some cells are empty."""
    folder = tmp_path_factory.mktemp("prepared")
    rng = np.random.default_rng(3)
    lines = ["age,colour name,joined,size,name,review,spent,visits,back"]
    for row in range(60):
        age = "" if row % 9 == 0 else f"{rng.normal(40, 10):.1f}"
        colour = ("red", "green", "dark blue", "")[row % 4]
        joined = (
            f"20{rng.integers(10, 24)}-{rng.integers(1, 13)}-{rng.integers(1, 29)} 0{row % 9}:30"
        )
        cells = (
            age,
            colour,
            "" if row % 11 == 0 else joined,
            ("small", "medium", "large")[row % 3],
            ("a", "b")[row % 2],
            ("good and cheap", "not good", "bad bad")[row % 3],
            f"{1000 * rng.normal():.2f}",
            str(rng.integers(1, 9)),
            ("yes", "no")[row // 3 % 2],
        )
        lines.append(",".join(cells))
    (folder / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def trained(where: Path) -> Train:
    """Trains a network for an epoch by a recipe, and gives the run's folder."""

    def make(name: str, text: str, recipe: str) -> Path:
        network = netdsl.parse(text, name=name)
        read = parse_recipe(f"epochs: 1\nbatch: 16\n{recipe}".replace("HERE", str(where)))
        return train(network, read, where=where, quiet=True).folder

    return make


def texts(*cells: str) -> Any:
    return np.array([[cell] for cell in cells], object)


def numbers(*cells: float) -> Any:
    return np.array([[cell] for cell in cells], float)


def answers(run: Path, name: str, given: Given) -> Given:
    """What an export of a run gives, by output."""
    target = run.parent / f"{run.name}{'.onnx' if name == 'onnx' else ''}"
    target = target if name == "onnx" else saved(run)
    reported = export(run, target, force=True)
    assert "compared with netdsl predict on 16 random examples" in reported[1]
    if name == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
        outputs = [one.name for one in session.get_outputs()]
        return dict(zip(outputs, session.run(None, given), strict=True))
    import tensorflow

    loaded = tensorflow.saved_model.load(target)
    found = loaded.serve({key: tensorflow.constant(value) for key, value in given.items()})
    return {key: value.numpy() for key, value in found.items()}


def saved(run: Path) -> Path:
    return run.parent / f"saved-{run.name}"


def described(run: Path) -> Given:
    """What a SavedModel says of itself."""
    path = saved(run) / "assets.extra" / "interface.json"
    found: Given = json.loads(path.read_text(encoding="utf-8"))
    return found


def same_as_predicted(run: Path, inputs: Any, given: Given, prefix: str = "") -> None:
    """Check both forms: each class, name, probability and value is that of `predict`."""
    expected = netdsl.predict(run, inputs)
    for form in ("onnx", "savedmodel"):
        found = answers(run, form, given)
        for row, record in enumerate(expected):
            outputs = record["outputs"].items() if "outputs" in record else [(prefix, record)]
            for output, said in outputs:
                own = {
                    key: found[f"{output}.{key}" if output else key][row]
                    for key in ("class", "name", "probabilities", "scores", "output", "labels")
                    if (f"{output}.{key}" if output else key) in found
                }
                assert own
                for key, value in own.items():
                    if key in ("probabilities", "scores"):
                        assert value == pytest.approx(list(said[key].values()), rel=1e-5, abs=1e-6)
                    elif key == "output":
                        assert value == pytest.approx(np.array(said[key]), rel=1e-5, abs=1e-5)
                    elif key == "name":
                        assert (value.decode() if form == "savedmodel" else value) == said["name"]
                    else:
                        assert np.array_equal(value, said[key])


DAYS = read_dates(["2022-02-28 05:00", "2024-02-29 00:00", "2019-12-31 23:00"]).days
ROWS = {
    "age": numbers(np.nan, 33.5, 120, 50),
    "colour name": texts("green", "purple", "", "red"),
    "joined": numbers(DAYS[0] or 0, DAYS[1] or 0, np.nan, DAYS[2] or 0),
    "size": texts("small", "large", "huge", "medium"),
    "name": texts("a", "b", "c", ""),
}
NEW = """age,colour name,joined,size,name,review
,green,2022-02-28 05:00,small,a,cheap and good
33.5,purple,2024-02-29 00:00,large,b,unknown words
120,,,huge,c,
50,red,2019-12-31 23:00,medium,,bad
"""


def test_a_table_with_two_targets(where: Path, trained: Train) -> None:
    """Missing cells, unseen categories, every part of a date, an order, values in their units."""
    run = trained(
        "values",
        "17 > fc-4 > linear-2",
        """data:
  source: HERE/table.csv
  target: [spent, visits]
  drop: [review, back]
  columns: {joined: [elapsed, year, month, day, weekday, hour], size: ordinal}
  categories: {size: [small, medium, large]}
""",
    )
    (where / "new.csv").write_text(NEW, encoding="utf-8")
    same_as_predicted(run, where / "new.csv", ROWS)
    said = described(run)
    known = {one["name"]: (one["dtype"], one["shape"]) for one in said["inputs"]}
    assert known == {
        "age": ("float64", ["batch", 1]),
        "colour name": ("string", ["batch", 1]),
        "joined": ("float64", ["batch", 1]),
        "size": ("string", ["batch", 1]),
        "name": ("string", ["batch", 1]),
    }
    assert said["inputs"][1]["categories"] == ["dark blue", "green", "red"]
    assert said["inputs"][1]["signature"] == "colour_name"
    (output,) = said["outputs"]
    assert (output["dtype"], output["names"]) == ("float64", ["spent", "visits"])


def test_a_threshold_and_a_temperature(where: Path, trained: Train) -> None:
    """Of two classes by one number. A column has the name of an output, which gets a longer one."""
    run = trained(
        "back",
        "input x: 7 > fc-4 > sigmoid-1 as answer",
        """calibrate: temperature
threshold: 0.6
metrics: [f1]
data: {source: HERE/table.csv, target: back, columns: {joined: drop}, drop: [review, spent, size]}
""",
    )
    output = finished_run(run).preparation.outputs[0]
    assert (output.temperature != 1, output.thresholds) == (True, (0.6,))
    (where / "new.csv").write_text(
        "age,colour name,name,visits\n,green,a,1\n33.5,purple,b,4\n120,,c,3\n50,red,,9\n",
        encoding="utf-8",
    )
    rows = {key: ROWS[key] for key in ("age", "colour name", "name")}
    rows["visits"] = numbers(1, 4, 3, 9)
    same_as_predicted(run, where / "new.csv", rows, "answer")


def test_words_and_indices(where: Path, trained: Train) -> None:
    """Words are given by their places, which the description lists; categories as texts."""
    run = trained(
        "words",
        "input review: 4 of int(9) > embed-2 > flatten as r\n"
        "input size: 1 of int(9) > embed-2 > flatten as c\n[ @r | @c ] > softmax-2",
        "data: {source: HERE/table.csv, target: back, columns: {review: text, size: category}}\n",
    )
    (where / "new.csv").write_text(
        "review,size\nbad and good,small\ncheap new,large\n,huge\n", encoding="utf-8"
    )
    review = finished_run(run).preparation.inputs[0].columns
    assert review
    places = {word: place for place, word in enumerate(review.columns[0].categories, 2)}
    words = [["bad", "and", "good"], ["cheap", "new"], []]
    given = [[0] * (4 - len(row)) + [places.get(word, 1) for word in row] for row in words]
    rows = {"review": np.array(given, np.int32), "size": texts("small", "large", "huge")}
    same_as_predicted(run, where / "new.csv", rows)
    assert described(run)["inputs"][0]["words"] == list(places)


def test_deep_images(where: Path, trained: Train) -> None:
    """16 bits, scaled from a stated range."""
    rng = np.random.default_rng(0)
    for place in range(40):
        folder = where / "deep" / "ab"[place % 2]
        folder.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 5000, (8, 8)).astype(np.uint16)
        Image.fromarray(pixels).save(folder / f"{place}.png")
    run = trained(
        "deep",
        "8x8x3 > conv3-2 > softmax-2",
        "data: {source: HERE/deep, range: [100, 4095]}\n",
    )
    pictures = sorted((where / "deep" / "a").glob("*.png"))
    pixels = np.stack([np.asarray(Image.open(path)) for path in pictures])[..., None]
    kind = interface_of(finished_run(run).preparation).inputs[0]
    same_as_predicted(run, pictures, {kind.name: pixels.astype(kind.dtype)})


@pytest.mark.parametrize(
    ("name", "text", "more"),
    [
        ("larger", "12x10x3 > conv3-2 > softmax-10", ""),
        ("cut", "6x6x1 > conv3-2 > softmax-10", "augment: {crop_from: 9}\n"),
        ("flat", "64 > fc-10(linear)", ""),
        ("copies", "64 > fc-4 > sigmoid-64", ""),
    ],
)
def test_bytes_of_images(name: str, text: str, more: str, where: Path, trained: Train) -> None:
    """Given as the data has them: resized, in colour, cut, flat; logits; an image as the answer."""
    run = trained(
        name, text, "data: {source: digits, target: input}" if name == "copies" else "data: digits"
    )
    pixels = np.random.default_rng(1).integers(0, 17, (3, 8, 8)).astype(np.uint8)
    np.save(where / "pixels.npy", pixels)
    same_as_predicted(run, where / "pixels.npy", {"input": pixels})


def test_classes_of_positions_and_tags(where: Path, trained: Train) -> None:
    """Two outputs: their names come before what each says."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(40, 4, 4, 2)).astype(np.float32)
    np.savez(
        where / "two.npz",
        x=x,
        y_map=(x[..., 0] > 0).astype(int),
        y_tags=(x[:, 0, 0] > 0).astype(int),
    )
    run = trained(
        "two",
        "input 4x4x2 > conv3-3 as h\n@h > conv1-2(softmax) as map\n@h > sigmoid-2 as tags",
        "data: HERE/two.npz\nlosses: {map: cross-entropy, tags: binary}\nthreshold: 0.6\n",
    )
    np.save(where / "x.npy", x)
    said = [one["outputs"]["tags"] for one in netdsl.predict(run, where / "x.npy")]
    known, labels = (np.array([one[key] for one in said]) for key in ("output", "labels"))
    assert np.array_equal(labels, known > 0.6)
    assert (labels != (known > 0.5)).any()
    same_as_predicted(run, where / "x.npy", {"input": x})


# --- what is written ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits(trained: Train) -> Path:
    return trained("digits", "64 > fc-10(softmax)", "data: digits\n")


def test_onnx_describes_itself(where: Path, digits: Path) -> None:
    import onnx

    export(digits, where / "described.onnx")
    held = onnx.load(where / "described.onnx")
    properties = {one.key: json.loads(one.value) for one in held.metadata_props}
    assert properties["class_names"] == {"fc_1": [str(label) for label in range(10)]}
    assert held.producer_name == "netdsl"
    assert not (where / "described.json").exists()
    assert properties["inputs"] == [
        {
            "name": "input",
            "dtype": "uint8",
            "shape": ["batch", 8, 8],
            "meaning": "pixels from 0 to 16",
        }
    ]
    assert [one["name"] for one in properties["outputs"]] == ["class", "name", "probabilities"]


def test_the_network_alone(where: Path, digits: Path) -> None:
    import onnxruntime

    export(digits, where / "bare.onnx", bare=True)
    session = onnxruntime.InferenceSession(where / "bare.onnx")
    assert [(one.name, one.shape) for one in session.get_inputs()] == [("input", ["batch", 64])]
    assert [one.name for one in session.get_outputs()] == ["output_0"]
    prepared = (digits / "preparation.json").read_text(encoding="utf-8")
    assert (where / "bare.json").read_text(encoding="utf-8") == prepared


def test_names_of_a_signature() -> None:
    """TensorFlow takes ASCII and no words of Python's; each is there once."""
    inputs = ("a b", "a_b", "A_B", "é", "1", "", "ok", "_x", "class")
    interface = Interface(tuple(ExportedInput(name, "float64", (1,), "") for name in inputs), ())
    assert signature_names(interface) == {
        "a b": "a_b",
        "a_b": "a_b_2",
        "A_B": "A_B_3",
        "é": "input_",
        "1": "input_1",
        "": "input__2",
        "ok": "ok",
        "_x": "input_x",
        "class": "class_",
    }


NAMES = (
    *("class", "name", "probabilities", "output.class", "given_0", "given_1", "class_names"),
    *("Identity:0", "é", "a b", " ", "two\nlines", "\x1b[31m", "None"),
)


@pytest.mark.parametrize("form", ["onnx", "savedmodel"])
def test_columns_of_any_name(form: str, tmp_path: Path) -> None:
    """Those of outputs and of tensors within the graph too; numbers and texts in turn."""
    columns = tuple(
        ColumnTransform(name, CATEGORY, categories=("x", "y"))
        if place % 2
        else ColumnTransform(name, deviation=2.0)
        for place, name in enumerate(NAMES)
    )
    table = TableTransform(columns, ("y",))
    model = netdsl.parse(f"{table.width} > fc-4 > softmax-3", name="named").keras(seed=0)
    preparation = Preparation(
        (InputTransform("x", (len(NAMES),), False, 1.0, False, (table.width,), columns=table),),
        (OutputTransform("output", (3,), "softmax", "cross-entropy", 3, ("p", "q", "r")),),
    )
    check_both(model, preparation, form, tmp_path / form)


def check_both(model: Any, preparation: Preparation, form: str, path: Path) -> None:
    """Write a network with its preparation, and compare it as an export is."""
    prepared = PreparedModel(model, preparation, interface_of(preparation))
    write = FORMATS[form].write_prepared
    assert write is not None
    with silent():
        write(prepared, path)
    assert "relative error" in check_prepared(prepared, path, FORMATS[form])


def test_a_loop_within_onnx(tmp_path: Path) -> None:
    """A recurrent layer, whose loop is a graph within the graph; two classes with a threshold."""
    model = netdsl.parse("6 of int(9) > embed-2 > lstm-2 > sigmoid-1", name="loop").keras(seed=0)
    preparation = Preparation(
        (InputTransform("input", (6,), True, 1.0, False, (6,), 9),),
        (
            OutputTransform(
                *("output", (1,), "sigmoid", "binary", 2, ("no", "yes")),
                temperature=2.0,
                thresholds=(0.3,),
            ),
        ),
    )
    check_both(model, preparation, "onnx", tmp_path / "loop.onnx")


def test_random_examples_have_what_is_missing() -> None:
    """So that the check of an export meets missing cells: in each column, whatever is drawn."""
    kinds = (
        ColumnTransform("age", mean=40.0, deviation=10.0, median=38.0),
        ColumnTransform("day", DATE, "month", median=19_000.0),
        ColumnTransform("colour", CATEGORY, categories=("red", "green")),
        ColumnTransform("size", ORDINAL, categories=("small", "large")),
    )
    table = TableTransform(kinds, ("y",))
    given = InputTransform("x", (4,), False, 1.0, False, (table.width,), columns=table)
    output = OutputTransform("output", (1,), "", "squared", 0)
    preparation = Preparation((given,), (output,))
    examples = raw_examples(preparation, interface_of(preparation))
    for name in ("age", "day"):
        assert np.isnan(examples[name]).sum() == 1
    for column in kinds[2:]:
        cells = set(examples[column.name].ravel().tolist())
        assert "" in cells
        assert cells - {"", *column.categories}
        assert cells & set(column.categories)


@pytest.mark.parametrize("name", ["a.onnx", "saved"])
def test_answers_that_differ_are_refused(
    name: str, where: Path, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written."""
    from netdsl.errors import NetError
    from netdsl.training.export import prepared_check

    usual = prepared_check.said

    def other(xp: Any, output: Any, values: Any) -> Any:
        found = usual(xp, output, values)
        return {**found, "class": 9 - found["class"]}

    monkeypatch.setattr(prepared_check, "said", other)
    with pytest.raises(NetError, match="relative error inf") as caught:
        export(digits, where / name)
    assert caught.value.diagnostics[0].code == "N634"
    assert not (where / name).exists()
