"""What is compiled: each key of a recipe against a reference in NumPy, or the definition itself."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.line import SGD, gradient, line, model_of, trained

import netdsl
from netdsl.errors import NetError
from netdsl.keras.quiet import quiet_keras
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import (
    DataSpec,
    Optimizer,
    Penalty,
    Recipe,
    Split,
    Stopping,
)

pytestmark = pytest.mark.keras

quiet_keras()


from netdsl.training.data.batches import Sampling, Shuffled  # noqa: E402
from netdsl.training.loop.compile import compile_model  # noqa: E402
from netdsl.training.metrics.penalties import kernels  # noqa: E402


def stepped(recipe: Recipe, steps: int = 1) -> tuple[list[Any], list[Any], Any, Any]:
    """The weights before and after steps on the first batch, and that batch."""
    job = line(recipe)
    model = model_of(job)
    compile_model(model, job.network.graph, job.recipe, job.data.preparation, job.steps)
    training = Shuffled(job.data.train, job.data.preparation, Sampling.of(job.recipe))
    training.at_epoch(1)
    x, y, *_ = training[0]
    before = [weight.copy() for weight in model.get_weights()]
    for _ in range(steps):
        model.train_on_batch(x, y)
    return before, model.get_weights(), x, y


def test_a_step_goes_down_the_gradient() -> None:
    before, after, x, y = stepped(SGD)
    kernel, bias = gradient(before, x, y)
    assert after[0] == pytest.approx(before[0] - 0.1 * kernel, abs=1e-6)
    assert after[1] == pytest.approx(before[1] - 0.1 * bias, abs=1e-6)


def test_a_penalty_is_on_weights_and_not_on_biases() -> None:
    before, after, x, y = stepped(dataclasses.replace(SGD, penalty=Penalty(l1=0.3, l2=0.5)))
    kernel, bias = gradient(before, x, y)
    assert after[0] == pytest.approx(
        before[0] - 0.1 * (kernel + 0.3 * np.sign(before[0]) + 0.5 * before[0]), abs=1e-6
    )
    assert after[1] == pytest.approx(before[1] - 0.1 * bias, abs=1e-6)


def test_a_gradient_is_clipped() -> None:
    for optimizer, clipped in (
        (
            Optimizer(name="sgd", rate=0.1, clip_norm=0.01),
            lambda kernel, length: kernel * 0.01 / length,
        ),
        (
            Optimizer(name="sgd", rate=0.1, clip_value=0.02),
            lambda kernel, length: np.clip(kernel, -0.02, 0.02),
        ),
    ):
        before, after, x, y = stepped(dataclasses.replace(SGD, optimizer=optimizer))
        kernel, bias = gradient(before, x, y)
        length = math.sqrt((kernel**2).sum() + (bias**2).sum())
        assert after[0] == pytest.approx(before[0] - 0.1 * clipped(kernel, length), abs=1e-6)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("optimizer", "moved"),
    [
        # the first step of each is the gradient over its own size, whatever that is; clipped, the
        # whole step has the length
        (
            Optimizer(name="adam", rate=0.1, eps=1e-12),
            lambda change: np.abs(change)[np.abs(change) > 1e-6],
        ),
        (
            Optimizer(name="rmsprop", rate=0.1, rho=0.75, eps=1e-12),
            lambda change: np.abs(change)[np.abs(change) > 1e-6] / 2,
        ),
        (Optimizer(name="sgd", rate=1.0, clip_norm=0.1), np.linalg.norm),
    ],
    ids=["adam", "rmsprop", "clipped"],
)
def test_the_gradient_of_a_word_is_one_however_often_the_word_comes(
    optimizer: Optimizer, moved: Any
) -> None:
    x, y = np.array([[0, 1, 1, 1], [1, 2, 2, 1]] * 8), np.array([[3.0], [-5.0]] * 8, np.float32)
    recipe = Recipe(
        data=DataSpec(split=Split(validation=0.0)),
        batch=16,
        early_stopping=Stopping(enabled=False),
        optimizer=optimizer,
    )
    network = netdsl.parse("4 of int(3) > embed-2 > flatten > linear-1")
    job = plan(network, recipe, data={"x_train": x, "y_train": y, "x_test": x, "y_test": y})
    model = model_of(job)
    compile_model(model, job.network.graph, job.recipe, job.data.preparation, 1)
    before = model.get_weights()
    model.train_on_batch(x, y)
    change = np.concatenate(
        [(new - old).ravel() for old, new in zip(before, model.get_weights(), strict=True)]
    )
    assert moved(change) == pytest.approx(0.1, rel=1e-3)


def test_weights_into_a_unit_are_not_longer_than_the_norm() -> None:
    _, after, _, _ = stepped(dataclasses.replace(SGD, penalty=Penalty(max_norm=0.2)), 30)
    assert np.linalg.norm(after[0], axis=0) == pytest.approx([0.2], abs=1e-4)


@pytest.mark.parametrize(
    "text",
    [
        "8x8x3 > conv3-4(bn) > dw3 > sep3-5 > gap > softmax-3",
        "5x4 > lstm-3 > softmax-2",
        "6 of int(9) > embed-4 > gap > softmax-2",
    ],
)
def test_penalties_find_the_kernels(text: str) -> None:
    network = netdsl.parse(text)
    assert (
        sum(math.prod(kernel.shape) for kernel in kernels(network.keras(), network.graph))
        == network.counts.weights
    )


@pytest.mark.parametrize(
    ("precision", "weights", "optimizer"),
    [("bfloat16", "bfloat16", "momentum"), ("mixed", "float32", "adam")],
)
def test_lower_precision(
    network: Any, tmp_path: Path, precision: str, weights: str, optimizer: str
) -> None:
    run = trained(
        network(),
        tmp_path,
        Recipe(
            epochs=5, batch=64, precision=precision, optimizer=Optimizer(name=optimizer, rate=0.02)
        ),
    )
    assert run.model.weights[0].dtype == weights
    assert run.model.layers[1].compute_dtype == "bfloat16"
    assert run.test["accuracy"] > 0.7


def test_frozen_layers_stay(network: Any, tmp_path: Path) -> None:
    recipe = Recipe(epochs=1, batch=200, freeze=("fc_1",))
    before = network().keras(seed=0).get_weights()
    after = trained(network(), tmp_path, recipe).model.get_weights()
    assert np.array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])
    with pytest.raises(NetError, match="which matches no layer with weights"):
        plan(network(), Recipe(freeze=("fc1",)))
    with pytest.raises(NetError, match="nothing is left to train"):
        plan(network(), Recipe(freeze=("*",)))
