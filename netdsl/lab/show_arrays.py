"""Arrays as text: small and aligned, as on a blackboard."""

from __future__ import annotations

from typing import Any

from netdsl.text_table import aligned_lines

ROWS, COLUMNS, CHANNELS = 28, 28, 4
"""The most rows, columns and channels that are shown, so that a digit's image of 28x28 is whole;
the rest is counted.
"""


def array_lines(array: Any) -> list[str]:
    """Write one example's array: a vector as one line, maps one channel after the other.

    A map of one channel is shown without its channel.
    """
    import numpy as np

    array = np.asarray(array)
    if array.ndim <= 1:
        return _matrix(np.atleast_1d(array)[None])
    if array.shape[-1] == 1:
        return _maps(array[..., 0])
    if array.ndim == 2:
        return _matrix(array)
    lines = []
    for channel in range(min(array.shape[-1], CHANNELS)):
        lines += [f"channel {channel}", *_maps(array[..., channel])]
    more = array.shape[-1] - CHANNELS
    return [*lines, f"... {more:,} channels more"] if more > 0 else lines


def kernel_lines(array: Any) -> list[str]:
    """Write weights: kernels of images (h, w, c, filters) one filter after the other, each as a
    map of c channels; others like other arrays.
    """
    if array.ndim != 4:
        return array_lines(array)
    count = array.shape[-1]
    if count == 1:
        return array_lines(array[..., 0])
    lines = []
    for index in range(min(count, CHANNELS)):
        lines += [f"filter {index}", *array_lines(array[..., index])]
    more = count - CHANNELS
    return [*lines, f"... {more:,} filters more"] if more > 0 else lines


def _maps(array: Any) -> list[str]:
    """Write a map of 1, 2 or more axes: the last two as a matrix."""
    if array.ndim == 1:
        return _matrix(array[None])
    if array.ndim == 2:
        return _matrix(array)
    lines = []
    for index in range(min(len(array), CHANNELS)):
        lines += [f"[{index}]", *_maps(array[index])]
    more = len(array) - CHANNELS
    return [*lines, f"... {more:,} more"] if more > 0 else lines


def _matrix(matrix: Any) -> list[str]:
    rows = [[number_text(each) for each in row[:COLUMNS]] for row in matrix[:ROWS]]
    if matrix.shape[1] > COLUMNS:
        for row in rows:
            row.append(f"... {matrix.shape[1] - COLUMNS:,} more")
    lines = aligned_lines(rows, "r" * len(rows[0]))
    more = len(matrix) - ROWS
    return [*lines, f"... {more:,} rows more"] if more > 0 else lines


def number_text(value: float) -> str:
    """Write a number with up to five significant digits."""
    text = f"{float(value):.5g}"
    # The sign of a zero means nothing to a reader, and differs between backends.
    return "0" if text == "-0" else text


def json_array(array: Any) -> Any:
    """Return nested lists, with None for infinities and NaN, which JSON does not have."""
    import numpy as np

    # Objects: an array of floats cannot hold None.
    numbers = np.asarray(array).astype(object)
    numbers[~np.isfinite(np.asarray(array))] = None
    return numbers.tolist()
