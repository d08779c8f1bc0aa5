"""Which kernels begin at the principal components of the data that a network is trained on."""

from __future__ import annotations

from netdsl.graph import Graph, Op
from netdsl.kinds.initial_kernels import PCA
from netdsl.kinds.values import Shape


def component_kernels(graph: Graph) -> list[tuple[Op, Shape]]:
    """List the operations with `init=pca`, and the shapes of their kernels, (..., filters)."""
    return [
        (op, op.kind.weights(*graph.input_shapes(op))[0].shape)
        for op in graph.ops
        if op.kind is not None and op.shares is None and op.kind.values.get("init") == PCA
    ]
