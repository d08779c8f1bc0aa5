"""The last layer by linear algebra: the least-squares solution with the smallest norm.

This module imports Keras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

from netdsl.training.data.batches import unpack_single

if TYPE_CHECKING:
    from netdsl.training.data.batches import Shuffled

ROWS = 1024
"""How many examples go through the network at a time."""


def solve_last_layer(model: keras.Model, examples: Shuffled) -> None:
    """Set the last layer to the weights that minimize the sum of squared errors.

    If there are several solutions, as with more inputs of the layer than examples, it is the one
    with the smallest norm, bias included: that of the pseudo-inverse, computed in float64.

    Args:
        model: one that ends with a dense layer without an activation.
        examples: the training part; their weights count.
    """
    layer = model.layers[-1]
    features = keras.Model(unpack_single(tuple(model.inputs)), layer.input)
    columns, targets, weights = [], [], []
    for at in range(0, len(examples.part), ROWS):
        rows = np.arange(at, min(at + ROWS, len(examples.part)))
        x, y, *own = examples.taught(rows)
        columns.append(np.asarray(features.predict_on_batch(unpack_single(x)), np.float64))
        targets.append(np.asarray(y[0], np.float64).reshape(len(rows), -1))
        weights += [np.asarray(one, np.float64).reshape(-1) for one in own]
    matrix = np.concatenate(columns)
    if layer.use_bias:
        matrix = np.hstack([matrix, np.ones((len(matrix), 1))])
    goal = np.concatenate(targets)
    if weights:
        # w |e|^2 = |sqrt(w) e|^2: the rows are multiplied, and the problem is without weights
        # again.
        roots = np.sqrt(np.concatenate(weights))[:, None]
        matrix, goal = roots * matrix, roots * goal
    # By SVD, not by the normal equations: these square the condition number, and are singular if
    # inputs are linearly dependent.
    found = np.linalg.lstsq(matrix, goal, rcond=None)[0]
    inputs = layer.kernel.shape[0]
    layer.kernel.assign(found[:inputs])
    if layer.use_bias:
        layer.bias.assign(found[inputs])


def is_solvable(model: keras.Model) -> bool:
    """Return whether a model ends with a dense layer without an activation, on one vector."""
    layer = model.layers[-1]
    return (
        isinstance(layer, keras.layers.Dense)
        and len(model.outputs) == 1
        and len(layer.input.shape) == 2
        and layer.activation is keras.activations.linear
        and layer.trainable
    )
