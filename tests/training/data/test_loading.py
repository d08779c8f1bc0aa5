"""Data: what is refused, how it is split, what is done to it. No framework is imported here."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.recipes import load_data

import netdsl
from netdsl.errors import NetError, RunError, Source, Span
from netdsl.training.data import NetworkSignature, read, read_inputs, split
from netdsl.training.data.sources import named
from netdsl.training.data.sources.arrays import read_npy
from netdsl.training.preparation.columns import ColumnTransform, TableTransform
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.resize import resized, with_channels
from netdsl.training.preparation.transforms import Preparation, as_plain, from_plain
from netdsl.training.recipes.recipe import DataSpec, Recipe, Split, parse_recipe

X = np.random.default_rng(0).random((40, 8)).astype(np.float32)
Y = np.arange(40) % 4


def put(array: np.ndarray, place: Any, value: Any) -> np.ndarray:
    """A copy of the array with one value changed."""
    changed = array.copy()
    changed[place] = value
    return changed


REFUSED = [
    # arrays, the network's (shape, outputs, activation), code, words of the message
    ({"a": X}, (8,), 4, "softmax", "N514", "no array `x`, `y`; it has a"),
    ({"x_test": X, "y_test": Y}, (8,), 4, "softmax", "N514", "no array `x_train`, `y_train`"),
    ({"x": X, "y": Y, "z": Y}, (8,), 4, "softmax", "N514", "has an array that is not used: `z`"),
    (
        {"x": X, "y": Y, "x_train": X, "y_train": Y},
        (8,),
        4,
        "softmax",
        "N514",
        "not used: `x`, `y`",
    ),
    ({"x": X, "y": Y, "X": X}, (8,), 4, "softmax", "N514", "`x` and `X` of .* are both x"),
    ({"x": X, "y": Y, "sample_weight": Y[1:]}, (8,), 4, "softmax", "N515", "40 rows and .* has 39"),
    (
        {"x": X, "y": Y, "sample_weight": Y - 1},
        (8,),
        4,
        "softmax",
        "N517",
        "hold -1, first in row 0",
    ),
    ({"x": X, "y": Y, "sample_weight": 0 * Y}, (8,), 4, "softmax", "N517", "are all 0"),
    ({"x": X, "y": Y, "sample_weight": X}, (8,), 4, "softmax", "N518", "not one number for each"),
    ({"x": X, "y": Y[:-1]}, (8,), 4, "softmax", "N515", "40 rows and `y` has 39"),
    ({"x": X[:0], "y": Y[:0]}, (8,), 4, "softmax", "N516", "`x` of .* is empty"),
    ({"x": X[:1], "y": Y[:1]}, (8,), 4, "softmax", "N516", "1 example is too few"),
    ({"x": X[0, 0], "y": Y[0]}, (8,), 4, "softmax", "N516", "`x` of .* is a single number"),
    (
        {"x": put(X, (3, 1), np.nan), "y": Y},
        (8,),
        4,
        "softmax",
        "N517",
        "not finite, first in row 3",
    ),
    ({"x": put(X, (5, 1), np.inf), "y": Y}, (8,), 4, "softmax", "N517", "first in row 5"),
    (
        {"x": put(X.astype(float), (5, 1), 1e300), "y": Y},
        (8,),
        4,
        "softmax",
        "N517",
        "1e.300, too large for float32 .* row 5",
    ),
    (
        {"x": X, "y": put(Y.astype(float), 2, np.nan)},
        (8,),
        4,
        "softmax",
        "N517",
        "`y` of .* not finite, first in row 2",
    ),
    ({"x": X.astype(complex), "y": Y}, (8,), 4, "softmax", "N517", "complex"),
    ({"x": X.astype(str), "y": Y}, (8,), 4, "softmax", "N517", "not numbers"),
    ({"x": X, "y": X.astype(str)}, (8,), 4, "softmax", "N518", "8 texts for each example"),
    (
        {"x": X, "y": Y},
        (9,),
        4,
        "softmax",
        "N518",
        "examples of 8, which cannot be converted to the network's input of 9",
    ),
    ({"x": X.reshape(40, 2, 4, 1), "y": Y}, (3, 3, 2), 4, "softmax", "N518", "2x4x1"),
    ({"x": X, "y": np.zeros((40, 3))}, (8,), 4, "softmax", "N518", "holds 3 for each example"),
    (
        {"x": X, "y": np.zeros((40, 3))},
        (8,),
        2,
        "linear",
        "N518",
        "values of 3; the network gives 2",
    ),
    (
        {"x_train": X, "y_train": Y, "x_test": X[:, :4], "y_test": Y},
        (8,),
        4,
        "softmax",
        "N518",
        "`x_test` of .* holds examples of 4, which cannot be converted to the network's input of 8",
    ),
    ({"x": X, "y": Y + 0.5}, (8,), 4, "softmax", "N519", "not integers: 0.5 in row 0"),
    ({"x": X, "y": np.full((40, 4), 0.25)}, (8,), 4, "softmax", "N519", "not one-hot"),
    ({"x": X, "y": Y}, (8,), 3, "softmax", "N520", "from 0 to 3; the network has outputs 0 to 2"),
    ({"x": X, "y": Y - 1}, (8,), 4, "softmax", "N520", "from -1 to 2"),
    ({"x": X, "y": Y}, (8,), 1, "sigmoid", "N520", "outputs 0 to 1"),
    (
        {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y + 1},
        (8,),
        4,
        "softmax",
        "N520",
        "`y_test` go from 1 to 4",
    ),
    ({"x": X, "y": Y * 0}, (8,), 4, "softmax", "N521", "`y` of .* only one class: 0"),
    (
        {"x": X, "y": Y + 0.5},
        (8,),
        2,
        "linear",
        "N518",
        "holds values of single numbers; the network gives 2",
    ),
    (
        {"x": X, "y": np.eye(3)[Y % 3]},
        (8,),
        2,
        "softmax",
        "N518",
        "rows of 3 classes; .* network has 2 outputs(.|\n)*as many outputs: 3",
    ),
    ({"x": X, "y": Y}, (8,), 1, "softmax", "N507", "two outputs or more"),
]


@pytest.mark.parametrize(("arrays", "shape", "outputs", "activation", "code", "reported"), REFUSED)
def test_data_that_is_refused(
    network: Any,
    npz: Any,
    arrays: dict[str, Any],
    shape: tuple[int, ...],
    outputs: int,
    activation: str,
    code: str,
    reported: str,
) -> None:
    with pytest.raises(NetError, match=reported) as caught:
        load_data(Recipe(data=DataSpec(source=npz(**arrays))), network(shape, outputs, activation))
    assert (caught.value.diagnostics[0].code, caught.value.exit_code) == (code, 1)


TEN = NetworkSignature.of(netdsl.parse("input 8 > fc-10 > softmax"))


SPAN = Span(Source("recipe.yaml", "data: data.npz"), 6, 14)


def no_zip(path: Path) -> None:
    path.write_bytes(b"hello\x00\xff" * 100)


def cut_short(path: Path) -> None:
    np.savez(path, x=X, y=Y)
    path.write_bytes(path.read_bytes()[:-200])


def broken_inside(path: Path) -> None:
    np.savez(path, x=X, y=Y)
    content = bytearray(path.read_bytes())
    content[300:500] = bytes(200)
    path.write_bytes(bytes(content))


def pickled(path: Path) -> None:
    np.savez(path, x=np.array([{}, {}], dtype=object), y=Y)


def a_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps({"x": 1}))


def one_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, X)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: None, "N511"),
        (Path.mkdir, "N511"),
        (no_zip, "N512"),
        (Path.touch, "N512"),
        (cut_short, "N512"),
        (broken_inside, "N512"),
        (one_array, "N512"),
        (a_pickle, "N512"),
        (pickled, "N513"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, make: Callable[[Path], None], code: str) -> None:
    path = tmp_path / "data.npz"
    make(path)
    with pytest.raises(NetError) as caught:
        read(DataSpec(source=str(path)), TEN, span=SPAN)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.span) == (code, SPAN)
    if make is pickled:
        assert problem.help == "save arrays of numbers: np.savez(path, x=..., y=...)"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("none.npy", None, "N511"),
        ("text.npy", b"hello", "N512"),
        ("object.npy", np.array([{}]), "N513"),
        ("zip.npy", {"x": X}, "N512"),
    ],
)
def test_files_of_one_array_that_are_refused(
    tmp_path: Path, name: str, content: Any, code: str
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        with path.open("wb") as file:
            np.savez(file, **content) if isinstance(content, dict) else np.save(file, content)
    with pytest.raises(NetError) as caught:
        read_npy(path, SPAN)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.span) == (code, SPAN)


@pytest.mark.parametrize(
    ("text", "code", "reported"),
    [
        ("data: «fashion-mnist»", "N510", "did you mean `fashion_mnist`"),
        ("data: «nowhere/photos/»", "N510", "there is no file or folder nowhere/photos/"),
        ("data: {source: «there/is/none.npz»}", "N511", "No such file"),
        (
            "data: digits\nloss: «binary»",
            "N507",
            "needs an output of `sigmoid`, `hsigmoid`, `linear`; the network ends with `softmax`",
        ),
    ],
)
def test_what_is_wrong_in_a_recipe_is_shown_there(
    network: Any, text: str, code: str, reported: str
) -> None:
    start = text.index("«")
    with pytest.raises(NetError) as caught:
        load_data(parse_recipe(text.replace("«", "").replace("»", "")), network())
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert reported in diagnostic.message + diagnostic.help
    assert diagnostic.span
    assert diagnostic.span.start == start


def test_a_network_that_the_digits_do_not_fit_needs_data(network: Any) -> None:
    for expected in (
        network((64,), 3),
        netdsl.parse("input a: 64\ninput b: 64\nadd[ @a | @b ] > softmax-10"),
    ):
        with pytest.raises(NetError, match="no data is given"):
            load_data(Recipe(), expected)


# --- splits ---------------------------------------------------------------------------------------


def test_a_split_is_disjoint_whole_and_stratified() -> None:
    labels = np.repeat([0, 1, 2], [500, 300, 33])
    kept, taken = split(labels, 0.2, 7)
    assert sorted([*kept, *taken]) == list(range(833))
    assert np.bincount(labels[taken]).tolist() == pytest.approx([100, 60, 6.6], abs=1)
    assert not np.array_equal(taken, split(labels, 0.2, 8)[1])
    assert np.array_equal(taken, split(labels, 0.2, 7)[1])


def test_the_parts_of_the_digits(network: Any) -> None:
    parts = [load_data(Recipe(seed=seed), network()) for seed in (0, 1)]
    for found in parts:
        assert (len(found.train), len(found.validation), len(found.test)) == (1294, 144, 359)
        for part in (found.train, found.validation, found.test):
            assert np.abs(np.bincount(part.y[0]) / len(part) - 0.1).max() < 0.02
        seen = {
            example.tobytes() for part in (found.train, found.validation) for example in part.x[0]
        }
        assert not seen & {example.tobytes() for example in found.test.x[0]}
        assert not {example.tobytes() for example in found.train.x[0]} & {
            example.tobytes() for example in found.validation.x[0]
        }
    first, second = parts
    assert np.array_equal(first.test.x[0], second.test.x[0])  # whatever the seed
    assert not np.array_equal(first.validation.x[0], second.validation.x[0])


def test_a_test_part_of_its_own_is_kept(network: Any, npz: Any) -> None:
    path = npz(x_train=X, y_train=Y, x_test=X[:8] / 2, y_test=Y[:8])
    found = load_data(Recipe(data=DataSpec(source=path)), network((8,), 4))
    assert np.array_equal(found.test.x[0], X[:8] / 2)
    assert len(found.train) == 36
    assert found.spec.split.test is None
    with pytest.raises(NetError, match="has a test part of its own"):
        load_data(Recipe(data=DataSpec(source=path, split=Split(test=0.5))), network((8,), 4))


def test_a_test_part_may_go_beyond_the_training_part(network: Any, npz: Any) -> None:
    path = npz(x_train=X, y_train=Y, x_test=X[:8] * 1.5 - 0.1, y_test=Y[:8])
    assert len(load_data(Recipe(data=DataSpec(source=path)), network((8,), 4)).test) == 8


def test_named_data_is_found_in_the_folder_first(
    network: Any, npz: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)
    npz("mnist.npz", x_train=images, y_train=Y, x_test=images[:5], y_test=Y[:5])
    monkeypatch.setenv("NETDSL_DATA", str(tmp_path))
    found = load_data(Recipe(data=DataSpec(source="mnist")), network((784,)))
    assert found.preparation.x(found.train.x)[0].shape == (36, 784)
    assert found.preparation.inputs[0].scale == 255


@pytest.mark.parametrize(("name", "classes"), [("cifar10", 10), ("cifar100", 100)])
def test_the_labels_of_cifar_are_one_number_each(
    npz: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, classes: int
) -> None:
    """Keras has them as [n, 1]."""
    images, labels = np.zeros((classes, 32, 32, 3), np.uint8), np.arange(classes)[:, None]
    npz(f"{name}.npz", x_train=images, y_train=labels, x_test=images[:5], y_test=labels[:5])
    monkeypatch.setenv("NETDSL_DATA", str(tmp_path))
    network = netdsl.parse(f"32x32x3 > gap > softmax-{classes}")
    found = read(DataSpec(source=name), NetworkSignature.of(network))
    assert found.train.y[0].tolist() == list(range(classes))
    assert found.test is not None
    assert found.test.y[0].tolist() == [0, 1, 2, 3, 4]


def test_a_download_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load_data() -> None:
        raise Exception("URL fetch failure on somewhere: no route")  # what Keras raises

    datasets = SimpleNamespace(cifar10=SimpleNamespace(load_data=load_data))
    monkeypatch.setenv("NETDSL_DATA", str(tmp_path))
    monkeypatch.setattr(named, "quiet_keras", lambda: SimpleNamespace(datasets=datasets))
    with pytest.raises(
        RunError, match="cifar10 could not be downloaded: URL fetch failure"
    ) as caught:
        read(DataSpec(source="cifar10"), TEN)
    assert "NETDSL_DATA" in caught.value.diagnostics[0].help


# --- losses and labels ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "outputs", "activation", "asked", "loss", "classes", "target"),
    [
        (Y, 4, "softmax", None, "cross-entropy", 4, (40,)),
        (Y, 4, "linear", None, "cross-entropy", 4, (40,)),
        (Y[:, None], 4, "logsoftmax", None, "cross-entropy", 4, (40,)),
        (Y.astype(float), 4, "softmax", None, "cross-entropy", 4, (40,)),
        (np.eye(4)[Y], 4, "softmax", None, "cross-entropy", 4, (40,)),
        (Y, 4, "softmax", "squared", "squared", 4, (40, 4)),
        (Y, 4, "sigmoid", None, "binary", 4, (40, 4)),
        (Y, 4, "tanh", None, "squared", 4, (40, 4)),
        (np.eye(4)[Y], 4, "sigmoid", None, "binary", 0, (40, 4)),
        (Y % 2, 1, "sigmoid", None, "binary", 2, (40, 1)),
        (Y % 2, 1, "linear", "binary", "binary", 2, (40, 1)),
        (Y % 2 == 1, 1, "sigmoid", None, "binary", 2, (40, 1)),
        (X[:, 0], 1, "sigmoid", None, "binary", 0, (40, 1)),
        (X[:, 0] * 5, 1, "linear", None, "squared", 0, (40, 1)),
        (Y, 1, "linear", "absolute", "absolute", 0, (40, 1)),
        (X, 8, "linear", None, "squared", 0, (40, 8)),
        (Y, 4, "linear", "hinge", "hinge", 4, (40, 4)),
        (Y, 4, "tanh", "hinge", "hinge", 4, (40, 4)),
        (Y % 2 * 2 - 1, 1, "linear", "hinge", "hinge", 2, (40, 1)),
        (Y % 2, 1, "tanh", "hinge", "hinge", 2, (40, 1)),
    ],
)
def test_the_loss_that_goes_with_output_and_labels(
    network: Any,
    npz: Any,
    y: Any,
    outputs: int,
    activation: str,
    asked: str | None,
    loss: str,
    classes: int,
    target: tuple[int, ...],
) -> None:
    recipe = Recipe(data=DataSpec(source=npz(x=X, y=y)), loss=asked)
    found = load_data(recipe, network((8,), outputs, activation))
    (output,) = found.preparation.outputs
    assert (output.loss, output.classes) == (loss, classes)
    assert found.preparation.y(found.train.y)[0].shape == (len(found.train), *target[1:])


# --- preparation ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"), [((8, 8), (32, 32)), ((28, 28), (32, 32)), ((32, 20), (7, 9)), ((5, 7), (5, 3))]
)
def test_resizing_is_pillows(old: tuple[int, int], new: tuple[int, int]) -> None:
    image = np.random.default_rng(1).random(old).astype(np.float32)
    by_pillow = np.asarray(Image.fromarray(image).resize(new[::-1], Image.Resampling.BILINEAR))
    assert resized(image[None, ..., None], *new)[0, ..., 0] == pytest.approx(by_pillow, abs=1e-5)


def test_channels_are_fitted() -> None:
    grey = np.random.default_rng(1).random((2, 4, 4)).astype(np.float32)
    assert np.array_equal(with_channels(np, grey, 3), np.stack([grey] * 3, axis=3))
    assert with_channels(np, with_channels(np, grey, 3), 1) == pytest.approx(
        grey[..., None], abs=1e-6
    )


def prepared(input: InputTransform, output: OutputTransform) -> Preparation:
    return Preparation((input,), (output,))


CLASSES = OutputTransform("out", (10,), "softmax", "cross-entropy", 10, tuple("0123456789"))
DIGITS = prepared(InputTransform("input", (8, 8), True, 16.0, True, (32, 32, 1)), CLASSES)
VALUE = OutputTransform("out", (1,), "linear", "squared", 0, centre=3.0, spread=2.0)
VECTOR = prepared(InputTransform("input", (4,), False, 1.0, False, (4,)), VALUE)
WORDS = prepared(InputTransform("words", (4,), True, 1.0, False, (4,), vocabulary=9), CLASSES)
COLUMNS = TableTransform(
    (
        ColumnTransform("size", mean=2.0, deviation=4.0, median=1.0),
        ColumnTransform("place", "category", categories=("here", "there")),
    ),
    ("price",),
)
HOUSES = prepared(InputTransform("input", (2,), False, 1.0, False, (3,), columns=COLUMNS), VALUE)


@pytest.mark.parametrize(
    "preparation",
    [DIGITS, VECTOR, WORDS, HOUSES, Preparation(DIGITS.inputs * 2, VECTOR.outputs * 3)],
)
def test_a_preparation_is_kept_whole(preparation: Preparation) -> None:
    assert from_plain(json.loads(json.dumps(as_plain(preparation)))) == preparation


@pytest.mark.parametrize(
    "damage",
    [
        lambda plain: plain.pop("inputs"),
        lambda plain: plain.update(outputs=[]),
        lambda plain: plain.update(inputs=7),
        lambda plain: plain["inputs"][0].pop("shape"),
        lambda plain: plain["inputs"][0].update(scale="much"),
        lambda plain: plain["inputs"][0].update(more=1),
        lambda plain: plain["inputs"][0].update(columns=[]),
        lambda plain: plain["inputs"][0]["columns"].update(missing="guess"),
        lambda plain: plain["outputs"][0].update(names=None),
        lambda plain: plain["inputs"][0].update(scale=0),
        lambda plain: plain["inputs"][0].update(unit="no"),
        lambda plain: plain["inputs"][0]["columns"]["columns"][0].update(deviation=0),
        lambda plain: plain["outputs"][0].update(spread=0),
        lambda plain: plain["outputs"][0].update(loss="guess"),
        lambda plain: plain["outputs"][0].update(classes=7),
    ],
)
def test_a_damaged_preparation(damage: Callable[[Any], Any]) -> None:
    plain = json.loads(json.dumps(as_plain(HOUSES)))
    damage(plain)
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_plain(plain)


def test_values_are_standardised_and_back() -> None:
    (made,) = VECTOR.y((np.array([3.0, 5.0]),))
    assert made.tolist() == [[0.0], [1.0]]
    assert VALUE.original(made).tolist() == [[3.0], [5.0]]


def test_indices_are_not_scaled() -> None:
    (made,) = WORDS.x((np.array([[0, 1, 2, 8]]),))
    assert (made.tolist(), made.dtype) == ([[0, 1, 2, 8]], np.int32)


def test_rows_of_a_table_become_numbers() -> None:
    (made,) = HOUSES.x((np.array([[6.0, 1.0], [np.nan, np.nan]]),))
    assert made.tolist() == [[1.0, 0.0, 1.0], [-0.25, 0.0, 0.0]]


def test_an_image_file_is_prepared_as_the_training_examples_were(tmp_path: Path) -> None:
    small = np.zeros((8, 8), np.uint8)
    small[2:6, 3:5] = 255
    (expected,) = DIGITS.x(((small // 255 * 16)[None],))
    assert (expected.min(), expected.max(), expected.shape) == (0.0, 1.0, (1, 32, 32, 1))
    clear = np.dstack([np.full((8, 8, 3), 255, np.uint8), small])
    for name, image in {
        "grey.png": Image.fromarray(small),
        "colour.png": Image.fromarray(small).convert("RGB"),
        "palette.gif": Image.fromarray(small).convert("P"),
        "bits.png": Image.fromarray(small).convert("1"),
        "clear.png": Image.fromarray(clear),
    }.items():
        image.save(tmp_path / name)
        names, x, *_ = read_inputs(tmp_path / name, DIGITS)
        assert names == [str(tmp_path / name)]
        assert DIGITS.x(x)[0] == pytest.approx(expected, abs=1e-5)
    Image.fromarray(small).resize((80, 80), Image.Resampling.NEAREST).save(tmp_path / "large.png")
    assert (
        np.abs(DIGITS.x(read_inputs(tmp_path / "large.png", DIGITS)[1])[0] - expected).mean() < 0.04
    )


SMALL = prepared(InputTransform("input", (8, 8), True, 16.0, True, (8, 8, 1)), CLASSES)
FLAT = prepared(InputTransform("input", (8, 8), True, 16.0, True, (64,)), CLASSES)
ROWS = prepared(InputTransform("input", (64,), True, 16.0, True, (8, 8, 1)), CLASSES)
COLOUR = prepared(InputTransform("input", (8, 8, 3), True, 255.0, True, (8, 8, 3)), CLASSES)


@pytest.mark.parametrize("preparation", [DIGITS, SMALL, FLAT, ROWS, COLOUR])
def test_inputs_of_different_size_are_predicted_together(
    preparation: Preparation, tmp_path: Path
) -> None:
    """Each is prepared as it would be alone, whatever is next to it."""
    (input,) = preparation.inputs
    ramp = (np.add.outer(np.arange(28), np.arange(28)) * input.scale / 54).astype(np.uint8)
    small, highest = ramp[:8, :8], int(255 / input.scale)
    Image.fromarray(small * highest).save(tmp_path / "g8.png")
    np.save(tmp_path / "three.npy", np.stack([small] * 3))
    paths = [tmp_path / "three.npy", tmp_path / "g8.png"]
    if input.images:
        Image.fromarray(ramp * highest).save(tmp_path / "g28.png")
        np.save(tmp_path / "g28.npy", ramp)
        np.save(tmp_path / "several.npy", np.stack([ramp, ramp]))
        np.save(tmp_path / "colour.npy", np.stack([ramp] * 3, axis=2))
        np.save(tmp_path / "flat.npy", np.stack([small.reshape(64)] * 4))
        paths += [tmp_path / name for name in ("g28.png", "g28.npy", "several.npy", "colour.npy")]
        paths += [tmp_path / "flat.npy"] if len(input.example) == 2 else []
    names, x, *_ = read_inputs(paths, preparation)
    (together,) = preparation.x(x)
    alone = [preparation.x(read_inputs(path, preparation)[1])[0] for path in paths]
    assert [len(one) for one in alone] == [3, 1, 1, 1, 2, 1, 4][: len(paths)]
    assert len(names) == len(together)
    assert together == pytest.approx(np.concatenate(alone), abs=1e-5)


def test_integers_may_be_given_as_floats(tmp_path: Path) -> None:
    np.save(tmp_path / "real.npy", np.full((2, 8, 8), 16.0))
    assert DIGITS.x(read_inputs(tmp_path / "real.npy", DIGITS)[1])[0].min() == 1


def test_arrays_are_read_as_many_or_as_one(tmp_path: Path) -> None:
    many = np.full((3, 8, 8), 16, np.uint8)
    np.save(tmp_path / "many.npy", many)
    np.save(tmp_path / "one.npy", many[0])
    np.savez(tmp_path / "test.npz", x_train=many, x_test=many[:2])
    np.savez(tmp_path / "only.npz", pictures=many)
    for name, count in (("many.npy", 3), ("one.npy", 1), ("test.npz", 2), ("only.npz", 3)):
        names, x, *_ = read_inputs(tmp_path / name, DIGITS)
        assert names == [f"{tmp_path / name}[{row}]" for row in range(count)]
        (made,) = DIGITS.x(x)
        assert made.shape == (count, 32, 32, 1)
        assert made.min() == 1.0


@pytest.mark.parametrize(
    ("name", "content", "preparation", "code", "reported"),
    [
        ("none.png", None, DIGITS, "N511", "No such file"),
        ("none.npy", None, DIGITS, "N511", "No such file"),
        ("text.png", b"hello", DIGITS, "N524", "not a readable image"),
        ("text.npy", b"hello", DIGITS, "N512", "not an .npy file"),
        ("empty.npy", b"", DIGITS, "N512", "not an .npy file"),
        ("object.npy", np.array([{}]), DIGITS, "N513", "pickled"),
        ("wide.npy", np.zeros((2, 3, 3, 2), np.uint8), DIGITS, "N518", "3x3x2"),
        ("bytes.npy", np.full((1, 8, 8), 255, np.uint8), DIGITS, "N517", "trained on 0 to 16"),
        (
            "real.npy",
            np.full((1, 8, 8), 0.5),
            DIGITS,
            "N517",
            r"0.5 in row 0; .* integers(.|\n)*\(x \* 16\)",
        ),
        ("whole.npy", np.zeros((1, 4), int), VECTOR, "N517", "trained on floats(.|\n)*astype"),
        ("nan.npy", np.full((1, 4), np.nan), VECTOR, "N517", "not finite"),
        ("short.npy", np.zeros((1, 3)), VECTOR, "N518", "3, which cannot be converted"),
        ("none.npy", np.zeros((0, 4)), VECTOR, "N516", "is empty"),
        ("picture.png", Image.new("L", (2, 2)), VECTOR, "N524", "the value of white is not known"),
        ("deep.png", Image.new("I;16", (8, 8)), DIGITS, "N524", "more than 8 bits"),
        ("words.npy", np.array([[1, 2, 9, 0]]), WORDS, "N527", "holds 9 in row 0; .* from 0 to 8"),
        ("halves.npy", np.full((2, 4), 0.5), WORDS, "N527", "holds 0.5 in row 0"),
        ("few.npy", np.array([[1, 2]]), WORDS, "N518", "4 indices"),
        (
            "picture.png",
            Image.new("L", (2, 2)),
            WORDS,
            "N524",
            "not an .npy or .npz file of indices",
        ),
        ("table.npy", np.zeros((2, 2)), HOUSES, "N536", "is not a table"),
        ("three.npz", {"a": X, "b": X}, VECTOR, "N514", "no array `x`; it has a, b"),
    ],
)
def test_inputs_that_are_refused(
    tmp_path: Path, name: str, content: Any, preparation: Preparation, code: str, reported: str
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, np.ndarray):
        np.save(path, content)
    elif isinstance(content, dict):
        np.savez(path, **content)
    elif content is not None:
        content.save(path)
    with pytest.raises(NetError, match=reported) as caught:
        read_inputs(path, preparation)
    assert caught.value.diagnostics[0].code == code


def test_a_damaged_image(tmp_path: Path) -> None:
    path = tmp_path / "cut.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(NetError):
        read_inputs(path, DIGITS)


def test_a_preparation_of_a_run_that_knew_texts_and_numbers_alone() -> None:
    values = as_plain(HOUSES)
    for column in values["inputs"][0]["columns"]["columns"]:
        column["text"] = column.pop("kind") == "category"
        for name in ("part", "day_first", "gaps"):
            del column[name]
    columns = values["inputs"][0]["columns"]
    del columns["left_out"]
    del columns["ids"]
    (columns["target"],) = columns.pop("targets")
    assert from_plain(values) == HOUSES


@pytest.mark.parametrize(
    ("text", "recipe", "sizes"),
    [
        ("28x28x1 > conv3-2 > fc-10", Recipe(), "8x8 resized to 28x28x1"),
        ("28x28x1 > conv3-2 > fc-10", Recipe(data=DataSpec("digits")), ""),
        ("8x8x1 > conv3-2 > fc-10", Recipe(), ""),
        ("64 > fc-10", Recipe(), ""),
    ],
)
def test_digits_that_nobody_asked_for_warn_where_they_are_resized(
    text: str, recipe: Recipe, sizes: str
) -> None:
    from netdsl.training.data.load import load_data as loaded

    notes = [note for note in loaded(recipe, netdsl.parse(text)).notes if "warning" in note]
    assert len(notes) == bool(sizes)
    assert all(sizes in note and "--data mnist" in note for note in notes)
