"""The principal components of the training data, with which `init=pca` begins (Pearson 1901,
Hotelling 1933).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from netdsl.analysis.components import component_kernels
from netdsl.errors import fail
from netdsl.kinds.each import element_of

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Op
    from netdsl.training.data import Data
    from netdsl.training.preparation.rows import Array, Shape

MAX_ROWS = 1 << 20
"""The most rows, such as windows of images; of more, those of evenly spaced examples are used."""

BLOCK = 1 << 22
"""How many numbers of the rows are processed at once."""


def components(network: Architecture, data: Data) -> Mapping[str, Array]:
    """Compute the kernels that begin at principal components of the prepared training part.

    Returns:
        By the operation's name float32 [..., filters]: filter i is the component with the i-th
        largest variance, of length 1, with a positive largest number. For convolutions they are the
        components of the windows within the input.

    Raises:
        NetError: N216 where there are fewer examples than components.
    """
    return {
        op.name: _kernel(network, op, shape, data) for op, shape in component_kernels(network.graph)
    }


def _kernel(network: Architecture, op: Op, shape: Shape, data: Data) -> Array:
    import numpy as np

    width, count = math.prod(shape[:-1]), 0
    total, products = np.zeros(width), np.zeros((width, width))
    for rows in _rows(network, op, shape, data):
        count += len(rows)
        total += rows.sum(0)
        # Sums in float64, block by block: all windows of all images do not fit into memory.
        products += rows.T @ rows
    # The covariance of n rows has at most n - 1 components.
    if count <= shape[-1]:
        layer = network.graph.layers[op.layer]
        message = (
            f"`{layer.text}` needs more than {shape[-1]:,} examples for its components, and the "
            f"training part has {count:,}"
        )
        raise fail("N216", message, layer.span)
    mean = total / count
    # E xx' - mm': digits are lost where the mean is large, which prepared data's is not.
    _, vectors = np.linalg.eigh(products / count - np.outer(mean, mean))
    # `eigh` sorts in ascending order.
    found = vectors[:, ::-1][:, : shape[-1]]
    largest = np.abs(found).argmax(0)
    # The sign of a component is arbitrary and differs between LAPACKs: make its largest number
    # positive.
    found = found * np.sign(found[largest, np.arange(shape[-1])])
    kernel: Array = found.reshape(shape).astype(np.float32)
    if op.kind is not None and op.kind.values.get("convolve"):  # which flips it
        kernel = kernel[tuple(slice(None, None, -1) for _ in shape[:-2])]
    return np.ascontiguousarray(kernel)


def _rows(network: Architecture, op: Op, shape: Shape, data: Data) -> Iterator[Any]:
    """Yield the inputs of a filter, float64 [rows, numbers]."""
    import numpy as np

    ops, source = network.graph.ops, op.inputs[0]
    inner = element_of(ops[source].shape, len(op.kind.each_axes) if op.kind else 0)
    while ops[source].kind is not None:  # a view
        source = ops[source].inputs[0]
    place = [port.op for port in network.inputs].index(source)
    x, transform = data.train.x[place], data.preparation.inputs[place]
    width = math.prod(shape[:-1])
    each = max(1, math.prod(ops[source].shape) // width)
    count = min(len(x), max(1, MAX_ROWS // each))
    # Evenly spaced, as the first examples of sorted data would be of one class.
    chosen = np.linspace(0, len(x) - 1, count).astype(int)
    step = max(1, BLOCK // (each * width))
    for begin in range(0, count, step):
        values = transform.values(x[chosen[begin : begin + step]]).astype(np.float64)
        yield _windows(np, op.kind, values.reshape(-1, *inner), shape)


def _windows(np: Any, kind: Any, x: Any, shape: Shape) -> Any:
    """Return the windows of inputs [n, ...], for dense layers whole rows: [rows, numbers]."""
    window = shape[:-2]
    if not window:
        return x.reshape(-1, shape[0])
    gaps = kind.dilations(len(window))
    spans = tuple((size - 1) * gap + 1 for size, gap in zip(window, gaps, strict=True))
    axes = tuple(range(1, len(window) + 1))
    found = np.lib.stride_tricks.sliding_window_view(x, spans, axis=axes)
    found = found[(..., *(slice(None, None, gap) for gap in gaps))]
    # [n, positions, channels, window] to [n, positions, window, channels]
    return np.moveaxis(found, len(window) + 1, -1).reshape(-1, math.prod(shape[:-1]))
