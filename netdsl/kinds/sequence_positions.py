"""Along positions: the last one, some of them, all of them rolled round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.kinds.facts import Arrays, Case, Reach, Seen
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import REQUIRED, Option, Whole
from netdsl.kinds.plain import Plain
from netdsl.kinds.sequence import as_sequence
from netdsl.kinds.values import NO_DEFAULTS, Defaults, Dims, Shape, dims, is_number, shown
from netdsl.kinds.window import per_axis, wrong_rank

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class Last(Plain):
    """The last position of a sequence: a vector."""

    word, added = "last", True
    group = "shape"
    reach = "all"
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    cases = (
        Case("last", (10, 16), (16,), 0, 0),
        Case("rnn-3(seq) > last", (5, 2), (3,), 18),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """A vector of the channels."""
        return as_sequence(self.word, inputs[0])[1:]

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0][:, -1]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [lambda tensor: tensor[:, -1]]

    keras_layers = ("GetItem",)
    reads_call_arguments = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        found = call.arguments[1:] == ((slice(None), -1),) and len(call.inputs[0]) == 2
        return call.means(cls.spec()) if found else None


class Take(Plain):
    """Some positions of a sequence, counted from 0: `take(a, b)` takes a to b-1."""

    word, added = "take", True
    group = "shape"
    positional = ("from", "to")
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    cases = (
        Case("take(2, 5)", (10, 16), (3, 16), 0, 0),
        Case("take(from=0, to=1)", (10, 16), (1, 16), 0),
        Case("take(1, 10)", (10, 16), (9, 16), 0),
    )

    from_ = Whole(REQUIRED, "the first position, counted from 0", min=0)
    to = Whole(REQUIRED, "the position after the last")

    def shape(self, *inputs: Shape) -> Shape:
        """The positions from a to b-1, with the same channels.

        Raises:
            LayerError: N204 where the positions are not there.
        """
        length, channels = x = as_sequence(self.word, inputs[0])
        if not self.from_ < self.to <= length:
            message = (
                f"`{self.word}(a, b)` requires 0 <= a < b <= {length}, not {self.from_} and "
                f"{self.to}"
            )
            raise LayerError("N204", message, label=f"the input is {dims(x)}")
        return (self.to - self.from_, channels)

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return its own position, counted from before the first that is taken."""
        return (Seen(((Reach(1, self.from_, self.from_),),)),)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return inputs[0][:, self.from_ : self.to]

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        return [lambda tensor: tensor[:, self.from_ : self.to]]

    keras_layers = ("GetItem",)
    reads_call_arguments = True

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        (key,) = call.arguments[1:] or (None,)
        if not isinstance(key, tuple) or len(key) != 2 or len(call.inputs[0]) != 2:
            return None
        if key[0] != slice(None) or not isinstance(key[1], slice) or key[1].step is not None:
            return None
        first, end, _ = key[1].indices(call.inputs[0][0])
        return call.means(cls.spec(first, end))


class Shifts(Option[tuple[int, ...]]):
    """One integer for all axes, or one for each, also below 0: `3x3`, `(-3, -3)`."""

    accepts = "integers, such as 3, 3x3 or (-3, -3)"

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> tuple[int, ...]:
        if isinstance(value, Dims):
            value = value.sizes
        shifts = value if type(value) is tuple else (value,)
        if not all(is_number(each) and each == int(each) for each in shifts):
            raise self.refuse(value)
        return tuple(map(int, shifts))

    def shown(self, value: tuple[int, ...]) -> str:
        return shown(value if len(value) > 1 else value[0])


class Roll(Plain):
    """Positions moved on by this many, those that leave at the end coming in at the beginning:
    `roll(3x3)`, `roll((-3, -3))`.
    """

    counterparts = ("ops.roll", "roll")
    word, added = "roll", True
    group = "shape"
    positional = ("by",)
    reach = "all"
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    cases = (
        Case("roll(3x1)", (8, 8, 4), (8, 8, 4), 0, 0),
        Case("roll((-3, -3))", (7, 7, 2), (7, 7, 2), 0),
        Case("roll(2)", (10, 16), (10, 16), 0),
        Case("roll(by=(1, 0, -2))", (3, 4, 5, 2), (3, 4, 5, 2), 0),
    )

    by = Shifts(REQUIRED, "by how many, one number for all axes or one for each")

    def shape(self, *inputs: Shape) -> Shape:
        """The input's shape; it must have positions.

        Raises:
            LayerError: N203 for a vector, N204 for a shift by all positions or more.
        """
        x = inputs[0]
        if not 2 <= len(x) <= 4:
            raise wrong_rank(self.word, x, "sequences, images and volumes")
        for size, by in zip(x, per_axis(self.by, len(x) - 1, "the shift", "by"), strict=False):
            # A whole turn changes nothing, and is more likely a wrong axis.
            if abs(by) >= size:
                message = f"{size} positions can be shifted by fewer than {size}, not by {by}"
                raise LayerError("N204", message, "by", label=f"the input is {dims(x)}")
        return x

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        shifts = per_axis(self.by, inputs[0].ndim - 2, "the shift", "by")
        return np.roll(inputs[0], shifts, tuple(range(1, inputs[0].ndim - 1)))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        shifts = per_axis(self.by, len(output) - 1, "the shift", "by")
        axes = tuple(range(1, len(output)))
        if len(axes) == 1:
            return [lambda tensor: k.keras.ops.roll(tensor, shifts[0], axis=1)]
        return [lambda tensor: k.keras.ops.roll(tensor, shifts, axis=axes)]

    keras_layers = ("Roll",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        axis, shift = call.config.get("axis"), call.config["shift"]
        # Without an axis Keras rolls all numbers, those of the batch too: refused as axis 0 is.
        axes = (axis,) if isinstance(axis, int) else axis or (0,)
        shifts = (shift,) * len(axes) if isinstance(shift, int) else tuple(shift)
        rank = len(call.output)
        moved = [0] * (rank - 1)
        for each, by in zip(axes, shifts, strict=True):
            if each % (rank + 1) in (0, rank):
                raise call.refuse("it rolls the batch or the channels")
            # Added up: Keras may name an axis twice.
            moved[each % (rank + 1) - 1] += by
        return call.means(cls.spec(tuple(moved) if len(moved) > 1 else moved[0]))
