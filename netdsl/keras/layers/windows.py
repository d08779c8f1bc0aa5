"""Windows that slide over positions: what pooling, unpooling and local layers share."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def _cells(x: Any, window: Any, strides: Any, dilation: Any = None) -> list[Any]:
    """Return the cells of every window, row by row: for each cell one tensor over all windows."""
    rank = len(window)
    spread = dilation or (1,) * rank
    counts = [
        _windows(x.shape[axis + 1], window[axis], strides[axis], spread[axis])
        for axis in range(rank)
    ]
    found = []
    for cell in np.ndindex(*window):
        starts = [at * d for at, d in zip(cell, spread, strict=True)]
        cuts = [
            slice(a, a + (n - 1) * s + 1, s)
            for a, n, s in zip(starts, counts, strides, strict=True)
        ]
        found.append(x[(slice(None), *cuts)])
    return found


def _windows(size: int, window: int, stride: int, dilation: int = 1) -> int:
    return int((size - dilation * (window - 1) - 1) // stride + 1)


class _Window(keras.layers.Layer):  # type: ignore[misc]
    """What the layers with a window share.

    It slides over all positions, with no padding of its own, and keeps the channels.
    """

    def __init__(self, window: Any, strides: Any, **more: Any) -> None:
        super().__init__(**more)
        self.window, self.strides = tuple(window), tuple(strides)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (
            input_shape[0],
            *map(_windows, input_shape[1:-1], self.window, self.strides),
            input_shape[-1],
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "window": self.window, "strides": self.strides}
