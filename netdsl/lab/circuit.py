"""Pictures of a network with its numbers: each layer's output, and the derivatives by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from netdsl.drawing.circuit import LayerNumbers, NumberTable, circuit_sheet
from netdsl.drawing.options import Options
from netdsl.drawing.picture import Picture
from netdsl.errors import fail
from netdsl.graph import consumers_of
from netdsl.kinds.values import Indices, dims
from netdsl.lab.backward_text import gate_of
from netdsl.lab.forward import names_of

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Graph, Layer
    from netdsl.lab.backward import Backward
    from netdsl.lab.forward import LayerValues

SIDE = 12
"""The most rows and columns of a table that is drawn."""
TABLES = 4
"""The most tables that are drawn of one array: for its examples and channels."""


def forward_picture(network: Architecture, found: Sequence[LayerValues]) -> Picture:
    """Draw a network with the outputs of its layers.

    Args:
        network: the network.
        found: the values of its layers, or of some of them.

    Raises:
        NetError: N660 where an array or the network is too large to be drawn.
    """
    graph = network.graph
    layer_of = {name: graph.ops[op].layer for op, name in names_of(graph).items()}
    numbers = {}
    for each in found:
        at = layer_of[each.name]
        tables = _tables("value", each.name, each.array, "value")
        numbers[at] = LayerNumbers(_point_of(graph, graph.layers[at]), tuple(tables))
    return _picture(network, numbers, "values", ", above each wire")


def backward_picture(network: Architecture, found: Backward) -> Picture:
    """Draw a network with its layers' outputs and the derivatives by these and by the weights.

    Raises:
        NetError: N660 where an array or the network is too large to be drawn.
    """
    graph = network.graph
    names, readers = names_of(graph), consumers_of(graph.ops)
    numbers = {}
    for at, layer in enumerate(graph.layers):
        node = found.nodes[layer.ops[-1]]
        name = names[node.op]
        tables = list(_tables("value", name, node.value, "value"))
        if not isinstance(graph.ops[node.op].shape, Indices):
            tables += _tables("derivative", name, node.upstream, "derivative")
        for part in layer.ops:
            for weight, array in found.nodes[part].weights.items():
                whose = f"{graph.ops[part].name}'s {weight}"
                said = f"derivative by {weight}"
                tables += _tables(said, whose, array[None], "derivative", "filter")
        gate = gate_of(graph.ops[node.op], len(readers[node.op]))
        numbers[at] = LayerNumbers(_point_of(graph, layer), tuple(tables), gate)
    said = f"{found.number} = {number_drawn(found.value)}"
    return _picture(network, numbers, said, " · above each wire the value, below it the derivative")


def _picture(
    network: Architecture, numbers: dict[int, LayerNumbers], facts: str, where: str
) -> Picture:
    """Draw the numbers; `where` explains those above and below the wires, if there are any."""
    options = Options(style="graph")
    on_wires = any(each.on_wire for each in numbers.values())
    sheet = circuit_sheet(network, numbers, facts + where if on_wires else facts, options)
    return Picture.of([sheet], options)


def _point_of(graph: Graph, layer: Layer) -> str:
    """Return the author's name for a layer's output; empty if it has none or its box shows it."""
    if graph.ops[layer.ops[0]].kind is None:
        return ""
    return next((name for name, op in graph.points.items() if op == layer.ops[-1]), "")


def _tables(
    title: str, name: str, array: Any, look: str, last: str = "channel"
) -> Iterator[NumberTable]:
    """Yield the tables of an array [n, *shape]: one for each example, and for each place on its
    `last` axis.

    Raises:
        NetError: N660 where they are too large.
    """
    # Checked before they are listed: listing the tables of a large array would take long.
    matrices = list(_matrices(array, last)) if array.ndim <= 5 and array.size <= 10_000 else []
    sides = (side for _, matrix in matrices for side in matrix.shape)
    if not 0 < len(matrices) <= TABLES or any(side > SIDE for side in sides):
        count = f"{len(array)} times " if len(array) > 1 else ""
        raise fail(
            "N660",
            f"{name} is {count}{dims(array.shape[1:])} numbers; up to {TABLES} tables of "
            f"{SIDE}x{SIDE} are drawn for each array",
            help="give a smaller input; `forward` draws one layer with --at NAME; without -o, "
            "numbers are printed",
        )
    for words, matrix in matrices:
        rows = tuple(tuple(number_drawn(each) for each in row) for row in matrix.tolist())
        yield NumberTable(", ".join(filter(None, (title, words))), rows, look)


def _matrices(array: Any, last: str) -> Iterator[tuple[str, Any]]:
    """Yield the tables of an array [n, *shape], each with its name: of a kernel (h, w, c, filters)
    each channel of each filter.
    """
    if array.ndim <= 2:
        yield "", array.reshape(len(array), -1)
        return
    for example, each in enumerate(array):
        of = [f"of example {example}"] if len(array) > 1 else []
        if each.ndim == 2:
            # A sequence of one channel lies along a row, as it is read.
            yield " ".join(of), each.T if each.shape[1] == 1 and last == "channel" else each
            continue
        for at in range(each.shape[-1]):
            said = [*of, f"{last} {at}"] if each.shape[-1] > 1 else of
            one = each[..., at]
            if one.ndim == 2:
                yield " ".join(said), one
                continue
            for channel in range(one.shape[-1]):
                more = [f"channel {channel}"] if one.shape[-1] > 1 else []
                yield " ".join((*said, *more)), one[..., channel]


def number_drawn(value: float) -> str:
    """Write a number for reading: with three significant digits, integers to 99,999 in full."""
    whole = abs(value) < 100_000 and value == int(value)
    return (f"{int(value):,}" if whole else f"{value:.3g}").replace("-", "−")
