"""Floating-point operations of a training step, for one example: forward and backward.

The loss and the update of the weights, which do not depend on the examples, are not counted.
"""

from __future__ import annotations

from netdsl.analysis.gradients import backward_pass
from netdsl.graph import Graph, consumers_of


def training_flops(graph: Graph) -> list[int]:
    """Return for each operation what it costs forward and backward.

    What several operations read has the gradients of all of them summed; that is counted to it.

    Source: Griewank and Walther, "Evaluating Derivatives" (2008), section 3.4: a gradient costs a
    small multiple of the function, whatever the number of weights.
    """
    holds = [
        op.kind is not None
        and any(array.role != "moving" for array in op.kind.weights(*graph.input_shapes(op)))
        for op in graph.ops
    ]
    ends = [port.op for port in graph.outputs]
    reached = backward_pass(graph, holds, frozenset(ends))
    readers = consumers_of(graph.ops)
    found = []
    for index, op in enumerate(graph.ops):
        if op.kind is None:
            found.append(0)
            continue
        kind, shapes = op.kind, graph.input_shapes(op)
        cost = 2 * kind.macs(op.shape, *shapes) + kind.trained_ops(op.shape, *shapes)
        if reached[index]:
            needed = [reached[source] for source in op.inputs]
            cost += kind.backward_flops(needed, op.shape, *shapes)
            gradients = sum(reached[reader] for reader in readers[index]) + ends.count(index)
            cost += max(0, gradients - 1) * op.size
        found.append(cost)
    return found
