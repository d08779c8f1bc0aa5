"""Backpropagation with matrices: for each layer its input, its delta, and their outer product.

A layer with weights W (a row for each unit) computes z = W*v + b. The derivative by z is its delta;
the derivative by W is the outer product of delta and v, and W^T*delta is passed back to v.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import fail
from netdsl.json_text import json_number
from netdsl.lab.show_arrays import array_lines, json_array, number_text

if TYPE_CHECKING:
    from netdsl.lab.backward import Backward
    from netdsl.lab.weighted import WeightedNetwork


class LayerMatrices(NamedTuple):
    """The matrices of a layer, for one example.

    Attributes:
        name: the layer's.
        weights: W [units, inputs].
        input: v [inputs].
        delta: the derivative by z [units].
        outer: the derivative by W [units, inputs].
        back: the derivative by v, W^T*delta [inputs].
    """

    name: str
    weights: Any
    input: Any
    delta: Any
    outer: Any
    back: Any


def matrices_of(subject: WeightedNetwork, found: Backward) -> list[LayerMatrices]:
    """Return the matrices of each layer whose weights are a matrix, from the last to the first.

    Raises:
        NetError: N681 for several examples, and where no layer has a matrix of weights.
    """
    graph = found.graph
    layers = []
    for node in reversed(found.nodes):
        op = graph.ops[node.op]
        kernel = subject.weights.get(node.op, {}).get("kernel")
        if kernel is None or kernel.ndim != 2 or "kernel" not in node.weights or not node.edges:
            continue
        if len(node.value) > 1:
            raise fail("N681", f"matrices are of one example, and {len(node.value)} are given")
        value = found.nodes[op.inputs[0]].value.ravel()
        if value.size != kernel.shape[0]:
            continue  # one matrix at many positions
        layers.append(
            LayerMatrices(
                op.name,
                # Keras's kernel has a column for each unit, W in textbooks a row.
                kernel.T,
                value,
                node.upstream.ravel(),
                node.weights["kernel"].T,
                node.edges[0].downstream.ravel(),
            )
        )
    if not layers:
        raise fail(
            "N681",
            "no layer of the network has a matrix of weights",
            help="those of `fc` and of `dense` on a vector are shown",
        )
    return layers


def matrices_text(found: Backward, layers: list[LayerMatrices]) -> str:
    """Write the matrices next to each other, the last layer first, as in backpropagation."""
    parts = [f"{found.number} = {number_text(found.value)}"]
    for each in layers:
        units, inputs = each.outer.shape
        parts.append(
            "\n".join(
                [
                    f"{each.name}  {inputs} to {units}",
                    *_next_to_each_other(
                        ("delta", _column(each.delta)),
                        ("x v^T", array_lines(each.input)),
                        ("= outer product", array_lines(each.outer)),
                    ),
                    *_next_to_each_other(
                        ("W^T", array_lines(each.weights.T)),
                        ("x delta", _column(each.delta)),
                        ("= passed on", _column(each.back)),
                    ),
                ]
            )
        )
    return "\n\n".join(parts)


def _column(vector: Any) -> list[str]:
    return array_lines(vector[:, None, None])


def _next_to_each_other(*blocks: tuple[str, list[str]]) -> list[str]:
    """Put blocks of lines with their titles next to each other."""
    tall = max(len(lines) for _, lines in blocks)
    columns = []
    for title, lines in blocks:
        wide = max(len(title), *map(len, lines))
        cells = [title, *lines, *[""] * (tall - len(lines))]
        columns.append([cell.ljust(wide) for cell in cells])
    return [f"  {'   '.join(row)}".rstrip() for row in zip(*columns, strict=True)]


def matrices_json(found: Backward, layers: list[LayerMatrices]) -> dict[str, Any]:
    """Write the same as nested lists."""
    return {
        "of": found.number,
        "value": json_number(found.value),
        "layers": [
            {
                key: value if isinstance(value, str) else json_array(value)
                for key, value in each._asdict().items()
            }
            for each in layers
        ],
    }
