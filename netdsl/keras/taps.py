"""Derivatives of a number by every value within a network, by Keras on any backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.keras import private
from netdsl.keras.arrays import assign, variables_of
from netdsl.keras.build import Built, FoldedTensors, connected, toolbox
from netdsl.keras.float64 import in_float64, require_layers_in_float64
from netdsl.keras.gradients import gradients
from netdsl.kinds.each import element_of
from netdsl.kinds.values import Indices, Shape

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.kinds.facts import Arrays

Edge = tuple[int, int]
"""An operation, and which of its inputs."""


class Derivatives(NamedTuple):
    """Derivatives of one number.

    Attributes:
        value: the number.
        edges: the derivative by each input of each operation [n, *shape].
        outputs: the derivative by each output of the network [n, *shape].
        weights: the derivative by each array, by operation and name, in the shapes of its kind.
    """

    value: float
    edges: Mapping[Edge, Any]
    outputs: Sequence[Any]
    weights: Mapping[int, Arrays]


def derivatives(
    graph: Graph,
    weights: Mapping[int, Arrays],
    inputs: Sequence[Any],
    number: Callable[[Any, list[Any]], Any],
    seed: int | None = None,
) -> Derivatives:
    """Differentiate a number that is computed from the network's outputs, in float64.

    A zero is added to each value that goes into an operation; derivatives are by these zeros.

    Args:
        graph: the network.
        weights: its arrays by operation.
        inputs: [n, *shape] each.
        number: computes the number, given `keras.ops` and the outputs.
        seed: of what layers draw, if the network works as in training; None in use.

    Raises:
        NetError: N605 where the backend does not compute it in float64.
    """
    import numpy as np

    tools = toolbox()
    if seed is not None:
        tools.keras.utils.set_random_seed(seed)
    with in_float64(tools.keras):
        built, edges = _tapped(graph, tools)
    # After building, since some refusals depend on a layer's shape.
    require_layers_in_float64(tools.keras, built.model)
    for layer in built.model.layers:
        private.keep_scale_in_float64(layer)
    assign(built, graph, weights)
    shapes = [graph.ops[graph.ops[index].inputs[slot]].shape for index, slot in edges]
    shapes += [port.shape for port in graph.outputs]
    # x + 0 is x, and the derivative by the 0 is that by x along this edge alone.
    zeros = [np.zeros((len(inputs[0]), *shape)) for shape in shapes]
    named = variables_of(built, graph)
    trained = [
        (index, name, variable)
        for index, variables in named.items()
        for name, variable in variables.items()
        if variable.trainable
    ]
    given = [tools.keras.ops.convert_to_tensor(x) for x in inputs]

    def run(taps: list[Any]) -> Any:
        outputs = built.model([*given, *taps], training=seed is not None)
        listed = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
        return number(tools.keras.ops, listed)

    value, by_tap, by_weight = gradients(run, zeros, [variable for *_, variable in trained])
    found: dict[int, dict[str, Any]] = {}
    for (index, name, _), array in zip(trained, by_weight, strict=True):
        shape = next(w.shape for w in graph.weights(graph.ops[index]) if w.name == name)
        found.setdefault(index, {})[name] = array.reshape(shape)
    # `strict=False`: the taps of the outputs come after those of the edges.
    by_edge = dict(zip(edges, by_tap, strict=False))
    return Derivatives(value, by_edge, by_tap[len(edges) :], found)


def _tapped(graph: Graph, tools: Any) -> tuple[Built, list[Edge]]:
    """Build a model with one more input for each value that goes into an operation or out of the
    network.
    """
    keras = tools.keras
    taps: dict[Edge, Any] = {}

    def read(tensors: FoldedTensors, index: int, slot: int, axes: Shape) -> Any:
        op = graph.ops[index]
        source = graph.read_by(op)[slot]
        tensor, shape = tensors.seen(source), graph.ops[source].shape
        # Indices have no derivative, and a source reads its input only to count examples.
        if op.inputs and not isinstance(shape, Indices):
            taps[index, slot] = keras.Input(shape, dtype="float64")
            tensor = _plus(keras, tensor, taps[index, slot], f"edge_{index}_{slot}")
        return keras.ops.reshape(tensor, (-1, *element_of(shape, len(axes)))) if axes else tensor

    tensors, layers, _ = connected(graph, tools, read)
    starts = [tensors.seen(port.op) for port in graph.inputs]
    last = [keras.Input(port.shape, dtype="float64") for port in graph.outputs]
    ends = [
        _plus(keras, tensors.seen(port.op), tap, f"output_{place}")
        for place, (port, tap) in enumerate(zip(graph.outputs, last, strict=True))
    ]
    model = keras.Model([*starts, *taps.values(), *last], ends)
    return Built(model, layers, tensors), list(taps)


def _plus(keras: Any, tensor: Any, tap: Any, name: str) -> Any:
    return keras.layers.Add(name=f"{name}-tap")([tensor, tap])
