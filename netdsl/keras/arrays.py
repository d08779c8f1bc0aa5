"""The weights of a model by the graph's operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Graph
    from netdsl.keras.build import Built
    from netdsl.kinds.facts import Arrays

Variables = Mapping[int, Mapping[str, Any]]
"""Keras's variables: by operation, by their names in its kind."""


def variables_of(built: Built, graph: Graph) -> Variables:
    """Return the variables of each operation that holds weights.

    Keras may hold them in other shapes, in the same order: the kernel of a depthwise convolution
    of a volume, which Keras has as a grouped one.
    """
    tied = {op.tied for op in graph.ops if op.tied is not None}
    found: dict[int, Mapping[str, Any]] = {}
    for index, op in enumerate(graph.ops):
        expected = graph.weights(op)
        if not expected:
            continue
        if op.tied is not None or index in tied:
            found[index] = _of_tied(built, graph, index)
            continue
        held = [variable for layer in built.layers[op.name] for variable in layer.weights]
        # States of layers that draw are weights to Keras, not to the language.
        held = [variable for variable in held if "seed_generator" not in variable.path]
        # By order: Keras's own names differ from kind to kind (`gamma`, `kernel`,
        # `recurrent_kernel`).
        found[index] = dict(zip((weight.name for weight in expected), held, strict=True))
    return found


def _of_tied(built: Built, graph: Graph, index: int) -> Mapping[str, Any]:
    """Return kernel and bias of a layer that others are tied to, or the bias of one of these."""
    op = graph.ops[index]
    owner = index if op.tied is None else op.tied
    (layer,) = built.layers[graph.ops[owner].name]
    if op.tied is None:
        variables = {"kernel": layer.kernel, "bias": layer.bias}
    else:
        others = [at for at, each in enumerate(graph.ops) if each.tied == owner]
        variables = {"bias": layer.back_biases[others.index(index)]}
    return {name: variable for name, variable in variables.items() if variable is not None}


def arrays_of(built: Built, graph: Graph) -> dict[int, Arrays]:
    """Return the arrays of each operation that holds weights, in the shapes of its kind."""
    import keras

    found: dict[int, Arrays] = {}
    for index, variables in variables_of(built, graph).items():
        shapes = {weight.name: weight.shape for weight in graph.weights(graph.ops[index])}
        found[index] = {
            # Keras and the language order the numbers alike, whatever axes they put between.
            name: keras.ops.convert_to_numpy(variable).reshape(shapes[name])
            for name, variable in variables.items()
        }
    return found


def arrays_of_model(network: Architecture, model: Any) -> dict[int, Arrays]:
    """Return a model's arrays in float64 as `arrays_of` does, of a model built elsewhere.

    Args:
        network: what the model was built of.
        model: a Keras model with the network's weights, in the same order.
    """
    import numpy as np

    from netdsl.keras.build import build_layers

    built = build_layers(network)
    # Through a model that is built here, since only that knows which weight is whose.
    built.model.set_weights(model.get_weights())
    return {
        index: {name: array.astype(np.float64) for name, array in arrays.items()}
        for index, arrays in arrays_of(built, network.graph).items()
    }


def assign(built: Built, graph: Graph, weights: Mapping[int, Arrays]) -> None:
    """Give a model these arrays."""
    for index, variables in variables_of(built, graph).items():
        for name, variable in variables.items():
            variable.assign(weights[index][name].reshape(variable.shape))
    for layer in built.model.layers:
        if hasattr(layer, "finalize_state"):  # statistics that were assigned count from here
            layer.finalize_state()
