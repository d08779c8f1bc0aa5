"""Inputs that are cut out of larger images: at random in training, from the middle else."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import netdsl
from netdsl.errors import NetError
from netdsl.training.data.load import reload
from netdsl.training.data.prediction import read_inputs
from netdsl.training.planning.plan import plan
from netdsl.training.preparation.augment import random_cuts
from netdsl.training.preparation.resize import resized
from netdsl.training.preparation.transforms import as_plain, from_plain
from netdsl.training.recipes.recipe import Recipe

NETWORK = netdsl.parse("6x6x1 > conv3-4 > fc-3 > softmax-10", name="cut")
CUT = {"augment": {"crop_from": 8}}
RECIPE = Recipe.of({"data": "digits", **CUT})


def test_what_is_measured_is_cut_from_the_middle() -> None:
    """The digits are 8x8, so that 6x6 of 8x8 needs no resizing."""
    job = plan(NETWORK, RECIPE)
    x = np.asarray(job.data.test.x[0][:5])
    prepared = job.data.preparation.x((x,))[0]
    assert prepared == pytest.approx(x[:, 1:7, 1:7, None] / 16)
    larger = plan(NETWORK, Recipe.of({"data": "digits", "augment": {"crop_from": 10}}))
    whole = resized((x[..., None] / 16).astype(np.float32), 10, 10)
    assert larger.data.preparation.x((x,))[0] == pytest.approx(whole[:, 2:8, 2:8])


def test_the_width_is_in_proportion() -> None:
    input = plan(NETWORK, RECIPE).data.preparation.inputs[0]
    wide = dataclasses.replace(input, shape=(4, 6, 1), crop_from=8)
    assert wide.uncut.shape == (8, 12, 1)


def test_the_preparation_goes_through_its_file() -> None:
    preparation = plan(NETWORK, RECIPE).data.preparation
    assert preparation.inputs[0].crop_from == 8
    assert from_plain(as_plain(preparation)) == preparation
    old = as_plain(preparation)
    del old["inputs"][0]["crop_from"]  # a run of before
    assert from_plain(old).inputs[0].crop_from == 0
    old["inputs"][0]["crop_from"] = 5
    with pytest.raises(ValueError, match="cut from 5"):
        from_plain(old)


def test_each_place_is_as_likely() -> None:
    x = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1).repeat(4000, axis=0)
    found = random_cuts(x, (3, 2), np.random.default_rng(0))
    assert found.shape == (4000, 3, 2, 1)
    corners, counts = np.unique(found[:, 0, 0, 0], return_counts=True)
    assert corners.tolist() == [0, 1, 2, 4, 5, 6]  # rows 0 and 1, columns 0 to 2
    assert counts.min() > 550  # of 667
    assert (found[:, 1, 1, 0] - found[:, 0, 0, 0] == 5).all()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"augment": {"crop_from": 5}}, "cannot be cut out of an image 5 high"),
        ({"augment": {"crop_from": 8}, "speed": "chunks"}, "leave `speed` out"),
    ],
)
def test_what_does_not_go_together(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(NetError, match="N507") as caught:
        plan(NETWORK, Recipe.of({"data": "digits", **keys}))
    assert message in str(caught.value)
    if "speed" not in keys:
        with pytest.raises(NetError, match="changes images HxWxC"):
            plan(netdsl.parse("64 > softmax-10"), RECIPE)


def saved_images(folder: Path, mode: str) -> Path:
    """Save twenty images of 16x16 in two classes, and return one of them."""
    rng = np.random.default_rng(0)
    for place in range(20):
        path = folder / f"class{place % 2}" / f"{place:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (16, 16))
        image = Image.fromarray(pixels.astype(np.uint8))
        if mode == "I;16":
            image = Image.fromarray((pixels * 257).astype(np.uint16))
        image.save(path)
    return folder / "class0" / "00.png"


@pytest.mark.parametrize("mode", ["L", "I;16"])
def test_files_are_read_at_the_size_that_is_cut(tmp_path: Path, mode: str) -> None:
    """Files of 16x16 become 8x8, as arrays do, and not the input's 6x6 which is enlarged."""
    path = saved_images(tmp_path, mode)
    network = netdsl.parse("6x6x1 > fc-3 > softmax-2")
    recipe = Recipe.of({"data": str(tmp_path), **CUT})
    job = plan(network, recipe)
    preparation = job.data.preparation
    again = reload(job.recipe, preparation)
    given = read_inputs(path, preparation).x[0]
    with Image.open(path) as image:
        pixels = np.asarray(image, np.float32)[None, ..., None] / (255 if mode == "L" else 65535)
    whole = resized(pixels, 8, 8)
    parts = (job.data.train, job.data.validation, job.data.test)
    for part, other in zip(parts, (again.train, again.validation, again.test), strict=True):
        assert part.x[0].shape[1:] == (8, 8, 1)
        assert np.array_equal(part.x[0][:], other.x[0][:])
    # Bytes are rounded once they are resized.
    assert preparation.x((given,))[0] == pytest.approx(whole[:, 1:7, 1:7], abs=0.004)
    assert preparation.uncut.x((given,))[0] == pytest.approx(whole, abs=0.004)


def test_files_of_an_autoencoder_are_not_cut(tmp_path: Path) -> None:
    saved_images(tmp_path, "L")
    data = {"source": str(tmp_path), "target": "input"}
    with pytest.raises(NetError, match="`crop_from` does not go with `target: input`"):
        plan(netdsl.parse("6x6x1 > conv3-1"), Recipe.of({"data": data, **CUT}))


@pytest.mark.keras
def test_a_training_sees_windows_of_all_places(tmp_path: Path) -> None:
    from netdsl.training.data.batches import Sampling, Shuffled

    job = plan(NETWORK, RECIPE)
    batches = Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe))
    batches.at_epoch(1)
    x = batches[0][0]
    again = Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe))
    again.at_epoch(1)
    assert x.shape == (32, 6, 6, 1)
    assert np.array_equal(x, again[0][0])
    rows = batches.order[:32]
    whole = np.asarray(job.data.train.x[0][rows]) / 16
    windows = [
        [whole[at, r : r + 6, c : c + 6] for r in range(3) for c in range(3)] for at in range(32)
    ]
    places = {
        next(place for place, one in enumerate(nine) if np.allclose(one, x[at, ..., 0]))
        for at, nine in enumerate(windows)
    }
    assert len(places) > 6
    keys = {"data": {"source": "digits", "split": {"training": 64}}, "epochs": 1}
    run = NETWORK.train(keys, augment={"crop_from": 8}, where=tmp_path, quiet=True)
    assert run.evaluate()["accuracy"] == pytest.approx(run.test["accuracy"])
    assert len(run.predict(np.zeros((2, 8, 8), np.uint8))) == 2


@pytest.mark.keras
def test_a_run_reads_files_as_its_training_did(tmp_path: Path) -> None:
    path = saved_images(tmp_path / "images", "L")
    network = netdsl.parse("6x6x1 > fc-3 > softmax-2")
    keys = {"data": str(tmp_path / "images"), "epochs": 1, **CUT}
    run = network.train(keys, where=tmp_path, quiet=True)
    assert run.evaluate()["loss"] == pytest.approx(run.test["loss"])
    with Image.open(path) as image:
        pixels = np.asarray(image.resize((8, 8), Image.Resampling.BILINEAR))
    of_file, of_array = run.predict(path)[0], run.predict(pixels[None, ..., None])[0]
    # Bytes are rounded once they are resized; a file to be predicted is not.
    assert of_file["probabilities"] == pytest.approx(of_array["probabilities"], abs=0.004)
    assert len(netdsl.predict(run.folder, path, versions=2)) == 1
