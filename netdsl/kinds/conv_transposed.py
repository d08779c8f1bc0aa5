"""Transposed convolutions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.cells import cells
from netdsl.kinds.conv import Convolution
from netdsl.kinds.facts import Arrays, Case, Seen, Weight
from netdsl.kinds.initial_forms import Form, transposed_forms
from netdsl.kinds.kind import Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import SizesOption
from netdsl.kinds.part import Part
from netdsl.kinds.values import Shape, Word, dims
from netdsl.kinds.window import (
    Axis,
    Padding,
    Pads,
    brief,
    even,
    pad_option,
    pads_in_keras,
    per_axis,
    sizes_option,
)

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class TransposedConv(Convolution):
    """A transposed convolution: each position of the input adds its filters, times its value, to
    a window of the output.
    """

    counterparts = ("layers.Conv2DTranspose", "nn.ConvTranspose2d")
    word = "tconv"
    tied_to = ("conv",)
    names_elsewhere = (
        "convt",
        "upconv",
        "transposedconv",
        "convtr",
        "convtranspose",
        "convtransposed",
        "deconv",
    )
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

    pad = Padding("same", "positions removed from the output", words=("same", "valid", "tf"))
    extra = SizesOption(
        0,
        "positions added at the output's end: those cut by `pad`, and fewer than the stride beyond",
        min=0,
    )
    norm = Part("norm", doc="a norm after it")
    act = Part("activation", doc="the activation after it")

    def _word_pads(
        self, word: str, size: int, window: int, stride: int, dilation: int, rank: int
    ) -> tuple[int, int]:
        """`same` and `tf` are one: W*S, an odd cell off the end; below 0 where the window is
        smaller than the stride.
        """
        # (W - 1)*S + D*(K-1) + 1 positions are reached, and W*S kept.
        total = dilation * (window - 1) + 1 - stride if word in ("same", "tf") else 0
        # Below 0 nothing is cut: positions are added at the end instead.
        return max(0, total) // 2, total - max(0, total) // 2

    def can_tie_to(self, other: Kind) -> bool:
        """Return whether the other is a convolution whose kernel is not flipped."""
        return super().can_tie_to(other) and not other.values.get("convolve")

    @classmethod
    def tied_kernel(cls, kernel: Shape) -> Shape:
        """Return the convolution's own: its window, C and N are the transposed one's window, N and
        C.
        """
        return kernel

    def _extra(self, axes: tuple[Axis, ...]) -> tuple[int, ...]:
        """Positions after those that the windows reach, for each axis: they hold the bias
        alone.
        """
        extra = per_axis(self.values["extra"], len(axes), "the extra", "extra")
        return tuple(max(0, more - axis.after) for more, axis in zip(extra, axes, strict=True))

    def positions(self, x: Shape) -> Shape:
        """Return the output's positions: (W - 1)*S + D*(K-1) + 1 - Pa - Pb + extra.

        Raises:
            LayerError: N204 where nothing is left, N107 for an `extra` or `dilation` that does not
                go with the stride.
        """
        axes = self.axes(x)
        # Keras has no such layer, and a step after it cannot do what a stride does here.
        if any(axis.dilation > 1 for axis in axes) and any(axis.stride > 1 for axis in axes):
            raise LayerError(
                "N107",
                "a dilated `tconv` has stride 1",
                "dilation",
                "use a larger window or a smaller stride",
            )
        if any(
            # A whole stride of positions that no window reaches, which Keras refuses.
            more >= axis.stride > 0 and more
            for more, axis in zip(self._extra(axes), axes, strict=True)
        ):
            message = (
                f"extra={dims(self.values['extra'])} exceeds the last window by a stride or more"
            )
            raise LayerError("N107", message, "extra", "a larger window reaches further")
        extra = per_axis(self.values["extra"], len(axes), "the extra", "extra")
        outputs = []
        for axis, more in zip(axes, extra, strict=True):
            outputs.append(
                (axis.size - 1) * axis.stride + axis.extent - axis.before - axis.after + more
            )
            if outputs[-1] < 1:
                sums = (
                    f"({axis.size} - 1)*{axis.stride} + {axis.extent} - "
                    f"{axis.before + axis.after} + {more} = {outputs[-1]}"
                )
                raise LayerError(
                    "N204",
                    f"nothing is left of {self.head()} on {dims(x[:-1])}: {sums}",
                    "layer",
                    "pad=same gives W*S",
                    f"the input is {dims(x)}",
                )
        return tuple(outputs)

    def shape(self, *inputs: Shape) -> Shape:
        """N channels at (W - 1)*S + D*(K-1) + 1 - Pa - Pb + extra positions on each axis."""
        return (*self.positions(inputs[0]), self.units)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """K*K*N*C for a KxK window on C channels, and N biases."""
        x = inputs[0]
        kernel = Weight("kernel", (*self.window(len(x) - 1), self.units, x[-1]), "kernel")
        return (kernel, Weight("bias", (self.units,), "bias")) if self.bias else (kernel,)

    def kernel_forms(self, kernel: Shape) -> tuple[Form, ...]:
        return transposed_forms(kernel)

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """K*K*N for each number of the input."""
        return math.prod(inputs[0]) * math.prod(self.window(len(output) - 1)) * output[-1]

    def acts(self, output: Shape, *inputs: Shape) -> int:
        return math.prod(output)

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return the positions whose windows hold it."""
        return (Seen((tuple(axis.spread for axis in self.axes(inputs[0])),)),)

    def warnings(self, output: Shape, *inputs: Shape) -> list[LayerError]:
        return []

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        x, kernel = inputs[0], weights["kernel"]
        axes, counts = self.axes(x.shape[1:]), self.positions(x.shape[1:])
        # Added up on all positions that windows reach, then cut: `pad` takes positions away here.
        reached = [(axis.size - 1) * axis.stride + axis.extent for axis in axes]
        ends = [
            max(end, axis.before + n) for end, axis, n in zip(reached, axes, counts, strict=True)
        ]
        whole = np.zeros((len(x), *ends, self.units), x.dtype)
        for place, cut in cells(axes, x.shape[1:-1]):
            whole[cut] += x @ kernel[place].T
        cuts = (slice(axis.before, axis.before + n) for axis, n in zip(axes, counts, strict=True))
        return whole[(slice(None), *cuts)] + weights.get("bias", 0)

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
                make(
                    self.amount,
                    brief(self.window(rank)),
                    **arguments,
                    **self.keras_weights(k, inputs),
                )
            ]
        extra = self._extra(axes)
        reaching = any(extra) or any(
            axis.extent < axis.stride for axis in axes
        )  # else Keras adds what is missing to W*S
        # Stated even where it is 0: Keras otherwise fills up to W*S where a window is short.
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
                self.amount,
                brief(self.window(rank)),
                **arguments,
                **more,
                **self.keras_weights(k, inputs),
            ),
            *cropping,
        ]

    keras_layers = ("ConvTranspose", "Cropping")
    keras_activation = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Return the convolution with what is cut off after it."""
        conv, cuts = call, ((0, 0),) * call.rank
        if call.layer == "Cropping":
            chain = call.chain("ConvTranspose", "Cropping")
            if chain is None or chain[0].config["padding"] != "valid":
                return None
            conv, cuts = chain[0], pads_in_keras(call, "cropping")
        conv.refuse_channels_first()
        size, stride, dilation = map(conv.sizes, ("kernel_size", "strides", "dilation_rate"))
        options = cls.trained_in_keras(conv)
        if conv.config["padding"] == "same":
            options["pad"] = Word("same")
            if conv.config.get("output_padding") is not None:
                options |= cls._stated_in_keras(conv)
        else:
            options |= cls._cut_in_keras(conv, cuts)
        if max(dilation) > 1:
            options["dilation"] = sizes_option(dilation)
        spec = cls.spec(size=size, amount=conv.config["filters"], stride=stride, **options)
        return call.means(spec, calls=1 + (conv is not call))

    @classmethod
    def _stated_in_keras(cls, conv: CallView) -> dict[str, Any]:
        """`pad` and `extra` of padding `same` with an `output_padding`: so much is cut off that
        (W - 1)*S + D*(K-1) + 1 positions become those of the output, half of it before.
        """
        size, stride, dilation = map(conv.sizes, ("kernel_size", "strides", "dilation_rate"))
        left = [
            (given - 1) * s + d * (k - 1) + 1 - whole
            for given, whole, k, s, d in zip(
                conv.inputs[0], conv.output, size, stride, dilation, strict=False
            )
        ]
        cuts = tuple((max(0, cut) // 2, max(0, cut) - max(0, cut) // 2) for cut in left)
        extra = tuple(max(0, -cut) for cut in left)
        more = {"extra": sizes_option(extra)} if any(extra) else {}
        return {"pad": pad_option(cuts), **more}

    @classmethod
    def _cut_in_keras(cls, conv: CallView, cuts: Pads) -> dict[str, Any]:
        """`pad` and `extra`: both sides alike where no more is cut off the end, as elsewhere."""
        size, stride, dilation = map(conv.sizes, ("kernel_size", "strides", "dilation_rate"))
        if conv.config.get("output_padding") is None:  # Keras reaches W*S at the least
            more = tuple(
                max(0, s - d * (k - 1) - 1) for k, s, d in zip(size, stride, dilation, strict=True)
            )
        else:
            more = conv.sizes("output_padding")
        # PyTorch's form: one `padding` for both sides, and `output_padding` at the end.
        if all(before >= after for before, after in cuts):
            extra = tuple(
                before - after + end for (before, after), end in zip(cuts, more, strict=True)
            )
            cuts = tuple((before, before) for before, _ in cuts)
        else:
            extra = more
        pad = pad_option(cuts) if any(map(any, cuts)) else Word("valid")
        return {"pad": pad} | ({"extra": sizes_option(extra)} if any(extra) else {})
