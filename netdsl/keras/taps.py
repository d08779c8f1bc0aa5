"""Derivatives of a network at every place: Keras's own, on any backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.keras import private
from netdsl.keras.arrays import assign, variables_of
from netdsl.keras.build import Built, FoldedTensors, pieces_of, toolbox
from netdsl.keras.float64 import in_float64, require_layers_in_float64
from netdsl.kinds.each import element_of
from netdsl.kinds.values import Indices

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.kinds.facts import Arrays

Edge = tuple[int, int]
"""An operation, and which of its inputs."""


class Derivatives(NamedTuple):
    """Derivatives of one number.

    Attributes:
        value: the number.
        edges: by what goes into each operation, at each of its inputs [n, *shape].
        outputs: by what each output gives out [n, *shape].
        weights: by each array, by operation and name, in the shapes of its kind.
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
    training: bool = False,
) -> Derivatives:
    """Derive a number that is made of the network's outputs, in float64.

    Each value that goes into an operation has a zero added on its way, by which is derived.

    Args:
        graph: the network.
        weights: its arrays by operation.
        inputs: [n, *shape] each.
        number: makes the number of `keras.ops` and the outputs.
        training: whether the network works as in training.

    Raises:
        NetError: N605 where the backend does not compute it in float64.
    """
    import numpy as np

    tools = toolbox()
    with in_float64(tools.keras):
        built, edges = _tapped(graph, tools)
    require_layers_in_float64(tools.keras, built.model)
    for layer in built.model.layers:
        private.keep_scale_in_float64(layer)
    assign(built, graph, weights)
    shapes = [graph.ops[graph.ops[index].inputs[slot]].shape for index, slot in edges]
    shapes += [port.shape for port in graph.outputs]
    zeros = [np.zeros((len(inputs[0]), *shape)) for shape in shapes]
    named = variables_of(built, graph)
    trained = [
        (index, name, variable)
        for index, variables in named.items()
        for name, variable in variables.items()
        if variable.trainable
    ]
    value, by_tap, by_weight = _derived(
        tools.keras,
        built.model,
        ([tools.keras.ops.convert_to_tensor(x) for x in inputs], zeros),
        [variable for *_, variable in trained],
        lambda outputs: number(tools.keras.ops, outputs),
        training,
    )
    found: dict[int, dict[str, Any]] = {}
    for (index, name, _), array in zip(trained, by_weight, strict=True):
        shape = next(w.shape for w in graph.weights(graph.ops[index]) if w.name == name)
        found.setdefault(index, {})[name] = array.reshape(shape)
    by_edge = dict(zip(edges, by_tap, strict=False))
    return Derivatives(value, by_edge, by_tap[len(edges) :], found)


def _tapped(graph: Graph, tools: Any) -> tuple[Built, list[Edge]]:
    """Build a model with an input more for each value that goes into an operation, or out."""
    keras = tools.keras
    tensors = FoldedTensors(graph, tools)
    layers: dict[str, list[Any]] = {}
    taps: dict[Edge, Any] = {}
    pieces = pieces_of(graph, tools)
    for index, op in graph.with_an_input_first():
        if op.kind is None:
            dtype = "int32" if isinstance(op.shape, Indices) else "float64"
            tensors.add(index, keras.Input(op.shape, name=op.name, dtype=dtype))
            continue
        inputs = []
        for slot, source in enumerate(graph.read_by(op)):
            tensor, shape = tensors.seen(source), graph.ops[source].shape
            if op.inputs and not isinstance(shape, Indices):
                taps[index, slot] = keras.Input(shape, dtype="float64")
                tensor = _plus(keras, tensor, taps[index, slot], f"edge_{index}_{slot}")
            if axes := op.kind.each_axes:
                tensor = keras.ops.reshape(tensor, (-1, *element_of(shape, len(axes))))
            inputs.append(tensor)
        tensor = inputs if op.kind.merges or len(inputs) > 1 else inputs[0]
        for layer in pieces[index if op.shares is None else op.shares]:
            tensor = layer(tensor)
            made = private.origin(tensor)
            if op.shares is None and made is not None and getattr(made.operation, "weights", None):
                layers.setdefault(op.name, []).append(made.operation)
        tensors.add(index, tensor, op.kind.each_axes)
    starts = [tensors.seen(port.op) for port in graph.inputs]
    last = [keras.Input(port.shape, dtype="float64") for port in graph.outputs]
    ends = [
        _plus(keras, tensors.seen(port.op), tap, f"output_{place}")
        for place, (port, tap) in enumerate(zip(graph.outputs, last, strict=True))
    ]
    return Built(keras.Model([*starts, *taps.values(), *last], ends), layers), list(taps)


def _plus(keras: Any, tensor: Any, tap: Any, name: str) -> Any:
    return keras.layers.Add(name=f"{name}-tap")([tensor, tap])


def _derived(
    keras: Any,
    model: Any,
    inputs: tuple[list[Any], list[Any]],
    variables: list[Any],
    number: Callable[[list[Any]], Any],
    training: bool,
) -> tuple[float, list[Any], list[Any]]:
    """Derive by the taps and the variables; where a number does not depend on one, by zeros."""
    rules = {"tensorflow": _by_tensorflow, "jax": _by_jax, "torch": _by_torch}
    rule = rules[keras.config.backend()]

    def run(tensors: list[Any]) -> Any:
        outputs = model(tensors, training=training)
        return number(list(outputs) if isinstance(outputs, list | tuple) else [outputs])

    value, *found = rule(keras, model, run, inputs, variables)
    by_tap, by_weight = ([keras.ops.convert_to_numpy(each) for each in part] for part in found)
    return float(keras.ops.convert_to_numpy(value)), by_tap, by_weight


def _by_tensorflow(keras: Any, model: Any, run: Any, inputs: Any, variables: list[Any]) -> Any:
    import tensorflow as tf

    given, taps = inputs[0], [tf.convert_to_tensor(tap) for tap in inputs[1]]
    values = [variable.value for variable in variables]
    with tf.GradientTape() as tape:
        tape.watch(taps)
        value = run([*given, *taps])
    found = tape.gradient(value, taps + values, unconnected_gradients="zero")
    found = [tf.convert_to_tensor(each) for each in found]
    return value, found[: len(taps)], found[len(taps) :]


def _by_jax(keras: Any, model: Any, run: Any, inputs: Any, variables: list[Any]) -> Any:
    import jax

    def number(taps: list[Any], values: list[Any]) -> Any:
        pairs = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=pairs):
            return run([*inputs[0], *taps])

    values = [variable.value for variable in variables]
    taps = [jax.numpy.asarray(tap) for tap in inputs[1]]
    value, found = jax.value_and_grad(number, (0, 1))(taps, values)
    return value, *found


def _by_torch(keras: Any, model: Any, run: Any, inputs: Any, variables: list[Any]) -> Any:
    import torch

    taps = [torch.tensor(tap, requires_grad=True) for tap in inputs[1]]
    value = run([*inputs[0], *taps])
    leaves = taps + [variable.value for variable in variables]
    found = torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)
    return value.detach(), found[: len(taps)], found[len(taps) :]
