"""Convolutions that share nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.cells import cells, padded
from netdsl.kinds.conv import Convolution
from netdsl.kinds.facts import Arrays, Case, Weight
from netdsl.kinds.part import Part
from netdsl.kinds.values import Shape
from netdsl.kinds.window import (
    pad_layers,
    sizes_option,
    window_pad_option,
    wrong_rank,
    zeros_before,
)

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class UnsharedConv(Convolution):
    """A locally connected layer: a convolution that shares nothing, with a kernel and biases of
    its own at each position.
    """

    word = "local"
    names_elsewhere = ("locallyconnected",)
    takes: ClassVar[dict[str, str]] = {"size": "yes", "amount": "yes", "stride": "maybe"}
    depth = 1
    cases = (
        Case("local3-2(pad=0)", (5, 5, 1), (3, 3, 2), 180),
        Case("local3-4", (6, 2), (6, 4), 168),
        Case("local3-2/2(bias=no)", (6, 6, 3), (3, 3, 2), 486),
        Case("local2-3(pad=tf, dilation=2, tanh)", (5, 2), (5, 3), 75),
    )

    norm = Part("norm", doc="a norm after it")
    act = Part("activation", "relu", "the activation after it")

    def shape(self, *inputs: Shape) -> Shape:
        """N channels at floor((W + Pa + Pb - D*(K-1) - 1)/S) + 1 positions on each axis.

        Raises:
            LayerError: N203 for vectors and volumes, N204 where the window does not fit.
        """
        # Keras 3 has dropped its layer, and ours has no volumes.
        if len(inputs[0]) == 4:
            raise wrong_rank(self.word, inputs[0], "sequences and images")
        return (*self.positions(inputs[0]), self.units)

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

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        axes, counts = self.axes(inputs[0].shape[1:]), self.positions(inputs[0].shape[1:])
        whole, kernel = padded(np, inputs[0], axes, counts), weights["kernel"]
        everywhere = (slice(None),) * len(axes)
        total = sum(
            # z is the batch: the kernel has the positions, and no batch.
            np.einsum("z...c,...cn->z...n", whole[cut], kernel[(*everywhere, *place)])
            for place, cut in cells(axes, counts)
        )
        return total + weights.get("bias", 0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        axes = self.axes(inputs[0])
        rank = len(axes)
        pads = pad_layers(k, name, tuple((axis.before, axis.after) for axis in axes))
        sizes = (self.window(rank), self.strides(rank), self.dilations(rank))
        bias = {} if self.bias else {"use_bias": False}
        return [
            *pads,
            k.custom.LocallyConnected(
                self.amount, *sizes, **bias, name=name, **self.keras_weights(k, inputs)
            ),
        ]

    keras_layers = ("LocallyConnected",)
    keras_signatures = ("LocallyConnected(filters, window, strides, dilation_rate)",)
    keras_defaults: ClassVar[dict[str, Any]] = {}

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        size, stride, dilation = map(call.sizes, ("window", "strides", "dilation_rate"))
        options, zeros = cls.trained_in_keras(call), zeros_before(call)
        options["pad"] = window_pad_option(zeros or ((0, 0),) * call.rank, size, dilation)
        if max(dilation) > 1:
            options["dilation"] = sizes_option(dilation)
        spec = cls.spec(size=size, amount=call.config["filters"], stride=stride, **options)
        return call.means(spec, calls=1 + (zeros is not None))
