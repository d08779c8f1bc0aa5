"""Where the figures of a layer come from: each as its sum, with the numbers put in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from netdsl.errors import did_you_mean, fail
from netdsl.kinds.values import dims
from netdsl.report.kind_pages import said
from netdsl.report.row_text import layer_label

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Graph, Layer, Op
    from netdsl.kinds.facts import Weight
    from netdsl.kinds.kind import Kind
    from netdsl.kinds.values import Shape


_MAX_NAMES = 10
"""Names of layers that a message lists."""


def why(network: Architecture, what: str) -> str:
    """Return the sums of the layers that are meant.

    By a layer's name (conv_1), a point's (c1), or as it is written (conv5-16).

    Raises:
        NetError: N626 where nothing is meant.
    """
    return "\n\n".join(_explained(network.graph, layer) for layer in _meant(network, what))


def field_drawing(network: Architecture, what: str = "") -> str:
    """Draw, as text, which part of the input the middle of a layer's output sees.

    Of the last layer with positions where none is named.

    Raises:
        NetError: N626 where nothing is meant.
    """
    from netdsl.analysis.receptive.drawing import drawing

    return drawing(network.graph, _meant(network, what)[0].ops[-1] if what else None)


def _meant(network: Architecture, what: str) -> list[Layer]:
    graph = network.graph
    # As it is written it may mean many layers: all of VGG's `conv3-512`.
    point = graph.points.get(what.removeprefix("@"))
    meant = [
        layer
        for layer in graph.layers
        if what in (layer.name, layer.text, layer.text.split("(")[0], layer_label(graph, layer))
        or (point is not None and point in layer.ops)
    ]
    if not meant:
        names = list(dict.fromkeys([*(layer.name for layer in graph.layers), *graph.points]))
        more = f" and {len(names) - _MAX_NAMES:,} more" if len(names) > _MAX_NAMES else ""
        help = did_you_mean(what, names) or f"its layers are {', '.join(names[:_MAX_NAMES])}{more}"
        raise fail("N626", f"{network.name} has no layer `{what}`", help=help)
    return meant


def _explained(graph: Graph, layer: Layer) -> str:
    lines = [f"{layer_label(graph, layer)} ({layer.name})"]
    for index in layer.ops:
        op = graph.ops[index]
        if op.kind is None:
            lines.append(f"  an input of {dims(op.shape)}: {_elements(op)} elements")
            continue
        shapes = graph.input_shapes(op)
        lines.append(f"  {op.kind.head()} on {', '.join(map(dims, shapes))}")
        lines.append(f"    output       {dims(op.shape)}: {_size(op.kind, op.shape, shapes)}")
        lines.append(f"    activations  {_elements(op)}")
        lines.append(f"    params       {_params(graph, op)}")
        lines.append(f"    macs         {_macs(graph, op)}")
        flops, macs = op.kind.flops(op.shape, *shapes), op.kind.macs(op.shape, *shapes)
        lines.append(
            "    flops        "
            f"{f'2*{macs:,} + {flops - 2 * macs:,} elementwise = ' if macs else ''}{flops:,}"
        )
    return "\n".join(lines)


def _size(kind: Kind, output: Shape, shapes: tuple[Shape, ...]) -> str:
    """Return the output-size formula of each axis, said once where all are alike.

    The kind's rule where there is no window.
    """
    formulas = kind.size_formulas(output, *shapes)
    if formulas and len(set(formulas)) == 1:
        return formulas[0] + (" on each axis" if len(formulas) > 1 else "")
    if formulas:
        return "; ".join(formulas)
    return said(type(kind), "shape").rstrip(".")


def _params(graph: Graph, op: Op) -> str:
    arrays = graph.weights(op)
    if not arrays:
        return (
            "0"
            if op.shares is None and op.tied is None
            else "0: its weights are counted where they were created"
        )
    trained = [array for array in arrays if array.role != "moving"]
    parts = " + ".join(f"{_product(array.shape)} {array.name}" for array in trained)
    moving = sum(array.size for array in arrays if array.role == "moving")
    addition = f", and {moving:,} moving statistics" if moving else ""
    return (
        f"{parts or '0'} = {sum(array.size for array in trained):,}{addition}"
        if trained
        else f"0{addition}"
    )


def _macs(graph: Graph, op: Op) -> str:
    """Return the MACs, as a product where they are one.

    It is the size of the kernels times the positions of the output, or of the input.
    """
    assert op.kind is not None
    shapes = graph.input_shapes(op)
    macs = op.kind.macs(op.shape, *shapes)
    if not macs:
        return "0"
    kernels: list[Weight] = [array for array in op.kind.weights(*shapes) if array.role == "kernel"]
    whole = sum(array.size for array in kernels)
    inside = " + ".join(_product(array.shape) for array in kernels)
    for positions, where in (
        (op.shape[:-1], "positions"),
        (shapes[0][:-1], "positions of the input"),
        ((), ""),
    ):
        # Tried and compared, so that no sum is printed that does not give the figure.
        if math.prod(positions) * whole == macs:
            times = f"{_product(positions)} {where} * " if positions else ""
            return (
                f"{times}{f'({inside})' if len(kernels) > 1 and positions else inside} = {macs:,}"
            )
    return f"{macs:,}: {said(type(op.kind), 'macs').rstrip('.')}"


def _elements(op: Op) -> str:
    """Return the elements of an output, as a product where there are several axes."""
    return f"{f'{_product(op.shape)} = ' if len(op.shape) > 1 else ''}{op.size:,}"


def _product(sizes: Shape) -> str:
    return "*".join(map(str, sizes)) or "1"
