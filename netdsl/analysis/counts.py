"""Parameters, multiply-accumulates and activations: integers all, for one example.

The definitions are in docs/accounting.md. A multiply-accumulate (MAC) is counted for convolutions
and matrix products only.
"""

from collections.abc import Iterable
from typing import NamedTuple

from netdsl.graph import Graph, Op


class Counts(NamedTuple):
    """What an operation, a layer or a network holds and costs.

    Attributes:
        params: trainable weights, as papers count.
        moving: statistics that are kept and not trained (batch norm's mean and variance).
        weights: params without biases and without the factors of norms.
        macs: multiply-accumulates.
        activations: elements of the output; of a layer, those of its last operation; of a network,
            the sum over its layers.
        acts: elements of the outputs of convolutions and dense layers only.
        flops: floating-point operations: two for each multiply-accumulate, and the elementwise
            work.
    """

    params: int = 0
    moving: int = 0
    weights: int = 0
    macs: int = 0
    activations: int = 0
    acts: int = 0
    flops: int = 0

    @property
    def total(self) -> int:
        """All that is stored: trainable and moving, as Keras's `count_params`."""
        return self.params + self.moving


def count_op(graph: Graph, op: Op) -> Counts:
    """Return the counts of one operation."""
    if op.kind is None:
        return Counts(activations=op.size)
    shapes = graph.input_shapes(op)
    arrays = graph.weights(op)
    return Counts(
        params=sum(array.size for array in arrays if array.role != "moving"),
        moving=sum(array.size for array in arrays if array.role == "moving"),
        weights=sum(array.size for array in arrays if array.role == "kernel"),
        macs=op.kind.macs(op.shape, *shapes),
        activations=op.size,
        acts=op.kind.acts(op.shape, *shapes),
        flops=op.kind.flops(op.shape, *shapes),
    )


def count_ops(graph: Graph) -> list[Counts]:
    """Return the counts of each operation. Those that are alike are counted once."""
    known: dict[object, Counts] = {}
    found = []
    for op in graph.ops:
        shapes = [graph.ops[source].shape for source in op.inputs]
        limits = [getattr(shape, "limit", None) for shape in shapes]  # of indices
        # By identity: lowering makes one kind of equal layers, and comparing them takes longer.
        key = (id(op.kind), op.shape, op.shares, op.tied, *shapes, *limits)
        if key not in known:
            known[key] = count_op(graph, op)
        found.append(known[key])
    return found


def count_layers(graph: Graph) -> list[Counts]:
    """Return the counts of each layer with its norm and activation."""
    ops = count_ops(graph)
    known: dict[tuple[int, ...], Counts] = {}  # by identities: deep networks share their counts
    found = []
    for layer in graph.layers:
        own = [ops[index] for index in layer.ops]
        key = tuple(map(id, own))
        if key not in known:
            # A norm and an activation have their layer's elements again: counted once.
            known[key] = added(own)._replace(activations=own[-1].activations)
        found.append(known[key])
    return found


def count_network(graph: Graph) -> Counts:
    """Return the counts of a whole network: the sums over its layers, inputs among them."""
    return added(count_layers(graph))


def added(counts: Iterable[Counts]) -> Counts:
    """Return the sums of counts."""
    return Counts(*map(sum, zip(*counts, strict=True)))


def depth(graph: Graph) -> int:
    """Count convolutions of all kinds, fc and dense layers on the longest path from an input to an
    output; `sep` counts two.
    """
    longest = _longest_paths(graph, range(len(graph.ops)))
    return max((longest[output.op] for output in graph.outputs), default=0)


def depth_within(graph: Graph, ops: Iterable[int]) -> int:
    """Return the same for a part of a network: on the longest path through these operations."""
    return max(_longest_paths(graph, ops).values(), default=0)


def _longest_paths(graph: Graph, ops: Iterable[int]) -> dict[int, int]:
    """Return for each of these operations, in order, how deep it is within them."""
    longest: dict[int, int] = {}
    for index in ops:
        op = graph.ops[index]
        before = max((longest.get(source, 0) for source in op.inputs), default=0)
        longest[index] = before + (op.kind.depth if op.kind else 0)
    return longest
