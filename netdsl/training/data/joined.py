"""Two parts as one: what is trained on again once the best step is known."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from netdsl.training.data.parts import Part

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Rows


def joined(one: Part, other: Part) -> Part:
    """The examples of both."""
    x, y = (tuple(map(_joined, *arrays)) for arrays in ((one.x, other.x), (one.y, other.y)))
    return dataclasses.replace(one, x=x, y=y)


def _joined(one: Rows, other: Rows) -> Rows:
    import numpy as np

    both_in_memory = type(one) is np.ndarray and type(other) is np.ndarray
    return np.concatenate([one, other]) if both_in_memory else Joined(one, other)


class Joined:
    """An array behind another, where not both are in memory."""

    def __init__(self, one: Rows, other: Rows) -> None:
        self.one, self.other = one, other
        self.shape: tuple[int, ...] = (len(one) + len(other), *one.shape[1:])
        self.dtype: Any = one.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Any:
        """The rows of an array of whole numbers."""
        import numpy as np

        rows = np.arange(len(self))[rows]
        first = rows < len(self.one)
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        found[first] = self.one[rows[first]]
        found[~first] = self.other[rows[~first] - len(self.one)]
        return found
