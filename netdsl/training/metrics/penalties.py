"""Penalties for large weights, which are added to the loss. This module imports Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras

from netdsl.keras import private
from netdsl.keras.layers.draws import GaussianDraw

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.training.recipes.recipe import Penalty


class ElasticNet(keras.regularizers.Regularizer):  # type: ignore[misc]
    """l1 |W| + l2/2 |W|^2 (Zou and Hastie, 2005, "Regularization and variable selection via the
    elastic net"). Keras's own L2 does not have the factor 1/2.
    """

    def __init__(self, l1: float, l2: float, proximal: bool = False) -> None:
        """Make the penalty; a `proximal` one counts |W| in the loss, but without its gradient."""
        self.l1, self.l2, self.proximal = l1, l2, proximal

    def __call__(self, weight: Any) -> Any:
        absolute = self.l1 * keras.ops.sum(keras.ops.absolute(weight)) if self.l1 else 0.0
        if self.proximal:
            # The proximal step replaces this gradient: with both, weights would shrink twice.
            absolute = keras.ops.stop_gradient(absolute)
        return absolute + (
            0.5 * self.l2 * keras.ops.sum(keras.ops.square(weight)) if self.l2 else 0.0
        )


class SoftThreshold(keras.constraints.Constraint):  # type: ignore[misc]
    """max(|w| - rate l1, 0) sign(w), the proximal step of l1 |w|: weights that stay small become
    exactly 0 (Daubechies, Defrise, De Mol, 2004, "An iterative thresholding algorithm for linear
    inverse problems with a sparsity constraint"). Another constraint may follow it.
    """

    def __init__(self, l1: float, then: Callable[[Any], Any] | None) -> None:
        self.l1, self.then = l1, then
        self.optimizer: Any = None

    def __call__(self, weight: Any) -> Any:
        """Return the new value of a weight after a step of the optimizer."""
        # Keras counts the step only after this, so the rate is still that of the step.
        least = keras.ops.cast(self.optimizer.learning_rate, weight.dtype) * self.l1
        shrunk = keras.ops.maximum(keras.ops.absolute(weight) - least, 0)
        result = keras.ops.sign(weight) * shrunk
        return result if self.then is None else self.then(result)


def penalise(model: keras.Model, graph: Graph, penalty: Penalty) -> None:
    """Put a penalty on each kernel, in addition to those of the network's own layers, and the bound
    on its norm.
    """
    if not (penalty.l1 or penalty.l2 or penalty.max_norm):
        return
    l1, l2, proximal = penalty.l1 or 0.0, penalty.l2 or 0.0, bool(penalty.proximal)
    for weight in kernels(model, graph):
        if l1 or l2:
            own, added = weight.regularizer, ElasticNet(l1, l2, proximal)
            weight.regularizer = added if own is None else _sum_of(own, added)
        if penalty.max_norm:
            # Over all axes but the last: the norm is that of one unit's or filter's weights.
            weight.constraint = keras.constraints.MaxNorm(
                penalty.max_norm, axis=list(range(len(weight.shape) - 1))
            )
        # First the threshold, then the norm: scaling keeps zeros, and the bound holds at the end.
        if proximal:
            weight.constraint = SoftThreshold(l1, weight.constraint)


def follow_rate(model: keras.Model, optimizer: keras.Optimizer) -> None:
    """Make the thresholds of proximal penalties follow an optimizer's rate."""
    for weight in model.trainable_weights:
        # The optimizer is made after the penalties, and its rate changes with a schedule.
        if isinstance(weight.constraint, SoftThreshold):
            weight.constraint.optimizer = optimizer


def adds_to_loss(model: keras.Model) -> bool:
    """Return whether a penalty or a layer of the model adds to the loss."""
    layers = private.layers_within(model)
    return any(variable.regularizer is not None for variable in model.trainable_weights) or any(
        getattr(layer, "activity_regularizer", None) is not None
        or type(layer).__name__ == GaussianDraw.__name__  # known by name, as in `draws_of`
        for layer in layers
    )


def zeros(model: keras.Model, graph: Graph) -> dict[str, dict[str, int]]:
    """Count the elements of each kernel that are exactly 0: `zeros` of `weights`, by its name."""
    found = {}
    for weight in kernels(model, graph):
        array = keras.ops.convert_to_numpy(weight.value)
        found[weight.path] = {"zeros": int((array == 0).sum()), "weights": int(array.size)}
    return found


def _sum_of(one: Callable[[Any], Any], other: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda weight: one(weight) + other(weight)


def kernels(model: keras.Model, graph: Graph) -> list[Any]:
    """List the model's trained arrays that are kernels, and not biases or factors of norms, even if
    Keras calls these kernels.
    """
    factors = {
        (op.name, weight.name)
        for op in graph.ops
        for weight in graph.weights(op)
        if weight.role == "factor"
    }
    found = []
    for variable in model.trainable_weights:
        # By path: Keras's RNN cells, bidirectional and separable layers name kernels with prefixes.
        layer, *_, name = variable.path.split("/")
        if ("kernel" in name or name == "embeddings") and (layer, name) not in factors:
            found.append(variable)
    return found
