"""Where the backward pass of a training goes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from netdsl.graph import Graph


def backward_pass(graph: Graph, holds: Sequence[bool], ends: Collection[int]) -> list[bool]:
    """Return for each operation whether the backward pass goes through it.

    Args:
        graph: the network.
        holds: for each operation whether it has weights that are trained.
        ends: the operations whose outputs have a loss.
    """
    after_weights: list[bool] = []
    for op, own in zip(graph.ops, holds, strict=True):
        after_weights.append(own or any(after_weights[source] for source in op.inputs))
    before_end = [index in ends for index in range(len(graph.ops))]
    # Readers come later: backward, each is known when what it reads is looked at.
    for index in range(len(graph.ops) - 1, -1, -1):
        if before_end[index]:
            for source in graph.ops[index].inputs:
                before_end[source] = True
    return [both and needed for both, needed in zip(after_weights, before_end, strict=True)]
