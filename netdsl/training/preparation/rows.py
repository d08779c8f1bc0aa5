"""Arrays of examples, in memory or not, whose rows can be read piece by piece."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Floats = NDArray[np.float32]
    Shape = tuple[int, ...]

CHUNK = 1 << 24
"""How many elements are read at once: an array may be a file that is larger than the memory."""


class Rows(Protocol):
    """Examples [n, ...] that a numpy array, a memory map or a folder of images holds.

    `x[rows]` gives some of them as a numpy array.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, with the number of rows first."""

    @property
    def dtype(self) -> Any:
        """The type of the numbers."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Any: ...


def pieces(array: Rows) -> Iterator[tuple[int, Array]]:
    """Yield the rows in pieces that fit the memory, each with the number of its first row."""
    import numpy as np

    step = max(1, CHUNK // max(1, math.prod(array.shape[1:])))
    for start in range(0, len(array), step):
        yield start, np.asarray(array[start : start + step])
