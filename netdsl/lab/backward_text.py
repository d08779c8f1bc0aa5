"""Derivatives as text: a table where each value is one number, else arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.graph import consumers_of
from netdsl.json_text import json_number
from netdsl.kinds.values import Indices, dims
from netdsl.lab.forward import examples_lines, names_of
from netdsl.lab.show_arrays import json_array, kernel_lines, number_text
from netdsl.text_table import aligned_lines

if TYPE_CHECKING:
    from netdsl.graph import Graph, Op
    from netdsl.lab.backward import Backward


def backward_text(found: Backward) -> str:
    """Write the derivatives: a table where each value is one number, else arrays."""
    head = f"{found.number} = {number_text(found.value)}"
    # Tables as in lectures are for graphs of single numbers; anything else is written as arrays.
    scalar = all(node.value.size == 1 and not node.weights for node in found.nodes)
    return "\n".join([head, "", *(_table(found) if scalar else _blocks(found))])


def _table(found: Backward) -> list[str]:
    named = node_names(found.graph)
    readers = consumers_of(found.graph.ops)
    rows = [["node", "layer", "value", "derivative", "upstream x local = downstream", "gate"]]
    for node in found.nodes:
        op = found.graph.ops[node.op]
        upstream = number_text(node.upstream.item())
        products = [
            f"to {named[edge.source]}: {upstream} x {number_text(edge.local)} = "
            f"{number_text(edge.downstream.item())}"
            if edge.local is not None
            else f"to {named[edge.source]}: {number_text(edge.downstream.item())}"
            for edge in node.edges
        ]
        gates = gate_of(op, len(readers[node.op]))
        value = number_text(node.value.item())
        layer = written(found.graph, node.op)
        first = products[0] if products else ""
        rows.append([named[node.op], layer, value, upstream, first, gates])
        rows += [["", "", "", "", product, ""] for product in products[1:]]
    return aligned_lines(rows, "llrrll", rule=True)


def gate_of(op: Op, readers: int) -> str:
    """Name what an operation does with the gradient, in the terms of gates in lectures."""
    said = []
    if op.kind is not None and op.kind.gate:
        said.append(f"{op.kind.word} {op.kind.gate}")
    if readers > 1:
        said.append("copy adds")
    return ", ".join(said)


def written(graph: Graph, index: int) -> str:
    """Write an operation: the first of a layer as the layer was, the others by their word."""
    op = graph.ops[index]
    if op.kind is None:
        return ""
    layer = graph.layers[op.layer]
    return layer.text if index == layer.ops[0] else op.kind.head()


def node_names(graph: Graph) -> dict[int, str]:
    """Name each operation: by its layer's output, else by its own name."""
    return {index: op.name for index, op in enumerate(graph.ops)} | names_of(graph)


def _blocks(found: Backward) -> list[str]:
    lines: list[str] = []
    named = node_names(found.graph)
    readers = consumers_of(found.graph.ops)
    for node in found.nodes:
        op = found.graph.ops[node.op]
        gate = gate_of(op, len(readers[node.op]))
        head = (named[node.op], written(found.graph, node.op), dims(op.shape), gate)
        lines += ["  ".join(filter(None, head)), "  value"]
        lines += [f"    {line}" for line in examples_lines(node.value)]
        if not isinstance(op.shape, Indices):
            lines += ["  derivative", *(f"    {line}" for line in examples_lines(node.upstream))]
        for name, array in node.weights.items():
            lines += [f"  derivative by {name}", *(f"    {line}" for line in kernel_lines(array))]
    return lines


def backward_json(found: Backward) -> dict[str, Any]:
    """Write the derivatives as nested lists, the examples first."""
    named = node_names(found.graph)
    return {
        "of": found.number,
        "value": json_number(found.value),
        "nodes": [
            {
                "name": named[node.op],
                "layer": written(found.graph, node.op),
                "value": json_array(node.value),
                "derivative": json_array(node.upstream),
                "inputs": [
                    {
                        "name": named[edge.source],
                        "local": None if edge.local is None else json_number(edge.local),
                        "downstream": json_array(edge.downstream),
                    }
                    for edge in node.edges
                ],
                "weights": {name: json_array(array) for name, array in node.weights.items()},
            }
            for node in found.nodes
        ],
    }
