"""Optimizers that use the whole training part in each step, and compute its loss several times.

They work only under TensorFlow. This module imports Keras and TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from netdsl.training.data.batches import Shuffled, unpack_single
from netdsl.training.loop.lbfgs import backtracked, direction, strong_wolfe
from netdsl.training.loop.least_squares import solve_last_layer

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array
    from netdsl.training.recipes.recipe import Optimizer

FLAT = 1e-12
"""If the change of the gradient along a step is smaller than this, relative to both lengths, the
loss has too little curvature to learn from.
"""


class FullBatchOptimizer(keras.optimizers.Optimizer):  # type: ignore[misc]
    """The numbers that such an optimizer keeps from one step to the next, for the checkpoint.

    Attributes:
        section: the recipe's `optimizer`.
        converged: whether no step lowers the loss any more.
        steps, changes: for L-BFGS, the last steps and the changes of the gradient in them.
        filled: how many of these there are so far.
    """

    def __init__(self, section: Optimizer) -> None:
        # Keras expects every optimizer to have a rate; here it is the length of the last step.
        super().__init__(learning_rate=float(section.rate or 1.0), name=section.name)
        self.section, self.converged = section, False

    def build(self, variables: Sequence[Any]) -> None:
        """Make the variables of the optimizer, for these weights."""
        super().build(variables)
        size = sum(int(np.prod(variable.shape)) for variable in variables)
        if self.section.name == "lbfgs":
            shape = (self.section.memory or 1, size)
            # Keras variables, so that the checkpoint holds them: a resumed L-BFGS takes the same
            # steps. In float64: differences of gradients near a minimum have no digits left in
            # float32.
            self.steps = self.add_variable(shape, dtype="float64", name="steps")
            self.changes = self.add_variable(shape, dtype="float64", name="changes")
            self.filled = self.add_variable((), dtype="int32", name="filled")


class WholePart(Shuffled):
    """The training part as one batch. Keras gets only one example; the steps use all of them."""

    def __len__(self) -> int:
        return 1

    def source(self) -> Any:
        """Return a data set with one example, which TensorFlow reads once in each epoch."""
        x, y, *weights = self.taught(np.arange(1))
        sample = unpack_single(x), unpack_single(y), *weights
        return tf.data.Dataset.from_tensors(sample)


def take_whole(model: keras.Model, examples: WholePart, seed: int) -> None:
    """Make `fit` take the steps of a model's `FullBatchOptimizer`, one in each epoch."""
    optimizer = model.optimizer
    section, loss = optimizer.section, WholeLoss(model, examples)
    # "gd" is here only with a line search; without one it is Keras's SGD on a whole batch.
    ways: dict[str, Callable[[], None]] = {
        "gd": lambda: _gradient_step(loss, optimizer),
        "lbfgs": lambda: _lbfgs_step(loss, optimizer),
        "least_squares": lambda: solve_last_layer(model, examples),
    }
    step = ways.get(section.name, lambda: _random_step(loss, optimizer, seed))

    def take(iterator: Any) -> dict[str, Any]:
        step()
        optimizer.iterations.assign_add(1)
        return loss.measured()

    # `fit` calls this for each step, but has its usual epochs, callbacks and history.
    model.train_function = take


class WholeLoss:
    """The loss of the whole part as a function of all trained weights in one array [n]."""

    def __init__(self, model: keras.Model, examples: WholePart) -> None:
        self.model, self.variables = model, model.trainable_variables
        x, y, *weights = examples.taught(np.arange(len(examples.part)))
        x, y = (tuple(map(tf.constant, arrays)) for arrays in (x, y))
        # Copied to the device once: a line search computes the loss dozens of times in a step.
        self.data = unpack_single(x), unpack_single(y), *(tf.constant(one) for one in weights)
        self._value = tf.function(self._traced_value, autograph=False)
        self._gradient = tf.function(self._traced_gradient, autograph=False)
        # `test_step`, not as in training: the loss above is as in training and without metrics.
        self._measure = tf.function(lambda: model.test_step(self.data), autograph=False)

    @property
    def weights(self) -> Array:
        """All weights in one array, in float64."""
        arrays = [variable.numpy().reshape(-1) for variable in self.variables]
        return np.concatenate(arrays).astype(np.float64)

    @weights.setter
    def weights(self, values: Array) -> None:
        for variable, array in zip(self.variables, self._split(values), strict=True):
            variable.assign(array)

    def value(self, weights: Array) -> float:
        """Return the loss with these weights, which stay in the model."""
        self.weights = weights
        return float(self._value())

    def value_and_gradient(self, weights: Array) -> tuple[float, Array]:
        """Return the loss with these weights, which stay in the model, and its gradient [n]."""
        self.weights = weights
        value, gradients = self._gradient()
        flat = [np.asarray(one, np.float64).reshape(-1) for one in gradients]
        return float(value), np.concatenate(flat)

    def measured(self) -> dict[str, Any]:
        """Return the loss and the metrics with the model's weights, as Keras logs them."""
        self.model.reset_metrics()
        self._measure()
        return dict(self.model.get_metrics_result())

    def _split(self, values: Array) -> list[Array]:
        found, at = [], 0
        for variable in self.variables:
            size = int(np.prod(variable.shape))
            found.append(values[at : at + size].reshape(tuple(variable.shape)))
            at += size
        return found

    def _traced_value(self) -> Any:
        x, y, *weights = self.data
        outputs = self.model(x, training=True)
        sample_weight = weights[0] if weights else None
        return self.model.compute_loss(x, y, outputs, sample_weight, training=True)

    def _traced_gradient(self) -> Any:
        with tf.GradientTape() as tape:
            value = self._traced_value()
        variables = [variable.value for variable in self.variables]
        # Zeros for weights that the loss does not depend on, so that the flat array keeps its
        # places; an embedding's gradient has rows and is made dense.
        gradients = tape.gradient(value, variables, unconnected_gradients="zero")
        return value, [tf.convert_to_tensor(one) for one in gradients]


def _gradient_step(loss: WholeLoss, optimizer: FullBatchOptimizer) -> None:
    """Step against the gradient, as far as the line search finds; the rate becomes that length."""
    at = loss.weights
    value, gradient = loss.value_and_gradient(at)
    length = backtracked(loss.value, at, value, gradient, optimizer.section.rate or 1.0)
    optimizer.learning_rate = length
    # No length lowers the loss: the gradient is 0 within the precision of float32.
    optimizer.converged = not length
    loss.weights = at - length * gradient


def _lbfgs_step(loss: WholeLoss, optimizer: FullBatchOptimizer) -> None:
    """Step along the direction of L-BFGS, to a point that meets the strong Wolfe conditions."""
    at, filled = loss.weights, int(optimizer.filled.numpy())
    steps, changes = optimizer.steps.numpy(), optimizer.changes.numpy()
    value, gradient = loss.value_and_gradient(at)
    along = direction(gradient, steps[len(steps) - filled :], changes[len(steps) - filled :])
    if not filled:  # the length of the first step is a guess: the gradient has another unit
        along /= max(1.0, float(np.linalg.norm(gradient)))
    found = None
    # Rounding can make the direction one of ascent, along which no line search would end.
    if np.isfinite(value) and float(gradient @ along) < 0:
        found = strong_wolfe(loss.value_and_gradient, at, value, gradient, along, 1.0)
    if found is None:
        loss.weights = at
        optimizer.converged = not filled  # otherwise try again with the gradient alone
        optimizer.filled.assign(0)
        return
    step, change = found.length * along, found.gradient - gradient
    loss.weights = at + step
    optimizer.learning_rate = found.length
    size = float(np.linalg.norm(step) * np.linalg.norm(change))
    # Positive curvature keeps the inverse Hessian positive definite (Nocedal and Wright, 6.2).
    if float(step @ change) > FLAT * size:
        # The newest is last; the first rows, as long as they are not filled, are not read.
        optimizer.steps.assign(np.vstack([steps[1:], step]))
        optimizer.changes.assign(np.vstack([changes[1:], change]))
        optimizer.filled.assign(min(filled + 1, len(steps)))


def _random_step(loss: WholeLoss, optimizer: FullBatchOptimizer, seed: int) -> None:
    """Try other weights, and keep them if their loss is lower.

    `random_search` draws them around 0, `local_search` around the current ones.
    """
    at, section = loss.weights, optimizer.section
    value = loss.value(at)
    # By the step's number: a resumed search draws what it would have drawn.
    rng = np.random.default_rng((SEARCH, seed, int(optimizer.iterations.numpy())))
    tried = (section.scale or 1.0) * rng.standard_normal(at.size)
    if section.name == "local_search":
        tried += at
    # `not <` rather than `>=`, so that NaN is not kept. `value` has set the model to `tried`.
    if not loss.value(tried) < value:
        loss.weights = at


SEARCH = 0x5EA
"""Separates the numbers of a random search from others of the same seed."""
