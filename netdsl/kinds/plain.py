"""What all kinds share that hold no weights and do no products."""

from __future__ import annotations

from netdsl.kinds.facts import Weight
from netdsl.kinds.kind import Kind
from netdsl.kinds.values import Shape


class Weightless(Kind):
    """A kind without weights and products."""

    word = "_weightless"

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """None."""
        return ()

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """None."""
        return 0


class Plain(Weightless):
    """A kind without weights and products; its output has its input's shape."""

    word = "_plain"

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape."""
        return inputs[0]
