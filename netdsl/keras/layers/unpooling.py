"""Max unpooling."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from netdsl.keras.layers.registered import _serializable
from netdsl.keras.layers.windows import _cells


@_serializable
class MaxUnpooling(keras.layers.Layer):  # type: ignore[misc]
    """Max unpooling.

    The inputs are [values, the max pool's input]; the output has the shape of the pool's input,
    with each value where its window's maximum was, and zeros elsewhere.

    Of equal values in a window the first one, row by row, is the maximum; each value goes back
    once, and where windows that overlap have their maxima at one place, the place holds the sum.
    `window`, `strides` and `pads` are the pool's.
    """

    def __init__(self, window: Any, strides: Any, pads: Any, **more: Any) -> None:
        super().__init__(**more)
        self.window, self.strides = tuple(window), tuple(strides)
        self.pads = tuple((before, after) for before, after in pads)

    def call(self, inputs: Any) -> Any:
        values, source = inputs
        padded = ops.pad(source, ((0, 0), *self.pads, (0, 0)), constant_values=float("-inf"))
        cells = _cells(padded, self.window, self.strides)
        best, switches = cells[0], ops.zeros_like(cells[0], dtype="int32")
        for number, cell in enumerate(cells[1:], 1):
            larger = cell > best
            best, switches = ops.where(larger, cell, best), ops.where(larger, number, switches)
        whole = None
        for number, cell in enumerate(np.ndindex(*self.window)):
            part = self._placed(
                ops.where(switches == number, values, ops.zeros_like(values)), cell, padded.shape
            )
            whole = part if whole is None else whole + part
        cuts = [
            slice(before, before + size)
            for (before, _), size in zip(self.pads, source.shape[1:-1], strict=True)
        ]
        return whole[(slice(None), *cuts)]  # type: ignore[index]

    def _placed(self, values: Any, cell: Any, shape: Any) -> Any:
        """Place the values whose maximum is at one cell of the windows in the padded input."""
        for axis, (start, stride) in enumerate(zip(cell, self.strides, strict=True), 1):
            before, count, inner = (
                values.shape[1:axis],
                values.shape[axis],
                values.shape[axis + 1 :],
            )
            rest = int(np.prod(inner))
            rows = ops.pad(
                ops.reshape(values, (-1, count, rest)), ((0, 0), (0, 0), (0, (stride - 1) * rest))
            )
            spread = ops.reshape(rows, (-1, *before, count * stride, *inner))
            margin = max(0, shape[axis] - start - count * stride)
            margins = [(0, 0)] * len(spread.shape)
            margins[axis] = (start, margin)
            spread = ops.pad(spread, margins)
            values = spread[(slice(None),) * axis + (slice(0, shape[axis]),)]
        return values

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[1]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "window": self.window,
            "strides": self.strides,
            "pads": self.pads,
        }
