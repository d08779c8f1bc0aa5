"""Convolutions. `convK-N/S`: K is the window, N the filters, S the stride; the input's rank
(1-D, 2-D, 3-D) is the layer's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.cells import by_groups, cells, padded
from netdsl.kinds.facts import Arrays, Case, Weight
from netdsl.kinds.fitting import divisor
from netdsl.kinds.initial import Trained
from netdsl.kinds.initial_forms import Form, conv_forms, depthwise_forms
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Flag, SizesOption, Whole
from netdsl.kinds.part import Part
from netdsl.kinds.values import Shape, Word, dims
from netdsl.kinds.window import (
    Padding,
    Pads,
    Windowed,
    brief,
    keeps_every,
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


class Convolution(Trained, Windowed):
    """What `conv`, `dw` and `sep` share."""

    word = "_convolution"
    group = "convolution"
    # Libraries unfold windows into a matrix, or transform the tensors, before they multiply.
    takes_workspace = True
    keras_defaults: ClassVar[dict[str, Any]] = {
        "strides": 1,
        "padding": "valid",
        "dilation_rate": 1,
        "groups": 1,
    }

    pad = Padding("same", "padding of the positions")
    dilation = SizesOption(1, "distance between the window's cells")

    def _padding(self, k: Any, name: str, x: Shape) -> tuple[list[Any], str]:
        """Return the layers that pad before the convolution, and the `padding` that Keras's layer
        then takes.
        """
        axes = self.axes(x)
        if not any(axis.before or axis.after for axis in axes):
            return [], "valid"
        # Keras's `same` is TensorFlow's, which depends on the stride: 1 where that is a step apart.
        if tf_same(
            tuple(axis._replace(stride=1) for axis in axes) if self._apart(len(axes)) else axes
        ):
            return [], "same"
        return pad_layers(k, name, tuple((axis.before, axis.after) for axis in axes)), "valid"

    def _apart(self, rank: int) -> bool:
        """Return whether Keras cannot take stride and dilation together: then the stride becomes a
        step of its own.
        """
        # Keras raises for strides > 1 with dilation_rate > 1.
        return max(self.strides(rank)) > 1 and max(self.dilations(rank)) > 1

    def _every(self, k: Any, name: str, rank: int) -> list[Any]:
        """Return the step that keeps every S-th position, where the convolution itself has stride
        1.
        """
        if not self._apart(rank):
            return []
        return [
            # A window of 1: Keras has no layer that only skips positions.
            getattr(k.keras.layers, f"MaxPooling{rank}D")(
                1, strides=brief(self.strides(rank)), name=f"{name}_every"
            )
        ]

    def _arguments(self, name: str, x: Shape, padding: str) -> dict[str, Any]:
        """Return what the Keras layers share, without what they do anyway."""
        rank = len(x) - 1
        given = {
            "strides": 1 if self._apart(rank) else brief(self.strides(rank)),
            "padding": padding,
            "dilation_rate": brief(self.dilations(rank)),
            "use_bias": self.bias,
        }
        usual = {**Convolution.keras_defaults, "use_bias": True}
        # Only what differs from Keras's defaults: `emit` writes these arguments down.
        return {**{key: value for key, value in given.items() if value != usual[key]}, "name": name}

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Return the convolution with the padding before it, and with the step after it where Keras
        cannot take stride and dilation together.
        """
        step = call.layer == "MaxPooling"
        last = call.before[-1] if step and call.before else call
        window = cls.window_in_keras(last)
        if window is None:
            return None
        window.refuse_channels_first()
        size, stride, dilation = map(window.sizes, ("kernel_size", "strides", "dilation_rate"))
        options = cls.options_in_keras(last)
        own = padding_in_keras(window, size, stride, dilation)
        if step:
            # A pooling after a plain convolution is a layer of its own.
            if max(dilation) == 1 or max(stride) > 1 or not keeps_every(call):
                return None
            stride = call.sizes("strides")
        # `ZeroPadding2D` and then `valid`: one layer here, with the padding in its option.
        zeros = zeros_before(window) if own == Word("valid") else None
        options["pad"] = _pad(own, zeros, size, dilation, step)
        if max(dilation) > 1:
            options["dilation"] = sizes_option(dilation)
        amount = last.config["filters"] if "amount" in cls.takes else None
        spec = cls.spec(size=size, amount=amount, stride=stride, **options)
        return call.means(spec, 1 + (window is not last) + (zeros is not None) + step)

    @classmethod
    def window_in_keras(cls, last: CallView) -> CallView | None:
        """Return the call whose window slides over positions, where `last` ends a convolution of
        this kind: `last` itself, or one before it.
        """
        raise NotImplementedError

    @classmethod
    def options_in_keras(cls, last: CallView) -> dict[str, Any]:
        """Return the options that do not come of the window."""
        return cls.trained_in_keras(last)


def _pad(
    own: Word, zeros: Pads | None, size: tuple[int, ...], dilation: tuple[int, ...], step: bool
) -> Any:
    """Return the option `pad` of a convolution with this padding of its own, after one with zeros;
    `step` where its stride is a step of its own.
    """
    spreads = tuple(d * (k - 1) for k, d in zip(size, dilation, strict=True))
    if zeros is not None:
        causal = zeros == ((spreads[0], 0),) and spreads[0] > 0
        return Word("causal") if causal else window_pad_option(zeros, size, dilation)
    # A window of 1 needs no padding: `same`, `valid` and `tf` agree, and `same` is not written.
    if not any(spreads):
        return Word("same")
    if own == Word("tf") and step:
        # The convolution was padded with stride 1; `pad=tf` would mean the stride's padding.
        return pad_option(tuple((spread // 2, spread - spread // 2) for spread in spreads))
    return own


def is_depthwise(call: CallView) -> bool:
    """Return whether a grouped convolution of Keras replaces a depthwise one, which Keras lacks
    for volumes, for strides that differ, and for flipped kernels.
    """
    channels, flipped = call.inputs[0][-1], call.layer == "FlippedConv"
    if not (flipped or call.layer == "Conv"):
        return False
    # With one channel both readings are the same layer: it is read as `conv`.
    if call.config.get("groups", 1) != channels or channels == 1:
        return False
    return flipped or call.rank == 3 or len(set(call.sizes("strides"))) > 1


def _convolution_layer(k: Any, rank: int, flipped: bool) -> Any:
    """Keras's layer of convolutions, or the one that flips its kernel."""
    name = f"Conv{rank}D"
    return getattr(k.custom, f"Flipped{name}") if flipped else getattr(k.keras.layers, name)


def _convolve() -> Flag:
    """Return the option of a kernel that is flipped."""
    option = Flag(
        False, "the kernel is flipped, as mathematics convolves; else it is cross-correlated"
    )
    option.hidden_at_default = True
    return option


class Conv(Convolution):
    """A convolution: every filter sees all channels of its group.

    It is computed as a cross-correlation, y[i] = sum over a of w[a]*x[S*i + D*a - P] + b, here
    along one axis; with `convolve` the kernel is flipped, w[K-1-a], which is what mathematics calls
    a convolution. Trained kernels are as good either way; kernels that are written differ.
    """

    counterparts = ("layers.Conv2D", "nn.Conv2d")
    word = "conv"
    names_elsewhere = ("conv1d", "conv2d", "conv3d", "convolution")
    usual_spelling = "conv3-64: window 3x3, 64 filters"
    takes: ClassVar[dict[str, str]] = {"size": "yes", "amount": "yes", "stride": "maybe"}
    depth = 1
    takes_components = True
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
        Case("conv3-1(convolve)", (8, 8, 1), (8, 8, 1), 10),
    )

    groups = Whole(1, "number of separate groups of channels")
    convolve = _convolve()
    norm = Part("norm", doc="a norm after it")
    act = Part("activation", "relu", "the activation after it")

    def shape(self, *inputs: Shape) -> Shape:
        """N channels at floor((W + Pa + Pb - D*(K-1) - 1)/S) + 1 positions on each axis.

        Raises:
            LayerError: N203 for a vector, N204 where the window does not fit, N206 where `groups`
                does not divide the channels.
        """
        x = inputs[0]
        positions = self.positions(x)
        for count, what in ((x[-1], "incoming channels"), (self.units, "filters")):
            if count % self.groups:
                raise LayerError(
                    "N206",
                    f"groups={self.groups} does not divide the {count} {what}",
                    "groups",
                    f"groups={divisor(math.gcd(x[-1], self.units), self.groups)} does",
                    f"the input is {dims(x)}",
                )
        return (*positions, self.units)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """K*K*C/groups*N for a KxK window on C channels, and N biases."""
        x = inputs[0]
        kernel = Weight(
            "kernel", (*self.window(len(x) - 1), x[-1] // self.groups, self.units), "kernel"
        )
        return (kernel, Weight("bias", (self.units,), "bias")) if self.bias else (kernel,)

    def kernel_forms(self, kernel: Shape) -> tuple[Form, ...]:
        return conv_forms(kernel)

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

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        axes, counts = self.axes(inputs[0].shape[1:]), self.positions(inputs[0].shape[1:])
        whole, kernel = padded(np, inputs[0], axes, counts), weights["kernel"]
        if self.convolve:
            kernel = np.flip(kernel, tuple(range(len(axes))))
        # Filters of a group are neighbours, as Keras and PyTorch have them.
        groups = kernel.reshape(*kernel.shape[:-1], self.groups, -1)
        total = sum(
            np.einsum("...gc,cgn->...gn", by_groups(whole[cut], self.groups), groups[place])
            for place, cut in cells(axes, counts)
        )
        return total.reshape(*total.shape[:-2], -1) + weights.get("bias", 0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank = len(x) - 1
        pads, padding = self._padding(k, name, x)
        make = _convolution_layer(k, rank, self.convolve)
        arguments = self._arguments(name, x, padding)
        groups = {"groups": self.groups} if self.groups > 1 else {}
        conv = make(
            self.amount,
            brief(self.window(rank)),
            **groups,
            **arguments,
            **self.keras_weights(k, inputs),
        )
        return [*pads, conv, *self._every(k, name, rank)]

    keras_layers = ("Conv", "FlippedConv", "MaxPooling")
    keras_signatures = ("Conv(filters, kernel_size)", "FlippedConv(filters, kernel_size)")
    keras_activation, program_name = True, "conv"

    @classmethod
    def window_in_keras(cls, last: CallView) -> CallView | None:
        positions = len(last.inputs[0]) > 1
        found = last.layer in ("Conv", "FlippedConv") and positions and not is_depthwise(last)
        return last if found else None

    @classmethod
    def options_in_keras(cls, last: CallView) -> dict[str, Any]:
        groups = last.config.get("groups", 1)
        options = {"convolve": True} if last.layer == "FlippedConv" else {}
        return cls.trained_in_keras(last) | options | ({"groups": groups} if groups > 1 else {})


class DepthwiseConv(Convolution):
    """A depthwise convolution: each channel has filters of its own, `mult` of them."""

    counterparts = ("layers.DepthwiseConv2D", "nn.Conv2d")
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
        Case("dw3(convolve)", (6, 6, 2), (6, 6, 2), 20),
    )

    mult = Whole(1, "filters for each channel")
    convolve = _convolve()
    norm = Part("norm", doc="a norm after it")
    act = Part("activation", doc="the activation after it")

    def shape(self, *inputs: Shape) -> Shape:
        """mult*C channels at floor((W + Pa + Pb - D*(K-1) - 1)/S) + 1 positions on each axis."""
        return (*self.positions(inputs[0]), inputs[0][-1] * self.mult)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """K*K*C*mult for a KxK window on C channels, and C*mult biases."""
        x = inputs[0]
        kernel = Weight("kernel", (*self.window(len(x) - 1), x[-1], self.mult), "kernel")
        return (kernel, Weight("bias", (x[-1] * self.mult,), "bias")) if self.bias else (kernel,)

    def kernel_forms(self, kernel: Shape) -> tuple[Form, ...]:
        return depthwise_forms(kernel)

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """K*K for each number of the output."""
        return math.prod(output) * math.prod(self.window(len(output) - 1))

    def acts(self, output: Shape, *inputs: Shape) -> int:
        return math.prod(output)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        axes, counts = self.axes(inputs[0].shape[1:]), self.positions(inputs[0].shape[1:])
        whole, kernel = padded(np, inputs[0], axes, counts), weights["kernel"]
        if self.convolve:
            kernel = np.flip(kernel, tuple(range(len(axes))))
        total = sum(whole[cut][..., None] * kernel[place] for place, cut in cells(axes, counts))
        return total.reshape(*total.shape[:-2], -1) + weights.get("bias", 0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank = len(x) - 1
        pads, padding = self._padding(k, name, x)
        arguments = self._arguments(name, x, padding)
        weights = self.keras_weights(k, inputs, "depthwise")
        if rank < 3 and len(set(self.strides(rank))) == 1 and not self.convolve:
            make = getattr(k.keras.layers, f"DepthwiseConv{rank}D")
            mult = {"depth_multiplier": self.mult} if self.mult > 1 else {}
            return [
                *pads,
                make(brief(self.window(rank)), **mult, **arguments, **weights),
                *self._every(k, name, rank),
            ]
        # Keras has no such layer for volumes, uneven strides and flipped kernels: a convolution
        # with a group for each channel is the same.
        make = _convolution_layer(k, rank, self.convolve)
        window = self.window(rank)
        weights = self.keras_weights(k, inputs, shape=(*window, 1, output[-1]))
        conv = make(output[-1], brief(self.window(rank)), groups=x[-1], **arguments, **weights)
        return [*pads, conv, *self._every(k, name, rank)]

    keras_layers = ("DepthwiseConv", "Conv", "FlippedConv", "MaxPooling")
    keras_signatures = ("DepthwiseConv(kernel_size)",)
    keras_activation, program_name = True, "dwconv"

    @classmethod
    def window_in_keras(cls, last: CallView) -> CallView | None:
        return last if last.layer == "DepthwiseConv" or is_depthwise(last) else None

    @classmethod
    def options_in_keras(cls, last: CallView) -> dict[str, Any]:
        if last.layer != "DepthwiseConv":
            options = cls.trained_in_keras(last)
            options |= {"convolve": True} if last.layer == "FlippedConv" else {}
            mult = last.config["filters"] // last.config["groups"]
        else:
            options = cls.trained_in_keras(last, "depthwise")
            mult = last.config.get("depth_multiplier", 1)
        return options | ({"mult": mult} if mult > 1 else {})
