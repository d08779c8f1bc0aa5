"""An example's loss over a few steps, on the backend of this process: what `test_backends.py`
runs in a process for each backend.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from support import zoo

from netdsl.training.data.signature import NetworkSignature
from netdsl.training.loop.setup import seeded_model
from netdsl.training.planning.plan import plan
from netdsl.training.recipes.recipe import DataSpec, Optimizer, Recipe, Split, Stopping

if TYPE_CHECKING:
    from netdsl import Network


def begin(backend: str) -> None:
    """Makes this process one of a backend, before Keras is imported."""
    os.environ["KERAS_BACKEND"] = backend


def losses(path: Path, name: str, examples: int, steps: int, length: float) -> list[float]:
    """The losses at some steps of gradient descent on a few examples, from the seed's weights.

    The steps have at most this length, so that rounding alone does not make the curves differ.

    Layers that drop or add noise are made to draw nothing: each backend draws other numbers.
    """
    network = zoo.named(path, name)
    recipe = Recipe(
        data=DataSpec(split=Split(validation=0.0)),
        optimizer=Optimizer(name="sgd", rate=1.0, clip_norm=length),
        early_stopping=Stopping(enabled=False),
    )
    job = plan(
        network,
        recipe,
        data=data(network, examples),
        batch=examples,
        backend=os.environ["KERAS_BACKEND"],
    )
    model = seeded_model(job)
    import keras

    from netdsl.training.data.batches import Batches
    from netdsl.training.loop.compile import compile_model

    if name.startswith("plain"):
        lift(model)
    without_rng(model)
    compile_model(model, network.graph, job.recipe, job.data.preparation, 1)
    batch = Batches(job.data.train, job.data.preparation, examples)
    found = model.fit(batch, epochs=steps, shuffle=False, verbose=0).history["loss"]
    keras.utils.clear_session()  # the largest networks take gigabytes
    return [float(loss) for loss in found]


def data(network: Network, examples: int) -> dict[str, Any]:
    """Random examples for a network, the same in every process: labels for a softmax, else values
    from 0 to 1.
    """
    rng, expected = np.random.default_rng(0), NetworkSignature.of(network)
    held: dict[str, Any] = {}
    for gate in expected.inputs:
        shape = (examples, *gate.shape)
        x = (
            rng.integers(gate.vocabulary, size=shape)
            if gate.vocabulary
            else rng.random(shape, np.float32)
        )
        held["x_train" if len(expected.inputs) == 1 else f"x_train_{gate.name}"] = x
    for gate in expected.outputs:
        shape = (examples, *gate.shape)
        labels = np.arange(np.prod(shape[:-1])).reshape(shape[:-1]) % shape[-1]
        y = labels if gate.activation == "softmax" else rng.random(shape, np.float32)
        held["y_train" if len(expected.outputs) == 1 else f"y_train_{gate.name}"] = y
    return held | {key.replace("train", "test"): array for key, array in held.items()}


def lift(model: Any) -> None:
    """Makes batch norms begin with an offset of 2, so that most of what comes to relu is positive.

    Without one a deep network that has no residuals is chaotic: in `plain56` weights that differ in
    their last digit have losses 3e-2 apart after a step (Yang et al., "A Mean Field Theory of Batch
    Normalization", 2019).
    """
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.beta.assign(np.full(layer.beta.shape, 2.0))


def without_rng(model: Any) -> None:
    """Sets what a layer drops and the noise that it adds to 0; a drawn number is its mean.

    Raises TypeError for a layer that draws numbers for something else.
    """
    from netdsl.keras.layers.draws import GaussianDraw

    for layer in model._flatten_layers():
        if not hasattr(layer, "seed_generator"):
            continue
        if isinstance(layer, GaussianDraw):
            layer.call = lambda inputs, training=None, call=layer.call: call(inputs, training=False)
            continue
        held = [
            name
            for name in ("rate", "stddev", "dropout", "recurrent_dropout")
            if hasattr(layer, name)
        ]
        if not held:
            raise TypeError(f"{layer.name} draws random numbers")
        for name in held:
            setattr(layer, name, 0.0)
