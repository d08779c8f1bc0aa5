"""Depthwise separable convolutions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.cells import cells, padded
from netdsl.kinds.conv import Convolution, is_depthwise
from netdsl.kinds.facts import Arrays, Case, Saved, Weight
from netdsl.kinds.part import Part
from netdsl.kinds.values import Shape, Word
from netdsl.kinds.window import brief

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView


class SeparableConv(Convolution):
    """A depthwise separable convolution: each channel alone, then a 1x1 convolution that mixes
    them; one bias, at the end.
    """

    counterparts = ("layers.SeparableConv2D", "")
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

    norm = Part("norm", doc="a norm after it")
    act = Part("activation", doc="the activation after it")

    def shape(self, *inputs: Shape) -> Shape:
        """N channels at floor((W + Pa + Pb - D*(K-1) - 1)/S) + 1 positions on each axis."""
        return (*self.positions(inputs[0]), self.units)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """K*K*C + C*N for a KxK window on C channels, and N biases."""
        x = inputs[0]
        rank = len(x) - 1
        depthwise = Weight("depthwise_kernel", (*self.window(rank), x[-1], 1), "kernel")
        pointwise = Weight("pointwise_kernel", (*(1,) * rank, x[-1], self.units), "kernel")
        return (
            depthwise,
            pointwise,
            *((Weight("bias", (self.units,), "bias"),) if self.bias else ()),
        )

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """C*(K*K + N) at each position of the output."""
        positions, channels = math.prod(output[:-1]), inputs[0][-1]
        return positions * channels * (math.prod(self.window(len(output) - 1)) + output[-1])

    def acts(self, output: Shape, *inputs: Shape) -> int:
        return math.prod(output[:-1]) * (inputs[0][-1] + output[-1])

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Return the input, and what the inner step gives."""
        return Saved(inputs=True, values=math.prod(output[:-1]) * inputs[0][-1])

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        axes, counts = self.axes(inputs[0].shape[1:]), self.positions(inputs[0].shape[1:])
        # The last axis is Keras's depth multiplier, which is 1 here.
        whole, kernel = padded(np, inputs[0], axes, counts), weights["depthwise_kernel"][..., 0]
        inner = sum(whole[cut] * kernel[place] for place, cut in cells(axes, counts))
        mixing = weights["pointwise_kernel"].reshape(-1, self.units)
        return inner @ mixing + weights.get("bias", 0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        rank = len(x) - 1
        pads, padding = self._padding(k, name, x)
        arguments = self._arguments(name, x, padding)
        if rank < 3 and len(set(self.strides(rank))) == 1:
            weights = self.keras_weights(k, inputs, "depthwise", "pointwise")
            make = getattr(k.keras.layers, f"SeparableConv{rank}D")
            return [
                *pads,
                make(self.amount, brief(self.window(rank)), **arguments, **weights),
                *self._every(k, name, rank),
            ]
        # Keras has no such layer for volumes and uneven strides: its two steps are.
        make = getattr(k.keras.layers, f"Conv{rank}D")
        weights = self.keras_weights(k, inputs)
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

    keras_layers = ("SeparableConv", "Conv", "MaxPooling")
    keras_signatures = ("SeparableConv(filters, kernel_size)",)
    keras_activation, program_name = True, "sepconv"

    @classmethod
    def window_in_keras(cls, last: CallView) -> CallView | None:
        if last.layer == "SeparableConv":
            return last
        steps = last.chain("Conv", "Conv")
        return steps[0] if steps and cls._are_two_steps(*steps) else None

    @classmethod
    def _are_two_steps(cls, depthwise: CallView, pointwise: CallView) -> bool:
        """Return whether two convolutions are the steps of one that Keras lacks."""
        size, stride, dilation = map(pointwise.sizes, ("kernel_size", "strides", "dilation_rate"))
        inner, outer = map(cls.trained_in_keras, (depthwise, pointwise))
        return (
            is_depthwise(depthwise)
            and depthwise.layer == "Conv"
            and depthwise.output[-1] == depthwise.inputs[0][-1]
            and {*size, *stride, *dilation, pointwise.config["groups"]} == {1}
            and not inner["bias"]
            and inner["act"] == Word("none")
            # One layer has one penalty for both kernels.
            and all(inner.get(key) == outer.get(key) for key in ("l1", "l2"))
        )

    @classmethod
    def options_in_keras(cls, last: CallView) -> dict[str, Any]:
        if last.layer == "Conv":
            return cls.trained_in_keras(last)
        multiplier = last.config.get("depth_multiplier", 1)
        if multiplier > 1:
            raise last.refuse(f"its depth multiplier is {multiplier}")
        return cls.trained_in_keras(last, "depthwise", "pointwise")
