"""Pooling. The stride is the window's size unless one is given."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from netdsl.kinds.facts import Case, Saved, Weight
from netdsl.kinds.kind import Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import REQUIRED, Choice, Flag, Real
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import LayerSpec, Shape, Word, dims
from netdsl.kinds.window import Padding, Pads, Windowed, brief, pad_layers, tf_same


class Pooling(Windowed):
    """What the windowed pools share: no weights, and windows that do not overlap unless a stride
    is given.
    """

    word = "_pooling"
    group = "pooling"
    takes: ClassVar[dict[str, str]] = {"size": "maybe", "stride": "maybe"}

    pad = Padding(0, "padding of the positions", words=("same", "valid", "tf", "full"))
    ceil_ = Flag(False, "round the output's size up")

    def with_resolved_defaults(self) -> Kind:
        size = self.size or (2,)
        return type(self)(
            LayerSpec(self.word, size, None, self.stride or size), self.values, self.explicit
        )

    def shape(self, *inputs: Shape) -> Shape:
        """The same channels at floor((W + Pa + Pb - K)/S) + 1 positions on each axis; rounded up
        with `ceil`.
        """
        return (*self.positions(inputs[0]), inputs[0][-1])

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """None."""
        return ()

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """None."""
        return 0

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """Comparisons or additions: for each number of the output, one less than its window has
        cells.
        """
        return math.prod(output) * (self._cells(inputs[0]) - 1)

    def _cells(self, x: Shape) -> int:
        return math.prod(self.window(len(x) - 1))

    def _overhang(self, output: Shape, x: Shape) -> tuple[int, ...]:
        """Cells of the last windows that lie behind the padded input (with `ceil`)."""
        counts = zip(self.axes(x), output, strict=False)
        return tuple(
            max(0, (n - 1) * a.stride + a.extent - a.size - a.before - a.after) for a, n in counts
        )

    def whole_pads(self, output: Shape, x: Shape) -> Pads:
        """The padding, and what the last windows need behind it."""
        return tuple(
            (axis.before, axis.after + more)
            for axis, more in zip(self.axes(x), self._overhang(output, x), strict=True)
        )

    def _layer(self, k: Any, kind: str, rank: int, padding: str, name: str) -> Any:
        make = getattr(k.keras.layers, f"{kind}Pooling{rank}D")
        window, strides = brief(self.window(rank)), brief(self.strides(rank))
        given = {"strides": strides} if strides != window else {}
        return make(
            window, **given, **({"padding": padding} if padding != "valid" else {}), name=name
        )


class MaxPool(Pooling):
    """Max pooling: the largest value in each window; padded cells are minus infinity."""

    word = "pool"
    saved_for_backward = "indices"
    library_saves_input = True
    names_elsewhere = ("maxpool", "maxpooling")
    usual_spelling = "pool2, or pool3/2 for a window of 3 at stride 2"
    cases = (
        Case("pool", (28, 28, 6), (14, 14, 6), 0),
        Case("pool3/2", (55, 55, 96), (27, 27, 96), 0),
        Case("pool3/2(pad=same)", (112, 112, 64), (56, 56, 64), 0),
        Case("pool3/2(ceil)", (112, 112, 64), (56, 56, 64), 0),
        Case("pool3/1(pad=same)", (28, 28, 192), (28, 28, 192), 0),
        Case("pool", (10, 3), (5, 3), 0),
        Case("pool", (4, 4, 4, 2), (2, 2, 2, 2), 0),
        Case("pool2x1(pad=tf)", (5, 4, 2), (3, 4, 2), 0),
    )

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank, axes = len(x) - 1, self.axes(x)
        extra = self._overhang(output, x)
        if not any(extra) and tf_same(axes):
            return [
                self._layer(
                    k,
                    "Max",
                    rank,
                    "same" if any(axis.before or axis.after for axis in axes) else "valid",
                    name,
                )
            ]
        pads = self.whole_pads(output, x)
        # Keras's own padding layer pads with zeros only; the operation is Keras's too, so the model
        # needs no netdsl to load.
        whole = ((0, 0), *pads, (0, 0))
        padding = (
            [lambda tensor: k.keras.ops.pad(tensor, whole, constant_values=float("-inf"))]
            if any(map(any, pads))
            else []
        )
        return [*padding, self._layer(k, "Max", rank, "valid", name)]


class AveragePool(Pooling):
    """Average pooling; padded cells count in the divisor with `same` and numbers, not with `tf`."""

    word = "avgpool"
    saved_for_backward = ""
    library_saves_input = True
    names_elsewhere = ("averagepool", "averagepooling", "avgpooling", "meanpool")
    usual_spelling = "avgpool2"
    cases = (
        Case("avgpool", (28, 28, 6), (14, 14, 6), 0),
        Case("avgpool3/1(pad=same)", (35, 35, 8), (35, 35, 8), 0),
        Case("avgpool3/2(pad=tf)", (9, 9, 2), (5, 5, 2), 0),
        Case("avgpool3/2(ceil)", (8, 8, 2), (4, 4, 2), 0),
        Case("avgpool5", (10, 3), (2, 3), 0),
        Case("avgpool2", (4, 4, 4, 2), (2, 2, 2, 2), 0),
    )

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank, axes = len(x) - 1, self.axes(x)
        pads: Pads = tuple((axis.before, axis.after) for axis in axes)
        extra = self._overhang(output, x)
        if any(extra):
            return [
                k.custom.OverhangingAveragePooling(
                    self.window(rank), self.strides(rank), pads, extra, name=name
                )
            ]
        if self.values["pad"] == Word("tf"):
            return [self._layer(k, "Average", rank, "same", name)]
        return [*pad_layers(k, name, pads), self._layer(k, "Average", rank, "valid", name)]


class PowerPooling(Pooling):
    """What the pools that take a root of a sum of powers share; padded cells are 0."""

    word = "_power_pooling"
    saved_for_backward = "inputs output"

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number of the output: a power for each cell of its window, their sum, a root."""
        return math.prod(output) * 2 * self._cells(inputs[0])

    def _layers(self, k: Any, power: float, name: str, output: Shape, x: Shape) -> list[Any]:
        rank = len(x) - 1
        layer = k.custom.PowerPooling(power, self.window(rank), self.strides(rank), name=name)
        return [*pad_layers(k, name, self.whole_pads(output, x)), layer]


class EuclideanPool(PowerPooling):
    """L2 pooling: the root of the sum of squares over each window."""

    word = "l2pool"
    cases = (
        Case("l2pool", (28, 28, 6), (14, 14, 6), 0),
        Case("l2pool3/2(pad=same)", (9, 9, 2), (5, 5, 2), 0),
        Case("l2pool3/2(ceil)", (8, 8, 2), (4, 4, 2), 0),
        Case("l2pool5", (10, 3), (2, 3), 0),
        Case("l2pool2", (4, 4, 4, 2), (2, 2, 2, 2), 0),
    )

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return self._layers(k, 2, name, output, inputs[0])


class PowerPool(PowerPooling):
    """Lp pooling: (sum of |x|^p)^(1/p) over each window."""

    word = "lppool"
    positional = ("p",)
    cases = (
        Case("lppool2(p=3)", (28, 28, 6), (14, 14, 6), 0),
        Case("lppool3/2(p=1.5, pad=same)", (9, 9, 2), (5, 5, 2), 0),
        Case("lppool2(p=1)", (10, 3), (5, 3), 0),
        Case("lppool2(p=4)", (4, 4, 4, 2), (2, 2, 2, 2), 0),
    )

    p = Real(REQUIRED, "the power", min=1)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return self._layers(k, float(self.p), name, output, inputs[0])


class StochasticPool(Pooling):
    """Stochastic pooling: while training draws one value of each window, with probability in
    proportion to it; in use their mean.

    Values below 0 have probability 0, where no value is above 0 all have the same; padded cells are
    0 (Zeiler and Fergus 2013).
    """

    word = "stochpool"
    saved_for_backward = "inputs indices"
    cases = (
        Case("stochpool", (28, 28, 6), (14, 14, 6), 0),
        Case("stochpool3/2(pad=same)", (9, 9, 2), (5, 5, 2), 0),
        Case("stochpool2", (10, 3), (5, 3), 0),
        Case("stochpool2", (4, 4, 4, 2), (2, 2, 2, 2), 0),
    )

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number of the output, in use: a square for each cell of its window, two sums,
        a division.
        """
        return math.prod(output) * (3 * self._cells(inputs[0]) - 1)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        rank = len(inputs[0]) - 1
        layer = k.custom.StochasticPooling(self.window(rank), self.strides(rank), name=name)
        return [*pad_layers(k, name, self.whole_pads(output, inputs[0])), layer]


class FeaturePool(Plain):
    """Pooling over groups of N neighbouring features: their Euclidean length, or with `max` the
    largest (maxout).
    """

    word = "featpool"
    group = "pooling"
    reach = "position"
    positional = ("of",)
    takes: ClassVar[dict[str, str]] = {"size": "yes"}
    cases = (
        Case("featpool2", (8, 8, 4), (8, 8, 2), 0),
        Case("featpool5(max)", (100,), (20,), 0),
        Case("featpool3(of=max)", (10, 6), (10, 2), 0),
        Case("featpool2(of=l2)", (2, 3, 4, 4), (2, 3, 4, 2), 0),
    )

    of = Choice("l2", ("l2", "max"), "the root of the sum of squares, or the largest")

    @property
    def features(self) -> int:
        return (self.size or (1,))[0]

    def shape(self, *inputs: Shape) -> Shape:
        """C/N channels at the same positions."""
        x = inputs[0]
        if len(self.size or ()) > 1:
            raise LayerError(
                "N202",
                f"`{self.word}` takes one number, how many features make a group, not {dims(self.size or ())}",
                "size",
            )
        if x[-1] % self.features:
            message = f"groups of {self.features} features do not divide {x[-1]} channels"
            raise LayerError("N206", message, "size", label=f"{dims(x)} comes in here")
        return (*x[:-1], x[-1] // self.features)

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number of the output: N squares, their sum and a root; of `max` N-1
        comparisons.
        """
        return math.prod(output) * (
            self.features - 1 if self.of.text == "max" else 2 * self.features
        )

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Which feature was the largest; of `l2` input and output."""
        return (
            Saved(indices=math.prod(output))
            if self.of.text == "max"
            else Saved(inputs=True, output=True)
        )

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        if self.of.text == "l2":
            return [k.custom.FeaturePooling(self.features, name=name)]
        groups = k.keras.layers.Reshape((*output, self.features), name=name)
        return [groups, lambda tensor: k.keras.ops.max(tensor, axis=-1)]


class GlobalPooling(Kind):
    """What the global pools share: all positions to one."""

    word = "_global_pooling"
    group = "pooling"
    reach = "all"
    keras_name: ClassVar[str] = ""

    def shape(self, *inputs: Shape) -> Shape:
        """A vector of the channels."""
        x = inputs[0]
        if not 2 <= len(x) <= 4:
            what = "a vector" if len(x) == 1 else f"an array of {len(x) - 1} axes"
            raise LayerError(
                "N203",
                f"`{self.word}` pools positions, and {dims(x)} is {what}",
                label=f"{dims(x)} comes in here",
            )
        return (x[-1],)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """None."""
        return ()

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """None."""
        return 0

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """Comparisons or additions: for each channel, one less than there are positions."""
        return math.prod(inputs[0]) - inputs[0][-1]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [getattr(k.keras.layers, f"{self.keras_name}{len(inputs[0]) - 1}D")(name=name)]


class GlobalAveragePool(GlobalPooling):
    """Global average pooling: the mean over all positions, a vector."""

    word = "gap"
    saved_for_backward = ""
    keras_name = "GlobalAveragePooling"
    names_elsewhere = ("globalaveragepooling", "globalavgpool", "adaptiveavgpool")
    cases = (
        Case("gap", (7, 7, 512), (512,), 0),
        Case("gap", (10, 4), (4,), 0),
        Case("gap", (3, 4, 5, 2), (2,), 0),
    )


class GlobalMaxPool(GlobalPooling):
    """Global max pooling: the largest value over all positions, a vector."""

    word = "gmp"
    saved_for_backward = "indices"
    keras_name = "GlobalMaxPooling"
    library_saves_input = True
    names_elsewhere = ("globalmaxpooling", "globalmaxpool", "adaptivemaxpool")
    cases = (
        Case("gmp", (7, 7, 512), (512,), 0),
        Case("gmp", (10, 4), (4,), 0),
        Case("gmp", (3, 4, 5, 2), (2,), 0),
    )
