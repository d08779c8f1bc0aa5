"""Pooling. The stride is the window's size unless one is given."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.cells import windows
from netdsl.kinds.facts import Arrays, Case
from netdsl.kinds.kind import Kind
from netdsl.kinds.options import Flag
from netdsl.kinds.plain import Weightless
from netdsl.kinds.values import Argument, LayerSpec, Shape, Word
from netdsl.kinds.window import (
    Axis,
    Padding,
    Pads,
    Windowed,
    as_pads,
    brief,
    pad_layers,
    pad_option,
    padding_in_keras,
    sizes_option,
    tf_same,
    window_pad_option,
    zeros_before,
)

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class Pooling(Weightless, Windowed):
    """What the windowed pools share: no weights, and windows that do not overlap unless a stride
    is given.
    """

    word = "_pooling"
    group = "pooling"
    takes: ClassVar[dict[str, str]] = {"size": "maybe", "stride": "maybe"}
    usual_size, stride_is_size = 2, True

    pad = Padding(0, "padding of the positions", words=("same", "valid", "tf", "full"))
    ceil_ = Flag(False, "round the output's size up")

    def with_resolved_defaults(self) -> Kind:
        size = self.size or (self.usual_size,)
        # Size and stride are put in, so that `pool`, `pool2` and `pool2/2` are one layer.
        return type(self)(
            LayerSpec(self.word, size, None, self.stride or size), self.values, self.explicit
        )

    def shape(self, *inputs: Shape) -> Shape:
        """The same channels at floor((W + Pa + Pb - K)/S) + 1 positions on each axis; rounded up
        with `ceil`.
        """
        return (*self.positions(inputs[0]), inputs[0][-1])

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """Comparisons: for each number of the output, one less than its window has cells."""
        return math.prod(output) * (self._cells(inputs[0]) - 1)

    def _cells(self, x: Shape) -> int:
        return math.prod(self.window(len(x) - 1))

    def _overhang(self, output: Shape, x: Shape) -> tuple[int, ...]:
        """Cells of the last windows that lie after the padded input (with `ceil`)."""
        counts = zip(self.axes(x), output, strict=False)
        return tuple(
            max(0, (n - 1) * a.stride + a.extent - a.size - a.before - a.after) for a, n in counts
        )

    def whole_pads(self, output: Shape, x: Shape) -> Pads:
        """Return the padding, and what the last windows need after it."""
        return tuple(
            (axis.before, axis.after + more)
            for axis, more in zip(self.axes(x), self._overhang(output, x), strict=True)
        )

    def _windows(self, np: Any, x: Any, fill: float = 0) -> Any:
        """Return the cells of all windows: (cells, batch, *positions, channels)."""
        return windows(np, x, self.axes(x.shape[1:]), self.positions(x.shape[1:]), fill)

    def _layer(self, k: Any, kind: str, rank: int, padding: str, name: str) -> Any:
        make = getattr(k.keras.layers, f"{kind}Pooling{rank}D")
        window, strides = brief(self.window(rank)), brief(self.strides(rank))
        given = {"strides": strides} if strides != window else {}
        return make(
            window, **given, **({"padding": padding} if padding != "valid" else {}), name=name
        )

    @classmethod
    def own_window_in_keras(cls, call: CallView) -> Meaning:
        """Return the pool that a pooling layer of Keras is, with its own padding."""
        call.refuse_channels_first()
        size, stride = cls._window_in_keras(call)
        pad: Any = padding_in_keras(call, size, stride, (1,) * call.rank)
        if pad == Word("valid") or set(size) == {1}:
            pad = 0
        return call.means(cls.spec(size=size, stride=stride, pad=pad))

    @classmethod
    def padded_in_keras(cls, call: CallView, pads: Pads, **options: Any) -> Meaning:
        """Return the pool that a layer without padding of its own is, after one that pads; what the
        last windows need after the input is `ceil`.
        """
        size, stride = cls._window_in_keras(call)
        options["pad"] = window_pad_option(pads, size, (1,) * call.rank)
        before = tuple(pair[0] for pair in pads)
        if not any(map(any, pads)):
            options["pad"] = 0
        # Even pads and more at the end: what `layers` makes of `pad=1, ceil`.
        elif cls._needs_ceil(call.before[-1].inputs[0], size, stride, pads):
            options |= {"pad": sizes_option(before), "ceil": True}
        spec = cls.spec(size=size, stride=stride, **options)
        return call.means(spec, calls=1 + any(map(any, pads)))

    @staticmethod
    def _window_in_keras(call: CallView) -> tuple[tuple[int, ...], tuple[int, ...]]:
        own = "window" in call.config
        size = call.sizes("window" if own else "pool_size")
        return size, call.sizes("strides") if call.config["strides"] else size

    @staticmethod
    def _needs_ceil(x: Shape, size: tuple[int, ...], stride: tuple[int, ...], pads: Pads) -> bool:
        """Return whether these pads are even ones, and what the last windows hang over them."""
        for length, k, s, (before, after) in zip(x, size, stride, pads, strict=False):
            axis = Axis(length, k, s, 1, before, before)
            end = (axis.outputs(ceil=True) - 1) * s + k
            if after - before != max(0, end - length - 2 * before):
                return False
        # Pads that are even on both sides say the same without `ceil`.
        return any(before != after for before, after in pads)


class MaxPool(Pooling):
    """Max pooling: the largest value in each window; padded cells are minus infinity."""

    counterparts = ("layers.MaxPooling2D", "nn.MaxPool2d")
    word, gate = "pool", "routes"
    # Where each maximum was: the gradient goes there. PyTorch saves the input as well.
    saved_for_backward = "indices"
    library_saves_input = True
    names_elsewhere = ("pooling", "maxpool", "maxpooling")
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

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return self._windows(np, inputs[0], -math.inf).max(0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank, axes = len(x) - 1, self.axes(x)
        extra = self._overhang(output, x)
        # Keras's `same` leaves padded cells out of the maximum.
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

    keras_layers = ("MaxPooling",)
    keras_signatures = ("MaxPooling(pool_size)",)
    reads_call_arguments = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Return the pool with what pads before it with minus infinity."""
        steps = call.chain("Pad", "MaxPooling")
        lowest = steps is not None and steps[0].named.get("constant_values") == -math.inf
        if steps and lowest and call.config["padding"] == "valid":
            return cls.padded_in_keras(call, as_pads(steps[0].config["pad_width"][1:-1]))
        return cls.own_window_in_keras(call)


class AveragePool(Pooling):
    """Average pooling; padded cells count in the divisor with `same` and numbers, not with `tf`."""

    counterparts = ("layers.AveragePooling2D", "nn.AvgPool2d")
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

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number of the output the additions over its window, and a division."""
        return super().elementwise_ops(output, *inputs) + math.prod(output)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        x = inputs[0].shape[1:]
        axes, counts = self.axes(x), self.positions(x)
        if self.values["pad"] != Word("tf"):  # padding counts, what lies after it does not
            axes = tuple(
                axis._replace(size=axis.size + axis.before + axis.after, before=0) for axis in axes
            )
        # A window of ones counts the cells that belong to the divisor.
        ones = np.ones((1, *(axis.size for axis in axes), 1), inputs[0].dtype)
        return self._windows(np, inputs[0]).sum(0) / windows(np, ones, axes, counts).sum(0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank, axes = len(x) - 1, self.axes(x)
        pads: Pads = tuple((axis.before, axis.after) for axis in axes)
        extra = self._overhang(output, x)
        if any(extra):
            return [
                # Keras drops the last windows, or counts cells after the input in the divisor.
                k.custom.OverhangingAveragePooling(
                    self.window(rank), self.strides(rank), pads, extra, name=name
                )
            ]
        if self.values["pad"] == Word("tf"):
            return [self._layer(k, "Average", rank, "same", name)]
        return [*pad_layers(k, name, pads), self._layer(k, "Average", rank, "valid", name)]

    keras_layers = ("AveragePooling", "OverhangingAveragePooling")
    keras_signatures = ("AveragePooling(pool_size)",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Return the pool with the zeros before it, which count in the divisor."""
        if call.layer == "OverhangingAveragePooling":
            size, stride = cls._window_in_keras(call)
            pad = pad_option(as_pads(call.config["pads"]))
            return call.means(cls.spec(size=size, stride=stride, pad=pad, ceil=True))
        zeros = zeros_before(call)
        if zeros is not None and call.config["padding"] == "valid":
            size, stride = cls._window_in_keras(call)
            pad = window_pad_option(zeros, size, (1,) * call.rank)
            return call.means(cls.spec(size=size, stride=stride, pad=pad), calls=2)
        found = cls.own_window_in_keras(call)
        same = found.spec.arguments == (Argument("pad", Word("same")),)
        # Cells that Keras pads do not count in its divisor.
        spec = found.spec._replace(arguments=(Argument("pad", Word("tf")),)) if same else found.spec
        return found._replace(spec=spec)


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

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        seen = self._windows(np, inputs[0])
        positive = np.maximum(seen, 0)
        total = positive.sum(0)
        # Where no value is above 0, the probabilities would be 0/0.
        some = total > 0
        return np.where(some, (positive * seen).sum(0) / np.where(some, total, 1), seen.mean(0))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        rank = len(inputs[0]) - 1
        layer = k.custom.StochasticPooling(self.window(rank), self.strides(rank), name=name)
        return [*pad_layers(k, name, self.whole_pads(output, inputs[0])), layer]

    keras_layers = ("StochasticPooling",)
    differs_in_training = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return cls.padded_in_keras(call, zeros_before(call) or ((0, 0),) * call.rank)
