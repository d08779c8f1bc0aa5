"""Inputs that are cut out of larger images: at random in training, from the middle else."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.planning.plan import plan
from netdsl.training.preparation.augment import random_cuts
from netdsl.training.preparation.resize import resized
from netdsl.training.preparation.transforms import as_plain, from_plain
from netdsl.training.recipes.recipe import Recipe

NETWORK = netdsl.parse("6x6x1 > conv3-4 > fc-3 > softmax-10", name="cut")
RECIPE = Recipe.of({"data": "digits", "augment": {"crop_from": 8}})


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
