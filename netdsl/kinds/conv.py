"""Convolutions. `convK-N/S`: K is the window, N the filters, S the stride; the input's rank
(1-D, 2-D, 3-D) is the layer's.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from netdsl.kinds.facts import Case, Saved, Seen, Weight
from netdsl.kinds.initial import Trained
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Sizes, Whole
from netdsl.kinds.part import Part
from netdsl.kinds.values import Shape, dims
from netdsl.kinds.window import (
    Axis,
    Padding,
    Windowed,
    brief,
    even,
    pad_layers,
    per_axis,
    tf_same,
    wrong_rank,
)


class Convolution(Trained, Windowed):
    """What `conv`, `dw` and `sep` share."""

    word = "_convolution"
    group = "convolution"
    takes_workspace = True

    pad = Padding("same", "padding of the positions")
    dilation = Sizes(1, "distance between the window's cells")

    def _padding(self, k: Any, name: str, x: Shape) -> tuple[list[Any], str]:
        """The layers that pad before the convolution, and the `padding` that Keras's layer then
        takes.
        """
        axes = self.axes(x)
        if not any(axis.before or axis.after for axis in axes):
            return [], "valid"
        if tf_same(
            tuple(axis._replace(stride=1) for axis in axes) if self._apart(len(axes)) else axes
        ):
            return [], "same"
        return pad_layers(k, name, tuple((axis.before, axis.after) for axis in axes)), "valid"

    def _apart(self, rank: int) -> bool:
        """Whether Keras cannot take stride and dilation together: then the stride becomes a step
        of its own.
        """
        return max(self.strides(rank)) > 1 and max(self.dilations(rank)) > 1

    def _every(self, k: Any, name: str, rank: int) -> list[Any]:
        """The step that keeps every S-th position, where the convolution itself has stride 1."""
        if not self._apart(rank):
            return []
        return [
            getattr(k.keras.layers, f"MaxPooling{rank}D")(
                1, strides=brief(self.strides(rank)), name=f"{name}_every"
            )
        ]

    def _arguments(self, name: str, x: Shape, padding: str) -> dict[str, Any]:
        """What the Keras layers share, without what they do anyway."""
        rank = len(x) - 1
        given = {
            "strides": 1 if self._apart(rank) else brief(self.strides(rank)),
            "padding": padding,
            "dilation_rate": brief(self.dilations(rank)),
            "use_bias": self.bias,
        }
        usual = {"strides": 1, "padding": "valid", "dilation_rate": 1, "use_bias": True}
        return {**{key: value for key, value in given.items() if value != usual[key]}, "name": name}


class Conv(Convolution):
    """A convolution: every filter sees all channels of its group."""

    word = "conv"
    names_elsewhere = ("conv1d", "conv2d", "conv3d", "convolution")
    usual_spelling = "conv3-64: window 3x3, 64 filters"
    takes: ClassVar[dict[str, str]] = {"size": "yes", "amount": "yes", "stride": "maybe"}
    depth = 1
    cases = (
        Case("conv5-6(pad=0)", (32, 32, 1), (28, 28, 6), 156),
        Case("conv3-64/2", (224, 224, 3), (112, 112, 64), 1792),
        Case("conv11-96/4(pad=0)", (227, 227, 3), (55, 55, 96), 34944),
        Case("conv3-100", (28, 28, 3), (28, 28, 100), 2800),
        Case("conv3-8(groups=2, bn)", (7, 7, 4), (7, 7, 8), 160),
        Case("conv1x7-4(pad=tf)", (17, 17, 2), (17, 17, 4), 60),
        Case("conv3-4(pad=causal, dilation=2)", (10, 2), (10, 4), 28),
        Case("conv3-2(pad=full)", (4, 4, 4, 1), (6, 6, 6, 2), 56),
        Case("conv3-5/2x1(pad=(1,0,1,1))", (8, 8, 2), (4, 8, 5), 95),
    )

    groups = Whole(1, "groups of channels that do not see each other")
    norm = Part("norm", doc="a norm behind it")
    act = Part("activation", "relu", "the activation at its end")

    def shape(self, *inputs: Shape) -> Shape:
        """N channels at floor((W + Pa + Pb - D*(K-1) - 1)/S) + 1 positions on each axis."""
        x = inputs[0]
        positions = self.positions(x)
        for count, what in ((x[-1], "channels that come in"), (self.amount or 0, "filters")):
            if count % self.groups:
                raise LayerError(
                    "N206",
                    f"groups={self.groups} does not divide the {count} {what}",
                    "groups",
                    label=f"{dims(x)} comes in here",
                )
        return (*positions, self.amount or 0)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """K*K*C/groups*N for a KxK window on C channels, and N biases."""
        x = inputs[0]
        kernel = Weight(
            "kernel", (*self.window(len(x) - 1), x[-1] // self.groups, self.amount or 0), "kernel"
        )
        return (kernel, Weight("bias", (self.amount or 0,), "bias")) if self.bias else (kernel,)

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """K*K*C/groups for each number of the output."""
        return (
            math.prod(output)
            * math.prod(self.window(len(output) - 1))
            * inputs[0][-1]
            // self.groups
        )

    def acts(self, output: Shape, *inputs: Shape) -> int:
        return math.prod(output)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank = len(x) - 1
        pads, padding = self._padding(k, name, x)
        make = getattr(k.keras.layers, f"Conv{rank}D")
        arguments = self._arguments(name, x, padding)
        groups = {"groups": self.groups} if self.groups > 1 else {}
        conv = make(
            self.amount, brief(self.window(rank)), **groups, **arguments, **self.keras_weights(k)
        )
        return [*pads, conv, *self._every(k, name, rank)]


class DepthwiseConv(Convolution):
    """A depthwise convolution: each channel has filters of its own, `mult` of them."""

    word = "dw"
    names_elsewhere, usual_spelling = ("depthwiseconv", "depthwise"), "dw3"
    depth = 1
    cases = (
        Case("dw3", (8, 8, 4), (8, 8, 4), 40),
        Case("dw3/2(bn, relu6)", (112, 112, 32), (56, 56, 32), 352),
        Case("dw5(mult=2, bias=no, pad=0)", (9, 9, 3), (5, 5, 6), 150),
        Case("dw3", (10, 4), (10, 4), 16),
        Case("dw3/2x1", (8, 8, 2), (4, 8, 2), 20),
        Case("dw3", (4, 4, 4, 2), (4, 4, 4, 2), 56),
    )

    mult = Whole(1, "filters for each channel")
    norm = Part("norm", doc="a norm behind it")
    act = Part("activation", doc="the activation at its end")

    def shape(self, *inputs: Shape) -> Shape:
        """mult*C channels at floor((W + Pa + Pb - D*(K-1) - 1)/S) + 1 positions on each axis."""
        return (*self.positions(inputs[0]), inputs[0][-1] * self.mult)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """K*K*C*mult for a KxK window on C channels, and C*mult biases."""
        x = inputs[0]
        kernel = Weight("kernel", (*self.window(len(x) - 1), x[-1], self.mult), "kernel")
        return (kernel, Weight("bias", (x[-1] * self.mult,), "bias")) if self.bias else (kernel,)

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """K*K for each number of the output."""
        return math.prod(output) * math.prod(self.window(len(output) - 1))

    def acts(self, output: Shape, *inputs: Shape) -> int:
        return math.prod(output)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank = len(x) - 1
        pads, padding = self._padding(k, name, x)
        arguments = self._arguments(name, x, padding)
        weights = self.keras_weights(k, "depthwise")
        if rank < 3 and len(set(self.strides(rank))) == 1:
            make = getattr(k.keras.layers, f"DepthwiseConv{rank}D")
            mult = {"depth_multiplier": self.mult} if self.mult > 1 else {}
            return [
                *pads,
                make(brief(self.window(rank)), **mult, **arguments, **weights),
                *self._every(k, name, rank),
            ]
        # Keras has no such layer for volumes and uneven strides: a convolution with a group for
        # each channel is the same.
        make = getattr(k.keras.layers, f"Conv{rank}D")
        weights = self.keras_weights(k)
        conv = make(output[-1], brief(self.window(rank)), groups=x[-1], **arguments, **weights)
        return [*pads, conv, *self._every(k, name, rank)]


class SeparableConv(Convolution):
    """A depthwise separable convolution: each channel alone, then a 1x1 convolution that mixes
    them; one bias, at the end.
    """

    word = "sep"
    names_elsewhere, usual_spelling = ("separableconv", "separable"), "sep3-64"
    takes: ClassVar[dict[str, str]] = {"size": "yes", "amount": "yes", "stride": "maybe"}
    depth = 2
    cases = (
        Case("sep3-16", (8, 8, 4), (8, 8, 16), 116),
        Case("sep3-16/2(bn)", (8, 8, 4), (4, 4, 16), 132),
        Case("sep3-6(bias=no)", (10, 4), (10, 6), 36),
        Case("sep3-6", (4, 4, 4, 2), (4, 4, 4, 6), 72),
    )

    norm = Part("norm", doc="a norm behind it")
    act = Part("activation", doc="the activation at its end")

    def shape(self, *inputs: Shape) -> Shape:
        """N channels at floor((W + Pa + Pb - D*(K-1) - 1)/S) + 1 positions on each axis."""
        return (*self.positions(inputs[0]), self.amount or 0)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """K*K*C + C*N for a KxK window on C channels, and N biases."""
        x = inputs[0]
        rank = len(x) - 1
        depthwise = Weight("depthwise_kernel", (*self.window(rank), x[-1], 1), "kernel")
        pointwise = Weight("pointwise_kernel", (*(1,) * rank, x[-1], self.amount or 0), "kernel")
        return (
            depthwise,
            pointwise,
            *((Weight("bias", (self.amount or 0,), "bias"),) if self.bias else ()),
        )

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """C*(K*K + N) at each position of the output."""
        positions, channels = math.prod(output[:-1]), inputs[0][-1]
        return positions * channels * (math.prod(self.window(len(output) - 1)) + output[-1])

    def acts(self, output: Shape, *inputs: Shape) -> int:
        return math.prod(output[:-1]) * (inputs[0][-1] + output[-1])

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """The input, and what the inner step gives."""
        return Saved(inputs=True, values=math.prod(output[:-1]) * inputs[0][-1])

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank = len(x) - 1
        pads, padding = self._padding(k, name, x)
        arguments = self._arguments(name, x, padding)
        if rank < 3 and len(set(self.strides(rank))) == 1:
            weights = self.keras_weights(k, "depthwise", "pointwise")
            make = getattr(k.keras.layers, f"SeparableConv{rank}D")
            return [
                *pads,
                make(self.amount, brief(self.window(rank)), **arguments, **weights),
                *self._every(k, name, rank),
            ]
        # Keras has no such layer for volumes and uneven strides: its two steps are.
        make = getattr(k.keras.layers, f"Conv{rank}D")
        weights = self.keras_weights(k)
        inner = {**arguments, "use_bias": False, "name": f"{name}_depthwise"}
        depthwise = make(
            x[-1],
            brief(self.window(rank)),
            groups=x[-1],
            **inner,
            **{key: v for key, v in weights.items() if "bias" not in key},
        )
        bias = {} if self.bias else {"use_bias": False}
        return [
            *pads,
            depthwise,
            make(self.amount, 1, **bias, name=name, **weights),
            *self._every(k, name, rank),
        ]


class TransposedConv(Convolution):
    """A transposed convolution: each position of the input adds its filters, times its value, to
    a window of the output.
    """

    word = "tconv"
    tied_to = "conv"
    names_elsewhere = ("convtranspose", "convtransposed", "deconv")
    usual_spelling = "tconv3-64/2"
    takes: ClassVar[dict[str, str]] = {"size": "yes", "amount": "yes", "stride": "maybe"}
    depth = 1
    cases = (
        Case("tconv3-8/2", (7, 7, 4), (14, 14, 8), 296),
        Case("tconv2-64/2", (14, 14, 128), (28, 28, 64), 32832),
        Case("tconv3-1/2(pad=0)", (2, 1), (5, 1), 4),
        Case("tconv4-8/2(pad=1, bn, relu)", (8, 8, 4), (16, 16, 8), 528),
        Case("tconv3-2/2(pad=1, extra=1)", (5, 5, 3), (10, 10, 2), 56),
        Case("tconv2-2/3", (4, 3), (12, 2), 14),
        Case("tconv3-2(pad=valid, dilation=2)", (5, 5, 1), (9, 9, 2), 20),
        Case("tconv3-2/2x1x2(bias=no)", (3, 4, 3, 2), (6, 4, 6, 2), 108),
        Case("tconv3-2/2(pad=(2,0,0,1))", (4, 4, 1), (7, 8, 2), 20),
    )

    pad = Padding("same", "positions that are cut off the output", words=("same", "valid", "tf"))
    extra = Sizes(0, "positions more at the output's end, fewer than the stride", min=0)
    norm = Part("norm", doc="a norm behind it")
    act = Part("activation", doc="the activation at its end")

    def _word_pads(
        self, word: str, size: int, window: int, stride: int, dilation: int, rank: int
    ) -> tuple[int, int]:
        """`same` and `tf` are one: W*S, an odd cell off the end; below 0 where the window is
        smaller than the stride.
        """
        total = dilation * (window - 1) + 1 - stride if word in ("same", "tf") else 0
        return max(0, total) // 2, total - max(0, total) // 2

    @classmethod
    def tied_kernel(cls, kernel: Shape) -> Shape:
        """The convolution's own: its window, C and N are the transposed one's window, N and C."""
        return kernel

    def _extra(self, axes: tuple[Axis, ...]) -> tuple[int, ...]:
        """Positions behind those that the windows reach, for each axis: they hold the bias
        alone.
        """
        extra = per_axis(self.values["extra"], len(axes), "the extra", "extra")
        return tuple(max(0, more - axis.after) for more, axis in zip(extra, axes, strict=True))

    def positions(self, x: Shape) -> Shape:
        """The output's positions: (W - 1)*S + D*(K-1) + 1 - Pa - Pb + extra.

        Raises:
            LayerError: N204 where nothing is left, N107 for an `extra` or `dilation` that does not go
                with the stride.
        """
        axes = self.axes(x)
        if any(axis.dilation > 1 for axis in axes) and any(axis.stride > 1 for axis in axes):
            raise LayerError(
                "N107",
                "a dilated `tconv` has stride 1",
                "dilation",
                "take a larger window or a smaller stride",
            )
        if any(
            more >= axis.stride > 0 and more
            for more, axis in zip(self._extra(axes), axes, strict=True)
        ):
            message = f"extra={dims(self.values['extra'])} goes beyond the last window by a stride or more"
            raise LayerError("N107", message, "extra", "a larger window reaches further")
        extra = per_axis(self.values["extra"], len(axes), "the extra", "extra")
        outputs = []
        for axis, more in zip(axes, extra, strict=True):
            outputs.append(
                (axis.size - 1) * axis.stride + axis.extent - axis.before - axis.after + more
            )
            if outputs[-1] < 1:
                sums = f"({axis.size} - 1)*{axis.stride} + {axis.extent} - {axis.before + axis.after} + {more} = {outputs[-1]}"
                raise LayerError(
                    "N204",
                    f"nothing is left of {self.head()} on {dims(x[:-1])}: {sums}",
                    "layer",
                    "pad=same gives W*S",
                    f"{dims(x)} comes in here",
                )
        return tuple(outputs)

    def shape(self, *inputs: Shape) -> Shape:
        """N channels at (W - 1)*S + D*(K-1) + 1 - Pa - Pb + extra positions on each axis."""
        return (*self.positions(inputs[0]), self.amount or 0)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """K*K*N*C for a KxK window on C channels, and N biases."""
        x = inputs[0]
        kernel = Weight("kernel", (*self.window(len(x) - 1), self.amount or 0, x[-1]), "kernel")
        return (kernel, Weight("bias", (self.amount or 0,), "bias")) if self.bias else (kernel,)

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """K*K*N for each number of the input."""
        return math.prod(inputs[0]) * math.prod(self.window(len(output) - 1)) * output[-1]

    def acts(self, output: Shape, *inputs: Shape) -> int:
        return math.prod(output)

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """The positions whose windows hold it."""
        return (Seen((tuple(axis.spread for axis in self.axes(inputs[0])),)),)

    def warnings(self, output: Shape, *inputs: Shape) -> list[LayerError]:
        return []

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        axes = self.axes(x)
        rank = len(axes)
        make = getattr(k.keras.layers, f"Conv{rank}DTranspose")
        whole = tuple(self._word_pads("same", *axis[:4], rank) for axis in axes)
        same = whole == tuple((axis.before, axis.after) for axis in axes) and not any(
            self.values["extra"]
        )
        arguments = self._arguments(name, x, "same" if same and any(map(any, whole)) else "valid")
        if same:
            return [
                make(self.amount, brief(self.window(rank)), **arguments, **self.keras_weights(k))
            ]
        extra = self._extra(axes)
        reaching = any(extra) or any(
            axis.extent < axis.stride for axis in axes
        )  # else Keras adds what is missing to W*S
        more = {"output_padding": brief(extra)} if reaching else {}
        given = per_axis(self.values["extra"], rank, "the extra", "extra")
        cuts = tuple(
            (axis.before, max(0, axis.after - end)) for axis, end in zip(axes, given, strict=True)
        )
        cropping = (
            [getattr(k.keras.layers, f"Cropping{rank}D")(even(cuts), name=f"{name}_crop")]
            if any(map(any, cuts))
            else []
        )
        return [
            make(
                self.amount, brief(self.window(rank)), **arguments, **more, **self.keras_weights(k)
            ),
            *cropping,
        ]


class LocallyConnected(Convolution):
    """A locally connected layer: a convolution that shares nothing, with a kernel and biases of
    its own at each position.
    """

    word = "local"
    takes: ClassVar[dict[str, str]] = {"size": "yes", "amount": "yes", "stride": "maybe"}
    depth = 1
    cases = (
        Case("local3-2(pad=0)", (5, 5, 1), (3, 3, 2), 180),
        Case("local3-4", (6, 2), (6, 4), 168),
        Case("local3-2/2(bias=no)", (6, 6, 3), (3, 3, 2), 486),
        Case("local2-3(pad=tf, dilation=2, tanh)", (5, 2), (5, 3), 75),
    )

    norm = Part("norm", doc="a norm behind it")
    act = Part("activation", "relu", "the activation at its end")

    def shape(self, *inputs: Shape) -> Shape:
        """N channels at floor((W + Pa + Pb - D*(K-1) - 1)/S) + 1 positions on each axis."""
        if len(inputs[0]) == 4:
            raise wrong_rank(self.word, inputs[0], "sequences and images")
        return (*self.positions(inputs[0]), self.amount or 0)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """K*K*C*N at each position of the output for a KxK window on C channels, and a bias for
        each number of the output.
        """
        x = inputs[0]
        output = self.shape(x)
        kernel = Weight(
            "kernel", (*output[:-1], *self.window(len(x) - 1), x[-1], output[-1]), "kernel"
        )
        return (kernel, Weight("bias", output, "bias")) if self.bias else (kernel,)

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """K*K*C for each number of the output."""
        return math.prod(output) * math.prod(self.window(len(output) - 1)) * inputs[0][-1]

    def acts(self, output: Shape, *inputs: Shape) -> int:
        return math.prod(output)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        axes = self.axes(inputs[0])
        rank = len(axes)
        pads = pad_layers(k, name, tuple((axis.before, axis.after) for axis in axes))
        sizes = (self.window(rank), self.strides(rank), self.dilations(rank))
        bias = {} if self.bias else {"use_bias": False}
        return [
            *pads,
            k.custom.LocallyConnected(
                self.amount, *sizes, **bias, name=name, **self.keras_weights(k)
            ),
        ]
