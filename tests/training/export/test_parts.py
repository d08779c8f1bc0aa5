"""What an export says of itself and what it is measured by, on arrays and models that are made up:
no converter runs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import os
import re
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from netdsl.errors import NetError
from netdsl.training.export import checks, export, prepared_check
from netdsl.training.export.export import _check_free, _check_siblings, _described, _place, _run_of
from netdsl.training.export.format import Format
from netdsl.training.export.interface import (
    ExportedInput,
    ExportedOutput,
    Interface,
    interface_of,
)
from netdsl.training.export.precision import _with_float32, precision
from netdsl.training.export.prepared import array_of, indices_of, said
from netdsl.training.export.prepared_check import _certain, _error
from netdsl.training.export.raw_examples import RAW_EXAMPLES, as_read, raw_examples
from netdsl.training.export.silence import silent
from netdsl.training.preparation.columns import ColumnTransform, TableTransform
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.transforms import Preparation

# --- what converters print ------------------------------------------------------------------------


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_nothing_that_a_converter_prints_is_shown(
    error: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Text printed before and after the block is shown, though Python keeps it for a while."""
    for place, name in ((1, "stdout"), (2, "stderr")):
        monkeypatch.setattr(sys, name, os.fdopen(place, "w", 4096, closefd=False))
        print("before", end=" ", file=getattr(sys, name))
    free = os.dup(0)
    os.close(free)
    with contextlib.suppress(KeyboardInterrupt), silent():
        for place, name in ((1, "stdout"), (2, "stderr")):
            print("inside", file=getattr(sys, name))
            os.write(place, b"inside")
        warnings.warn("inside", stacklevel=1)
        logging.getLogger("converter").error("inside")
        if error is not None:
            raise error
    logging.getLogger("converter").error("after")
    for name in ("stdout", "stderr"):
        print("after", end="", file=getattr(sys, name), flush=True)
    assert capfd.readouterr() == ("before after", "before after")
    assert caplog.messages == ["after"]
    again = os.dup(0)
    os.close(again)
    assert again == free, "no file stays open"


# --- how close two computations are ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "error"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([1.0, 2.0], [1.0, 2.5], 0.25),
        ([1.0, -4.0], [2.0, -4.0], 0.25),
        ([0.0, 0.0], [0.0, 0.5], 0.5),
        ([0.0, 0.0], [0.0, -0.5], 0.5),
        ([0.5, 0.25], [0.25, 0.25], 0.5),
        ([1.0], [math.nan], math.nan),
    ],
)
def test_relative_errors(ours: Any, theirs: Any, error: float) -> None:
    found = checks.relative_error(np.array(ours), np.array(theirs))
    assert found == pytest.approx(error, nan_ok=True)


@pytest.mark.parametrize(
    ("outputs", "found"),
    [
        ([[[1.0], [1.0], [1.0]]], 0.0),
        ([[[1.0], [1.0], [1.5]]], 0.5),
        ([[[1.0], [3.0], [1.0]], [[1.0], [2.0], [1.0]]], 1.0),
        ([[[2.0, 0.0], [2.0, 0.5], [2.0, 0.0]]], 0.25),
        ([[[1.0], [3.0], [1.0]], [[1.0], [1.0], [1.0]]], 0.0),
    ],
)
def test_how_much_outputs_change(outputs: Any, found: float) -> None:
    assert checks.change([np.array(one) for one in outputs]) == found


class Model:
    """A model of one input that gives `function` of the scale of its examples."""

    name = "toy"
    layers: tuple[Any, ...] = ()

    def __init__(self, function: Any) -> None:
        self.function = function
        self.scales: list[float] = []

    def predict_on_batch(self, examples: Any) -> Any:
        self.scales.append(float(examples[0, 0]))
        factor = np.float64(self.function(float(examples[0, 0])))
        with np.errstate(invalid="ignore"):
            return [factor * np.array([[0.0], [1.0], [2.0]]) + 1.0]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        checks, "random_examples", lambda model, scale: [np.full((3, 1), scale, np.float32)]
    )
    monkeypatch.setattr(checks, "as_list", lambda values: [np.asarray(v) for v in values])


@pytest.mark.parametrize(
    ("function", "scales", "chosen"),
    [
        (lambda scale: 1.0, [1.0], 1.0),
        (lambda scale: 0.01, [1.0], 1.0),
        (lambda scale: float(scale < 0.05), [1.0, 0.1, 0.01], 0.01),
        (lambda scale: float(scale > 500), [1.0, 0.1, 0.01, 10.0, 100.0, 1000.0], 1000.0),
        (lambda scale: 0.0, [1.0, 0.1, 0.01, 10.0, 100.0, 1000.0], 1.0),
        (lambda scale: 0.001 * (scale == 10), [1.0, 0.1, 0.01, 10.0, 100.0, 1000.0], 10.0),
    ],
)
def test_examples_are_scaled_until_outputs_change(
    function: Any, scales: list[float], chosen: float
) -> None:
    model = Model(function)
    examples, outputs = checks._distinct_outputs(model)  # type: ignore[arg-type]
    assert model.scales == pytest.approx(scales)
    assert examples[0][0, 0] == pytest.approx(chosen)
    assert np.array_equal(outputs[0][:, 0], function(chosen) * np.arange(3) + 1)


@pytest.mark.parametrize(("small", "tried"), [(1.0, [1.0, 0.1]), (0.001, list(checks.SCALES))])
def test_outputs_that_are_not_finite_are_the_last_choice(small: float, tried: list[float]) -> None:
    model = Model(lambda scale: math.inf if scale > 0.5 else small)
    with np.errstate(invalid="ignore"):
        examples, outputs = checks._distinct_outputs(model)  # type: ignore[arg-type]
    assert model.scales == pytest.approx(tried)
    assert examples[0][0, 0] == pytest.approx(0.1)
    assert np.isfinite(outputs[0]).all()


def form(runner: Any = None, **more: Any) -> Format:
    return Format("TOY", (".toy",), lambda model, path: "", runner, **more)


def running(function: Any) -> Format:
    return form(lambda model, path: lambda examples: function(examples))


ONES = np.array([[1.0], [2.0], [3.0]])


@pytest.mark.parametrize(
    ("theirs", "code", "message"),
    [
        ([ONES], "", "relative error 0.0e+00"),
        ([ONES + 2.9e-4], "", "relative error 9.7e-05"),
        ([ONES + 3.1e-4], "N634", "relative error 1.0e-04, and 1e-04 is allowed"),
        ([ONES * 2], "N634", "relative error 1.0e+00"),
        ([ONES[:, 0]], "N634", "relative error inf"),
        ([ONES, ONES], "N634", "relative error inf"),
        ([ONES * math.nan], "N634", "relative error nan"),
    ],
)
def test_an_export_is_compared(theirs: Any, code: str, message: str) -> None:
    model: Any = Model(lambda scale: 1.0)
    if code:
        with pytest.raises(NetError, match=re.escape(message)) as caught:
            checks.check(model, Path("a"), running(lambda examples: theirs))
        assert caught.value.diagnostics[0].code == code
        assert caught.value.diagnostics[0].help.startswith("nothing was written")
    else:
        text = checks.check(model, Path("a"), running(lambda examples: theirs))
        assert text == f"compared with Keras on 3 random examples with : {message}"


def test_outputs_that_hardly_change_say_little() -> None:
    text = checks.check(
        Model(lambda scale: 0.004),  # type: ignore[arg-type]
        Path("a"),
        running(lambda examples: [np.array([[1.0], [1.004], [1.008]])]),
    )
    assert text.endswith("; its outputs hardly depend on the inputs, so this says little")
    ours = [np.array([[1.0], [1.005], [1.02]])]
    numpy = checks.compared("Keras", 3, form(checker="numpy"), 0.5, ours)
    assert numpy == (
        f"compared with Keras on 3 random examples with numpy {np.__version__}: "
        "relative error 5.0e-01"
    )


def test_nothing_to_compare_with() -> None:
    with pytest.raises(NetError, match=r"N634.*not finite"):
        checks.check(
            Model(lambda scale: math.nan),  # type: ignore[arg-type]
            Path("a"),
            running(lambda examples: [ONES]),
        )


@pytest.mark.parametrize(
    ("error", "code"),
    [(ValueError("first\nsecond"), "N632"), (OSError("disk"), ""), (MemoryError(), "")],
)
def test_a_runtime_that_gives_up(error: Exception, code: str) -> None:
    def broken(examples: Any) -> Any:
        raise error

    model: Any = Model(lambda scale: 1.0)
    with pytest.raises(NetError if code else type(error)) as caught:
        checks.check(model, Path("a"), running(broken))
    if code:
        (found,) = caught.value.diagnostics  # type: ignore[attr-defined]
        assert (found.code, found.message) == (code, "TOY cannot hold toy: first")


def layer(kind: str, module: str, name: str) -> Any:
    made = type(kind, (), {"__module__": module})()
    made.name = name
    return made


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("x" * 400, "x" * 300),
        ("no op for toy/b_1/Add", "no op for toy/b_1/Add"),
        ("no op for toy/dense/Add", "no op for toy/dense/Add"),
    ],
)
def test_layers_are_named_where_a_form_cannot_hold_them(reason: str, said: str) -> None:
    own = [layer(kind, "netdsl.keras.layers", f"{kind.lower()}_1") for kind in ("B", "A", "B")]
    model: Any = SimpleNamespace(
        name="toy", layers=[*own, layer("Dense", "keras.src.layers", "dense")]
    )
    found = checks.cannot_hold(model, form(), ValueError(reason)).diagnostics[0]
    at = next((f" at its layer {name}" for name in ("b_1", "dense") if f"{name}/" in reason), "")
    lacks = "it has layers that Keras lacks: A, B"
    assert found.message == f"TOY cannot hold toy ({lacks}){at}: {said}"
    assert found.help == ".keras and .safetensors hold every network"


# --- what is refused before anything is written ---------------------------------------------------


@pytest.mark.parametrize("name", ["onnx", "savedmodel"])
@pytest.mark.parametrize("force", [False, True])
def test_targets_that_can_be_written(tmp_path: Path, name: str, force: bool) -> None:
    def said(target: Path) -> str:
        try:
            _check_free(target, name, force)
        except NetError as error:
            return error.diagnostics[0].message.removeprefix(f"{target} ")
        return ""

    for folder in ("folder", "saved", "half"):
        (tmp_path / folder).mkdir()
    (tmp_path / "saved" / "saved_model.pb").touch()
    (tmp_path / "half" / "saved_model.pb").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    saves = name == "savedmodel"
    exists = "" if force else "already exists"
    refused = "is a folder, but not a SavedModel that could be replaced"
    assert said(tmp_path / "new") == ""
    assert said(tmp_path / "none" / "new") == f"there is no folder {tmp_path / 'none'}"
    assert said(tmp_path / "file" / "new") == f"there is no folder {tmp_path / 'file'}"
    assert said(tmp_path / "folder") == said(tmp_path / "half") == refused
    assert said(tmp_path / "saved") == (exists if saves else refused)
    assert said(tmp_path / "file") == ("is a file; a SavedModel is a folder" if saves else exists)
    assert said(tmp_path / "link") == exists
    assert said(Path(".")) == refused


def test_devices_are_not_targets() -> None:
    with pytest.raises(NetError, match="/dev/null is a"):
        _check_free(Path("/dev/null"), "onnx", True)


def test_what_is_said_next_to_an_export(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    _check_siblings(path, "{}\n")
    path.write_text("{}\n")
    _check_siblings(path, "{}\n")
    with pytest.raises(NetError, match="N604"):
        _check_siblings(path, "{ }\n")
    (tmp_path / "b.json").mkdir()
    with pytest.raises(NetError, match="N604"):
        _check_siblings(tmp_path / "b.json", "{}\n")


def test_what_is_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "finished_run", lambda source, net: (source, net))
    (tmp_path / "run.keras").mkdir()
    (tmp_path / "model.keras").touch()
    found = [_run_of(tmp_path / name, None) for name in ("run.keras", "none", "model.keras")]
    assert found == [(tmp_path / "run.keras", None), (tmp_path / "none", None), None]
    assert _run_of(tmp_path / "run", "generator") == (tmp_path / "run", "generator")
    for name, net, code, help in (
        ("model.keras", "generator", "N691", "leave --net out"),
        ("a.h5", "generator", "N691", "leave --net out"),
        ("a.h5", None, "N613", None),
        ("modle.keras", None, "N601", "did you mean `model.keras`?"),
        ("something.keras", None, "N601", None),
    ):
        with pytest.raises(NetError) as caught:
            _run_of(tmp_path / name, net)
        (problem,) = caught.value.diagnostics
        assert (problem.code, problem.help or None) == (code, help)


def test_a_folder_is_put_back(tmp_path: Path) -> None:
    part, target, old = (tmp_path / name for name in ("part", "target", "old"))
    part.write_text("new")
    target.write_text("file")
    _place(part, target, old)
    assert (target.read_text(), old.exists()) == ("new", False)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "mine").touch()
    with pytest.raises(OSError, match="gone"):
        _place(tmp_path / "gone", folder, old)
    assert (folder / "mine").is_file()
    (tmp_path / "made").mkdir()
    _place(tmp_path / "made", folder, old)
    assert (list(folder.iterdir()), (old / "mine").is_file()) == ([], True)


# --- precisions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policies", "found"),
    [
        ([], "float32"),
        (["float32", "float32"], "float32"),
        (["float32", "mixed_bfloat16", "float16"], "mixed_bfloat16"),
    ],
)
def test_the_precision_of_a_model(policies: list[str], found: str) -> None:
    layers = [SimpleNamespace(dtype_policy=SimpleNamespace(name=name)) for name in policies]
    model: Any = SimpleNamespace(layers=layers)
    assert precision(model) == found


def test_configurations_in_float32() -> None:
    policy = {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
    assert _with_float32(
        {
            "layers": [{"dtype": policy, "name": "float16"}, {"dtype": "float16"}],
            "dtype": "bfloat16",
            "other": ("mixed_float16", {"dtype": "int32"}),
            "more": {"class_name": "Dense", "dtype": "mixed_bfloat16"},
        }
    ) == {
        "layers": [{"dtype": "float32", "name": "float16"}, {"dtype": "float32"}],
        "dtype": "float32",
        "other": ("mixed_float16", {"dtype": "int32"}),
        "more": {"class_name": "Dense", "dtype": "float32"},
    }


# --- inputs ---------------------------------------------------------------------------------------

X = InputTransform("x", (4,), False, 1.0, False, (4,))
PICTURE = dataclasses.replace(
    X, example=(8, 8), whole=True, scale=255.0, unit=True, shape=(8, 8, 1)
)


@pytest.mark.parametrize(
    ("input", "dtype", "shape", "meaning"),
    [
        (X, "float32", (4,), "numbers as the training data has them"),
        (PICTURE, "uint8", (8, 8), "pixels from 0 to 255"),
        (
            dataclasses.replace(PICTURE, whole=False, scale=1.0),
            *("float32", (8, 8), "pixels from 0 to 1"),
        ),
        (dataclasses.replace(PICTURE, scale=256.0), "uint16", (8, 8), "pixels from 0 to 256"),
        (dataclasses.replace(PICTURE, scale=65535.0), "uint16", (8, 8), "pixels from 0 to 65535"),
        (dataclasses.replace(PICTURE, scale=65536.0), "float32", (8, 8), "pixels from 0 to 65536"),
        (
            dataclasses.replace(X, whole=True, scale=16.0, unit=True),
            *("uint8", (4,), "numbers as the training data has them, from 0 to 16"),
        ),
        (
            dataclasses.replace(X, whole=True, scale=16.0),
            *("float32", (4,), "numbers as the training data has them"),
        ),
        (dataclasses.replace(X, vocabulary=2000), "int32", (4,), "integers from 0 to 1,999"),
        (
            dataclasses.replace(PICTURE, pixel_range=(0.0, 65535.0)),
            "uint16",
            (8, 8),
            "grey values as image files hold them: 0 is black, 65535 is white",
        ),
        (
            dataclasses.replace(PICTURE, example=(8, 8, 3), pixel_range=(-1.5, 2.0)),
            "float32",
            (8, 8, 1),
            "grey values as image files hold them: -1.5 is black, 2 is white",
        ),
    ],
)
def test_what_an_input_takes(input: InputTransform, dtype: str, shape: Any, meaning: str) -> None:
    (found,) = interface_of(Preparation((input,), ())).inputs
    assert found == ExportedInput("x", dtype, shape, meaning)
    assert not found.coded
    assert not found.words
    drawn = raw_examples(Preparation((input,), ()), Interface((found,), ()))["x"]
    assert (drawn.shape, str(drawn.dtype)) == ((RAW_EXAMPLES, *shape), dtype)
    if input.unit or input.vocabulary or input.pixel_range:
        low, high = input.pixel_range or (
            0,
            input.vocabulary - 1 if input.vocabulary else input.scale,
        )
        assert low <= drawn.min() < drawn.max() <= high
        assert drawn.max() > (low + high) / 2
    else:
        assert drawn.min() < 0, "around 0"
        assert drawn.max() < 4 * input.scale


MISSING = "NaN where it is missing, which counts as"
COLUMNS = [
    (ColumnTransform("a", median=2.5), "float64", (1,), f"a number; {MISSING} 2.5"),
    (
        ColumnTransform("a", "date", "month", median=0.0),
        *("float64", (1,)),
        f"a date as days since 1970-01-01 in UTC, with a fraction; {MISSING} 1970-01-01",
    ),
    (
        ColumnTransform("a", "category", categories=("b", "c")),
        *("string", (1,), "a category as text; empty where it is missing"),
    ),
    (
        ColumnTransform("a", "category", categories=("b", "c"), length=1),
        *("string", (1,), "a category as text; empty where it is missing"),
    ),
    (
        ColumnTransform("a", "ordinal", categories=("b", "c"), median=1.0),
        *("string", (1,), "a text of an order; another or an empty one counts as c"),
    ),
    (ColumnTransform("a", "ordinal", median=1.0), "float64", (1,), f"a number; {MISSING} 1"),
    (
        ColumnTransform("a", "text", categories=("b", "c"), length=5),
        *("int32", (5,)),
        "the places of the last 5 words in `words`, the first of which has place 2: 0 before a "
        "shorter text, 1 for another word",
    ),
]


@pytest.mark.parametrize(("column", "dtype", "shape", "meaning"), COLUMNS)
def test_what_a_column_takes(column: ColumnTransform, dtype: str, shape: Any, meaning: str) -> None:
    vocabulary = 4 if column.length else 0
    table = TableTransform((column,), ())
    input = InputTransform("x", (1,), False, 1.0, False, (column.width,), vocabulary, columns=table)
    interface = interface_of(Preparation((input,), ()))
    (found,) = interface.inputs
    assert found == ExportedInput("a", dtype, shape, meaning, column.categories)
    assert found.coded is (dtype == "string")
    assert found.words is (column.kind == "text")
    plain = interface.as_plain()["inputs"][0]
    listed = {"string": {"categories": ["b", "c"]}, "int32": {"words": ["b", "c"]}}.get(dtype, {})
    assert plain == {
        "name": "a",
        "dtype": dtype,
        "shape": ["batch", *shape],
        "meaning": meaning,
        **listed,
    }
    drawn = raw_examples(Preparation((input,), ()), interface)
    cells = drawn["a"]
    assert cells.shape == (RAW_EXAMPLES, *shape)
    (read,) = as_read(Preparation((input,), ()), drawn)
    if dtype == "string":
        texts = cells[:, 0].tolist()
        unknown = [text for text in texts if text not in ("b", "c", "")]
        assert unknown == ["?b"]
        assert "" in texts
        places = [{"b": 0.0, "c": 1.0}.get(text, math.nan) for text in texts]
        expected = [0 if math.isnan(one) else one + 1 for one in places] if vocabulary else places
        assert np.array_equal(read[:, 0], expected, equal_nan=True)
    elif dtype == "int32":
        assert set(np.unique(cells)) == {0, 1, 2, 3}
        assert np.array_equal(read, cells)
    else:
        assert np.isnan(cells).sum() == 1
        assert (np.nanstd(cells) > 100) is np.bool_(column.kind == "date")
        assert np.array_equal(read[:, 0], cells[:, 0], equal_nan=True)


def test_a_column_with_two_parts_is_one_input() -> None:
    columns = [
        ColumnTransform("when", "date", "year"),
        ColumnTransform("when", "date", "month"),
        ColumnTransform("b"),
    ]
    table = TableTransform(tuple(columns), ())
    input = InputTransform("x", (3,), False, 1.0, False, (4,), columns=table)
    first, last = (dataclasses.replace(X, name=name) for name in "az")
    preparation = Preparation((first, input, last), ())
    assert [one.name for one in interface_of(preparation).inputs] == ["a", "when", "b", "z"]
    before, *read = as_read(preparation, raw_examples(preparation, interface_of(preparation)))
    assert [one.shape for one in read] == [(RAW_EXAMPLES, 3), (RAW_EXAMPLES, 4)]
    assert before.shape == (RAW_EXAMPLES, 4)
    assert np.array_equal(read[0][:, 0], read[0][:, 1], equal_nan=True)


def test_indices_of_texts() -> None:
    cells = np.array([[0.0], [math.nan], [1.0]])
    category = ColumnTransform("a", "category", categories=("b", "c"), length=1)
    assert indices_of(np, category, cells).tolist() == [[1], [0], [2]]
    text = ColumnTransform("a", "text", categories=("b", "c"), length=1)
    assert indices_of(np, text, cells[::2]).tolist() == [[0], [1]]


def test_images_of_more_bits() -> None:
    deep = dataclasses.replace(PICTURE, example=(1, 2, 3), pixel_range=(100.0, 300.0))
    found = array_of(np, deep, np.array([[[[100.0], [200.0]]]]))
    assert found.shape == (1, 1, 2, 3)
    assert found[0, 0, :, 0].tolist() == [0.0, 0.5]
    x = np.ones((1, 4))
    assert array_of(np, X, x) is x


# --- outputs --------------------------------------------------------------------------------------

THREE = OutputTransform("y", (3,), "softmax", "cross-entropy", 3, ("a", "b", "c"))
TWO = OutputTransform("y", (1,), "sigmoid", "binary", 2, ("no", "yes"))
VALUE = OutputTransform("y", (2,), "linear", "squared", 0, columns=("u", "v"))
TAG = OutputTransform("y", (2,), "sigmoid", "binary", 0, ("s", "t"))
DENSE = OutputTransform("y", (5, 3), "softmax", "cross-entropy", 3, ("a", "b", "c"))
ABC = ("a", "b", "c")


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            THREE,
            [
                ("class", "class", "int64", (), "the class answered", ABC),
                ("name", "name", "string", (), "the name of that class", ABC),
                ("probabilities", "scores", "float32", (3,), "probabilities of the classes", ABC),
            ],
        ),
        (
            dataclasses.replace(TWO, names=()),
            [
                ("class", "class", "int64", (), "the class answered", ()),
                ("probabilities", "scores", "float32", (2,), "probabilities of the classes", ()),
            ],
        ),
        (
            dataclasses.replace(TWO, names=("no",), loss="hinge", activation="linear"),
            [
                ("class", "class", "int64", (), "the class answered", ("no", "1")),
                ("name", "name", "string", (), "the name of that class", ("no", "1")),
                ("scores", "scores", "float32", (2,), "scores of the classes", ("no", "1")),
            ],
        ),
        (DENSE, [("labels", "labels", "int64", (5,), "the class of each position", ABC)]),
        (
            VALUE,
            [("output", "output", "float64", (2,), "values in the units of the data", ("u", "v"))],
        ),
        (
            dataclasses.replace(VALUE, columns=()),
            [("output", "output", "float32", (2,), "values in the units of the data", ())],
        ),
        (
            TAG,
            [
                ("output", "output", "float32", (2,), "probabilities", ("s", "t")),
                (
                    "labels",
                    "labels",
                    "int64",
                    (2,),
                    "1 where the answer is yes, else 0",
                    ("s", "t"),
                ),
            ],
        ),
    ],
)
def test_what_an_output_gives(output: OutputTransform, expected: Any) -> None:
    found = interface_of(Preparation((X,), (output,)))
    assert [(one.place, one.name, *one[2:]) for one in found.outputs] == [
        (0, *one) for one in expected
    ]
    plain = found.as_plain()["outputs"][0]
    assert plain["shape"] == ["batch", *expected[0][3]]
    assert plain.get("names", []) == list(expected[0][5])
    assert ("names" in plain) is bool(expected[0][5])


def test_names_of_outputs() -> None:
    def names(*outputs: OutputTransform, input: str = "x") -> list[str]:
        made = Preparation((dataclasses.replace(X, name=input),), outputs)
        return [one.name for one in interface_of(made).outputs]

    other = dataclasses.replace(VALUE, name="z")
    assert names(THREE) == ["class", "name", "probabilities"]
    assert names(THREE, input="name") == ["y.class", "y.name", "y.probabilities"]
    assert names(THREE, other) == ["y.class", "y.name", "y.probabilities", "z.output"]
    assert names(VALUE, dataclasses.replace(VALUE)) == ["y.output", "y.output2"]


def test_what_is_said_of_an_export() -> None:
    inputs = [ExportedInput(f"x{n}", "int32", (1,), "", ("a",) if n < 2 else ()) for n in range(12)]
    outputs = [ExportedOutput(f"y{n}", 0, "output", "float32", (1,), "") for n in range(2)]
    first, *words = _described(Interface(tuple(inputs), tuple(outputs)))
    assert first.startswith("it takes x0, x1, x2, x3, x4, x5, x6, x7, x8, x9")
    assert "x10" not in first
    assert first.endswith(", as the data has them, and gives y0, y1")
    given = "is given as the places of its words: texts are not split in the export"
    assert words == [f"x0 {given}", f"x1 {given}"]


# --- answers that are compared --------------------------------------------------------------------


def of(output: OutputTransform, key: str) -> ExportedOutput:
    found = interface_of(Preparation((X,), (output,))).outputs
    return next(one for one in found if one.key == key)


SURE = np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
UNSURE = np.array([[0.50003, 0.49999, 0.0], [0.125, 0.125, 0.75]])


@pytest.mark.parametrize(
    ("output", "key", "values", "theirs", "error"),
    [
        (THREE, "class", SURE, np.array([0, 2]), 0.0),
        (THREE, "class", SURE, np.array([1, 2]), math.inf),
        (THREE, "class", UNSURE, np.array([1, 2]), 0.0),
        (THREE, "class", UNSURE, np.array([0, 1]), math.inf),
        (THREE, "class", SURE, np.array([[0], [2]]), math.inf),
        (THREE, "name", SURE, np.array(["a", "c"], object), 0.0),
        (THREE, "name", SURE, np.array([b"a", b"c"], object), 0.0),
        (THREE, "name", SURE, np.array(["b", "c"], object), math.inf),
        (THREE, "name", UNSURE, np.array(["b", "c"], object), 0.0),
        (THREE, "scores", SURE, SURE, 0.0),
        (THREE, "scores", SURE, SURE + 0.375, 0.5),
        (THREE, "scores", SURE, SURE[:1], math.inf),
        (VALUE, "output", np.array([[1.0, -2.0]]), np.array([[1.0, -1.0]]), 0.5),
        (VALUE, "output", np.zeros((1, 2)), np.array([[0.0, -0.25]]), 0.25),
        (
            dataclasses.replace(VALUE, centre=100.0, spread=2.0),
            *("output", np.array([[1.0, -2.0]]), np.array([[102.0, 97.0]]), 0.25),
        ),
        (TWO, "class", np.array([[0.75], [0.25]]), np.array([1, 0]), 0.0),
        (TWO, "class", np.array([[0.75], [0.25]]), np.array([0, 0]), math.inf),
        (TWO, "class", np.array([[0.50001], [0.25]]), np.array([0, 0]), 0.0),
        (TWO, "class", np.array([[0.501], [0.25]]), np.array([0, 0]), math.inf),
        (
            dataclasses.replace(TWO, thresholds=(0.25,)),
            *("class", np.array([[0.75], [0.25005]]), np.array([1, 0]), 0.0),
        ),
        (
            dataclasses.replace(TWO, thresholds=(0.25,)),
            *("class", np.array([[0.75], [0.2502]]), np.array([1, 0]), math.inf),
        ),
        (
            dataclasses.replace(TWO, thresholds=(0.25,), positive=0),
            *("class", np.array([[0.75005], [0.2502]]), np.array([0, 0]), 0.0),
        ),
        (
            DENSE,
            *("labels", np.stack([SURE[[0, 1, 1, 1, 0]]]), np.array([[0, 2, 2, 2, 0]]), 0.0),
        ),
        (
            DENSE,
            *("labels", np.stack([SURE[[0, 1, 1, 1, 0]]]), np.array([[0, 2, 2, 1, 0]]), math.inf),
        ),
        (TAG, "output", np.array([[0.5, 0.25]]), np.array([[0.5, 0.5]]), 0.5),
        (TAG, "labels", np.array([[0.75, 0.50001]]), np.array([[1, 0]]), 0.0),
        (TAG, "labels", np.array([[0.75, 0.501]]), np.array([[1, 0]]), math.inf),
        (
            dataclasses.replace(TAG, thresholds=(0.8, 0.25)),
            *("labels", np.array([[0.75, 0.5]]), np.array([[0, 1]]), 0.0),
        ),
        (
            dataclasses.replace(TAG, thresholds=(0.8, 0.25)),
            *("labels", np.array([[0.75, 0.5]]), np.array([[1, 1]]), math.inf),
        ),
    ],
)
def test_how_far_answers_are_off(
    output: OutputTransform, key: str, values: Any, theirs: Any, error: float
) -> None:
    assert _error(output, of(output, key), values, theirs) == pytest.approx(error)


def test_answers_that_are_certain() -> None:
    assert _certain(THREE, SURE).tolist() == [[True], [True]]
    assert _certain(THREE, UNSURE).tolist() == [[False], [True]]
    assert _certain(THREE, 1000 * UNSURE).tolist() == [[False], [True]]
    threshold = dataclasses.replace(TWO, thresholds=(0.9,))
    assert _certain(threshold, np.array([[0.5], [0.90005]])).tolist() == [[True], [False]]


def test_what_outputs_say() -> None:
    assert said(np, VALUE, np.array([[1.0, 2.0]]))["output"].tolist() == [[1.0, 2.0]]
    centred = dataclasses.replace(VALUE, centre=1.0, spread=2.0)
    assert said(np, centred, np.array([[1.0, 2.0]]))["output"].tolist() == [[3.0, 5.0]]
    dense = said(np, DENSE, np.stack([SURE[[0, 1, 1, 1, 0]]] * 2))
    assert {key: one.shape for key, one in dense.items()} == {"labels": (2, 5)}
    both = said(np, TWO, np.array([[0.75], [0.25]]))
    assert both["class"].tolist() == [1, 0]
    assert both["scores"].tolist() == [[0.25, 0.75], [0.75, 0.25]]


def test_a_prepared_export_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    preparation = Preparation((X,), (dataclasses.replace(VALUE, columns=()),))
    monkeypatch.setattr(prepared_check, "as_list", lambda values: [values])

    def checked(gives: Any, theirs: Any) -> str:
        model = SimpleNamespace(name="toy", layers=[], predict_on_batch=lambda x: gives(x))
        prepared: Any = SimpleNamespace(
            model=model, preparation=preparation, interface=interface_of(preparation)
        )
        runner = form(prepared_runner=lambda prepared, path: lambda examples: [theirs(examples)])
        return prepared_check.check_prepared(prepared, Path("a"), runner)

    def half(x: Any) -> Any:
        return x[:, :2] / 2

    text = checked(half, lambda examples: half(examples["x"]))
    assert (
        text == "compared with netdsl predict on 16 random examples with : relative error 0.0e+00"
    )
    with pytest.raises(NetError, match=r"N634.*relative error 1.0e\+00"):
        checked(half, lambda examples: examples["x"][:, :2])
    with pytest.raises(NetError, match=r"N634.*not finite"):
        checked(lambda x: half(x) * math.inf, lambda examples: half(examples["x"]))
    with pytest.raises(NetError, match=r"N632.*cannot hold toy"):
        checked(half, lambda examples: examples["y"])
