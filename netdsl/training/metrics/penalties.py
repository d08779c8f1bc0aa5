"""What large weights cost on top of the loss. This module imports Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.training.recipes.recipe import Penalty


class ElasticNet(keras.regularizers.Regularizer):  # type: ignore[misc]
    """l1 |W| + l2/2 |W|^2 (Zou and Hastie, 2005, "Regularization and variable selection via the
    elastic net"), as the lectures write it: Keras's own L2 has no half.
    """

    def __init__(self, l1: float, l2: float) -> None:
        self.l1, self.l2 = l1, l2

    def __call__(self, weight: Any) -> Any:
        absolute = self.l1 * keras.ops.sum(keras.ops.absolute(weight)) if self.l1 else 0.0
        return absolute + (
            0.5 * self.l2 * keras.ops.sum(keras.ops.square(weight)) if self.l2 else 0.0
        )


def penalise(model: keras.Model, graph: Graph, penalty: Penalty) -> None:
    """Put a penalty on each kernel, on top of what the network's own layers ask for, and the bound
    on its norm.
    """
    if not (penalty.l1 or penalty.l2 or penalty.max_norm):
        return
    for weight in kernels(model, graph):
        if penalty.l1 or penalty.l2:
            own, added = weight.regularizer, ElasticNet(penalty.l1 or 0.0, penalty.l2 or 0.0)
            weight.regularizer = added if own is None else _sum_of(own, added)
        if penalty.max_norm:
            weight.constraint = keras.constraints.MaxNorm(
                penalty.max_norm, axis=list(range(len(weight.shape) - 1))
            )


def _sum_of(one: Callable[[Any], Any], other: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda weight: one(weight) + other(weight)


def kernels(model: keras.Model, graph: Graph) -> list[Any]:
    """List the model's trained arrays that are kernels.

    No biases, no factors of norms, even where Keras calls those kernels.
    """
    factors = {
        (op.name, weight.name)
        for op in graph.ops
        for weight in graph.weights(op)
        if weight.role == "factor"
    }
    found = []
    for variable in model.trainable_weights:
        layer, *_, name = variable.path.split("/")
        if ("kernel" in name or name == "embeddings") and (layer, name) not in factors:
            found.append(variable)
    return found
