"""Hashes by which a run recognises its data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from netdsl.training.data.views import RowsView

if TYPE_CHECKING:
    from netdsl.training.data.parts import Data

CHUNK = 1 << 26
"""About how many bytes are hashed at a time: examples in files need not fit into the memory."""


def fingerprint(data: Data) -> str:
    """Hash the data: the shape, the type and every example of each part's arrays."""
    import hashlib

    import numpy as np

    digest = hashlib.sha256()
    for part in (data.train, data.validation, data.test):
        weights = () if part.weights is None else (part.weights,)
        for array in (*part.x, *part.y, *weights):
            # Shape and type too, or [[1, 2]] and [1, 2] would be the same data.
            digest.update(f"{tuple(array.shape)} {np.dtype(array.dtype).str}".encode())
            row = int(np.prod(array.shape[1:])) * np.dtype(array.dtype).itemsize
            step = max(1, CHUNK // max(1, row))
            # The files' bytes, not their pixels: faster by far, and the same for every version of
            # Pillow.
            if of_file := _digest(array):
                for place in range(len(array)):
                    digest.update(of_file(place))
                continue
            for start in range(0, len(array), step):
                rows = array[start : start + step]
                digest.update(np.ascontiguousarray(rows).tobytes())
    return digest.hexdigest()


def _digest(array: Any) -> Callable[[int], bytes] | None:
    """Return a function for the SHA-256 of a row's file, if rows are images in files."""
    if isinstance(array, RowsView):
        inner = _digest(array.of)
        return (lambda place: inner(int(array.rows[place]))) if inner else None
    return getattr(array, "digest", None)
