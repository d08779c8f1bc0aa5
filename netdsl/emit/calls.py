"""A network as Keras calls, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from netdsl.kinds.values import Shape


class PythonText(NamedTuple):
    """A value as Python text; `{0}` in it is the input."""

    text: str


Arguments = tuple[tuple[str, Any], ...]
"""Names (empty where there are none) and values: plain ones, or `PythonText`."""


class KerasCall(NamedTuple):
    """A Keras call.

    Attributes:
        made: what makes the layer: `layers.Conv2D`, or the name of one of netdsl's own; empty for
            an operation.
        arguments: what makes it.
        applied: the call on the inputs: `({0})`, `([{0}, {1}])`; of an operation all of it:
            `ops.absolute({0})`.
        inputs: the calls whose outputs it reads.
        shape: of the first input, without the batch.
        op: the operation that it belongs to.
        layer: the first call that uses the same layer: itself, where none does.
        has_weights: whether the layer holds weights.
        takes_activation: whether the layer has an argument `activation`.
    """

    made: str
    arguments: Arguments
    applied: str
    inputs: tuple[int, ...]
    shape: Shape
    op: int
    layer: int
    has_weights: bool = False
    takes_activation: bool = False


class KernelTie(NamedTuple):
    """A layer with one kernel for both ways.

    The first call of the layer, and those that go back through it.
    """

    forward: int
    backward: tuple[int, ...]


class KerasCalls(NamedTuple):
    """A network's Keras calls, each after those that it reads.

    Attributes:
        ends: for each operation the call whose output is its own.
    """

    calls: tuple[KerasCall, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    ends: Mapping[int, int]
    ties: tuple[KernelTie, ...] = ()

    @property
    def uses(self) -> dict[int, list[int]]:
        """The calls of each layer, by the first of them."""
        found: dict[int, list[int]] = {}
        for place, call in enumerate(self.calls):
            found.setdefault(call.layer, []).append(place)
        return found

    @property
    def tied(self) -> set[int]:
        """The calls that have one kernel with others."""
        return {place for tie in self.ties for place in (tie.forward, *tie.backward)}
