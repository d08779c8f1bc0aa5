"""Inputs that look like images written another way: without channels, or with channels first."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.errors import Diagnostic
from netdsl.graph import Op, Port
from netdsl.kinds.values import Indices, dims
from netdsl.kinds.window import Windowed
from netdsl.lowering.builder import GraphBuilder

_SMALLEST_IMAGE = 16
"""Positions on each axis from which a shape with 1 or 3 in front is taken for channels first."""


def doubtful_inputs(graph: GraphBuilder) -> Iterator[Diagnostic]:
    """Yield a warning for each input of a window, such as a convolution's, whose shape is most
    likely an image's that is meant otherwise.
    """
    for port in graph.inputs:
        found = _doubt(port)
        if found is not None and _reaches_window(graph.ops, port):
            code, message, help = found
            span = graph.layers[graph.ops[port.op].layer].span
            yield Diagnostic(code, message, span, help=help)


def _doubt(port: Port) -> tuple[str, str, str] | None:
    """Return the code, message and help of a shape that is doubtful where a window reads it."""
    shape, text = port.shape, dims(port.shape)
    if isinstance(shape, Indices):
        return None
    # An input with a name is meant as a sequence: the help says to write it so.
    if len(shape) == 2 and shape[0] == shape[1] and port.name == "input":
        return (
            "W707",
            f"{text} is a sequence: {shape[0]} positions of {shape[1]} channels",
            f"an image is written {text}x1 (grey) or {text}x3 (colour); to keep the sequence write"
            f" `input seq: {text}` or # netdsl: ignore W707",
        )
    if len(shape) == 3 and shape[0] in (1, 3) and min(shape[1:]) >= _SMALLEST_IMAGE:
        last = dims((*shape[1:], shape[0]))
        return (
            "W708",
            f"{text} has {shape[2]} channels; netdsl puts channels last: {last}",
            f"write {last}; to keep {text} write # netdsl: ignore W708",
        )
    return None


def _reaches_window(ops: list[Op], port: Port) -> bool:
    """Return whether a window reads the input, through operations that keep its shape."""
    # A layer that keeps the shape (a norm, a dropout) leaves the doubt as it was.
    same = {port.op}
    for index, op in enumerate(ops):
        if op.inputs and op.inputs[0] in same:
            if isinstance(op.kind, Windowed):
                return True
            if op.shape == port.shape:
                same.add(index)
    return False
