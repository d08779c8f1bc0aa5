"""Examples in batches: labels, weights, and what is given back."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from support.line import ALL, X, trained

import netdsl
from netdsl.keras.quiet import quiet_keras
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import (
    Augment,
    DataSpec,
    Optimizer,
    Recipe,
    Split,
    Stopping,
)

pytestmark = pytest.mark.keras

quiet_keras()


from netdsl.training.data.batches import Sampling, Shuffled, smoothed  # noqa: E402


def test_smoothed_labels() -> None:
    job = plan(netdsl.parse("64 > softmax-10"), Recipe(label_smoothing=0.1))
    output = job.data.preparation.outputs[0]
    assert smoothed(output, np.array([2, 0]), 0.1) == pytest.approx(
        np.array([[0.1 / 9] * 2 + [0.9] + [0.1 / 9] * 7, [0.9] + [0.1 / 9] * 9])
    )
    binary = dataclasses.replace(output, loss="binary", shape=(1,), classes=2)
    assert smoothed(binary, np.array([[1.0], [0.0]]), 0.1) == pytest.approx(
        np.array([[0.9], [0.1]])
    )


def test_balanced_classes() -> None:
    y = np.repeat([0, 1, 1, 1], 60)
    job = plan(
        netdsl.parse("3 > softmax-2"),
        dataclasses.replace(ALL, class_weights="balanced"),
        data=(X, y),
    )
    assert job.recipe.class_weights == {"0": 2.0, "1": pytest.approx(2 / 3, abs=1e-6)}
    training = Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe))
    training.at_epoch(1)
    _, labels, weights = training[0]
    assert weights == pytest.approx(np.where(labels == 0, 2.0, 2 / 3), abs=1e-6)


def test_weights_make_rare_classes_count(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(2000) < 0.1).astype(int)
    x = (rng.normal(size=(2000, 1)) + y[:, None]).astype(np.float32)
    found = {}
    for weights in (None, "balanced"):
        recipe = Recipe(epochs=8, class_weights=weights, optimizer=Optimizer(rate=0.05))
        run = trained(netdsl.parse("1 > softmax-2", name="rare"), tmp_path, recipe, data=(x, y))
        found[weights] = float(np.mean(run.model.predict(x, verbose=0).argmax(axis=1)))
    assert found[None] < 0.05
    assert found["balanced"] > 0.15


@pytest.mark.parametrize("speed", ["plain", "chunks"])
@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("3 > linear-1", ()),
        ("3 > fc-2 > [ softmax-2 as a | sigmoid-1 as b ]", None),
        ("4x4x3 > conv1-2(softmax)", (4, 4)),
        ("5x3 > conv1-2(softmax)", (5,)),
    ],
)
def test_an_example_of_weight_0_is_as_if_it_were_not_there(
    text: str, shape: tuple[int, ...] | None, speed: str, tmp_path: Path
) -> None:
    """Weights of 0 and 2 on halves, all in one step: the mean of the loss is that of one half."""
    rng = np.random.default_rng(0)
    network = netdsl.parse(text, name="halves")
    x = rng.normal(size=(40, *network.inputs[0].shape)).astype("float32")
    y = rng.integers(0, 2, (40, *(shape or ())))
    weights = np.where(np.arange(40) % 2, 2.0, 0.0)
    recipe = Recipe(
        data=DataSpec(split=Split(validation=0)),
        optimizer=Optimizer(name="gd", rate=0.1),
        epochs=3,
        speed=speed,
        early_stopping=Stopping(enabled=False),
    )
    test = {"x_test": x, "y_test": y}
    whole = {"x_train": x, "y_train": y, "sample_weight_train": weights, **test}
    half = {"x_train": x[1::2], "y_train": y[1::2], **test}
    found = [
        trained(network, tmp_path, recipe, data=data).model.get_weights() for data in (whole, half)
    ]
    for one, other in zip(*found, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_an_autoencoder_gives_back_what_was_moved_and_not_the_noise() -> None:
    recipe = Recipe(
        data=DataSpec(source="digits", target="input"), augment=Augment(shift=2, noise=0.1)
    )
    job = plan(netdsl.parse("8x8x1 > conv3-4 > conv3-1(sigmoid)"), recipe)
    training = Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe))
    training.at_epoch(1)
    x, y = training[0]
    plain, _ = training.prepared(training.order[:32])
    assert np.abs(x - y).std() == pytest.approx(
        0.06, abs=0.01
    )  # the mean distance of a normal deviate's absolute value
    assert not np.array_equal(y, plain[0])
    assert y.max() == 1
