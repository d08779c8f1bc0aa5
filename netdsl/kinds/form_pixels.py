"""Channels to positions and back: pixel shuffle (Shi et al. 2016)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.facts import Arrays, Case, Reach, Seen
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Choice
from netdsl.kinds.plain import Plain
from netdsl.kinds.values import Shape, Word, dims
from netdsl.kinds.window import per_axis, wrong_rank

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning

_ORDERS = ("crd", "dcr")


class Pixels(Plain):
    """What both directions share: blocks of K positions along each axis, side by side or as
    channels.
    """

    word = "_pixels"
    group = "shape"
    shape_only = True
    arithmetic, saved_for_backward = "", ""
    takes: ClassVar[dict[str, str]] = {"size": "yes"}

    order = Choice(
        "crd",
        _ORDERS,
        "which of the channels belong to a block: its cells within each channel (crd, as "
        "PyTorch), or the channels within each cell (dcr, as TensorFlow)",
    )

    def factors(self, x: Shape) -> tuple[int, ...]:
        """Return how long a block is along each axis.

        Raises:
            LayerError: N203 where x has no positions, N202 for another number of axes.
        """
        if not 2 <= len(x) <= 4:
            raise wrong_rank(self.word, x, "sequences, images and volumes")
        return per_axis(self.size or (1,), len(x) - 1, "the size", "size")

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        x = inputs[0].shape[1:]
        split, axes = self._split(x, self.factors(x), self.order.text)
        moved = inputs[0].reshape(-1, *split).transpose(0, *axes)
        return moved.reshape(-1, *self.shape(x))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        layers = k.keras.layers
        split, axes = self._split(inputs[0], self.factors(inputs[0]), self.order.text)
        return [
            layers.Reshape(split, name=f"{name}_blocks"),
            layers.Permute(axes, name=f"{name}_cells"),
            layers.Reshape(output, name=name),
        ]

    keras_layers = ("Reshape",)

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        steps = call.chain("Reshape", "Permute", "Reshape")
        if steps is None:
            return None
        given, rank = steps[0].inputs[0], len(call.output) - 1
        if len(given) != rank + 1 or not 1 <= rank <= 3:
            return None
        axes = tuple(steps[1].config["dims"])
        factors = cls._factors_of(given, call.output)
        if factors is None or max(factors) == 1:
            return None
        # Where a block has one channel, both orders are one reshape: the first is the default.
        for order in _ORDERS:
            spec = cls.spec(size=factors, order=Word(order))
            if (steps[0].output, axes) == cls._split(given, factors, order):
                return call.means(spec, calls=3)
        return None

    @staticmethod
    def _factors_of(given: Shape, output: Shape) -> Shape | None:
        """Return the factors that make one shape of the other; None where none do."""
        raise NotImplementedError

    @staticmethod
    def _split(x: Shape, factors: Shape, order: str) -> tuple[Shape, tuple[int, ...]]:
        """Return the shape with the cells on axes of their own, and the order that moves them."""
        raise NotImplementedError


def _factors(small: Shape, large: Shape) -> Shape | None:
    """Return how many times the positions grow along each axis, where the channels shrink to
    match."""
    pairs = list(zip(small, large, strict=True))[:-1]
    if any(b % a for a, b in pairs):
        return None
    found = tuple(b // a for a, b in pairs)
    return found if large[-1] * math.prod(found) == small[-1] else None


class PixelShuffle(Pixels):
    """Channels to positions (Shi et al. 2016): each position becomes KxK, whose cells are KK
    neighbouring channels, or with `order=dcr` the channels KK apart.
    """

    counterparts = ("", "nn.PixelShuffle")
    word, added = "pixelshuffle", True
    names_elsewhere, usual_spelling = ("depthtospace", "depthspace", "ds"), "pixelshuffle2"
    cases = (
        Case("pixelshuffle2", (4, 4, 12), (8, 8, 3), 0, 0),
        Case("pixelshuffle3(order=dcr)", (2, 2, 18), (6, 6, 2), 0),
        Case("pixelshuffle2", (5, 6), (10, 3), 0),
        Case("pixelshuffle2x1", (4, 4, 6), (8, 4, 3), 0),
        Case("pixelshuffle2(dcr)", (2, 2, 2, 16), (4, 4, 4, 2), 0),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """K times the positions along each axis, and a KK-th of the channels.

        Raises:
            LayerError: N206 where the channels are not a multiple of the block's cells.
        """
        x = inputs[0]
        factors = self.factors(x)
        cells = math.prod(factors)
        if x[-1] % cells:
            message = f"blocks of {dims(factors)} need a multiple of {cells} channels, not {x[-1]}"
            raise LayerError("N206", message, "size", label=f"the input is {dims(x)}")
        return (*(n * by for n, by in zip(x, factors, strict=False)), x[-1] // cells)

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return the position whose block it lies in."""
        # ceil((i + 1 - K)/K) to floor(i/K): the one position i // K.
        return (Seen((tuple(Reach(1, 1 - by, 0, by) for by in self.factors(inputs[0])),)),)

    @staticmethod
    def _split(x: Shape, factors: Shape, order: str) -> tuple[Shape, tuple[int, ...]]:
        """Return the channels apart by cells, and the order that puts an axis's cells after it."""
        rank = len(x) - 1
        channels = x[-1] // math.prod(factors)
        if order == "crd":
            # `first` and `last` are axes of the split shape, counted from 1 as by Keras's Permute.
            split, first, last = (*x[:-1], channels, *factors), rank + 2, rank + 1
        else:
            split, first, last = (*x[:-1], *factors, channels), rank + 1, 2 * rank + 1
        pairs = (axis for at in range(rank) for axis in (at + 1, first + at))
        return split, (*pairs, last)

    @staticmethod
    def _factors_of(given: Shape, output: Shape) -> Shape | None:
        return _factors(given, output)


class PixelUnshuffle(Pixels):
    """Positions to channels: the KxK positions of each block become one, of KK times the channels;
    `pixelshuffle` of the same order takes it back.
    """

    counterparts = ("", "nn.PixelUnshuffle")
    word, added = "pixelunshuffle", True
    names_elsewhere, usual_spelling = ("spacetodepth", "spacedepth", "sd"), "pixelunshuffle2"
    cases = (
        Case("pixelunshuffle2", (8, 8, 3), (4, 4, 12), 0, 0),
        Case("pixelunshuffle3(order=dcr)", (6, 6, 2), (2, 2, 18), 0),
        Case("pixelunshuffle2", (10, 3), (5, 6), 0),
        Case("pixelunshuffle2x1", (8, 4, 3), (4, 4, 6), 0),
        Case("pixelunshuffle2(dcr)", (4, 4, 4, 2), (2, 2, 2, 16), 0),
    )

    def shape(self, *inputs: Shape) -> Shape:
        """A K-th of the positions along each axis, and KK times the channels.

        Raises:
            LayerError: N206 where blocks do not divide the positions.
        """
        x = inputs[0]
        factors = self.factors(x)
        if any(n % by for n, by in zip(x, factors, strict=False)):
            message = f"blocks of {dims(factors)} do not divide {dims(x[:-1])} positions"
            raise LayerError("N206", message, "size", label=f"the input is {dims(x)}")
        positions = (n // by for n, by in zip(x, factors, strict=False))
        return (*positions, x[-1] * math.prod(factors))

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """Return the positions of its block."""
        return (Seen((tuple(Reach(by, 0, by - 1) for by in self.factors(inputs[0])),)),)

    @staticmethod
    def _split(x: Shape, factors: Shape, order: str) -> tuple[Shape, tuple[int, ...]]:
        """Return the positions apart by cells, and the order that puts the cells among the
        channels.
        """
        rank = len(x) - 1
        split = [size for n, by in zip(x, factors, strict=False) for size in (n // by, by)]
        positions, cells = range(1, 2 * rank, 2), range(2, 2 * rank + 1, 2)
        last = 2 * rank + 1
        inside = (last, *cells) if order == "crd" else (*cells, last)
        return (*split, x[-1]), (*positions, *inside)

    @staticmethod
    def _factors_of(given: Shape, output: Shape) -> Shape | None:
        return _factors(output, given)
