"""A layer as the matrix that it multiplies its input by: convolutions as Toeplitz matrices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.counts import count_op
from netdsl.errors import NetError, fail
from netdsl.kinds.values import Indices, dims
from netdsl.lab.forward import layer_called, names_of
from netdsl.lab.matrix_picture import MatrixPicture

if TYPE_CHECKING:
    from netdsl.graph import Graph, Op
    from netdsl.kinds.facts import Arrays
    from netdsl.kinds.kind import Kind
    from netdsl.kinds.values import Shape
    from netdsl.lab.weighted import WeightedNetwork

ENTRIES = 4_000_000
"""The most entries of a matrix."""
OPERATIONS = 2_000_000_000
"""The most floating-point operations for a matrix."""
AT_ONCE = 64
"""How many columns are computed at once, so that the windows of pools fit into memory."""


class LayerMatrix(NamedTuple):
    """A layer as a matrix on its input.

    Its bias and its activation are left out; input and output are read row by row, channels last.

    Attributes:
        name: the layer's.
        text: the layer as it is written.
        input: the shape of its input.
        output: the shape of its output.
        array: the matrix [outputs, inputs].
        shared: for each entry the number of its weight, from 1; 0 where there is no weight. None
            where entries are not single weights.
        weights: how many different weights there are.
    """

    name: str
    text: str
    input: Shape
    output: Shape
    array: Any
    shared: Any
    weights: int

    @property
    def title(self) -> str:
        """Say what the matrix is in a line."""
        rows, columns = self.array.shape
        entries = self.array if self.shared is None else self.shared
        filled = f"{int((entries != 0).sum()):,} of {rows * columns:,} entries"
        made = f", made of {self.weights:,} weights" if self.shared is not None else ""
        return (
            f"{self.name}  {self.text}  {dims(self.input)} to {dims(self.output)}: "
            f"{rows:,}x{columns:,}, {filled} filled{made}"
        )

    def draw(self) -> MatrixPicture:
        """Draw the matrix, entries that are one weight in one colour.

        Returns:
            A picture, which a notebook shows; `.save("matrix.svg")` writes it (.png too).

        Raises:
            NetError: N660 for more than 256 rows or columns.
        """
        return MatrixPicture(self.array, self.shared, self.title)


def layer_matrix(subject: WeightedNetwork, name: str) -> LayerMatrix:
    """Find the matrix of a layer.

    Args:
        subject: a network with weights.
        name: the layer's, or that of a point.

    Raises:
        NetError: N626 where nothing has this name, N670 for a matrix that is too large, N681 for
            what is not linear, or has no input or several.
    """
    import numpy as np

    graph = subject.network.graph
    layer = graph.layers[layer_called(graph, name)]
    index = layer.ops[0]
    op = graph.ops[index]
    called = names_of(graph)[layer.ops[-1]]
    kind, before = _linear_kind(graph, op, called)
    rows, columns = op.size, math.prod(before)
    if rows * columns > ENTRIES:
        message = f"the matrix of `{called}` is {rows:,}x{columns:,}; at most {ENTRIES:,} entries"
        raise fail("N670", f"{message} are computed", help="read the network at a smaller --input")
    flops = count_op(graph, op).flops
    if columns * flops > OPERATIONS:
        message = f"the matrix of `{called}` takes {columns * flops:,} floating-point operations"
        help = "read the network at a smaller --input"
        raise fail("N670", f"{message}; at most {OPERATIONS:,} are done", help=help)
    own = _weights_of(graph, subject.weights, index)
    rng = np.random.default_rng(0)
    array = _matrix(np, kind, _without_bias(np, own), before)
    x = rng.normal(size=(2, *before))
    # Two random examples: what is not linear differs from its own matrix there.
    straight = x.reshape(2, -1) @ array.T
    if not np.allclose(_applied(np, kind, _without_bias(np, own), x), straight, atol=1e-8):
        raise _refused(f"`{kind.word}` is not linear: no matrix is what it does")
    shared, count = _shared(np, kind, own, before, rng)
    return LayerMatrix(called, layer.text, before, op.shape, array, shared, count)


def _linear_kind(graph: Graph, op: Op, called: str) -> tuple[Kind, Shape]:
    if op.kind is None or not op.inputs:
        raise _refused(f"`{called}` has no input that a matrix could multiply")
    if len(op.inputs) > 1:
        raise _refused(f"`{called}` has {len(op.inputs)} inputs; a matrix is on one")
    before = graph.ops[op.inputs[0]].shape
    if isinstance(before, Indices):
        raise _refused(f"`{called}` takes indices, which a matrix does not multiply")
    return op.kind, before


def _refused(message: str) -> NetError:
    help = "convolutions, their transposes, dense layers and average pools are linear"
    return fail("N681", message, help=help)


def _weights_of(graph: Graph, weights: Mapping[int, Arrays], index: int) -> Arrays:
    """Return the arrays that an operation computes with, shared and tied ones too."""
    op = graph.ops[index]
    own = {**weights.get(index if op.shares is None else op.shares, {})}
    if op.tied is not None and op.kind is not None:
        kernel = weights[op.tied]["kernel"]
        own["kernel"] = kernel if op.kind.tied_kernel(kernel.shape) == kernel.shape else kernel.T
    return own


def _without_bias(np: Any, weights: Arrays) -> dict[str, Any]:
    return {
        name: np.zeros_like(array) if "bias" in name or name == "beta" else array
        for name, array in weights.items()
    }


def _applied(np: Any, kind: Kind, weights: Arrays, x: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(kind.forward(np, weights, x), np.float64).reshape(len(x), -1)


def _matrix(np: Any, kind: Kind, weights: Arrays, before: Shape) -> Any:
    """Return the layer's outputs for each unit vector, one column for each."""
    size = math.prod(before)
    parts = []
    for start in range(0, size, AT_ONCE):
        numbers = np.eye(min(AT_ONCE, size - start), size, start)
        parts.append(_applied(np, kind, weights, numbers.reshape(-1, *before)))
    return np.concatenate(parts).T


def _shared(np: Any, kind: Kind, weights: Arrays, before: Shape, rng: Any) -> tuple[Any, int]:
    """Find which weight each entry is, by a kernel whose weights are their own numbers.

    Returns:
        The numbers, or None where entries are not single weights, and how many weights there are.
    """
    if "kernel" not in weights:
        return None, 0
    size = weights["kernel"].size
    plain = _without_bias(np, weights)

    def matrix_of(kernel: Any) -> Any:
        shaped = kernel.reshape(weights["kernel"].shape)
        return _matrix(np, kind, {**plain, "kernel": shaped}, before)

    # The weights of this kernel are 1, 2, 3, ...: each entry is then the number of its weight.
    numbers = np.rint(matrix_of(np.arange(1.0, size + 1))).astype(np.int64)
    if numbers.min() < 0 or numbers.max() > size:
        return None, size
    # A sum of weights can equal another weight's number: random weights show whether entries are
    # single weights.
    other = rng.normal(size=size)
    expected = np.concatenate([[0.0], other])[numbers]
    return (numbers if np.allclose(matrix_of(other), expected) else None), size
