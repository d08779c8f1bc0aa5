"""Shapes: steps that move, add or drop positions."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from netdsl.kinds.facts import Case, Reach, Seen
from netdsl.kinds.kind import Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import REQUIRED, Numbers, Sizes, Whole
from netdsl.kinds.plain import Plain
from netdsl.kinds.unpool import between, linear_layers
from netdsl.kinds.values import NO_DEFAULTS, Argument, Defaults, LayerSpec, Ref, Shape, Word, dims
from netdsl.kinds.window import (
    Padding,
    Pads,
    Windowed,
    brief,
    even,
    pad_layers,
    per_axis,
    wrong_rank,
)


class Identity(Plain):
    """Nothing: the branch that changes nothing."""

    word = "id"
    group = "shape"
    reach = "position"
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    is_identity = is_view = passes_gradient = gains_from_xla = True
    names_elsewhere = ("identity",)
    cases = (Case("id", (8, 8, 4), (8, 8, 4), 0),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return []


class Flatten(Plain):
    """All numbers in one vector, row by row, channels last."""

    word = "flatten"
    group = "shape"
    reach = "all"
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    is_view = passes_gradient = gains_from_xla = True
    cases = (Case("flatten", (5, 5, 16), (400,), 0), Case("flatten", (10,), (10,), 0))

    def shape(self, *inputs: Shape) -> Shape:
        """A vector of all numbers."""
        return (math.prod(inputs[0]),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.Flatten(name=name)]


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

    word = "pad"
    free_in_lectures = True
    names_elsewhere, usual_spelling = ("zeropadding", "zeropad"), "pad(1)"
    cases = (
        Case("pad(2)", (28, 28, 1), (32, 32, 1), 0),
        Case("pad((0,1,0,1))", (8, 8, 4), (9, 9, 4), 0),
        Case("pad(3)", (10, 2), (16, 2), 0),
        Case("pad(1x2x3)", (4, 4, 4, 1), (6, 8, 10, 1), 0),
    )

    by = Padding(REQUIRED, "how many on each side", words=())

    def shape(self, *inputs: Shape) -> Shape:
        """The same channels, and the padding added to each axis."""
        return (
            *(axis.size + axis.before + axis.after for axis in self.axes(inputs[0])),
            inputs[0][-1],
        )

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        axes = self.axes(inputs[0])
        return pad_layers(k, name, tuple((axis.before, axis.after) for axis in axes))


class Widen(Plain):
    """The parameter-free shortcut (He et al. 2015, option A): every S-th position, and zero
    channels up to N.
    """

    word = "widen"
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
        """N channels at every S-th position."""
        x = inputs[0]
        channels = self.amount or 0
        if self.stride and len(x) > 4:
            raise wrong_rank(self.word, x, "sequences, images and volumes where it has a stride")
        if channels < x[-1]:
            raise LayerError(
                "N207",
                f"`{self.word}` adds channels, and {x[-1]} come in for {channels}",
                "amount",
                label=f"{dims(x)} comes in here",
            )
        return (
            *((size - 1) // stride + 1 for size, stride in zip(x, self._strides(x), strict=False)),
            channels,
        )

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Every S-th position."""
        return (Seen((tuple(Reach(stride, 0, 0) for stride in self._strides(inputs[0])),)),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        x = inputs[0]
        strides = self._strides(x)
        ops = k.keras.ops
        steps: list[Any] = []
        if any(stride > 1 for stride in strides):
            make = getattr(k.keras.layers, f"MaxPooling{len(strides)}D")
            steps.append(make(1, strides=brief(strides), name=f"{name}_stride"))
        if output[-1] > x[-1]:
            whole = (*((0, 0),) * len(x), (0, output[-1] - x[-1]))
            steps.append(lambda tensor: ops.pad(tensor, whole))
        return steps


class Reshape(Plain):
    """The same numbers in another shape, row by row: `reshape(7x7x512)`."""

    word = "reshape"
    group = "shape"
    positional = ("to",)
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    is_view = passes_gradient = gains_from_xla = True
    cases = (
        Case("reshape(7x7x512)", (25088,), (7, 7, 512), 0),
        Case("reshape(16)", (2, 2, 4), (16,), 0),
        Case("reshape(4x4)", (2, 2, 4), (4, 4), 0),
    )

    to = Sizes(REQUIRED, "the shape")

    def shape(self, *inputs: Shape) -> Shape:
        """The shape that is given, with as many numbers as come in."""
        x = inputs[0]
        if math.prod(x) != math.prod(self.to):
            message = f"{dims(x)} has {math.prod(x):,} numbers, and {dims(self.to)} has {math.prod(self.to):,}"
            raise LayerError("N207", message, "to", label=f"{dims(x)} comes in here")
        return self.to

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Its own position where the positions stay; else taken as all."""
        return (Seen() if output[:-1] == inputs[0][:-1] else Seen(None, True),)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.Reshape(output, name=name)]


class Permute(Plain):
    """The axes in another order, counted from 1: `permute(2, 1)` turns a sequence of 10x4 into
    one of 4x10.
    """

    word = "permute"
    group = "shape"
    reach = "all"
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    cases = (
        Case("permute(2, 1)", (10, 4), (4, 10), 0),
        Case("permute(3, 1, 2)", (5, 6, 7), (7, 5, 6), 0),
    )

    order = Numbers(REQUIRED, "the axes in their new order, counted from 1")

    @classmethod
    def make(cls, spec: LayerSpec) -> Kind:
        """The numbers without a name are one option: the order."""
        loose = [
            argument
            for argument in spec.arguments
            if argument.name is None and not isinstance(argument.value, Word)
        ]
        if loose:
            numbers = tuple(argument.value for argument in loose)
            order = Argument("order", numbers if loose[1:] else numbers[0], loose[0].place)
            rest = tuple(argument for argument in spec.arguments if argument not in loose)
            spec = spec._replace(arguments=(order, *rest))
        return super().make(spec)

    def shape(self, *inputs: Shape) -> Shape:
        """The input's sizes in the new order."""
        x = inputs[0]
        if sorted(self.order) != list(range(1, len(x) + 1)):
            names = " and ".join(filter(None, (", ".join(map(str, range(1, len(x)))), str(len(x)))))
            raise LayerError(
                "N202",
                f"`{self.word}` takes each of the axes {names} of {dims(x)} once",
                "order",
                label=f"{dims(x)} comes in here",
            )
        return tuple(x[axis - 1] for axis in self.order)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.Permute(self.order, name=name)]


class Margins(Padding):
    """A padding, or a point whose positions are to be reached."""

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

    word = "crop"
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

    by = Margins(REQUIRED, "how many on each side, or a point")

    def referenced_inputs(self) -> tuple[tuple[int, Shape], ...]:
        """Nothing: of a point only the size is needed."""
        return ()

    def _pads(self, sizes: list[tuple[int, int, int, int]]) -> Pads:
        if not isinstance(self.by, Ref):
            return super()._pads(sizes)
        wanted, has = self.by.shape[:-1], tuple(size for size, *_ in sizes)
        if len(wanted) != len(has) or any(a > b for a, b in zip(wanted, has, strict=True)):
            raise LayerError(
                "N207",
                f"{dims(has)} cannot be cropped to @{self.by.name}, which is {dims(self.by.shape)}",
                "by",
            )
        return tuple(((b - a) // 2, b - a - (b - a) // 2) for a, b in zip(wanted, has, strict=True))

    def shape(self, *inputs: Shape) -> Shape:
        """The same channels, and each axis shorter by what is cut off."""
        x = inputs[0]
        left = tuple(axis.size - axis.before - axis.after for axis in self.axes(x))
        if min(left) < 1:
            raise LayerError(
                "N204",
                f"nothing is left of {dims(x)}: {self.written()} gives {dims(left)}",
                "by",
                label=f"{dims(x)} comes in here",
            )
        return (*left, x[-1])

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Its own position, counted from before the cut."""
        return (
            Seen((tuple(Reach(1, axis.before, axis.before) for axis in self.axes(inputs[0])),)),
        )

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        cuts = tuple((axis.before, axis.after) for axis in self.axes(inputs[0]))
        return (
            [getattr(k.keras.layers, f"Cropping{len(cuts)}D")(even(cuts), name=name)]
            if any(map(any, cuts))
            else []
        )


class Shuffle(Plain):
    """Channel shuffle (ShuffleNet): the channels of `groups` groups by turns, the first of each,
    the second of each, ...
    """

    word = "shuffle"
    group = "shape"
    reach = "position"
    positional = ("groups",)
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    cases = (
        Case("shuffle(2)", (8, 8, 6), (8, 8, 6), 0),
        Case("shuffle(3)", (10, 6), (10, 6), 0),
        Case("shuffle(groups=4)", (8,), (8,), 0),
    )

    groups = Whole(REQUIRED, "how many groups")

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape, where `groups` divides its channels."""
        x = inputs[0]
        if x[-1] % self.groups:
            raise LayerError(
                "N206",
                f"groups={self.groups} does not divide {x[-1]} channels",
                "groups",
                label=f"{dims(x)} comes in here",
            )
        return x

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        layers = k.keras.layers
        split = layers.Reshape(
            (math.prod(output[:-1]), self.groups, output[-1] // self.groups), name=f"{name}_groups"
        )
        return [
            split,
            layers.Permute((1, 3, 2), name=f"{name}_turns"),
            layers.Reshape(output, name=name),
        ]


class Slice(Plain):
    """Some of the channels, counted from 0: `slice(a, b)` takes a to b-1."""

    word = "slice"
    group = "shape"
    reach = "position"
    positional = ("from", "to")
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    cases = (Case("slice(0, 2)", (8, 8, 6), (8, 8, 2), 0), Case("slice(3, 10)", (10,), (7,), 0))

    from_ = Whole(REQUIRED, "the first channel, counted from 0", min=0)
    to = Whole(REQUIRED, "the channel behind the last")

    def shape(self, *inputs: Shape) -> Shape:
        """The channels from a to b-1 at the same positions."""
        x = inputs[0]
        if not self.from_ < self.to <= x[-1]:
            message = (
                f"`{self.word}(a, b)` wants 0 <= a < b <= {x[-1]}, not {self.from_} and {self.to}"
            )
            raise LayerError("N204", message, label=f"{dims(x)} comes in here")
        return (*x[:-1], self.to - self.from_)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [lambda tensor: tensor[..., self.from_ : self.to]]


class Resize(Plain):
    """Positions on straight lines between the input's positions, as many as are given:
    `resize(64x64)`, bilinear on images.
    """

    word = "resize"
    group = "shape"
    positional = ("to",)
    saved_for_backward = ""
    cases = (
        Case("resize(64x64)", (32, 32, 3), (64, 64, 3), 0),
        Case("resize(5)", (9, 7, 2), (5, 5, 2), 0),
        Case("resize(16)", (10, 4), (16, 4), 0),
        Case("resize(4x3x5)", (2, 3, 4, 2), (4, 3, 5, 2), 0),
    )

    to = Sizes(REQUIRED, "the positions, one number for all axes or one for each")

    def shape(self, *inputs: Shape) -> Shape:
        """The same channels at the positions that are given."""
        x = inputs[0]
        if not 2 <= len(x) <= 4:
            raise wrong_rank(self.word, x, "sequences, images and volumes")
        return (*per_axis(self.to, len(x) - 1, "the size", "to"), x[-1])

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """The two positions that it lies between."""
        return (between(output, inputs[0]),)

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number and axis two multiplications and an addition."""
        return 3 * (len(output) - 1) * math.prod(output)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return linear_layers(k, name, output, inputs[0])
