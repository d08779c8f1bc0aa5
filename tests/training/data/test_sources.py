"""Arrays of several inputs and outputs, memory maps, reviews, folds, hubs.

No framework is imported here.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.recipes import load_data

import netdsl
from netdsl import Network
from netdsl.errors import NetError, RunError
from netdsl.training.data import Data, NetworkSignature, read, read_inputs, reload
from netdsl.training.data.sources import named
from netdsl.training.data.sources.arrays import read_npy
from netdsl.training.data.splits import folded
from netdsl.training.metrics.definitions import ACCURACY, training_metric
from netdsl.training.preparation.ranges import scan
from netdsl.training.recipes.recipe import DataSpec, Recipe, Split, parse_recipe

RANDOM = np.random.default_rng(0)
X = RANDOM.random((40, 8)).astype(np.float32)
Y = np.arange(40) % 4

PAIR = (
    "input left: 8\ninput right: 8\nsub[ @left | @right ] > fc-4 as h > softmax-4 as whole\n"
    "@h > softmax-2 as half"
)
SIAMESE = "input left: 8\ninput right: 8\nsub[ @left | @right ] > softmax-4"
HEADS = "input 8 > fc-4 as h > softmax-4 as whole\n@h > softmax-4 as early"


def loaded(text: str, source: str, loss: str | None = None, **more: Any) -> Data:
    return load_data(Recipe(data=DataSpec(source=source, **more), loss=loss), netdsl.parse(text))


def refused(text: str, source: str, code: str, reported: str, **more: Any) -> None:
    with pytest.raises(NetError, match=reported) as caught:
        loaded(text, source, **more)
    assert caught.value.diagnostics[0].code == code


# --- several inputs and outputs -------------------------------------------------------------------


def test_each_input_and_output_has_its_array(npz: Any) -> None:
    found = loaded(PAIR, npz(x_left=X, x_right=X * 2, y_whole=Y, y_half=Y % 2))
    assert [input.name for input in found.preparation.inputs] == ["left", "right"]
    assert [(output.name, output.classes) for output in found.preparation.outputs] == [
        ("whole", 4),
        ("half", 2),
    ]
    assert np.array_equal(found.train.x[0] * 2, found.train.x[1])
    assert np.array_equal(found.train.y[0] % 2, found.train.y[1])
    assert [array.shape for array in found.preparation.x(found.test.x)] == [(8, 8), (8, 8)]


def test_one_y_serves_all_outputs(npz: Any) -> None:
    found = loaded(HEADS, npz(x=X, y=Y))
    assert np.array_equal(*found.train.y)
    assert training_metric(found.preparation.outputs[0]) is ACCURACY


def test_parts_of_several_inputs(npz: Any) -> None:
    arrays = {
        "x_train_left": X,
        "x_train_right": X,
        "y_train": Y,
        "x_test_left": X[:5],
        "x_test_right": X[:5],
        "y_test": Y[:5],
    }
    assert len(loaded(SIAMESE, npz(**arrays)).test) == 5


@pytest.mark.parametrize(
    ("text", "arrays", "code", "reported"),
    [
        (
            SIAMESE,
            {"x_left": X, "x_rigth": X, "y": Y},
            "N514",
            "no array `x_right`(.|\n)*did you mean `x_rigth`",
        ),
        (SIAMESE, {"x": X, "y": Y}, "N514", "no array `x_left`, `x_right`"),
        (
            PAIR,
            {"x_left": X, "x_right": X, "y_whole": Y},
            "N514",
            r"no array `y_half`; it has [\s\S]*\n  +help: the arrays are",
        ),
        (
            SIAMESE,
            {"x_left": X, "x_right": X[:-1], "y": Y},
            "N515",
            "`x_left` of .* has 40 rows and `x_right` has 39",
        ),
        (
            SIAMESE,
            {"x_left": X, "x_right": X[:, :3], "y": Y},
            "N518",
            "`x_right` of .* holds examples of 3",
        ),
        (PAIR, {"x_left": X, "x_right": X, "y": Y}, "N520", "the network has outputs 0 to 1"),
        # One `y` for both outputs is named once.
        (
            HEADS,
            {"images": X, "y": Y},
            "N514",
            r"no array `x`; it has images, y\n[\s\S]*help: the arrays are x_train, y_train, x_test",
        ),
    ],
)
def test_arrays_of_several_inputs_that_are_refused(
    npz: Any, text: str, arrays: Any, code: str, reported: str
) -> None:
    refused(text, npz(**arrays), code, reported)


def test_several_inputs_to_predict(npz: Any, tmp_path: Path) -> None:
    preparation = loaded(SIAMESE, npz(x_left=X, x_right=X, y=Y)).preparation
    path = npz("new.npz", x_left=X[:3], x_right=X[:3])
    names, x, *_ = read_inputs(path, preparation)
    assert (names, len(x)) == ([f"{path}[{row}]" for row in range(3)], 2)
    np.save(tmp_path / "one.npy", X[0])
    names, x, *_ = read_inputs(
        [f"left={tmp_path / 'one.npy'}", f"right={tmp_path / 'one.npy'}"], preparation
    )
    assert (names, [array.shape for array in x]) == ([f"{tmp_path}/one.npy[0]"], [(1, 8), (1, 8)])
    for paths, code in (
        ([f"left={tmp_path / 'one.npy'}"], "N514"),
        ([f"left={tmp_path / 'one.npy'}", f"left={tmp_path / 'two.npy'}"], "N506"),
        ([f"left={tmp_path / 'one.npy'}", f"rihgt={tmp_path / 'one.npy'}"], "N514"),
        ([str(tmp_path / "one.npy")], "N514"),
        ([npz("half.npz", x_left=X)], "N514"),
        ([npz("short.npz", x_left=X, x_right=X[:3])], "N515"),
        ([], "N516"),
    ):
        with pytest.raises(NetError) as caught:
            read_inputs(paths, preparation)
        assert caught.value.diagnostics[0].code == code


# --- indices and labels for each position ---------------------------------------------------------


def test_indices_and_a_label_for_each_position(npz: Any) -> None:
    words = RANDOM.integers(0, 50, (40, 20))
    found = loaded("input 20 of int(50) > embed-4 > dense-50 > softmax", npz(x=words, y=words))
    (output,) = found.preparation.outputs
    assert (output.classes, output.dense, output.loss) == (50, True, "cross-entropy")
    assert found.preparation.y(found.train.y)[0].shape == (29, 20)
    assert found.preparation.x(found.train.x)[0].dtype == np.int32


@pytest.mark.parametrize("form", [lambda y: y, lambda y: y[..., None], lambda y: np.eye(3)[y]])
def test_a_label_for_each_pixel(npz: Any, form: Any) -> None:
    images = RANDOM.random((20, 6, 6, 1))
    found = loaded(
        "input 6x6x1 > conv3-3 > softmax", npz(x=images, y=form(RANDOM.integers(0, 3, (20, 6, 6))))
    )
    assert found.preparation.y(found.train.y)[0].shape == (len(found.train), 6, 6)


@pytest.mark.parametrize(
    ("arrays", "code", "reported"),
    [
        (
            {"x": np.full((20, 20), 50), "y": Y[:20]},
            "N527",
            "`x` of .* holds 50 in row 0; .* from 0 to 49",
        ),
        ({"x": np.full((20, 20), -1), "y": Y[:20]}, "N527", "holds -1"),
        ({"x": np.full((20, 20), 0.5), "y": Y[:20]}, "N527", "holds 0.5"),
        ({"x": np.zeros((20, 9), int), "y": Y[:20]}, "N518", "20 indices"),
    ],
)
def test_indices_that_are_refused(npz: Any, arrays: Any, code: str, reported: str) -> None:
    refused("input 20 of int(50) > embed-4 > flatten > softmax-4", npz(**arrays), code, reported)


def test_labels_for_pixels_that_are_refused(npz: Any) -> None:
    images = RANDOM.random((20, 6, 6, 1))
    text = "input 6x6x1 > conv3-3 > softmax"
    refused(text, npz(x=images, y=np.full((20, 6, 6), 3)), "N520", "from 3 to 3")
    refused(text, npz(x=images, y=np.zeros((20, 5, 5))), "N518", "a label for each of 6x6")
    refused(text, npz(x=images, y=np.zeros(20)), "N518", "a label for each of 6x6")


# --- an input as its own target -------------------------------------------------------------------


def test_an_autoencoder_learns_the_prepared_input() -> None:
    found = loaded("input 16x16x1 > conv3-4 > conv3-1(sigmoid)", "digits", target="input")
    (output,) = found.preparation.outputs
    assert (output.copies, output.loss, output.classes, training_metric(output).name) == (
        "input",
        "binary",
        0,
        "absolute_error",
    )
    rows = np.arange(3)
    (x,), (y,) = (
        found.preparation.x((found.train.x[0][rows],)),
        found.preparation.y((found.train.y[0][rows],)),
    )
    assert np.array_equal(x, y)
    assert x.shape == (3, 16, 16, 1)
    assert (
        loaded("input 8x8x1 > conv3-1(act=none)", "digits", target="input")
        .preparation.outputs[0]
        .loss
        == "squared"
    )


def test_an_autoencoder_needs_no_targets(npz: Any) -> None:
    assert len(loaded("input 8 > fc-3 > linear-8", npz(x=X), target="input").train) == 29
    refused(
        "input 8 > fc-3 > linear-7",
        npz(x=X),
        "N518",
        "cannot reproduce the network's input of 8",
        target="input",
    )
    refused(
        "input 8 > fc-3 > linear-4", npz(x=X, y=Y), "N507", "`target` is for tables", target="label"
    )


# --- arrays in files of their own -----------------------------------------------------------------


def pair(folder: Path, x: Any = X, y: Any = Y) -> DataSpec:
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    return DataSpec(source=str(folder / "x.npy"), target=str(folder / "y.npy"))


def test_arrays_stay_on_the_disk(network: Any, tmp_path: Path) -> None:
    found = load_data(Recipe(data=pair(tmp_path)), network((8,), 4))
    assert not isinstance(found.train.x[0], np.ndarray)
    whole = read_npy(tmp_path / "x.npy")
    rows = np.array([5, 1])
    assert any(np.array_equal(found.train.x[0][0], row) for row in whole)
    assert found.train.x[0][rows].shape == (2, 8)
    assert len(found.train.at(rows)) == 2
    again = reload(Recipe(data=found.spec), found.preparation)
    assert np.array_equal(again.test.x[0][:], found.test.x[0][:])


@pytest.mark.parametrize(
    ("x", "y", "code", "reported"),
    [
        (X, Y[:-1], "N515", "40 rows and `y.npy` has 39"),
        (np.where(np.arange(40)[:, None] == 7, np.nan, X), Y, "N517", "first in row 7"),
        (X.astype(str), Y, "N517", "holds text, not numbers"),
        (X, Y + 1, "N520", "the first is in row 3"),
        (X[:0], Y[:0], "N516", "is empty"),
    ],
)
def test_arrays_on_the_disk_that_are_refused(
    network: Any, tmp_path: Path, x: Any, y: Any, code: str, reported: str
) -> None:
    with pytest.raises(NetError, match=reported) as caught:
        load_data(Recipe(data=pair(tmp_path, x, y)), network((8,), 4))
    assert caught.value.diagnostics[0].code == code


def test_arrays_in_this_folder(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair(tmp_path, X, Y[:-1])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NetError, match=f"`x.npy` of {tmp_path} has 40 rows"):
        load_data(Recipe(data=DataSpec(source="x.npy", target="y.npy")), network((8,), 4))


def test_targets_that_are_not_named(tmp_path: Path) -> None:
    spec = pair(tmp_path)
    refused("input 8 > softmax-4", str(spec.source), "N514", "targets of .* are not given")
    refused(
        "input 8 > softmax-4",
        str(spec.source),
        "N511",
        "No such file",
        target=str(tmp_path / "z.npy"),
    )


def test_large_arrays_are_looked_at_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netdsl.training.preparation.rows.CHUNK", 24)
    values = np.arange(80, dtype=float).reshape(40, 2)
    values[31, 1] = 0.5
    assert scan(values) == (0.0, 79.0, None, 31)
    values[17, 0] = np.inf
    assert scan(values).not_finite == 17


# --- names ----------------------------------------------------------------------------------------


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    for name in ("data.xyz", "data"):
        (tmp_path / name).write_text("1")
        refused(
            "input 8 > softmax-4",
            str(tmp_path / name),
            "N510",
            f"{name} exists, and .*(.|\n)*suffix .npz, .npy, .csv",
        )
    np.savez(tmp_path / "DATA.npz", x=X, y=Y)
    (tmp_path / "DATA.npz").rename(tmp_path / "DATA.NPZ")
    assert len(loaded("input 8 > softmax-4", str(tmp_path / "DATA.NPZ")).train) == 29


def test_values_far_from_one_are_reported(npz: Any) -> None:
    (note,) = loaded("input 8 > linear-1", npz(x=X, y=np.arange(40) * 1000.0)).notes
    assert note.startswith("`y` has the mean 1")
    assert not loaded("input 8 > linear-1", npz(x=X, y=np.arange(40))).notes
    assert not loaded("input 8 > softmax-4", npz(x=X, y=Y)).notes


@pytest.mark.parametrize("end", ["sigmoid", "linear"])
@pytest.mark.parametrize("count", [1, 2])
def test_shares_are_not_classes(npz: Any, end: str, count: int) -> None:
    """For values between 0 and 1 no accuracy is reported, for probabilities and logits alike."""
    shares, classes = RANDOM.random((40, count)), np.eye(2)[Y % 2][:, :count]
    for y, metric in ((shares, "absolute_error"), (classes, "accuracy")):
        found = loaded(f"input 8 > {end}-{count}", npz(x=X, y=y), loss="binary")
        (output,) = found.preparation.outputs
        assert (output.loss, training_metric(output).name) == ("binary", metric)
        assert output.soft == (metric == "absolute_error")


def test_reviews_are_cut_and_padded(
    npz: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviews = np.array([[0, 0, 1, 14, 99], [1, 5, 6, 7, 8]] * 10)
    npz(
        "imdb.npz",
        x_train=reviews,
        y_train=np.arange(20) % 2,
        x_test=reviews,
        y_test=np.arange(20) % 2,
    )
    monkeypatch.setenv("NETDSL_DATA", str(tmp_path))
    found = loaded("input 3 of int(50) > embed-4 > flatten > sigmoid-1", "imdb")
    assert sorted({tuple(row) for row in found.test.x[0].tolist()}) == [(1, 14, 2), (6, 7, 8)]
    assert found.preparation.outputs[0].names == ("negative", "positive")
    assert "cut or padded to 3 words" in found.notes[0]
    longer = loaded("input 7 of int(50) > embed-4 > flatten > sigmoid-1", "imdb")
    assert longer.test.x[0][1].tolist() == [0, 0, 1, 5, 6, 7, 8]
    refused("input 8x8x1 > sigmoid-1", "imdb", "N518", "need an input of indices")


def test_reviews_as_keras_gives_them(monkeypatch: pytest.MonkeyPatch) -> None:
    reviews = np.array([[1, 4, 99], [1], [1, 5, 6, 7], []] * 10, dtype=object)
    labels = np.arange(40) % 2
    imdb = SimpleNamespace(load_data=lambda: ((reviews, labels), (reviews, labels)))
    monkeypatch.delenv("NETDSL_DATA", raising=False)
    monkeypatch.setattr(
        named, "quiet_keras", lambda: SimpleNamespace(datasets=SimpleNamespace(imdb=imdb))
    )
    found = loaded("input 3 of int(50) > embed-4 > flatten > sigmoid-1", "imdb")
    assert found.test.x[0][:4].tolist() == [[1, 4, 2], [0, 0, 1], [5, 6, 7], [0, 0, 0]]


def test_a_download_says_nothing_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load() -> None:
        print("Downloading data from somewhere")
        raise Exception("URL fetch failure")

    monkeypatch.delenv("NETDSL_DATA", raising=False)
    monkeypatch.setattr(
        named,
        "quiet_keras",
        lambda: SimpleNamespace(datasets=SimpleNamespace(cifar100=SimpleNamespace(load_data=load))),
    )
    with pytest.raises(RunError):
        read(
            DataSpec(source="cifar100"),
            NetworkSignature.of(netdsl.parse("input 32x32x3 > softmax-100")),
        )
    assert capsys.readouterr() == ("", "")


def test_the_classes_have_names() -> None:
    assert [len(named.NAMES[name]) for name in ("cifar10", "cifar100", "fashion_mnist")] == [
        10,
        100,
        10,
    ]
    assert len(set(named.NAMES["cifar100"])) == 100
    assert named.NAMES["mnist"] == named.NAMES["digits"] == tuple("0123456789")


@pytest.mark.parametrize(
    ("source", "fix"),
    [
        ("mnits", "mnist"),
        ("data.npx", "data.npz"),
        ("what", "a folder of images"),
        ("folder/none.xyz", "there is no file or folder folder/none.xyz"),
    ],
)
def test_sources_that_there_are_none_of(
    npz: Any, source: str, fix: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    npz(x=X, y=Y)
    monkeypatch.chdir(tmp_path)
    refused("input 8 > softmax-4", source, "N510", fix)


# --- folds ----------------------------------------------------------------------------------------


def test_folds_are_disjoint_and_together_whole() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 7])
    tests = [folded(labels, 5, fold, 0)[1] for fold in range(5)]
    assert sorted(np.concatenate(tests)) == list(range(87))
    for kept, test in (folded(labels, 5, fold, 0) for fold in range(5)):
        assert sorted([*kept, *test]) == list(range(87))
        assert np.abs(np.bincount(labels[test], minlength=3) - [10, 6, 1.4]).max() <= 1


def test_a_fold_is_the_test_part(network: Any) -> None:
    parts = [
        load_data(
            Recipe(data=DataSpec(source="digits", split=Split(fold=fold, test=0.1))), network()
        ).test
        for fold in range(10)
    ]
    assert sum(map(len, parts)) == 1797
    assert np.abs(np.bincount(parts[3].y[0]) / len(parts[3]) - 0.1).max() < 0.02


@pytest.mark.parametrize(
    ("text", "code", "reported"),
    [
        (
            "data: {source: digits, split: {fold: «5»}}",
            "N505",
            "no fold 5: the test share of 0.2 makes 5 folds, 0 to 4",
        ),
        ("data: {source: digits, split: {test: 0.3, fold: «1»}}", "N505", "0.3 is not 1/K"),
    ],
)
def test_folds_that_there_are_none_of(network: Any, text: str, code: str, reported: str) -> None:
    with pytest.raises(NetError, match=reported) as caught:
        load_data(parse_recipe(text.replace("«", "").replace("»", "")), network())
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert diagnostic.span
    assert diagnostic.span.start == text.index("«")


def test_a_part_of_its_own_is_not_cut(network: Any, npz: Any) -> None:
    path = npz(x_train=X, y_train=Y, x_test=X, y_test=Y)
    refused("input 8 > softmax-4", path, "N507", "test part of its own", split=Split(fold=1))


# --- hubs -----------------------------------------------------------------------------------------


class ClassLabel:
    names = ("cat", "dog", "owl", "eel")


FakeImage = type("Image", (), {})


class Split4:
    """A part as the package `datasets` has it."""

    def __init__(self, count: int, features: dict[str, Any]) -> None:
        self.features = features
        self.rows = [
            {"image": Image.new("RGB", (9, 7), (place, 0, 0)), "label": place % 4, "text": "a"}
            for place in range(count)
        ]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int | str) -> Any:
        return [row[at] for row in self.rows] if isinstance(at, str) else self.rows[at]


@pytest.fixture
def hugging_face(monkeypatch: pytest.MonkeyPatch) -> None:
    features = {"image": FakeImage(), "label": ClassLabel()}

    class DatasetNotFoundError(FileNotFoundError):
        pass

    def load_dataset(name: str, configuration: str | None) -> Any:
        print("noise")
        if name == "none":
            raise DatasetNotFoundError("Dataset 'none' doesn't exist on the Hub")
        if name == "down":
            raise ConnectionError("no route")
        more = {"text": object(), "note": object()} if name == "text" else {}
        kept = {key: feature for key, feature in features.items() if name != "text"} | more
        return {"train": Split4(40, kept), "test": Split4(8, kept)}

    module = ModuleType("datasets")
    module.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", module)


@pytest.mark.usefixtures("hugging_face")
def test_a_data_set_of_hugging_face() -> None:
    found = loaded("input 4x4x3 > flatten > softmax-4", "hf:animals")
    assert (len(found.train), len(found.test), found.spec.source) == (36, 8, "hf:animals")
    assert found.preparation.outputs[0].names == ClassLabel.names
    assert found.preparation.x((found.test.x[0][:],))[0].shape == (8, 4, 4, 3)
    assert found.preparation.inputs[0].scale == 255
    assert found.test.x_names == ("`image` of test",)
    recipe = Recipe.of({"data": "hf:animals", "augment": {"crop_from": 6}})
    cut = load_data(recipe, netdsl.parse("input 4x4x3 > flatten > softmax-4"))
    assert cut.train.x[0].shape[1:] == (6, 6, 3)
    refused("input 4x4x3 > flatten > softmax-3", "hf:animals", "N526", "4 classes")
    refused("input 4x4x3 > flatten > softmax-4", "hf:text", "N530", "no target column")
    refused(
        "input 4x4x3 > flatten > softmax-4",
        "hf:animals",
        "N530",
        "no column `lable`(.|\n)*`label`",
        target="lable",
    )
    refused("input 48 > softmax-4", "hf:animals", "N518", "holds images")
    refused(
        "input 4x4x3 > flatten > softmax-4", "hf:none", "N510", "there is no data set `hf:none`"
    )
    refused(
        "input 4x4x3 > flatten > softmax-4", "hf:down", "N522", "could not be downloaded: no route"
    )


@pytest.mark.parametrize(("hub", "package"), [("hf", "datasets"), ("tfds", "tensorflow_datasets")])
def test_a_package_that_is_absent(monkeypatch: pytest.MonkeyPatch, hub: str, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    refused("input 8 > softmax-4", f"{hub}:mnist", "N532", rf"pip install 'netdsl\[{hub}\]'")


def test_a_data_set_of_tensorflow_datasets(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(np.full((8, 8, 1), place, np.uint8), place % 4) for place in range(40)]
    split = SimpleNamespace(as_numpy_iterator=lambda: iter(rows))
    info = SimpleNamespace(supervised_keys=("image", "label"), features={"label": ClassLabel()})

    def load(name: str, as_supervised: bool, with_info: bool) -> Any:
        if name != "animals":
            raise type("DatasetNotFoundError", (ValueError,), {})(f"Dataset {name} not found.")
        return {"train": split}, info

    module = ModuleType("tensorflow_datasets")
    module.load = load  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", module)
    found = loaded("input 4x4x3 > flatten > softmax-4", "tfds:animals")
    assert (len(found.train), found.train.x[0].shape[1:], found.preparation.outputs[0].names) == (
        29,
        (4, 4, 3),
        ClassLabel.names,
    )
    assert found.preparation.inputs[0].scale == 255
    assert found.preparation.x((found.train.x[0][:],))[0].max() <= 39 / 255
    copied = loaded("input 4x4x3 > conv3-3", "tfds:animals", target="input")
    assert [(output.copies, output.names) for output in copied.preparation.outputs] == [
        ("input", ())
    ]
    refused("input 4x4x3 > flatten > softmax-5", "tfds:animals", "N526", "4 classes")
    refused("input 8x8x1 > softmax-4", "tfds:none", "N510", "there is no data set")
    monkeypatch.setattr("netdsl.training.data.sources.hub.MAX_BYTES", 100)
    refused("input 8x8x1 > flatten > softmax-4", "tfds:animals", "N534", "more than")
    sounds = [(np.zeros(5, np.int64), 0), (np.zeros(7, np.int64), 1)]
    split.as_numpy_iterator = lambda: iter(sounds)
    refused("input 5 > softmax-4", "tfds:animals", "N518", "different shapes: 5 and 7")


def test_networks_are_as_asked() -> None:
    network: Network = netdsl.parse("input words: 20 of int(50) > embed-4 > flatten > softmax-4")
    expected = NetworkSignature.of(network)
    assert (expected.inputs[0].name, expected.inputs[0].shape, expected.inputs[0].vocabulary) == (
        "words",
        (20,),
        50,
    )
    assert expected.outputs[0].activation == "softmax"
