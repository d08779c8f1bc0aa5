"""Many steps in one call under TensorFlow, and all batches of an evaluation in one call.

This module imports Keras and TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from netdsl.keras import private
from netdsl.training.data.batches import unpack_single
from netdsl.training.speed.placement import divided, fits_on_device, placed

if TYPE_CHECKING:
    from netdsl.training.data.batches import Batches
    from netdsl.training.speed.chunks import Chunks, Held


def train_function(
    model: keras.Model, chunks: Chunks, held: Held, compiled: bool
) -> Callable[[Any], dict[str, Any]]:
    """Make the function that `fit` calls for a step: it takes the steps of a chunk, `compiled` with
    XLA or not.

    If an epoch's last batch is smaller, the lengths are left open: tracing the steps of a small
    network again would take longer than the steps. XLA and augmentation need the lengths.
    """
    is_open = chunks.ragged and not compiled and not chunks.sampling.augments
    traced: Any = None

    def steps(found: dict[str, Any], count: Any) -> None:
        def step(at: Any) -> tuple[Any]:
            model.train_step(
                chunks.gathered(held, {name: array[at] for name, array in found.items()})
            )
            return (at + 1,)

        # One after the other: each step reads the weights that the step before it wrote.
        tf.while_loop(lambda at: at < count, step, (tf.constant(0),), parallel_iterations=1)

    def chunk(iterator: Any) -> dict[str, Any]:
        nonlocal traced
        found, count = chunks.next()
        if count:
            # Tensors, not arrays and integers: each new Python value would be traced again.
            arrays = {name: tf.constant(array) for name, array in found.items()}
            if traced is None:
                traced = tf.function(
                    steps,
                    input_signature=_with_open_lengths(arrays) if is_open else None,
                    autograph=False,
                    jit_compile=compiled,
                )
            traced(arrays, tf.constant(count))
        return dict(model.get_metrics_result())

    return chunk


def _with_open_lengths(arrays: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the signature of a chunk, of arrays [steps, batch, ...] with any number of steps and
    examples, and of its count.
    """
    specs = {
        name: tf.TensorSpec((None, None, *array.shape[2:]), array.dtype)
        for name, array in arrays.items()
    }
    return specs, tf.TensorSpec((), tf.int32)


class EvaluateAtOnce:
    """A model's `evaluate` that takes all batches in one call, where they fit on the device.

    TensorFlow takes longer to make a pipeline of them than a small network takes to compute.
    """

    def __init__(self, evaluator: keras.Model) -> None:
        self.evaluator, self.usual = evaluator, evaluator.evaluate
        self.traced: Any = None
        self.held: tuple[Batches, Any] | None = None

    def __call__(self, batches: Batches, **more: Any) -> Mapping[str, float]:
        evaluator = self.evaluator
        if not fits_on_device(batches.part, batches.preparation) or not len(batches.part):
            return dict(self.usual(batches, **more))
        if self.held is None or self.held[0] is not batches:
            # Kept, since the validation part is evaluated again and again.
            self.held = batches, placed(partial(batches.prepared, divided=False), len(batches.part))
        x, y = self.held[1]
        if self.traced is None:
            one = tuple(map(unpack_single, batches.prepared(np.arange(1))))
            # Variables cannot be created in a traced function, and metrics create theirs at their
            # first use.
            private.build_metrics(evaluator, one)
            self.traced = self._traced(batches, x, y)
        evaluator.reset_metrics()
        self.traced(x, y)
        return {name: float(value) for name, value in evaluator.get_metrics_result().items()}

    def _traced(self, batches: Batches, x: Any, y: Any) -> Any:
        batch, inputs = batches.batch, batches.preparation.inputs

        def evaluate(x: Any, y: Any) -> None:
            count = tf.shape(x[0])[0]

            def step(at: Any) -> tuple[Any]:
                of_batch, targets = (
                    tuple(array[at : at + batch] for array in arrays) for arrays in (x, y)
                )
                self.evaluator.test_step(
                    (unpack_single(divided(of_batch, inputs)), unpack_single(targets))
                )
                return (at + batch,)

            tf.while_loop(lambda at: at < count, step, (tf.constant(0),), parallel_iterations=1)

        # The signature allows any number of rows, so that one program measures both the validation
        # and the training part.
        signature = tuple(
            tuple(tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in arrays)
            for arrays in (x, y)
        )
        return tf.function(evaluate, input_signature=signature, autograph=False)
