"""The preparation of examples for a network.

It is stored with the run, and repeated by `evaluate` and `predict`.
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
    """The preparation of examples and of their targets.

    Attributes:
        inputs: the transforms of the network's inputs, in its order.
        outputs: the transforms of the network's outputs, in its order.
    """

    inputs: tuple[InputTransform, ...]
    outputs: tuple[OutputTransform, ...]

    @property
    def table(self) -> TableTransform | None:
        """The transforms of a table's columns, whichever input gets them; None for arrays."""
        # Each of several inputs has its own columns, and everything else in common: that of the
        # first is used.
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
        """Return the same with the temperatures and thresholds that were chosen after the training.

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
    """Make the preparation from the values that `as_plain` returned.

    Raises:
        TypeError, KeyError, ValueError: where it is not one, or holds an impossible number.
    """
    inputs = tuple(map(InputTransform.from_plain, values["inputs"]))
    outputs = tuple(map(OutputTransform.from_plain, values["outputs"]))
    if not inputs or not outputs:
        raise ValueError("no inputs or outputs")
    return Preparation(inputs, outputs)
