"""Convolutions. `convK-N/S`: K is the window, N the filters, S the stride; the input's rank (1-D, 2-D, 3-D) is the layer's."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from netdsl.kinds.base import Case, Part, Problem, Shape, Sizes, Weight, Whole, dims
from netdsl.kinds.initial import Trained
from netdsl.kinds.window import Padding, Windowed, pad_layers, tf_same


class Convolution(Trained, Windowed):
    """What `conv`, `dw` and `sep` share."""

    word = "_convolution"
    group = "convolution"

    pad = Padding("same", "padding of the positions")
    dilation = Sizes(1, "distance between the window's cells")

    def _padding(self, k: Any, name: str, x: Shape) -> tuple[list[Any], str]:
        """The layers that pad before the convolution, and the `padding` that Keras's layer then takes."""
        axes = self.axes(x)
        if not any(axis.before or axis.after for axis in axes):
            return [], "valid"
        if tf_same(axes):
            return [], "same"
        return pad_layers(k, name, tuple((axis.before, axis.after) for axis in axes)), "valid"

    def _arguments(self, name: str, x: Shape, padding: str) -> dict[str, Any]:
        rank = len(x) - 1
        return {
            "strides": self.strides(rank),
            "padding": padding,
            "dilation_rate": self.dilations(rank),
            "use_bias": self.bias,
            "name": name,
        }


class Conv(Convolution):
    """A convolution: every filter sees all channels of its group."""

    word = "conv"
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
        x = inputs[0]
        positions = self.positions(x)
        for count, what in ((x[-1], "channels come in"), (self.amount or 0, "filters")):
            if count % self.groups:
                raise Problem("N206", f"groups={self.groups} does not divide {count} {what}", "groups", label=f"{dims(x)} comes in here")
        return (*positions, self.amount or 0)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        x = inputs[0]
        kernel = Weight("kernel", (*self.window(len(x) - 1), x[-1] // self.groups, self.amount or 0), "kernel")
        return (kernel, Weight("bias", (self.amount or 0,), "bias")) if self.bias else (kernel,)

    def macs(self, output: Shape, *inputs: Shape) -> int:
        return math.prod(output) * math.prod(self.window(len(output) - 1)) * inputs[0][-1] // self.groups

    def acts(self, output: Shape, *inputs: Shape) -> int:
        return math.prod(output)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank = len(x) - 1
        pads, padding = self._padding(k, name, x)
        make = getattr(k.keras.layers, f"Conv{rank}D")
        arguments = self._arguments(name, x, padding)
        return [*pads, make(self.amount, self.window(rank), groups=self.groups, **arguments, **self.keras_weights(k))]


class DepthwiseConv(Convolution):
    """A depthwise convolution: each channel has filters of its own, `mult` of them."""

    word = "dw"
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
        return (*self.positions(inputs[0]), inputs[0][-1] * self.mult)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        x = inputs[0]
        kernel = Weight("kernel", (*self.window(len(x) - 1), x[-1], self.mult), "kernel")
        return (kernel, Weight("bias", (x[-1] * self.mult,), "bias")) if self.bias else (kernel,)

    def macs(self, output: Shape, *inputs: Shape) -> int:
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
            return [*pads, make(self.window(rank), depth_multiplier=self.mult, **arguments, **weights)]
        # Keras has no such layer for volumes and uneven strides: a convolution with a group for each channel is the same.
        make = getattr(k.keras.layers, f"Conv{rank}D")
        weights = self.keras_weights(k)
        return [*pads, make(output[-1], self.window(rank), groups=x[-1], **arguments, **weights)]


class SeparableConv(Convolution):
    """A depthwise separable convolution: each channel alone, then a 1x1 convolution that mixes them; one bias, at the end."""

    word = "sep"
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
        return (*self.positions(inputs[0]), self.amount or 0)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        x = inputs[0]
        rank = len(x) - 1
        depthwise = Weight("depthwise_kernel", (*self.window(rank), x[-1], 1), "kernel")
        pointwise = Weight("pointwise_kernel", (*(1,) * rank, x[-1], self.amount or 0), "kernel")
        return (depthwise, pointwise, *((Weight("bias", (self.amount or 0,), "bias"),) if self.bias else ()))

    def macs(self, output: Shape, *inputs: Shape) -> int:
        positions, channels = math.prod(output[:-1]), inputs[0][-1]
        return positions * channels * (math.prod(self.window(len(output) - 1)) + output[-1])

    def acts(self, output: Shape, *inputs: Shape) -> int:
        return math.prod(output[:-1]) * (inputs[0][-1] + output[-1])

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank = len(x) - 1
        pads, padding = self._padding(k, name, x)
        arguments = self._arguments(name, x, padding)
        if rank < 3 and len(set(self.strides(rank))) == 1:
            weights = self.keras_weights(k, "depthwise", "pointwise")
            return [*pads, getattr(k.keras.layers, f"SeparableConv{rank}D")(self.amount, self.window(rank), **arguments, **weights)]
        # Keras has no such layer for volumes and uneven strides: its two steps are.
        make = getattr(k.keras.layers, f"Conv{rank}D")
        weights = self.keras_weights(k)
        inner = {**arguments, "use_bias": False, "name": f"{name}_depthwise"}
        depthwise = make(x[-1], self.window(rank), groups=x[-1], **inner, **{key: v for key, v in weights.items() if "bias" not in key})
        return [*pads, depthwise, make(self.amount, 1, use_bias=self.bias, name=name, **weights)]
