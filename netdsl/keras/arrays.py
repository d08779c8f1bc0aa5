"""The weights of a model by the graph's operations, as NumPy has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.keras.build import Built
    from netdsl.kinds.facts import Arrays


def arrays_of(built: Built, graph: Graph) -> dict[int, Arrays]:
    """Return the arrays of each operation that holds weights, by their names in its kind.

    Keras may hold them in other shapes, in the same order: the kernel of a depthwise convolution
    of a volume, which Keras has as a grouped one.
    """
    tied = {op.tied for op in graph.ops if op.tied is not None}
    found: dict[int, Arrays] = {}
    for index, op in enumerate(graph.ops):
        expected = graph.weights(op)
        if not expected:
            continue
        if op.tied is not None or index in tied:
            found[index] = _of_tied(built, graph, index)
            continue
        held = [variable for layer in built.layers[op.name] for variable in layer.weights]
        arrays = [_numpy(each) for each in held if "seed_generator" not in each.path]
        found[index] = {
            weight.name: array.reshape(weight.shape)
            for weight, array in zip(expected, arrays, strict=True)
        }
    return found


def _of_tied(built: Built, graph: Graph, index: int) -> Arrays:
    """Return kernel and bias of a layer that others are tied to, or the bias of one of these."""
    op = graph.ops[index]
    owner = index if op.tied is None else op.tied
    (layer,) = built.layers[graph.ops[owner].name]
    if op.tied is None:
        arrays = {"kernel": layer.kernel, "bias": layer.bias}
    else:
        others = [at for at, each in enumerate(graph.ops) if each.tied == owner]
        arrays = {"bias": layer.back_biases[others.index(index)]}
    return {name: _numpy(array) for name, array in arrays.items() if array is not None}


def _numpy(variable: Any) -> Any:
    import keras

    return keras.ops.convert_to_numpy(variable)
