"""Answers that are averaged: of several runs, and about several versions of an image."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

import netdsl
from netdsl import NetError
from netdsl.cli.main import main
from netdsl.training.data.prediction import read_inputs
from netdsl.training.evaluation.ensemble import averaged_preparation, believed, check_alike
from netdsl.training.evaluation.predict import record_of
from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.transforms import Preparation

INPUT = InputTransform("input", (2,), False, 1.0, False, (2,))
OUTPUTS = {
    "softmax": OutputTransform("y", (3,), "softmax", "cross-entropy", 3, ("a", "b", "c")),
    "logits": OutputTransform("y", (3,), "linear", "cross-entropy", 3),
    "sigmoid": OutputTransform("y", (1,), "sigmoid", "binary", 2, ("no", "yes")),
    "logit": OutputTransform("y", (1,), "linear", "binary", 2),
    "tempered": OutputTransform("y", (3,), "softmax", "cross-entropy", 3, temperature=2.5),
    "tempered logits": OutputTransform("y", (3,), "linear", "cross-entropy", 3, temperature=0.5),
    "decided": OutputTransform(
        "y", (1,), "sigmoid", "binary", 2, temperature=2.0, positive=0, thresholds=(0.35,)
    ),
    "tags": OutputTransform("y", (2,), "sigmoid", "binary", 0),
    "decided tags": OutputTransform(
        "y", (2,), "linear", "binary", 0, temperature=3.0, thresholds=(0.53, 0.3)
    ),
    "mask": OutputTransform("y", (2, 2, 1), "sigmoid", "binary", 0, thresholds=(0.3,)),
    "hinge": OutputTransform("y", (3,), "linear", "hinge", 3),
    "value": OutputTransform("y", (2,), "linear", "squared", 0, centre=5.0, spread=2.0),
    "map": OutputTransform("y", (2, 2, 3), "softmax", "cross-entropy", 3),
}


def given(output: OutputTransform, seed: int = 0) -> Any:
    """Numbers that such an output may give for one example."""
    values = np.random.default_rng(seed).normal(size=output.shape)
    if output.activation == "softmax":
        values = np.exp(values) / np.exp(values).sum(axis=-1, keepdims=True)
    return 1 / (1 + np.exp(-values)) if output.activation == "sigmoid" else values


def flat(record: Any) -> list[float]:
    """All numbers of a record, in their order."""
    if isinstance(record, dict):
        return [number for value in record.values() for number in flat(value)]
    if isinstance(record, list):
        return [number for value in record for number in flat(value)]
    return [] if isinstance(record, str) else [float(record)]


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_mean_of_one_answer_is_that_answer(name: str) -> None:
    output = OUTPUTS[name]
    preparation, values = Preparation((INPUT,), (output,)), given(output)
    own = record_of([values], preparation, 3)
    mean = believed(output, values[None])[0]
    averaged = record_of([mean], averaged_preparation([preparation]), 3)
    assert flat(averaged) == pytest.approx(flat(own))
    assert str(averaged.keys()) == str(own.keys())


@pytest.mark.parametrize(
    ("thresholds", "mean"),
    [
        (((0.2,), (0.4,)), (0.3,)),
        (((0.2,), ()), (0.35,)),
        (((), (0.8,)), (0.65,)),
        (((), ()), ()),
    ],
)
@pytest.mark.parametrize("positive", [0, 1])
def test_thresholds_are_averaged_too(
    thresholds: Any, mean: tuple[float, ...], positive: int
) -> None:
    """Also where the other network's is about the other class."""
    own, other = thresholds
    other = tuple(1 - one for one in other) if positive else other
    first = dataclasses.replace(OUTPUTS["sigmoid"], positive=0, thresholds=own)
    second = dataclasses.replace(OUTPUTS["sigmoid"], positive=positive, thresholds=other)
    both = [Preparation((INPUT,), (output,)) for output in (first, second)]
    output = averaged_preparation(both).outputs[0]
    assert output.thresholds == pytest.approx(mean)
    for probability in (0.1, 0.32, 0.45, 0.6, 0.7):  # of the class 0
        record = record_of(
            [np.array([probability, 1 - probability])], averaged_preparation(both), 1
        )
        assert record["class"] == int(probability <= (mean or (0.5,))[0])


@pytest.mark.parametrize("name", ["softmax", "logits", "sigmoid", "logit"])
def test_probabilities_are_averaged_not_logits(name: str) -> None:
    output = OUTPUTS[name]
    both = [believed(output, given(output, seed)[None]) for seed in (1, 2)]
    mean = sum(both)[0] / 2
    assert mean.sum() == pytest.approx(1)
    record = record_of([mean], averaged_preparation([Preparation((INPUT,), (output,))]), 3)
    known = record["probabilities"]
    assert list(known.values()) == pytest.approx(mean.reshape(-1).tolist())
    assert record["class"] == int(mean.argmax())


class Asked(NamedTuple):
    """A run, as far as its outputs are compared."""

    run: Any
    preparation: Preparation


class Named(NamedTuple):
    folder: str


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("softmax", {"names": ("a", "c", "b")}, "N526"),
        ("softmax", {"shape": (4,), "classes": 4}, "N518"),
        ("value", {"shape": (3,)}, "N518"),
        ("value", {"columns": ("t1", "t2")}, "N526"),
        ("value", {"loss": "binary"}, "N518"),
    ],
)
def test_answers_to_other_questions_are_not_averaged(name: str, change: Any, code: str) -> None:
    output = OUTPUTS[name]
    other = dataclasses.replace(output, **change)
    one, more = (
        Asked(Named(f"runs/{at}"), Preparation((INPUT,), (each,)))
        for at, each in enumerate((output, other))
    )
    check_alike(one, one)  # type: ignore[arg-type]
    with pytest.raises(NetError, match="runs/0 and runs/1 cannot be averaged") as error:
        check_alike(one, more)  # type: ignore[arg-type]
    assert error.value.code == code


def test_a_sigmoid_and_a_softmax_of_two_are_averaged() -> None:
    softmax = OutputTransform("y", (2,), "softmax", "cross-entropy", 2, ("no", "yes"))
    one, more = (
        Asked(Named("a"), Preparation((INPUT,), (each,))) for each in (OUTPUTS["sigmoid"], softmax)
    )
    check_alike(one, more)  # type: ignore[arg-type]


# --- files ----------------------------------------------------------------------------------------

IMAGES = Preparation(
    (InputTransform("input", (4, 4), True, 255.0, True, (4, 4, 1)),), (OUTPUTS["softmax"],)
)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("photos/b/2.png", "photos/b/1.png", "photos/a.jpg", "photos/.hidden.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), 7).save(tmp_path / name)
    (tmp_path / "photos" / "notes.txt").write_text("not an image")
    return tmp_path


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        ("photos", ["photos/a.jpg", "photos/b/1.png", "photos/b/2.png"]),
        ("photos/", ["photos/a.jpg", "photos/b/1.png", "photos/b/2.png"]),
        ("photos/*/*.png", ["photos/b/1.png", "photos/b/2.png"]),
        ("photos/**/[12].png", ["photos/b/1.png", "photos/b/2.png"]),
        (["photos/b/2.png", "photos/b/1.png"], ["photos/b/2.png", "photos/b/1.png"]),
        (["photos/a.jpg", "photos/b"], ["photos/a.jpg", "photos/b/1.png", "photos/b/2.png"]),
    ],
)
def test_folders_and_patterns(photos: Path, paths: Any, names: list[str]) -> None:
    assert photos.is_dir()
    assert read_inputs(paths, IMAGES).names == names


@pytest.mark.parametrize(
    ("path", "code", "reported"),
    [
        ("photos/*.tif", "N511", "no file matches photos/*.tif"),
        ("empty", "N528", "empty has no files to predict"),
        ("none.png", "N511", "none.png"),
    ],
)
def test_paths_without_files(photos: Path, path: str, code: str, reported: str) -> None:
    (photos / "empty").mkdir()
    with pytest.raises(NetError) as error:
        read_inputs(path, IMAGES)
    assert error.value.code == code
    assert reported in str(error.value)


def test_a_damaged_file_in_a_folder_is_left_out(photos: Path) -> None:
    (photos / "photos" / "b" / "1.png").write_bytes(b"damaged")
    found = read_inputs("photos", IMAGES)
    assert found.names == ["photos/a.jpg", "photos/b/2.png"]
    assert list(found.failed) == ["photos/b/1.png"]


# --- runs -----------------------------------------------------------------------------------------


@pytest.mark.keras
def test_runs_and_versions_are_averaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).integers(0, 256, (24, 4, 4), np.uint8)
    np.savez("a.npz", x=x, y=np.arange(24) % 3)
    np.save("some.npy", x[:5])
    network = netdsl.parse("4x4x1 > conv3-2 > gap > softmax-3", name="a")
    keys: dict[str, Any] = {"data": "a.npz", "epochs": 1, "speed": "plain", "quiet": True}
    runs = [
        network.train(**keys, seed=0, augment={"flip": "horizontal"}),
        network.train(**keys, seed=1),
    ]
    each = [run.predict("some.npy") for run in runs]
    both = runs[0].predict("some.npy", others=[runs[1]])
    given = runs[0].predict(x[:5], others=runs[1])
    assert [record["probabilities"] for record in given] == [
        record["probabilities"] for record in both
    ]
    for place, record in enumerate(both):
        for name, value in record["probabilities"].items():
            alone = [records[place]["probabilities"][name] for records in each]
            assert value == pytest.approx(sum(alone) / 2)
    versions = runs[0].predict("some.npy", versions=6)
    assert versions == runs[0].predict("some.npy", versions=6)
    mirrored = runs[0].predict(x[:5, :, ::-1])
    for place, record in enumerate(versions):
        for name, value in record["probabilities"].items():
            ends = [records[place]["probabilities"][name] for records in (each[0], mirrored)]
            assert min(ends) - 1e-6 <= value <= max(ends) + 1e-6
    with pytest.raises(NetError, match="trained without `augment`"):
        runs[1].predict("some.npy", versions=2)
    assert main(["predict", "runs/a-1", "some.npy", "--with", "runs/a-2", "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("input,class,name,probability,")
    assert main(["predict", "runs/a-1", "-", "--with", "runs/a-2"]) == 1
    assert main(["predict", "runs/a-1", "some.npy", "--augment", "2", "--at", "gap_1"]) == 2
