"""Examples in parts, and the arrays that hold them: in memory, in a file, or made when they are
asked for.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.kinds.values import Indices

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.inputs import InputTransform
    from netdsl.training.preparation.rows import Array, Rows, Shape
    from netdsl.training.preparation.transforms import Preparation
    from netdsl.training.recipes.recipe import DataSpec

INPUT = "input"
"""The target that is no array of its own: each output learns the input of its shape."""


class Gate(NamedTuple):
    """An input or output of a network: its name, its shape without the batch, an output's
    activation, how many indices an input knows (0 where it takes real numbers).
    """

    name: str
    shape: Shape
    activation: str = ""
    vocabulary: int = 0


class Wanted(NamedTuple):
    """What a network takes and gives."""

    inputs: tuple[Gate, ...]
    outputs: tuple[Gate, ...]

    @classmethod
    def of(cls, network: Architecture) -> Wanted:
        inputs = []
        for point in network.inputs:
            shape = network.graph.ops[point.op].shape
            inputs.append(
                Gate(
                    point.name,
                    tuple(shape),
                    vocabulary=shape.limit if isinstance(shape, Indices) else 0,
                )
            )
        return cls(
            tuple(inputs),
            tuple(
                Gate(point.name, tuple(point.shape), point.activation) for point in network.outputs
            ),
        )

    @classmethod
    def kept(cls, preparation: Preparation) -> Wanted:
        """The same of a run that kept its preparation."""
        inputs = tuple(
            Gate(one.name, one.shape, vocabulary=one.vocabulary) for one in preparation.inputs
        )
        return cls(
            inputs, tuple(Gate(one.name, one.shape, one.activation) for one in preparation.outputs)
        )


@dataclass(frozen=True, eq=False)
class Part:
    """Examples: an array [n, ...] for each input of the network, and one of labels or values for
    each output.

    `x_names` and `y_names` are what messages call the arrays.
    """

    x: tuple[Rows, ...]
    y: tuple[Rows, ...]
    name: str
    x_names: tuple[str, ...] = ()
    y_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x[0])

    def at(self, rows: Array) -> Part:
        """These rows of it."""
        x, y = (tuple(taken(array, rows) for array in arrays) for arrays in (self.x, self.y))
        return dataclasses.replace(self, x=x, y=y)

    def named(self, name: str) -> Part:
        return dataclasses.replace(self, name=name)


@dataclass(frozen=True, eq=False)
class Table:
    """What a source holds: a part to train on, and perhaps others to validate and to test with.

    `classes` are the names of the classes, `own` says that they are those found in this data.
    `scale` is what the source's numbers are divided by, `columns` are those of a table of text and
    numbers. `notes` say what was done that a person should know.
    """

    source: str
    train: Part
    test: Part | None = None
    validation: Part | None = None
    classes: tuple[str, ...] = ()
    own: bool = False
    scale: float | None = None
    target: str | None = None
    columns: TableTransform | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Data:
    """Examples ready for training: three parts without a common example, and what is done to
    them.
    """

    spec: DataSpec
    preparation: Preparation
    train: Part
    validation: Part
    test: Part
    notes: tuple[str, ...] = field(default=())


# --- arrays that are not in memory ----------------------------------------------------------------


def taken(array: Rows, rows: Array) -> Rows:
    """These rows of an array: copied from memory, looked up when they are asked for elsewhere."""
    import numpy as np

    return array[rows] if type(array) is np.ndarray else Taken(array, rows)


class Taken:
    """Some rows of an array that is not in memory."""

    def __init__(self, of: Rows, rows: Array) -> None:
        self.of: Rows = of.of if isinstance(of, Taken) else of
        self.rows: Array = of.rows[rows] if isinstance(of, Taken) else rows
        self.shape: tuple[int, ...] = (len(self.rows), *of.shape[1:])
        self.dtype: Any = of.dtype
        self.limits: tuple[float, float] | None = getattr(of, "limits", None)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Any) -> Any:
        import numpy as np

        return np.asarray(self.of[self.rows[rows]])


class Prepared:
    """An input's examples as the network takes them, made when they are asked for: what an
    output learns that gives its input back.
    """

    def __init__(self, of: Rows, input: InputTransform) -> None:
        import numpy as np

        self.of, self.input = of, input
        self.shape: tuple[int, ...] = (len(of), *input.shape)
        self.dtype: Any = np.dtype(np.float32)
        self.limits: tuple[float, float] | None = (0.0, 1.0) if input.unit else None

    def __len__(self) -> int:
        return len(self.of)

    def __getitem__(self, rows: Any) -> Any:
        return self.input.values(self.of[rows])
