"""Parameters, multiply-accumulates and activations: whole numbers all, for one example.

The definitions are in docs/accounting.md. A multiply-accumulate (MAC) is counted for convolutions and matrix products only.
"""

from __future__ import annotations

from typing import NamedTuple

from netdsl.graph import Graph, Layer, Op


class Counts(NamedTuple):
    """What an operation, a layer or a network holds and costs.

    Attributes:
        params: trainable weights, as papers count.
        moving: statistics that are kept and not trained (batch norm's mean and variance).
        weights: params without biases and without the factors of norms.
        macs: multiply-accumulates.
        activations: elements of the output; of a layer, those of its last operation; of a network, the sum over its layers.
        acts: elements of the outputs of convolutions and dense layers only.
    """

    params: int = 0
    moving: int = 0
    weights: int = 0
    macs: int = 0
    activations: int = 0
    acts: int = 0

    @property
    def total(self) -> int:
        """All that is stored: trainable and moving, as Keras's `count_params`."""
        return self.params + self.moving

    def plus(self, other: Counts) -> Counts:
        return Counts(*(a + b for a, b in zip(self, other, strict=True)))


def count_op(graph: Graph, op: Op) -> Counts:
    """The counts of one operation."""
    if op.kind is None:
        return Counts(activations=op.size)
    shapes = graph.input_shapes(op)
    arrays = op.kind.weights(*shapes)
    return Counts(
        params=sum(array.size for array in arrays if array.role != "moving"),
        moving=sum(array.size for array in arrays if array.role == "moving"),
        weights=sum(array.size for array in arrays if array.role == "kernel"),
        macs=op.kind.macs(op.shape, *shapes),
        activations=op.size,
        acts=op.kind.acts(op.shape, *shapes),
    )


def count_layer(graph: Graph, layer: Layer) -> Counts:
    """The counts of a layer with its norm and activation."""
    total = Counts()
    for index in layer.ops:
        total = total.plus(count_op(graph, graph.ops[index]))
    return total._replace(activations=graph.ops[layer.ops[-1]].size)


def count_network(graph: Graph) -> Counts:
    """The counts of a whole network: the sums over its layers, inputs among them."""
    total = Counts()
    for layer in graph.layers:
        total = total.plus(count_layer(graph, layer))
    return total


def depth(graph: Graph) -> int:
    """Convolutions of all kinds, fc and dense layers on the longest path from an input to an output; `sep` counts two."""
    longest: list[int] = []
    for op in graph.ops:
        before = max((longest[source] for source in op.inputs), default=0)
        longest.append(before + (op.kind.depth if op.kind else 0))
    return max((longest[output.op] for output in graph.outputs), default=0)
