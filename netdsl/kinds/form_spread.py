"""Copies of one position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.kinds.facts import Arrays, Case
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import REQUIRED, SizesOption
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import NO_DEFAULTS, Defaults, Ref, Shape, dims, shown
from netdsl.kinds.window import sizes_value

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning


class PositionsOption(SizesOption):
    """Positions, or a point that has them: `12`, `14x14`, `@x`."""

    refers_to_point = True

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> Any:
        return value if isinstance(value, Ref) else super().read(value, defaults)

    def shown(self, value: Any) -> str:
        return shown(value) if isinstance(value, Ref) else super().shown(value)


class Spread(Plain):
    """A vector, or a map of one position, copied over positions: those of a point, `spread(@x)`,
    or as many as are said, `spread(12)`, `spread(14x14)`.
    """

    word, added = "spread", True
    names_elsewhere, usual_spelling = (("repeatvector", "tile", "broadcast"), "spread(12)")
    group = "shape"
    positional = ("to",)
    reach = "all"
    arithmetic, saved_for_backward = "", ""
    cases = (
        Case("spread(12)", (16,), (12, 16), 0, 0),
        Case("spread(7x5)", (4,), (7, 5, 4), 0),
        Case("spread(6)", (1, 3), (6, 3), 0),
        Case("id as x > gap > spread(@x)", (8, 8, 4), (8, 8, 4), 0),
    )

    to = PositionsOption(REQUIRED, "the positions, or a point that has them")

    def referenced_inputs(self) -> tuple[tuple[int, Shape], ...]:
        """Nothing: of a point only the size is needed."""
        return ()

    @property
    def positions(self) -> Shape:
        """How many positions there are along each axis."""
        if not isinstance(self.to, Ref):
            return self.to
        # Indices have no channels: all of their axes are positions.
        return tuple(self.to.shape) if hasattr(self.to.shape, "limit") else self.to.shape[:-1]

    def shape(self, *inputs: Shape) -> Shape:
        """The channels at all positions.

        Raises:
            LayerError: N207 for a point without positions, N203 for an input with several.
        """
        x, positions = inputs[0], self.positions
        if not positions and isinstance(self.to, Ref):
            message = f"@{self.to.name} is {dims(self.to.shape)}, which has no positions"
            raise LayerError("N207", message, "to")
        if len(x) > 1 and x[:-1] != (1,) * len(positions):
            raise LayerError(
                "N203",
                f"`{self.word}` requires a vector or a map of one position, and {dims(x)} is none",
                label=f"the input is {dims(x)}",
            )
        return (*positions, x[-1])

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        (x,) = inputs
        ones = x.reshape(len(x), *(1,) * len(self.positions), x.shape[-1])
        return np.broadcast_to(ones, (len(x), *self.positions, x.shape[-1]))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        positions = self.positions
        copied = [lambda tensor: k.keras.ops.tile(tensor, (1, *positions, 1))]
        # A map of one position has its axes already: Reshape is for vectors.
        if len(inputs[0]) > 1:
            return copied
        one = (*(1 for _ in positions), output[-1])
        return [k.keras.layers.Reshape(one, name=f"{name}_positions"), *copied]

    keras_layers = ("Tile", "RepeatVector")

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        if call.layer == "RepeatVector":
            return call.means(cls.spec(call.config["n"]))
        repeats = call.each_axis(call.config["repeats"], 1)
        positions = repeats[1:-1]
        if repeats != (1, *positions, 1) or len(positions) != len(call.output) - 1:
            raise call.refuse("it repeats the batch or the channels")
        if max(call.inputs[0][:-1], default=1) > 1:
            raise call.refuse("it repeats more than one position")
        steps = call.chain("Reshape", "Tile")
        vector = steps is not None and len(steps[0].inputs[0]) == 1
        return call.means(cls.spec(sizes_value(positions)), calls=2 if vector else 1)
