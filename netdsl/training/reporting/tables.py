"""Tables of the report, as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class ReportTable(NamedTuple):
    """A table of texts and shares.

    Attributes:
        caption: the text above it.
        heads: the names of its columns.
        rows: texts, and shares as numbers, which are written in percent with a bar after them.
        left: this many columns are aligned to the left, the others to the right.
        foot: a last row below a line.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[float | str]]
    left: int = 1
    foot: Sequence[str] = ()


class MatrixCell(NamedTuple):
    """A number of a confusion matrix: its share of the row, and how it is shaded, from 0 to 1."""

    number: str
    share: float
    shade: float
    kind: str


class ConfusionTable(NamedTuple):
    """A confusion matrix: a row for each given class; None where nothing was counted."""

    names: Sequence[str]
    rows: Sequence[Sequence[MatrixCell | None]]

    @property
    def tall(self) -> bool:
        """Whether the names of the columns are written vertically."""
        return max(map(len, self.names)) > 4

    @property
    def small(self) -> bool:
        """Whether its cells are small."""
        return len(self.names) > 16
