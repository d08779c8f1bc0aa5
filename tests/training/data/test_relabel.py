"""Wrong labels on purpose, and fewer examples. No framework is imported here."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.data import Data, load_data
from netdsl.training.data.parts import Examples
from netdsl.training.data.relabel import relabelled, relabels
from netdsl.training.preparation.outputs import OutputTransform
from netdsl.training.preparation.transforms import Preparation
from netdsl.training.recipes.recipe import Recipe

CLASSES = OutputTransform("kind", (3,), "softmax", "cross-entropy", 3)
VALUES = OutputTransform("size", (1,), "linear", "squared", 0)
NETWORK = netdsl.parse("64 > softmax-10")


def loaded(**keys: Any) -> Data:
    return load_data(Recipe.of({"data": {"source": "digits"}, **keys}), NETWORK)


def labels(data: Data, part: str) -> Any:
    return np.asarray(getattr(data, part).y[0])


def all_labels(data: Data) -> Any:
    """Those of each example outside the test part, in an order that wrong labels do not change."""
    x = np.concatenate([data.train.x[0][:], data.validation.x[0][:]]).reshape(-1, 64)
    order = np.lexsort(x.T)
    return np.concatenate([labels(data, "train"), labels(data, "validation")])[order]


def test_noise_changes_its_share_of_labels_and_no_test_label() -> None:
    usual, noisy = loaded(), loaded(label_noise=0.2)
    changed = all_labels(usual) != all_labels(noisy)
    assert changed.sum() == round(0.2 * len(changed))
    assert np.array_equal(labels(usual, "test"), labels(noisy, "test"))
    assert any("0.2 of the labels" in note for note in noisy.notes)


def test_random_labels_are_right_as_often_as_guesses() -> None:
    usual, random = loaded(), loaded(data={"source": "digits", "labels": "random"})
    assert np.mean(all_labels(usual) == all_labels(random)) == pytest.approx(0.1, abs=0.03)
    assert np.array_equal(labels(usual, "test"), labels(random, "test"))
    counts = np.bincount(all_labels(random), minlength=10)
    assert counts.min() > 100  # of 1,438


def test_a_wrong_label_is_any_of_the_others() -> None:
    y = np.arange(300) % 3
    part = Examples((np.zeros((300, 2)),), (y,), "training")
    recipe = Recipe.of({"label_noise": 0.5})
    found = relabelled(part, Preparation((), (CLASSES,)), recipe).y[0]
    shifts = np.bincount((found - y) % 3, minlength=3)
    assert shifts[0] == 150
    assert shifts[1:].min() > 50
    assert found.max() == 2
    again = relabelled(part.named("validation"), Preparation((), (CLASSES,)), recipe).y[0]
    assert not np.array_equal(found, again), "each part has its own stream"
    both = dataclasses.replace(part, y=(y, y))
    one, other = relabelled(both, Preparation((), (CLASSES, CLASSES)), recipe).y
    assert np.array_equal(one, found)
    assert not np.array_equal(one, other), "and each output"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"label_noise": 0.5}, [0, 0, 0, 0, 0, 1, 2, 1, 2, 0, 2, 2]),
        ({"data": {"labels": "random"}}, [2, 1, 2, 2, 2, 1, 0, 2, 2, 1, 0, 0]),
    ],
)
def test_wrong_labels_are_those_of_earlier_versions(keys: Any, expected: list[int]) -> None:
    """Else a run of an earlier version could not read its data again."""
    part = Examples((np.zeros((12, 2)),), (np.arange(12) % 3,), "training")
    found = relabelled(part, Preparation((), (CLASSES,)), Recipe.of(keys))
    assert found.y[0].tolist() == expected


def test_labels_follow_from_the_seed() -> None:
    one, again, other = (loaded(label_noise=0.5, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(labels(one, "train"), labels(again, "train"))
    assert not np.array_equal(labels(one, "train"), labels(other, "train"))


def test_as_many_training_examples_as_are_asked_for() -> None:
    usual = loaded()
    few = loaded(data={"source": "digits", "split": {"training": 100}})
    assert len(few.train) == 100
    assert few.spec.split.training == 100
    whole = {row.tobytes() for row in np.asarray(usual.train.x[0])}
    assert all(row.tobytes() in whole for row in np.asarray(few.train.x[0]))
    assert np.array_equal(labels(usual, "test"), labels(few, "test"))


@pytest.mark.parametrize(
    ("keys", "output", "said"),
    [
        ({}, VALUES, False),
        ({"label_noise": 0.0}, VALUES, False),
        ({"label_noise": 0.1}, CLASSES, True),
        ({"data": {"labels": "random"}}, CLASSES, True),
        ({"label_noise": 0.1}, VALUES, "there are no labels to be changed: the data holds values"),
        ({"data": {"labels": "random"}}, VALUES, "there are no labels to be changed"),
        ({"data": {"labels": "random"}, "label_noise": 0.1}, CLASSES, "labels are random already"),
    ],
)
def test_which_labels_can_be_changed(keys: Any, output: OutputTransform, said: Any) -> None:
    recipe, preparation = Recipe.of(keys), Preparation((), (CLASSES, output))
    if isinstance(said, bool):
        assert relabels(recipe, preparation) == said
        return
    with pytest.raises(NetError) as caught:
        relabels(recipe, preparation)
    assert caught.value.code == "N507"
    assert caught.value.diagnostics[0].message.startswith(said)
