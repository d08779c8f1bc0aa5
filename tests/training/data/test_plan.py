"""What is planned for examples and networks: scales, losses, classes; what is refused and its way
out. Then the parts of examples, and how arrays differ from single examples.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdsl.errors import NetError
from netdsl.training.data.parts import Examples, RowKeys, SourceData, classes_text
from netdsl.training.data.plan import check_loss, is_label, plan
from netdsl.training.data.prediction import (
    _as_several,
    _by_name,
    _files,
    _is_one,
    _numbered,
    read_inputs,
    sound,
)
from netdsl.training.data.signature import NetworkSignature, TensorSpec
from netdsl.training.preparation.columns import ColumnTransform, TableTransform
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.ranges import ValueRange
from netdsl.training.preparation.transforms import Preparation
from netdsl.training.recipes.recipe import Augment, DataSpec, Loss, Recipe

LABELS = np.array([0, 1, 2, 0])


def held(x: Any = None, y: Any = None, **more: Any) -> SourceData:
    xs = (np.zeros((4, 3)) if x is None else x,)
    ys = () if y is None else (y,)
    train = Examples(xs, ys, "training", ("x",), ("y",))
    return SourceData("a.npz", train, **more)


def planned(
    source: SourceData, output: TensorSpec, input: TensorSpec | None = None, **recipe: Any
) -> Preparation:
    shape = source.train.x[0].shape[1:]
    signature = NetworkSignature((input or TensorSpec("x", shape),), (output,))
    return plan(source, Recipe(**recipe), signature)


# --- losses and classes ---------------------------------------------------------------------------

HALVES = np.array([0.0, 0.5, 1.0, 0.25])
BITS = np.array([0, 1, 1, 0])


@pytest.mark.parametrize(
    ("shape", "activation", "y", "loss", "expected"),
    [
        # several outputs
        ((3,), "softmax", LABELS, None, ("cross-entropy", 3)),
        ((3,), "logsoftmax", LABELS, None, ("cross-entropy", 3)),
        ((3,), "linear", LABELS, None, ("cross-entropy", 3)),
        ((3,), "linear", LABELS, "hinge", ("hinge", 3)),
        ((3,), "linear", LABELS, "squared", ("squared", 3)),
        ((3,), "relu", LABELS, None, ("squared", 3)),
        ((3,), "sigmoid", LABELS, None, ("binary", 3)),
        ((3,), "sigmoid", np.eye(3)[LABELS], None, ("binary", 0)),
        ((3,), "linear", np.eye(3)[LABELS], None, ("squared", 0)),
        ((3,), "linear", np.eye(3)[LABELS] * 2.5, None, ("squared", 0)),
        ((3,), "sigmoid", np.eye(3)[LABELS] * 2.5, None, ("squared", 0)),
        ((3,), "linear", HALVES, None, ("squared", 0)),
        ((5, 3), "softmax", np.zeros((4, 5), int), None, ("cross-entropy", 3)),
        ((5, 3), "linear", np.zeros((4, 5, 1), int), None, ("cross-entropy", 3)),
        ((5, 3), "linear", np.zeros((4, 5, 3)), None, ("squared", 0)),
        # one output
        ((1,), "sigmoid", BITS, None, ("binary", 2)),
        ((1,), "sigmoid", BITS[:, None], None, ("binary", 2)),
        ((1,), "sigmoid", HALVES, None, ("binary", 0)),
        ((1,), "sigmoid", HALVES * 3, None, ("squared", 0)),
        ((1,), "sigmoid", HALVES - 1, None, ("squared", 0)),
        ((1,), "linear", BITS, None, ("squared", 0)),
        ((1,), "linear", BITS, "binary", ("binary", 2)),
        ((1,), "linear", BITS, "hinge", ("hinge", 2)),
        ((1,), "linear", BITS, "perceptron", ("perceptron", 2)),
        ((1,), "sign", BITS, None, ("perceptron", 2)),
        ((1,), "sign", HALVES, None, ("squared", 0)),
        ((1,), "sign", BITS, "squared", ("squared", 0)),
        ((1,), "linear", BITS, "absolute", ("absolute", 0)),
        ((4, 1), "sigmoid", np.zeros((4, 4)), None, ("binary", 0)),
    ],
)
def test_losses_and_classes(
    shape: Any, activation: str, y: Any, loss: str | None, expected: tuple[str, int]
) -> None:
    recipe = {} if loss is None else {"loss": Loss(loss)}
    (found,) = planned(held(y=y), TensorSpec("y", shape, activation), **recipe).outputs
    assert (found.loss, found.classes) == expected
    assert found.soft is (expected == ("binary", 0) and y is not None and bool((y % 1).any()))
    assert (found.shape, found.activation, found.reduce) == (shape, activation, "mean")


def test_a_loss_of_one_output() -> None:
    output = TensorSpec("y", (3,), "linear")
    (found,) = planned(held(y=LABELS), output, losses={"y": "hinge"}, loss=Loss("squared")).outputs
    assert found.loss == "hinge"
    (found,) = planned(held(y=LABELS), output, losses={"z": "hinge"}, loss=Loss("squared")).outputs
    assert found.loss == "squared"
    (found,) = planned(
        held(y=HALVES), TensorSpec("y", (1,), "linear"), loss=Loss(reduce="half")
    ).outputs
    assert found.reduce == "half"


ANY = ValueRange(-5.0, 5.0, None, None)
UNIT = ValueRange(0.0, 1.0, None, None)


@pytest.mark.parametrize(
    ("loss", "activation", "shape", "classes", "values", "said"),
    [
        ("cross-entropy", "softmax", (3,), 3, ANY, ""),
        ("cross-entropy", "sigmoid", (3,), 3, ANY, "needs an output of `softmax`"),
        ("cross-entropy", "softmax", (3,), 0, ANY, "not an output of 3"),
        ("cross-entropy", "linear", (1,), 2, ANY, "not an output of 1"),
        ("hinge", "linear", (1,), 2, ANY, ""),
        ("hinge", "linear", (1,), 0, ANY, "the data holds values"),
        ("hinge", "softmax", (3,), 3, ANY, "the network ends with `softmax`"),
        ("perceptron", "sign", (1,), 2, ANY, ""),
        ("perceptron", "sign", (1,), 0, ANY, "needs one output and two classes"),
        ("perceptron", "linear", (2,), 2, ANY, "needs one output and two classes"),
        ("perceptron", "linear", (3,), 3, ANY, "needs one output and two classes"),
        ("binary", "sigmoid", (1,), 2, ANY, ""),
        ("binary", "sigmoid", (1,), 0, UNIT, ""),
        ("binary", "sigmoid", (1,), 0, ANY, "needs values from 0 to 1; the data holds -5 to 5"),
        ("binary", "sigmoid", (1,), 0, ValueRange(0.0, 1.5, None, None), "0 to 1.5"),
        ("binary", "sigmoid", (1,), 0, ValueRange(-0.5, 1.0, None, None), "-0.5 to 1"),
        ("squared", "softmax", (3,), 0, ANY, ""),
        ("absolute", "relu", (3,), 0, ANY, ""),
    ],
)
def test_losses_that_are_refused(
    loss: str, activation: str, shape: Any, classes: int, values: ValueRange, said: str
) -> None:
    output = OutputTransform("y", shape, activation, loss, classes)
    if not said:
        check_loss(output, values, None)
        return
    with pytest.raises(NetError, match="N507") as caught:
        check_loss(output, values, None)
    assert said in caught.value.diagnostics[0].message


@pytest.mark.parametrize(
    ("given", "output", "label"),
    [
        ((), (3,), True),
        ((1,), (3,), True),
        ((1, 1), (3,), True),
        ((3,), (3,), False),
        ((5,), (5, 3), True),
        ((5, 1), (5, 3), True),
        ((5, 3), (5, 3), False),
        ((1,), (5, 3), False),
        ((4, 5), (4, 5, 3), True),
        ((20,), (4, 5, 3), False),
    ],
)
def test_what_is_a_label(given: Any, output: Any, label: bool) -> None:
    assert is_label(given, output) is label


# --- names of classes -----------------------------------------------------------------------------


def named(names: tuple[str, ...], y: Any = LABELS, own: bool = True, **more: Any) -> SourceData:
    return held(np.zeros((len(y), 3)), y, classes=names, own=own, **more)


def test_names_of_classes() -> None:
    softmax = TensorSpec("y", (3,), "softmax")
    assert planned(named(("a", "b", "c")), softmax).outputs[0].names == ("a", "b", "c")
    value = TensorSpec("y", (1,), "linear")
    assert planned(named(("a", "b", "c"), own=False), value).outputs[0].names == ()
    by = named((), classes_by=(("u", "v", "w"),))
    assert planned(by, softmax).outputs[0].names == ("u", "v", "w")
    two = TensorSpec("y", (2,), "softmax")
    assert planned(named(("a", "b", "c"), own=False), two).outputs[0].classes == 2
    columns = named((), HALVES, columns_by=(("u",),))
    assert planned(columns, value).outputs[0].columns == ("u",)
    assert planned(named((), columns_by=(("u",),)), softmax).outputs[0].columns == ()


@pytest.mark.parametrize(
    ("names", "count", "output", "message", "help"),
    [
        (
            ("a", "b"),
            4,
            TensorSpec("y", (1,), "linear"),
            "a.npz holds 2 classes (a, b); the network gives values of 1",
            "end the network with `sigmoid-1` or `softmax-2`",
        ),
        (
            ("a", "b", "c"),
            4,
            TensorSpec("y", (2,), "softmax"),
            "a.npz holds 3 classes (a, b, c); the network's output of 2 has 2 classes",
            "end the network with `softmax-3`",
        ),
        (
            ("a", "b", "c"),
            4,
            TensorSpec("y", (1,), "sigmoid"),
            "the network's output of 1 has 2 classes",
            "end the network with `softmax-3`",
        ),
        (
            tuple(f"name {n}" for n in range(21)),
            41,
            TensorSpec("y", (2,), "softmax"),
            "has 2 classes",
            "21 different texts in 41 rows are names or sentences rather than classes: name "
            "another target",
        ),
        (
            tuple(f"name {n}" for n in range(21)),
            42,
            TensorSpec("y", (2,), "softmax"),
            "has 2 classes",
            "end the network with `softmax-21`",
        ),
        (
            tuple(f"name {n}" for n in range(20)),
            20,
            TensorSpec("y", (2,), "softmax"),
            "has 2 classes",
            "end the network with `softmax-20`",
        ),
    ],
)
def test_classes_that_do_not_fit(
    names: tuple[str, ...], count: int, output: TensorSpec, message: str, help: str
) -> None:
    y = np.arange(count) % 2
    with pytest.raises(NetError, match="N526") as caught:
        planned(named(names, y), output)
    (found,) = caught.value.diagnostics
    assert message in found.message
    assert found.help == help


def test_rows_of_all_parts_count() -> None:
    names = tuple(f"name {n}" for n in range(21))
    y = np.arange(30) % 2
    part = Examples((np.zeros((6, 3)),), (y[:6],), "test", ("x",), ("y",))
    for more in ({"test": part, "validation": part}, {"test": part}):
        with pytest.raises(NetError) as caught:
            planned(named(names, y, **more), TensorSpec("y", (2,), "softmax"))
        enough = len(more) == 2
        assert ("softmax-21" in (caught.value.diagnostics[0].help or "")) is enough


def test_dates_are_not_classes() -> None:
    names = ("2024-01-01", "2024-01-02", "2024-01-03")
    with pytest.raises(NetError, match="N526") as caught:
        planned(named(names), TensorSpec("y", (2,), "softmax"))
    assert "date" in (caught.value.diagnostics[0].help or "")


def test_many_classes_in_words() -> None:
    assert classes_text(("a", "b")) == "2 classes (a, b)"
    ten = tuple("abcdefghij")
    assert classes_text(ten) == "10 classes (a, b, c, d, e, f, g, h, i, j)"
    assert classes_text((*ten, "k")) == "11 classes (a, b, c, d, e, f, g, h, i, j, ...)"


# --- inputs ---------------------------------------------------------------------------------------

VALUE = TensorSpec("y", (1,), "linear")
TARGET = np.array([0.5, 0.25])
BYTES = np.array([[0, 255], [3, 4]], np.uint8)


@pytest.mark.parametrize(
    ("x", "scale", "own", "expected"),
    [
        (BYTES, None, None, (True, 255.0, True)),
        (BYTES // 255, None, None, (True, 1.0, True)),
        (BYTES, 16.0, None, (True, 16.0, False)),
        (BYTES, None, 300.0, (True, 300.0, True)),
        (BYTES, 16.0, 300.0, (True, 16.0, False)),
        (BYTES.astype(float), None, None, (False, 1.0, False)),
        (BYTES.astype(float), 255.0, None, (False, 255.0, True)),
        (BYTES / 255, None, None, (False, 1.0, True)),
        (BYTES.astype(int), None, None, (True, 1.0, False)),
        (BYTES > 3, None, None, (True, 1.0, True)),
        (-BYTES.astype(int), 255.0, None, (True, 255.0, False)),
    ],
)
def test_scales(x: Any, scale: float | None, own: float | None, expected: Any) -> None:
    spec = DataSpec() if scale is None else DataSpec(scale=scale)
    (found,) = planned(held(x, TARGET, scale=own), VALUE, data=spec).inputs
    assert (found.whole, found.scale, found.unit) == expected
    assert (found.example, found.shape, found.vocabulary) == ((2,), (2,), 0)


@pytest.mark.parametrize(
    ("example", "shape", "asked", "crop"),
    [
        ((8, 8), (4, 4, 1), 6, 6),
        ((8, 8, 1), (4, 4, 1), 4, 4),
        ((8, 8, 1), (4, 4, 1), 3, 0),
        ((8, 8, 1), (4, 4, 1), None, 0),
        ((64,), (8, 8, 1), 9, 0),
        ((8, 8), (64,), 99, 0),
    ],
)
def test_where_images_are_cut(example: Any, shape: Any, asked: int | None, crop: int) -> None:
    input, augment = TensorSpec("x", shape), Augment(crop_from=asked) if asked else Augment()
    data = held(np.zeros((2, *example)), TARGET)
    assert planned(data, VALUE, input, augment=augment).inputs[0].crop_from == crop


def test_indices_and_tables() -> None:
    indices = TensorSpec("x", (2,), vocabulary=300)
    (found,) = planned(held(BYTES, TARGET), VALUE, indices).inputs
    assert (found.vocabulary, found.scale, found.whole, found.unit) == (300, 1.0, True, False)
    with pytest.raises(NetError, match="N527"):
        planned(held(BYTES, TARGET), VALUE, indices._replace(vocabulary=255))
    table = TableTransform((ColumnTransform("u"), ColumnTransform("v")), ())
    (found,) = planned(held(BYTES, TARGET, tables=(table,)), VALUE).inputs
    assert (found.columns, found.scale, found.whole, found.unit) == (table, 1.0, False, False)
    deep = held(np.zeros((2, 8, 8), np.uint16), TARGET, pixel_range=(0.0, 65535.0))
    (found,) = planned(deep, VALUE, TensorSpec("x", (8, 8, 1))).inputs
    assert found.pixel_range == (0.0, 65535.0)
    with pytest.raises(NetError, match="N518"):
        planned(held(BYTES, TARGET), VALUE, TensorSpec("x", (3,)))


# --- outputs that learn the input -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "activation", "loss", "expected"),
    [
        (BYTES / 255, "sigmoid", None, "binary"),
        (BYTES / 255, "linear", None, "squared"),
        (BYTES * 1.0, "sigmoid", None, "squared"),
        (BYTES / 255, "sigmoid", "absolute", "absolute"),
    ],
)
def test_outputs_that_copy(x: Any, activation: str, loss: str | None, expected: str) -> None:
    recipe = {} if loss is None else {"loss": Loss(loss)}
    output = TensorSpec("y", (2,), activation)
    (found,) = planned(held(x, target="input"), output, **recipe).outputs
    assert (found.loss, found.copies, found.classes, found.reduce) == (expected, "x", 0, "mean")


def test_outputs_that_have_nothing_to_copy() -> None:
    with pytest.raises(NetError, match="N518") as caught:
        planned(held(BYTES, target="input"), TensorSpec("y", (3,), "linear"))
    assert caught.value.diagnostics[0].message == (
        "the output y of 3 cannot reproduce the network's input of 2"
    )
    indices = TensorSpec("x", (2,), vocabulary=300)
    with pytest.raises(NetError, match="N518"):
        planned(held(BYTES, target="input"), TensorSpec("y", (2,), "linear"), indices)
    with pytest.raises(NetError, match=r"N507.*needs values from 0 to 1"):
        planned(
            held(BYTES * 1.0, target="input"), TensorSpec("y", (2,), "sigmoid"), loss=Loss("binary")
        )
    train = Examples((BYTES, np.zeros((2, 3))), (), "training", ("a", "b"))
    signature = NetworkSignature(
        (TensorSpec("a", (2,)), TensorSpec("b", (3,))), (TensorSpec("y", (3,), "linear"),)
    )
    made = plan(SourceData("a.npz", train, target="input"), Recipe(), signature)
    assert made.outputs[0].copies == "b"


# --- parts ----------------------------------------------------------------------------------------


def test_what_is_known_of_rows() -> None:
    keys = RowKeys(
        np.array([4, 7, 9]), "line", np.array([1.0, 2.0, 3.0]), np.array([0, 1, 0]), ("a", "b")
    )
    assert keys.place(1) == "line 7"
    assert RowKeys(np.array(["a.png"]), "").place(0) == "a.png"
    some = keys.at(np.array([2, 0]))
    assert some.order is not None
    assert some.groups is not None
    assert (some.places.tolist(), some.order.tolist(), some.groups.tolist()) == (
        *([9, 4], [3.0, 1.0], [0, 0]),
    )
    both = some.joined(keys)
    assert both.order is not None
    assert (both.places.tolist(), both.order.tolist()) == (
        [9, 4, 4, 7, 9],
        [3.0, 1.0, 1.0, 2.0, 3.0],
    )
    assert both.group_names == ("a", "b")
    bare = keys._replace(order=None)
    assert keys.joined(bare).order is None
    assert bare.joined(keys).order is None
    assert bare.joined(keys).groups is not None
    assert bare.at(np.array([0])).order is None


def test_examples_that_are_joined() -> None:
    x, y = np.arange(6).reshape(3, 2), np.array([0, 1, 2])
    plain = Examples((x,), (y,), "training", ("x",), ("y",))
    heavy = dataclasses.replace(plain, weights=np.array([2.0, 3.0, 4.0], np.float32), name="test")
    assert plain.joined(plain).weights is None
    for one, other, weights in (
        (plain, heavy, [1, 1, 1, 2, 3, 4]),
        (heavy, plain, [2, 3, 4, 1, 1, 1]),
        (heavy, heavy, [2, 3, 4, 2, 3, 4]),
    ):
        both = one.joined(other)
        assert both.weights is not None
        assert both.weights.tolist() == weights
        assert (both.name, len(both), both.keys) == (one.name, 6, None)
        assert (both.x[0].tolist(), both.y[0].tolist()) == ([*x.tolist()] * 2, [0, 1, 2, 0, 1, 2])
    assert plain.place(2) == "row 2"
    known = plain.with_places()
    assert known.at(np.array([2])).place(0) == "row 2"
    assert plain.joined(known).keys is None
    twice = known.joined(known)
    assert twice.keys is not None
    assert twice.keys.places.tolist() == [0, 1, 2, 0, 1, 2]
    assert known.with_places().keys is known.keys
    assert heavy.at(np.array([1])).weights == pytest.approx([3.0])


# --- what is predicted ----------------------------------------------------------------------------

IMAGE = InputTransform("x", (8, 8), True, 255.0, True, (8, 8, 1))
COLOUR = InputTransform("x", (8, 8, 3), True, 255.0, True, (8, 8, 3))
NUMBERS = InputTransform("x", (4,), False, 1.0, False, (4,))
SINGLE = InputTransform("x", (), False, 1.0, False, (1,))


@pytest.mark.parametrize(
    ("given", "input", "one"),
    [
        ((8, 8), IMAGE, True),
        ((3, 8, 8), IMAGE, False),
        ((9, 7), IMAGE, True),
        ((9, 64), IMAGE, False),
        ((9, 7, 1), IMAGE, True),
        ((9, 7, 3), IMAGE, True),
        ((9, 7, 2), IMAGE, False),
        ((0, 7), IMAGE, False),
        ((8, 8, 3), COLOUR, True),
        ((9, 7, 3), COLOUR, True),
        ((9, 7), COLOUR, True),
        ((2, 8, 8, 3), COLOUR, False),
        ((4,), NUMBERS, True),
        ((2, 4), NUMBERS, False),
        ((5,), NUMBERS, False),
        ((), SINGLE, True),
        ((3,), SINGLE, False),
    ],
)
def test_one_example_or_several(given: Any, input: InputTransform, one: bool) -> None:
    assert _is_one(given, input) is one
    flat = len(given) == 2 and given[1] == 64 and input is IMAGE
    expected = (1, *given) if one else (given[0], 8, 8) if flat else given
    assert _as_several(given, input) == expected


def test_arrays_that_are_sound() -> None:
    assert sound(np.zeros((8, 8), np.uint8), IMAGE, "a.npy").shape == (1, 8, 8)
    assert sound(np.zeros((5, 64), np.uint8), IMAGE, "a.npy").shape == (5, 8, 8)
    with pytest.raises(NetError, match="N517"):
        sound(np.full((1, 4), np.nan), NUMBERS, "a.npy")
    with pytest.raises(NetError, match="N518"):
        sound(np.zeros((1, 5)), NUMBERS, "a.npy")
    with pytest.raises(NetError, match="N51"):
        sound(np.full((1, 8, 8), 256), IMAGE, "a.npy")
    assert _numbered("a.npy", 2) == ["a.npy[0]", "a.npy[1]"]


TABLE = InputTransform(
    "x", (1,), False, 1.0, False, (1,), columns=TableTransform((ColumnTransform("u"),), ("y",))
)
ONE, TABULAR = Preparation((IMAGE,), ()), Preparation((TABLE,), ())
PAIR = Preparation((NUMBERS, dataclasses.replace(NUMBERS, name="z")), ())


def test_files_that_a_path_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (
        "d/b.png",
        "d/c/a.PNG",
        "d/.hidden.png",
        "d/x.npy",
        "d/t.csv",
        "d/n.md",
        "a[1].png",
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    Path("e").mkdir()
    assert _files("d", ONE) == ["d/b.png", "d/c/a.PNG", "d/x.npy"]
    assert _files("d", TABULAR) == ["d/t.csv"]
    assert _files("a[1].png", ONE) == ["a[1].png"]
    assert _files("d/*.png", ONE) == ["d/b.png"]
    assert _files("d/**/*.PNG", ONE) == ["d/c/a.PNG"]
    assert _files("d/c*", ONE) == ["d/c/a.PNG"]
    assert _files("nothing.png", ONE) == ["nothing.png"]
    with pytest.raises(NetError, match="N511"):
        _files("*.jpg", ONE)
    with pytest.raises(NetError, match="N528"):
        _files("e", ONE)
    with pytest.raises(NetError, match=r"N516.*nothing to predict"):
        read_inputs([], ONE)


def test_a_file_for_each_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, count in (("two", 2), ("also", 2), ("three", 3)):
        np.save(f"{name}.npy", np.full((count, 4), 0.5))
    found = read_inputs(["z=two.npy", "x=also.npy"], PAIR)
    assert found.names == ["also.npy[0]", "also.npy[1]"]
    assert [one.shape for one in found.x] == [(2, 4), (2, 4)]
    for paths, code, message, help in (
        (["x=a", "x=b"], "N506", "the input `x` is given twice: a and b", "give one file"),
        (["x=a", "y=b"], "N514", "the network has no input `y`", "the inputs are x, z"),
        (["x=a"], "N514", "the input `z` is not given", "x=FILE z=FILE"),
        (
            ["x=two.npy", "z=three.npy"],
            *("N515", "two.npy holds 2 and three.npy holds 3", ""),
        ),
    ):
        with pytest.raises(NetError, match=re.escape(message)) as caught:
            _by_name(paths, PAIR)
        (problem,) = caught.value.diagnostics
        assert problem.code == code
        assert help in (problem.help or "")


def test_of_several_files_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.zeros((2, 8, 8), np.uint8))
    np.save("b.npy", np.ones((9, 7), np.uint8))
    found = read_inputs(["a.npy", "gone.png", "b.npy"], ONE)
    assert found.names == ["a.npy[0]", "a.npy[1]", "b.npy[0]"]
    assert found.x[0].shape == (3, 8, 8)
    assert list(found.failed) == ["gone.png"]
    with pytest.raises(NetError, match="N511"):
        read_inputs("gone.png", ONE)
    with pytest.raises(NetError) as caught:
        read_inputs(["gone.png", "lost.png"], ONE)
    assert [one.code for one in caught.value.diagnostics] == ["N511", "N511"]
    np.save("bad.npy", np.zeros((2, 5, 5, 5)))
    with pytest.raises(NetError, match="N518"):
        read_inputs(["a.npy", "bad.npy"], ONE)


def test_arrays_of_several_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    good, short = np.zeros((2, 4)), np.zeros((1, 4))
    np.savez("a.npz", x_x=good, x_z=good, other=good)
    np.savez("b.npz", X_test_x=good, X_test_z=good)
    np.savez("c.npz", x_x=good, x_z=short)
    np.savez("d.npz", x_x=good)
    np.savez("e.npz", anything=good)
    np.save("f.npy", good)
    assert read_inputs("a.npz", PAIR).names == ["a.npz[0]", "a.npz[1]"]
    assert len(read_inputs("b.npz", PAIR).x) == 2
    alone = Preparation((NUMBERS,), ())
    assert read_inputs("e.npz", alone).names == ["e.npz[0]", "e.npz[1]"]
    for path, preparation, code, said in (
        ("c.npz", PAIR, "N515", "differ in length: 2, 1"),
        ("d.npz", PAIR, "N514", "d.npz has no array `x_z`; it has x_x"),
        ("f.npy", PAIR, "N514", "is one array; the network has 2 inputs"),
        ("a.npz", alone, "N514", "no array `x`; it has other, x_x, x_z"),
    ):
        with pytest.raises(NetError, match=re.escape(said)) as caught:
            read_inputs(path, preparation)
        assert caught.value.diagnostics[0].code == code


def test_tables_alone_are_read_for_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("u\n1\n2\n")
    Path("b.csv").write_text("w\n1\n")
    Path("none.csv").write_text("u\n")
    Path("c.md").write_text("u\n1\n")
    found = read_inputs(["a.csv", "b.csv"], TABULAR)
    assert found.names == ["a.csv:2", "a.csv:3"]
    assert list(found.failed) == ["b.csv"]
    for path, code in (("c.md", "N536"), ("none.csv", "N516")):
        with pytest.raises(NetError, match=code):
            read_inputs(path, TABULAR)
    Path("d").mkdir()
    Path("d/a.csv").write_text("u\n5\n")
    Path("d/readme.txt").write_text("words\nand more\n")
    folder = read_inputs("d", TABULAR)
    assert folder.names == ["d/a.csv:2"]
    assert (list(folder.others), list(folder.failed)) == (["d/readme.txt"], [])
