"""What all kinds share that hold no weights, do no products, and leave the shape as it is."""

from __future__ import annotations

from netdsl.kinds.facts import Weight
from netdsl.kinds.kind import Kind
from netdsl.kinds.values import Shape


class Plain(Kind):
    """A kind without weights and products; its output has its input's shape."""

    word = "_plain"

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape."""
        return inputs[0]

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """None."""
        return ()

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """None."""
        return 0
