"""Edges: positions and channels that are added and cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.facts import Arrays, Case, Reach, Seen
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import REQUIRED
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import (
    NO_DEFAULTS,
    Defaults,
    Ref,
    Shape,
    dims,
)
from netdsl.kinds.window import (
    Padding,
    Pads,
    Windowed,
    as_pads,
    brief,
    even,
    keeps_every,
    pad_layers,
    pad_option,
    pads_in_keras,
    per_axis,
    wrong_rank,
)

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class Edges(Plain, Windowed):
    """What `pad` and `crop` share: positions at the edges, as many as an option says; no window
    that could leave some unread.
    """

    word = "_edges"
    group = "shape"
    positional = ("by",)
    pad_option = "by"
    arithmetic, saved_for_backward = "", ""
    takes: ClassVar[dict[str, str]] = {}

    def warnings(self, output: Shape, *inputs: Shape) -> list[LayerError]:
        return []


class Pad(Edges):
    """Zeros around the positions: `pad(2)`, `pad(2x1)`, `pad((t,b,l,r))`."""

    counterparts = ("layers.ZeroPadding2D", "nn.ZeroPad2d")
    word = "pad"
    free_in_lectures = True
    names_elsewhere, usual_spelling = ("constantpad", "zeropadding", "zeropad"), "pad(1)"
    cases = (
        Case("pad(2)", (28, 28, 1), (32, 32, 1), 0),
        Case("pad((0,1,0,1))", (8, 8, 4), (9, 9, 4), 0),
        Case("pad(3)", (10, 2), (16, 2), 0),
        Case("pad(1x2x3)", (4, 4, 4, 1), (6, 8, 10, 1), 0),
    )

    by = Padding(REQUIRED, "the number on each side", words=())

    def shape(self, *inputs: Shape) -> Shape:
        """The same channels, and the padding added to each axis."""
        return (
            *(axis.size + axis.before + axis.after for axis in self.axes(inputs[0])),
            inputs[0][-1],
        )

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        axes = self.axes(inputs[0].shape[1:])
        return np.pad(inputs[0], [(0, 0), *((axis.before, axis.after) for axis in axes), (0, 0)])

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        axes = self.axes(inputs[0])
        return pad_layers(k, name, tuple((axis.before, axis.after) for axis in axes))

    keras_layers = ("ZeroPadding", "Pad")
    keras_signatures = ("ZeroPadding(pad)",)
    reads_call_arguments = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Zeros around the positions, by a layer or by an operation.

        Raises:
            NoWord: where it pads the batch or the channels.
        """
        call.refuse_channels_first()
        if call.layer == "ZeroPadding":
            return call.means(cls.spec(pad_option(pads_in_keras(call))))
        first, *positions, last = _zeros(call)
        if not any(first + last):
            return call.means(cls.spec(pad_option(as_pads(positions))))
        # Zeros after the channels alone are `widen`.
        if any(map(any, positions)) or any(first) or last[0]:
            raise call.refuse("it pads the batch or the channels")
        return None


class Widen(Plain):
    """The parameter-free shortcut (He et al. 2015, option A): every S-th position, and zero
    channels up to N.
    """

    word = "widen"
    keeps_mask = True
    group = "shape"
    arithmetic, saved_for_backward = "", ""
    takes: ClassVar[dict[str, str]] = {"amount": "yes", "stride": "maybe"}
    cases = (
        Case("widen-32/2", (32, 32, 16), (16, 16, 32), 0),
        Case("widen-8", (10, 4), (10, 8), 0),
        Case("widen-5", (3,), (5,), 0),
    )

    def _strides(self, x: Shape) -> tuple[int, ...]:
        return (
            per_axis(self.stride or (1,), len(x) - 1, "the stride", "stride") if len(x) > 1 else ()
        )

    def shape(self, *inputs: Shape) -> Shape:
        """N channels at every S-th position.

        Raises:
            LayerError: N203 for an input without positions, N207 for fewer channels than the input
                has.
        """
        x = inputs[0]
        channels = self.units
        if self.stride and len(x) > 4:
            raise wrong_rank(self.word, x, "sequences, images and volumes if it has a stride")
        if channels < x[-1]:
            raise LayerError(
                "N207",
                f"`{self.word}` adds channels, and its input has {x[-1]} for {channels}",
                "amount",
                label=f"the input is {dims(x)}",
            )
        return (
            # ceil(W/S): the first position is always kept.
            *((size - 1) // stride + 1 for size, stride in zip(x, self._strides(x), strict=False)),
            channels,
        )

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Every S-th position."""
        return (Seen((tuple(Reach(stride, 0, 0) for stride in self._strides(inputs[0])),)),)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        x = inputs[0]
        steps = tuple(slice(None, None, by) for by in self._strides(x.shape[1:]))
        more = self.units - x.shape[-1]
        return np.pad(x[(slice(None), *steps)], [*((0, 0),) * (x.ndim - 1), (0, more)])

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        strides = self._strides(x)
        ops = k.keras.ops
        steps: list[Any] = []
        if any(stride > 1 for stride in strides):
            make = getattr(k.keras.layers, f"MaxPooling{len(strides)}D")
            # A pool of one cell takes every S-th position, in a layer that has a name.
            steps.append(make(1, strides=brief(strides), name=f"{name}_stride"))
        if output[-1] > x[-1]:
            whole = (*((0, 0),) * len(x), (0, output[-1] - x[-1]))
            steps.append(lambda tensor: ops.pad(tensor, whole))
        return steps

    keras_layers = ("Pad",)
    reads_call_arguments = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Zeros after the channels, with the step before that keeps every S-th position."""
        *others, channels = _zeros(call)
        if any(map(any, others)) or channels[0]:
            return None
        steps = call.chain("MaxPooling", "Pad")
        if steps is None or not keeps_every(steps[0]):
            return call.means(cls.spec(amount=call.output[-1], stride=(1,)))
        spec = cls.spec(amount=call.output[-1], stride=steps[0].sizes("strides"))
        return call.means(spec, calls=2)


def _zeros(call: CallView) -> list[tuple[int, int]]:
    """Return what the operation `pad` puts before and after each axis, the batch's first.

    Raises:
        NoWord: where that is not zeros.
    """
    if call.config.get("mode", "constant") != "constant" or call.named.get("constant_values", 0):
        raise call.refuse("it does not pad with zeros")
    return [(before, after) for before, after in call.config["pad_width"]]


class Margins(Padding):
    """A padding, or a point whose positions should be reached."""

    refers_to_point = True

    def __init__(self, default: Any, doc: str = "") -> None:
        super().__init__(default, doc, words=())
        self.accepts += ", or a name such as @x"

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> Any:
        return value if isinstance(value, Ref) else super().read(value, defaults)


class Crop(Edges):
    """Positions cut off: `crop(2)`, `crop(2x1)`, `crop((t,b,l,r))`, or to the size of a point,
    in the middle: `crop(@x)`.
    """

    counterparts = ("layers.Cropping2D", "")
    word = "crop"
    names_elsewhere = (
        "cropping",
        "centercrop",
    )
    shape_only = True
    cases = (
        Case("crop(2)", (32, 32, 1), (28, 28, 1), 0),
        Case("crop((0,1,0,1))", (9, 9, 4), (8, 8, 4), 0),
        Case("crop(3)", (16, 2), (10, 2), 0),
        Case("crop(1x2x3)", (6, 8, 10, 1), (4, 4, 4, 1), 0),
        Case(
            "conv3-2(pad=0) > pad(3) as x > conv4-2(pad=0, linear) > pad(4) > crop(@x)",
            (6, 6, 1),
            (10, 10, 2),
            86,
        ),
    )

    by = Margins(REQUIRED, "the number on each side, or a point")

    def referenced_inputs(self) -> tuple[tuple[int, Shape], ...]:
        """Nothing: of a point only the size is needed."""
        return ()

    def _pads(self, sizes: list[tuple[int, int, int, int]]) -> Pads:
        if not isinstance(self.by, Ref):
            return super()._pads(sizes)
        expected, has = self.by.shape[:-1], tuple(size for size, *_ in sizes)
        if len(expected) != len(has) or any(a > b for a, b in zip(expected, has, strict=True)):
            raise LayerError(
                "N207",
                f"{dims(has)} cannot be cropped to @{self.by.name}, which is {dims(self.by.shape)}",
                "by",
            )
        return tuple(
            # An odd position is cut at the end, as Keras's CenterCrop does.
            ((b - a) // 2, b - a - (b - a) // 2)
            for a, b in zip(expected, has, strict=True)
        )

    def shape(self, *inputs: Shape) -> Shape:
        """The same channels, and each axis shorter by what is cut off.

        Raises:
            LayerError: N204 where nothing is left.
        """
        x = inputs[0]
        left = tuple(axis.size - axis.before - axis.after for axis in self.axes(x))
        if min(left) < 1:
            raise LayerError(
                "N204",
                f"nothing is left of {dims(x)}: {self.written()} gives {dims(left)}",
                "by",
                label=f"the input is {dims(x)}",
            )
        return (*left, x[-1])

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return its own position, counted from before the cut."""
        return (
            Seen((tuple(Reach(1, axis.before, axis.before) for axis in self.axes(inputs[0])),)),
        )

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        axes = self.axes(inputs[0].shape[1:])
        cuts = (slice(axis.before, axis.size - axis.after) for axis in axes)
        return inputs[0][(slice(None), *cuts)]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        cuts = tuple((axis.before, axis.after) for axis in self.axes(inputs[0]))
        return (
            [getattr(k.keras.layers, f"Cropping{len(cuts)}D")(even(cuts), name=name)]
            if any(map(any, cuts))
            else []
        )

    keras_layers = ("Cropping",)
    keras_signatures = ("Cropping(cropping)",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        call.refuse_channels_first()
        return call.means(cls.spec(pad_option(pads_in_keras(call, "cropping"))))
