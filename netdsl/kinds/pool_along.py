"""Means, sums and maxima along one axis, or over all positions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from netdsl.kinds.axes import (
    axes_in_keras,
    axes_over,
    keras_axes,
    named_axes,
    over_option,
)
from netdsl.kinds.facts import Arrays, Case, Seen
from netdsl.kinds.options import REQUIRED, Flag
from netdsl.kinds.plain import Weightless
from netdsl.kinds.values import Shape

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class AlongAxis(Weightless):
    """What means, sums and maxima share: an axis that is removed, or becomes one number long."""

    word, added = "_along_axis", True
    group = "pooling"
    positional = ("over",)

    over = over_option(REQUIRED, "the axis that is removed")
    keep = Flag(False, "the axis stays, one number long")

    def shape(self, *inputs: Shape) -> Shape:
        """The input's without the axis; with `keep`, and of a vector, with 1 in its place."""
        x = inputs[0]
        axes = axes_over(self.over, x)
        # A vector keeps one number: there is no shape without axes.
        if self.keep or len(axes) == len(x):
            return tuple(1 if at in axes else size for at, size in enumerate(x))
        return tuple(size for at, size in enumerate(x) if at not in axes)

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return its own position where the positions stay; else all are taken as seen."""
        return (Seen() if output[:-1] == inputs[0][:-1] else Seen(None, True),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        reduce = getattr(k.keras.ops, self.keras_layers[0].lower())
        axis = keras_axes(axes_over(self.over, inputs[0]))
        kept = {"keepdims": True} if len(output) == len(inputs[0]) else {}
        return [lambda tensor: reduce(tensor, axis=axis, **kept)]

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        rank = len(call.inputs[0])
        axes = axes_in_keras(call.config.get("axis"), rank)
        over = None if axes is None else named_axes(axes, rank)
        if over is None:
            return None
        if call.config.get("keepdims") and rank > 1:
            return call.means(cls.spec(over, keep=True))
        return call.means(cls.spec(over))


class MeanAlong(AlongAxis):
    """The mean along an axis: `mean(over=channels)` of 8x8x3 is 8x8, with `keep` 8x8x1."""

    counterparts = ("ops.mean", "mean")
    word = "mean"
    saved_for_backward = ""
    keras_layers = ("Mean",)
    cases = (
        Case("mean(over=channels, keep)", (8, 8, 4), (8, 8, 1), 0, 256),
        Case("mean(over=positions)", (10, 4), (4,), 0, 40),
        Case("mean(h)", (8, 6, 4), (6, 4), 0),
        Case("mean(over=channels)", (5,), (1,), 0),
    )

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """The additions, and a division for each number of the output."""
        return math.prod(inputs[0])

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return _reduced(self, inputs[0].mean, inputs[0].shape)


class SumAlong(AlongAxis):
    """The sum along an axis: `sum(over=positions)` of 10x4 is 4 numbers, with `keep` 1x4."""

    counterparts = ("ops.sum", "sum")
    word = "sum"
    saved_for_backward = ""
    keras_layers = ("Sum",)
    cases = (
        Case("sum(over=positions)", (10, 4), (4,), 0, 36),
        Case("sum(over=channels, keep)", (8, 8, 4), (8, 8, 1), 0, 192),
        Case("sum(w)", (8, 6, 4), (8, 4), 0),
    )

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """The additions: for each number of the output, one less than there are summands."""
        return math.prod(inputs[0]) - math.prod(output)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return _reduced(self, inputs[0].sum, inputs[0].shape)


class MaxAlong(AlongAxis):
    """The largest number along an axis: `max(over=channels)` of 8x8x3 is 8x8, with `keep` 8x8x1."""

    counterparts = ("ops.max", "amax")
    word = "max"
    saved_for_backward = "indices"
    library_saves_input = True
    keras_layers = ("Max",)
    cases = (
        Case("max(over=channels, keep)", (8, 8, 4), (8, 8, 1), 0, 192),
        Case("max(over=positions)", (10, 4), (4,), 0, 36),
        Case("max(d, keep)", (3, 8, 6, 4), (1, 8, 6, 4), 0),
    )

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """Comparisons: for each number of the output, one less than there are to choose from."""
        return math.prod(inputs[0]) - math.prod(output)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return _reduced(self, inputs[0].max, inputs[0].shape)


def _reduced(kind: AlongAxis, reduce: Any, shape: Shape) -> Any:
    axes = axes_over(kind.over, shape[1:])
    # Two axes with the batch's: a vector, which keeps one number.
    kept = kind.keep or len(shape) == 2
    return reduce(tuple(axis + 1 for axis in axes), keepdims=kept)
