"""Many steps at once: the examples are on the device, and one call takes many steps.

In Keras's own `fit` a step costs half a millisecond in addition to its arithmetic, and its batch
is copied; in small networks that takes most of the time. Here `fit` still runs the training, its
callbacks and its epochs; only the function that it calls for a step is replaced. This module
imports Keras and its backend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from netdsl.training.speed.chunks import Chunks


def take_in_chunks(model: keras.Model, chunks: Chunks, way: str) -> None:
    """Make `fit` take all steps of a chunk instead of one step, by `chunks` or `compiled`."""
    make = _maker(keras.config.backend())
    model.train_function = make(model, chunks, chunks.examples(), way == "compiled")


def _maker(backend: str) -> Callable[..., Any]:
    """Return the backend's own `train_function`; each module imports its backend."""
    if backend == "tensorflow":
        from netdsl.training.speed import tensorflow

        return tensorflow.train_function
    if backend == "jax":
        from netdsl.training.speed import jax

        return jax.train_function
    from netdsl.training.speed import torch

    return torch.train_function


def evaluate_at_once(evaluator: keras.Model) -> None:
    """Make TensorFlow's `evaluate` take all batches in one call.

    The other backends do not build a pipeline from the batches, which is what takes the time.
    """
    if keras.config.backend() == "tensorflow":
        from netdsl.training.speed.tensorflow import EvaluateAtOnce

        evaluator.evaluate = EvaluateAtOnce(evaluator)
