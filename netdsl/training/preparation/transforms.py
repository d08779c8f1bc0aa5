"""What is done to examples before a network sees them.

It is kept with the run, and done again by `evaluate` and `predict`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netdsl.training.preparation.inputs import InputTransform
from netdsl.training.preparation.outputs import OutputTransform

if TYPE_CHECKING:
    from netdsl.training.preparation.columns import TableTransform
    from netdsl.training.preparation.rows import Array


@dataclass(frozen=True)
class Preparation:
    """What is done to examples and to their targets.

    Attributes:
        inputs: one for each input of the network, in its order.
        outputs: one for each output, in its order.
    """

    inputs: tuple[InputTransform, ...]
    outputs: tuple[OutputTransform, ...]

    @property
    def table(self) -> TableTransform | None:
        """What is done to all columns of a table, whichever input gets them; None of arrays."""
        # Of several inputs each has its own columns, and everything else in common: the first's is
        # kept.
        tables = [input.columns for input in self.inputs if input.columns]
        if not tables:
            return None
        columns = tuple(column for table in tables for column in table.columns)
        return dataclasses.replace(tables[0], columns=columns)

    @property
    def uncut(self) -> Preparation:
        """The same without the cuts of inputs."""
        return dataclasses.replace(self, inputs=tuple(input.uncut for input in self.inputs))

    def decided(self, decisions: Mapping[str, Mapping[str, Any]]) -> Preparation:
        """Return the same with outputs that are read as was chosen after the training.

        Args:
            decisions: by the name of an output, its `temperature` and `thresholds`, if any.

        Raises:
            ValueError: where there is no such output, or it has another number of thresholds.
        """
        known = {output.name for output in self.outputs}
        if not decisions.keys() <= known:
            raise ValueError(f"decisions about {sorted(decisions.keys() - known)}")
        outputs = tuple(
            output.decided(decisions[output.name]) if output.name in decisions else output
            for output in self.outputs
        )
        return dataclasses.replace(self, outputs=outputs)

    def x(self, arrays: tuple[Array, ...], divided: bool = True) -> tuple[Array, ...]:
        """Prepare an array for each input; `divided` as for `InputTransform.values`."""
        return tuple(
            input.values(array, divided) for input, array in zip(self.inputs, arrays, strict=True)
        )

    def y(self, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        """Prepare an array of labels or values for each output's loss."""
        return tuple(
            output.targets(array) for output, array in zip(self.outputs, arrays, strict=True)
        )


def as_plain(preparation: Preparation) -> dict[str, Any]:
    """Return the preparation as dicts, lists, texts and numbers."""
    return dataclasses.asdict(preparation)


def from_plain(values: dict[str, Any]) -> Preparation:
    """Make the preparation from what `as_plain` gave.

    Raises:
        TypeError, KeyError, ValueError: where it is not one, or holds an impossible number.
    """
    inputs = tuple(map(InputTransform.from_plain, values["inputs"]))
    outputs = tuple(map(OutputTransform.from_plain, values["outputs"]))
    if not inputs or not outputs:
        raise ValueError("no inputs or outputs")
    return Preparation(inputs, outputs)
