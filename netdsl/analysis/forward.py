"""Numbers through a network, by the kinds' definitions in NumPy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from netdsl.analysis.masks import masks_of, same_elements
from netdsl.errors import fail
from netdsl.graph import Graph, Op
from netdsl.kinds import Kind
from netdsl.kinds.facts import Arrays, Weight
from netdsl.kinds.initial_lists import arranged, listed_weight, lists_of
from netdsl.kinds.values import Shape


def forward(
    np: Any,
    graph: Graph,
    weights: Mapping[int, Arrays],
    inputs: Sequence[Any],
    needed: Collection[int] | None = None,
) -> list[Any]:
    """Compute what each operation gives in use: arrays of (batch, *shape).

    Args:
        np: NumPy.
        graph: the network.
        weights: for each operation with weights of its own, by its index, its arrays; those that
            share others' or are tied need none.
        inputs: an array of (batch, *shape) for each of the graph's inputs, in their order.
        needed: the operations that are computed, all by default; the others give None.

    Raises:
        NetError: N671 where a layer would skip padding, which the definitions do not.
    """
    makers = masks_of(graph)
    given = {port.op: array for port, array in zip(graph.inputs, inputs, strict=True)}
    count = len(inputs[0])
    values: list[Any] = []
    for index, op in enumerate(graph.ops):
        if needed is not None and index not in needed:
            values.append(None)
            continue
        if op.kind is None:
            values.append(given[index])
            continue
        _refuse_padding(graph, op, makers, values)
        own = {**weights.get(index if op.shares is None else op.shares, {})}
        if op.tied is not None:
            kernel = weights[op.tied]["kernel"]
            # A transposed convolution takes the kernel as it is; a matrix is transposed.
            as_it_is = op.kind.tied_kernel(kernel.shape) == kernel.shape
            own["kernel"] = kernel if as_it_is and kernel.ndim > 2 else kernel.T
        with np.errstate(divide="ignore", invalid="ignore"):  # a root of -1 is NaN, as in Keras
            value = op.kind.forward(np, own, *(values[source] for source in op.inputs))
        # A tensor of the network's own has a batch of one.
        values.append(value if op.inputs else np.broadcast_to(value, (count, *op.shape)))
    return values


def _refuse_padding(
    graph: Graph, op: Op, makers: Mapping[int, tuple[int, ...]], values: list[Any]
) -> None:
    """Raise NetError N671 where a layer's input has padding that it would skip."""
    if not makers or op.kind is None or not op.kind.takes_mask:
        return
    for maker in {maker for source in op.inputs for maker in makers.get(source, ())}:
        made = graph.ops[maker]
        assert made.kind is not None
        if same_elements(op, made) and made.kind.element.has_padding(values[made.inputs[0]]):
            layer, mask = graph.layers[op.layer].text, graph.layers[made.layer].text
            message = f"`{layer}` skips the padding that `{mask}` finds in these numbers"
            help = (
                "the definitions in NumPy skip none: `netdsl forward --engine keras` does, or "
                "give numbers without padding"
            )
            raise fail("N671", message, graph.layers[op.layer].span, help=help)


def initial_weights(
    np: Any, graph: Graph, needed: Collection[int] | None = None
) -> tuple[dict[int, Arrays], list[int]]:
    """Make the arrays that are not drawn at random, by operation, as `forward` takes them.

    Args:
        np: NumPy.
        graph: the network.
        needed: the operations whose arrays are made, all by default.

    Returns:
        The arrays, and the operations that have others too.
    """
    found: dict[int, Arrays] = {}
    random = []
    for index, op in enumerate(graph.ops):
        if needed is not None and index not in needed:
            continue
        arrays = {
            weight.name: _begun(np, op.kind, weight, graph.input_shapes(op))
            for weight in graph.weights(op)
            if op.kind is not None
        }
        if any(array is None for array in arrays.values()):
            random.append(index)
        elif arrays:
            found[index] = arrays
    return found, random


def _begun(np: Any, kind: Kind, weight: Weight, inputs: tuple[Shape, ...]) -> Any:
    """Make the array that a weight begins with, a list of the text too; None for a random one."""
    for option in lists_of(kind):
        if listed_weight(kind, option, *inputs) == weight:
            return np.array(arranged(kind, option, inputs))
    return kind.initial(np, weight)
