"""Floating-point operations of a training step, for one example: forward and backward.

The loss and the update of the weights, which do not depend on the examples, are not counted.
"""

from __future__ import annotations

from netdsl.analysis.gradients import backward_pass
from netdsl.graph import Graph, Op, consumers_of
from netdsl.kinds.values import Shape


def training_flops(graph: Graph) -> list[int]:
    """Return for each operation what it costs forward and backward.

    The gradients of an output that several operations read are summed; these additions are counted
    as its own.

    Source: Griewank and Walther, "Evaluating Derivatives" (2008), section 3.4: a gradient costs a
    small multiple of the function, whatever the number of weights.
    """
    shapes = [graph.input_shapes(op) for op in graph.ops]
    trained: dict[object, bool] = {}  # by the kind and its inputs: many layers are alike
    holds = []
    for op, inputs in zip(graph.ops, shapes, strict=True):
        alike = id(op.kind), inputs
        if alike not in trained:
            arrays = op.kind.weights(*inputs) if op.kind else ()
            trained[alike] = any(array.role != "moving" for array in arrays)
        holds.append(trained[alike])
    ends = [port.op for port in graph.outputs]
    reached = backward_pass(graph, holds, frozenset(ends))
    readers = consumers_of(graph.ops)
    known: dict[object, int] = {}
    found = []
    for index, op in enumerate(graph.ops):
        needed = tuple(reached[source] for source in op.inputs) if reached[index] else None
        # The loss is a reader too.
        gradients = sum(reached[reader] for reader in readers[index]) + ends.count(index)
        key = id(op.kind), op.shape, shapes[index], needed
        if key not in known:
            known[key] = _cost(op, shapes[index], needed)
        # n gradients of one tensor are added up in n - 1 additions.
        sums = max(0, gradients - 1) * op.size if reached[index] else 0
        found.append(known[key] + sums)
    return found


def _cost(op: Op, inputs: tuple[Shape, ...], needed: tuple[bool, ...] | None) -> int:
    """Return what an operation costs; `needed` is None where nothing goes back through it."""
    if op.kind is None:
        return 0
    forward = 2 * op.kind.macs(op.shape, *inputs) + op.kind.trained_ops(op.shape, *inputs)
    return forward + (0 if needed is None else op.kind.backward_flops(needed, op.shape, *inputs))
