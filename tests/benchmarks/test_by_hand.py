"""The networks that benchmarks/by_hand.py has in JAX are those of examples/: the same weights
give the same outputs, losses and steps.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from support.shares import share

import netdsl

pytestmark = pytest.mark.keras

ROOT = Path(__file__).resolve().parents[2]
RATE, MOMENTUM = 0.02, 0.9


@pytest.fixture(scope="module")
def by_hand() -> ModuleType:
    spec = importlib.util.spec_from_file_location("by_hand", ROOT / "benchmarks" / "by_hand.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["by_hand"] = module
    spec.loader.exec_module(module)
    return module


def smaller(name: str) -> netdsl.Network:
    """The network of an example; ResNet-50 with smaller images, on whose size none of its weights
    depends.
    """
    text = (ROOT / "examples" / f"{name}.net").read_text(encoding="utf-8")
    return netdsl.parse(text, name=name, input=(64, 64, 3) if name == "resnet50" else None)


def weights_in_order(network: netdsl.Network, model: Any) -> tuple[list[Any], list[Any]]:
    """The model's trained weights and moving statistics in the order of the network's
    operations.
    """
    layers = [model.get_layer(op.name) for op in network.graph.ops if network.graph.weights(op)]
    return [one for layer in layers for one in layer.trainable_weights], [
        one for layer in layers for one in layer.non_trainable_weights
    ]


def with_random_weights(network: netdsl.Network) -> Any:
    """A Keras model whose every weight says something: the factors are not 1, the statistics not
    0.
    """
    model = network.keras(seed=0)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if layer.weights and "gamma" in layer.weights[0].path:
            layer.set_weights([rng.uniform(0.5, 1.0, weight.shape) for weight in layer.weights])
    return model


@pytest.mark.parametrize("name", ["lenet5", "resnet20", "resnet50"])
def test_as_many_parameters(by_hand: ModuleType, name: str) -> None:
    network = netdsl.load(ROOT / "examples" / f"{name}.net")
    state = by_hand.initial(getattr(by_hand, name), network.graph.ops[0].shape)
    assert sum(weight.size for weight in state.weights) == network.counts.params
    assert sum(weight.size for weight in state.moving) == network.counts.moving


@pytest.mark.parametrize("name", ["lenet5", "resnet20", "resnet50"])
def test_same_outputs(by_hand: ModuleType, name: str) -> None:
    import jax

    network = smaller(name)
    model = with_random_weights(network)
    weights, moving = (
        [weight.numpy() for weight in some] for some in weights_in_order(network, model)
    )
    x = np.random.default_rng(1).random((2, *network.graph.ops[0].shape), np.float32)
    forward = jax.jit(by_hand.forward, static_argnums=(0, 4, 5))
    logits, _ = forward(getattr(by_hand, name), weights, moving, x, np.float32, False)
    np.testing.assert_allclose(
        jax.nn.softmax(logits), np.asarray(model(x, training=False)), rtol=2e-3, atol=1e-6
    )


@pytest.mark.parametrize(
    "name", share(["lenet5", "resnet20", "resnet50"], lambda name: name == "lenet5")
)
def test_same_steps(by_hand: ModuleType, name: str) -> None:
    import jax
    import keras

    network = smaller(name)
    model = with_random_weights(network)
    weights, moving = weights_in_order(network, model)
    first, averages = ([one.numpy() for one in some] for some in (weights, moving))
    state = by_hand.State(
        *(
            list(map(jax.numpy.array, some))
            for some in (first, [0 * one for one in first], averages)
        )
    )
    rng = np.random.default_rng(2)
    x = rng.random((3, 8, *network.graph.ops[0].shape), np.float32)
    y = rng.integers(0, 10, (3, 8))
    model.compile(keras.optimizers.SGD(RATE, MOMENTUM), "sparse_categorical_crossentropy")
    theirs = [float(model.train_on_batch(*batch)) for batch in zip(x, y, strict=True)]
    take = by_hand.steps(getattr(by_hand, name), np.float32, RATE, MOMENTUM)
    rows = np.arange(24, dtype=np.int32).reshape(3, 8)
    state, losses = take(state, x.reshape(-1, *x.shape[2:]), y.reshape(-1), rows)
    np.testing.assert_allclose(losses, theirs, rtol=1e-3)
    for mine, other in zip((*state.weights, *state.moving), (*weights, *moving), strict=True):
        assert np.linalg.norm(mine - other.numpy()) <= 0.02 * np.linalg.norm(other.numpy()), (
            other.path
        )
