"""Arrays of examples that are not in memory: rows are read or computed when they are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.rows import Array, Rows


def rows_of(array: Rows, rows: Array) -> Rows:
    """Return these rows: a copy for an array in memory, a view for another one."""
    import numpy as np

    # `type`, not `isinstance`: a memory map is an ndarray, too, and would be read as a whole.
    return array[rows] if type(array) is np.ndarray else RowsView(array, rows)


def joined_rows(one: Rows, other: Rows) -> Rows:
    """Return the rows of both: a copy if both arrays are in memory, else a view."""
    import numpy as np

    both_in_memory = type(one) is np.ndarray and type(other) is np.ndarray
    return np.concatenate([one, other]) if both_in_memory else JoinedRows(one, other)


class RowsView:
    """Some rows of an array that is not in memory."""

    def __init__(self, of: Rows, rows: Array) -> None:
        # Views of views are flattened, so that a split of a split looks rows up once.
        self.of: Rows = of.of if isinstance(of, RowsView) else of
        self.rows: Array = of.rows[rows] if isinstance(of, RowsView) else rows
        self.shape: tuple[int, ...] = (len(self.rows), *of.shape[1:])
        self.dtype: Any = of.dtype
        self.limits: tuple[float, float] | None = getattr(of, "limits", None)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Any) -> Any:
        import numpy as np

        return np.asarray(self.of[self.rows[rows]])


class JoinedRows:
    """The rows of one array, followed by those of another."""

    def __init__(self, one: Rows, other: Rows) -> None:
        self.one, self.other = one, other
        self.shape: tuple[int, ...] = (len(one) + len(other), *one.shape[1:])
        self.dtype: Any = one.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Any:
        """Return the rows of an array of integers."""
        import numpy as np

        rows = np.arange(len(self))[rows]
        first = rows < len(self.one)
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        found[first] = self.one[rows[first]]
        found[~first] = self.other[rows[~first] - len(self.one)]
        return found


class PreparedRows:
    """An input's examples after preparation: the targets of an output that copies the input."""

    def __init__(self, of: Rows, input: InputTransform) -> None:
        import numpy as np

        self.of, self.input = of, input
        self.shape: tuple[int, ...] = (len(of), *input.shape)
        self.dtype: Any = np.dtype(np.float32)
        # Known in advance, so that `scan` does not prepare every example to find them.
        self.limits: tuple[float, float] | None = (0.0, 1.0) if input.unit else None

    def __len__(self) -> int:
        return len(self.of)

    def __getitem__(self, rows: Any) -> Any:
        return self.input.values(self.of[rows])
