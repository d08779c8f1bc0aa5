"""Telling data from other data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdsl.training.data.parts import Data


def fingerprint(data: Data) -> str:
    """Hash the data's shapes and up to 100 examples of each part: other data has another
    fingerprint, most likely.
    """
    import hashlib

    import numpy as np

    digest = hashlib.sha256()
    for part in (data.train, data.validation, data.test):
        rows = np.unique(np.linspace(0, len(part) - 1, min(100, len(part))).astype(int))
        for array in (*part.x, *part.y):
            digest.update(str(array.shape).encode())
            digest.update(np.ascontiguousarray(array[rows]).tobytes())
    return digest.hexdigest()
