"""Derivatives back through a network: by each node's output, and by each weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.lab.forward import Computation, computed, computed_by_keras
from netdsl.lab.given import Values
from netdsl.lab.losses import Asked, number_of
from netdsl.lab.weighted import WeightedNetwork, inputs_of

if TYPE_CHECKING:
    from netdsl.graph import Graph
    from netdsl.keras.taps import Derivatives, Edge
    from netdsl.kinds.facts import Arrays


class InputEdge(NamedTuple):
    """The derivative that is passed back to one of an operation's inputs.

    Attributes:
        source: the operation whose output the input is.
        local: the derivative of the operation by this input, where both are one number and the
            upstream derivative is not 0; else None.
        downstream: the derivative that is passed on: upstream times local.
    """

    source: int
    local: float | None
    downstream: Any


class NodeDerivative(NamedTuple):
    """An operation with its output, and the derivative by that.

    Attributes:
        op: its index.
        value: its output [n, *shape].
        upstream: the derivative by its output [n, *shape], summed over all that read it.
        edges: the derivatives that are passed back to its inputs.
        weights: the derivatives by its arrays, by name.
    """

    op: int
    value: Any
    upstream: Any
    edges: tuple[InputEdge, ...]
    weights: Arrays


class Backward(NamedTuple):
    """The derivatives of a number.

    Attributes:
        graph: the network.
        number: what it is, in words.
        value: its value.
        nodes: all operations, in order.
    """

    graph: Graph
    number: str
    value: float
    nodes: tuple[NodeDerivative, ...]


def backward(subject: WeightedNetwork, given: Values, asked: Asked) -> Backward:
    """Differentiate a number by everything that it is computed from, in float64.

    Args:
        subject: a network with weights.
        given: for each input numbers as a text, the path of a file, or an array.
        asked: which number.

    Raises:
        NetError: N511 to N518, N524, N527, N605, N626, N670.
    """
    import numpy as np

    from netdsl.keras.taps import derivatives

    graph = subject.network.graph
    inputs = inputs_of(subject, given)
    if asked.training:
        how = Computation(training=True, seed=asked.seed)
        # By Keras with the same seed as the derivatives: both must belong to the same random draws.
        values = computed_by_keras(subject, inputs, range(len(graph.ops)), how)
    else:
        values = computed(np, subject, inputs)
    number, said = number_of(graph, len(inputs[0]), asked)
    seed = asked.seed if asked.training else None
    found = derivatives(graph, subject.weights, inputs, number, seed)
    upstreams = _upstreams(np, graph, values, found)
    nodes = tuple(
        NodeDerivative(
            index,
            values[index],
            upstreams[index],
            tuple(_edges(graph, index, upstreams[index], found.edges)),
            found.weights.get(index, {}),
        )
        for index in range(len(graph.ops))
    )
    return Backward(graph, said, found.value, nodes)


def _upstreams(np: Any, graph: Graph, values: list[Any], found: Derivatives) -> list[Any]:
    """Sum the derivatives that come back to each operation from all that read it."""
    # An output that is read twice gets a derivative from each reader: they add up.
    sums = [np.zeros(value.shape) for value in values]
    for port, derivative in zip(graph.outputs, found.outputs, strict=True):
        sums[port.op] = sums[port.op] + derivative
    for (index, slot), derivative in found.edges.items():
        source = graph.ops[index].inputs[slot]
        sums[source] = sums[source] + derivative
    return sums


def _edges(
    graph: Graph, index: int, upstream: Any, edges: Mapping[Edge, Any]
) -> Sequence[InputEdge]:
    found = []
    for slot, source in enumerate(graph.ops[index].inputs):
        if (index, slot) in edges:
            downstream = edges[index, slot]
            single = upstream.size == downstream.size == 1 and upstream.any()
            # Keras gives only upstream * local. From one number to one number, the quotient is the
            # local slope.
            local = float(downstream.item() / upstream.item()) if single else None
            found.append(InputEdge(source, local, downstream))
    return found
