"""Numbers through a network: what each layer gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.forward import forward
from netdsl.errors import did_you_mean, fail
from netdsl.kinds.values import dims
from netdsl.lab.given import examples
from netdsl.lab.show_arrays import array_lines, json_array

if TYPE_CHECKING:
    from netdsl.graph import Graph, Layer
    from netdsl.lab.weighted import WeightedNetwork

EXAMPLES = 8
"""Examples that are written."""
ELEMENTS = 50_000_000
"""Numbers that all operations together may give."""


class LayerValues(NamedTuple):
    """What a layer gives.

    Attributes:
        name: the layer's.
        text: as it was written.
        array: numbers of [n, *shape].
    """

    name: str
    text: str
    array: Any


def values_of(subject: WeightedNetwork, given: Mapping[str, str]) -> list[LayerValues]:
    """Compute what each layer gives, in use, in float64.

    Args:
        subject: a network with weights.
        given: for each input numbers as a text, or the path of a file.

    Raises:
        NetError: N511 to N518, N524, N527, N670.
    """
    import numpy as np

    graph = subject.network.graph
    inputs = examples(given, graph.inputs)
    return by_layer(graph, computed(np, subject, inputs))


def computed(np: Any, subject: WeightedNetwork, inputs: list[Any]) -> list[Any]:
    """Compute what each operation gives [n, *shape].

    Raises:
        NetError: N670 where that is too many numbers.
    """
    graph = subject.network.graph
    elements = sum(op.size for op in graph.ops) * len(inputs[0])
    if elements > ELEMENTS:
        message = f"{elements:,} numbers would be computed; at most {ELEMENTS:,} are"
        raise fail("N670", message, help="give fewer examples, or a smaller input")
    with np.errstate(all="ignore"):
        return forward(np, graph, subject.weights, inputs)


def by_layer(graph: Graph, values: list[Any]) -> list[LayerValues]:
    """Say which values are which layer's: those of its last operation."""
    named = names_of(graph)
    return [
        LayerValues(named[layer.ops[-1]], _written(graph, layer), values[layer.ops[-1]])
        for layer in graph.layers
    ]


def names_of(graph: Graph) -> dict[int, str]:
    """Name what each layer gives: by the author's point, else by the layer's own name."""
    points = {op: name for name, op in graph.points.items()}
    ends = (layer.ops[-1] for layer in graph.layers)
    return {op: points.get(op, graph.layers[graph.ops[op].layer].name) for op in ends}


def _written(graph: Graph, layer: Layer) -> str:
    return "" if graph.ops[layer.ops[0]].kind is None else layer.text


def at(graph: Graph, found: list[LayerValues], name: str) -> LayerValues:
    """Find the values of a layer or a named point.

    Raises:
        NetError: N626 where nothing has this name.
    """
    name = name.removeprefix("@")
    own = [layer.name for layer in graph.layers]
    if name in graph.points:
        return found[graph.ops[graph.points[name]].layer]
    if name in own:
        return found[own.index(name)]
    known = [*graph.points, *own]
    help = did_you_mean(name, known) or f"layers are {', '.join(known[:8])}"
    raise fail("N626", f"the network has no layer or point `{name}`", help=help)


def values_text(found: list[LayerValues]) -> str:
    """Write each layer's array below its name, one example after the other."""
    lines = []
    for each in found:
        shape = dims(each.array.shape[1:])
        lines.append("  ".join(filter(None, (each.name, each.text, shape))))
        lines += [f"  {line}" for line in examples_lines(each.array)]
    return "\n".join(lines)


def examples_lines(array: Any) -> list[str]:
    """Write [n, *shape], each example below its number where there are several."""
    lines: list[str] = []
    for number, example in enumerate(array[:EXAMPLES]):
        lines += [f"example {number}"] if len(array) > 1 else []
        lines += array_lines(example)
    more = len(array) - EXAMPLES
    return [*lines, f"... {more:,} examples more"] if more > 0 else lines


def values_json(found: list[LayerValues]) -> dict[str, Any]:
    """Write each layer's array as nested lists, the examples first."""
    return {
        "layers": [
            {
                "name": each.name,
                "layer": each.text,
                "shape": list(each.array.shape[1:]),
                "values": json_array(each.array),
            }
            for each in found
        ]
    }
