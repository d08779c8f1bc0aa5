"""Shapes: the same numbers in another order or shape, some of the channels, other positions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from netdsl.kinds.arguments import with_loose_numbers
from netdsl.kinds.cells import by_groups
from netdsl.kinds.facts import Arrays, Case, Seen
from netdsl.kinds.fitting import divisor, reshapes
from netdsl.kinds.kind import Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import REQUIRED, Numbers, SizesOption, Whole
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import (
    Argument,
    LayerSpec,
    Shape,
    dims,
    shown,
)
from netdsl.kinds.window import (
    sizes_value,
)

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class Identity(Plain):
    """Nothing: the branch that changes nothing."""

    counterparts = ("layers.Identity", "nn.Identity")
    word = "id"
    keeps_mask = True
    group = "shape"
    reach = "position"
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    is_identity = is_view = passes_gradient = gains_from_xla = True
    names_elsewhere = ("identity",)
    cases = (Case("id", (8, 8, 4), (8, 8, 4), 0),)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return []

    # With those that do nothing at some of their settings: Dropout at rate 0.
    keras_layers = (
        "Identity",
        "Reshape",
        "Flatten",
        "Dropout",
        "SpatialDropout",
        "StochasticDepth",
        "ActivityRegularization",
    )

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Layers that do nothing as they are; a penalty on the input is an option of the
        layer before it.

        Raises:
            NoWord: for a penalty that no layer accepts.
        """
        if call.layer == "ActivityRegularization":
            if call.config["l2"]:
                raise call.refuse(f"its penalty is l2={call.config['l2']}")
            penalty = Argument("act_l1", call.number("l1"))
            return call.means(cls.spec(), option=penalty if penalty.value else None)
        if call.layer in ("Reshape", "Flatten"):
            nothing = call.keeps_shape
        else:
            nothing = not (call.config.get("rate") or call.config.get("drop_path_rate"))
        return call.means(cls.spec()) if nothing else None


class Flatten(Plain):
    """All numbers in one vector, row by row, channels last."""

    counterparts = ("layers.Flatten", "nn.Flatten")
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

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0].reshape(len(inputs[0]), -1)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.Flatten(name=name)]

    keras_layers = ("Flatten",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return None if call.keeps_shape else call.means(cls.spec())


class NewShape(SizesOption):
    """The shape that comes out, every size of which is written."""

    left_out = "flatten gives a vector; a size may be computed, as in reshape({in.h*in.w}x{in})"

    def refuse(self, value: Any) -> LayerError:
        error = super().refuse(value)
        error.help = error.help or self.left_out
        return error


class Reshape(Plain):
    """The same numbers in another shape, row by row: `reshape(7x7x512)`."""

    counterparts = ("layers.Reshape", "reshape")
    word = "reshape"
    names_elsewhere = (
        "view",
        "unflatten",
        "squeeze",
        "unsqueeze",
        "expanddims",
    )
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

    to = NewShape(REQUIRED, "the shape")

    @classmethod
    def make(cls, spec: LayerSpec) -> Kind:
        """Sizes with commas between them are refused with the form.

        Raises:
            LayerError: N103 for sizes with commas between them.
        """
        sizes = [each.value for each in spec.arguments if each.name is None]
        # `reshape(7, 7, 512)`, as Keras and PyTorch have it.
        if len(sizes) > 1 and all(type(size) is int for size in sizes):
            message = f"the sizes of a shape are joined by `x`, not {shown(tuple(sizes))}"
            written = "x".join(map(str, sizes))
            help = f"write {cls.word}({written})" if min(sizes) > 0 else NewShape.left_out
            raise LayerError("N103", message, help=help)
        return super().make(spec)

    def shape(self, *inputs: Shape) -> Shape:
        """The shape that is given, with as many numbers as come in.

        Raises:
            LayerError: N207 where the elements are more or fewer than the input's.
        """
        x = inputs[0]
        if math.prod(x) != math.prod(self.to):
            message = (
                f"{dims(x)} has {math.prod(x):,} elements, and {dims(self.to)} has "
                f"{math.prod(self.to):,}"
            )
            label = f"the input is {dims(x)}"
            raise LayerError("N207", message, "to", reshapes(math.prod(x), self.to), label)
        return self.to

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return its own position where the positions stay; else all are taken as seen."""
        # 4x4x3 to 16x3 keeps numbers at their places, but not along axes that could be followed.
        return (Seen() if output[:-1] == inputs[0][:-1] else Seen(None, True),)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0].reshape(len(inputs[0]), *self.to)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.Reshape(output, name=name)]

    keras_layers = ("Reshape",)
    keras_signatures = ("Reshape(target_shape)",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return None if call.keeps_shape else call.means(cls.spec(sizes_value(call.output)))


class Permute(Plain):
    """The axes in another order, counted from 1: `permute(2, 1)` turns a sequence of 10x4 into
    one of 4x10.
    """

    counterparts = ("layers.Permute", "permute")
    word = "permute"
    names_elsewhere = ("transpose",)
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
        """Return the layer, its numbers without a name as one option: the order."""
        return super().make(with_loose_numbers(spec, "order"))

    def shape(self, *inputs: Shape) -> Shape:
        """The input's sizes in the new order.

        Raises:
            LayerError: N202 where an axis is missing or named twice.
        """
        x = inputs[0]
        if sorted(self.order) != list(range(1, len(x) + 1)):
            names = " and ".join(filter(None, (", ".join(map(str, range(1, len(x)))), str(len(x)))))
            raise LayerError(
                "N202",
                f"`{self.word}` requires each of the axes {names} of {dims(x)} once",
                "order",
                label=f"the input is {dims(x)}",
            )
        return tuple(x[axis - 1] for axis in self.order)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0].transpose(0, *self.order)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [k.keras.layers.Permute(self.order, name=name)]

    keras_layers = ("Permute",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return call.means(cls.spec(*call.config["dims"]))


class Shuffle(Plain):
    """Channel shuffle (ShuffleNet): the channels of `groups` groups alternately, the first of each,
    the second of each, ...
    """

    counterparts = ("", "nn.ChannelShuffle")
    word = "shuffle"
    names_elsewhere = ("channelshuffle",)
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

    groups = Whole(REQUIRED, "number of groups")

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape, where `groups` divides its channels.

        Raises:
            LayerError: N206 where `groups` does not divide the channels.
        """
        x = inputs[0]
        if x[-1] % self.groups:
            raise LayerError(
                "N206",
                f"groups={self.groups} does not divide {x[-1]} channels",
                "groups",
                f"groups={divisor(x[-1], self.groups)} does",
                f"the input is {dims(x)}",
            )
        return x

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return by_groups(inputs[0], self.groups).swapaxes(-1, -2).reshape(inputs[0].shape)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        layers = k.keras.layers
        # Positions as one axis: Keras's Permute then needs no case for each rank.
        split = layers.Reshape(
            (math.prod(output[:-1]), self.groups, output[-1] // self.groups), name=f"{name}_groups"
        )
        return [
            split,
            layers.Permute((1, 3, 2), name=f"{name}_turns"),
            layers.Reshape(output, name=name),
        ]

    keras_layers = ("Reshape",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        steps = call.chain("Reshape", "Permute", "Reshape")
        if steps is None or tuple(steps[1].config["dims"]) != (1, 3, 2):
            return None
        given, split = steps[0].inputs[0], steps[0].output
        if given != call.output or len(split) != 3:
            return None
        groups = split[1]
        by_groups = (math.prod(given[:-1]), groups, given[-1] // groups)
        return call.means(cls.spec(groups), calls=3) if split == by_groups else None


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
    to = Whole(REQUIRED, "the channel after the last")

    def shape(self, *inputs: Shape) -> Shape:
        """The channels from a to b-1 at the same positions.

        Raises:
            LayerError: N204 where the channels are not there.
        """
        x = inputs[0]
        if not self.from_ < self.to <= x[-1]:
            message = (
                f"`{self.word}(a, b)` requires 0 <= a < b <= {x[-1]}, not {self.from_} and "
                f"{self.to}"
            )
            raise LayerError("N204", message, label=f"the input is {dims(x)}")
        return (*x[:-1], self.to - self.from_)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0][..., self.from_ : self.to]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [lambda tensor: tensor[..., self.from_ : self.to]]

    keras_layers = ("GetItem",)
    reads_call_arguments = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        (key,) = call.arguments[1:] or (None,)
        if not isinstance(key, tuple) or len(key) != 2 or key[0] is not Ellipsis:
            return None
        if not isinstance(key[1], slice) or key[1].step not in (None, 1):
            return None
        # Open and negative ends, `x[..., -3:]`, become the numbers that they are here.
        first, last, _ = key[1].indices(call.inputs[0][-1])
        return call.means(cls.spec(first, last))
