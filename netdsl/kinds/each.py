"""Layers on every element of the axes in front: `each(conv3-8)`, one by one, weights shared."""

from __future__ import annotations

import math
from typing import Any

from netdsl.kinds.facts import Arrays, Reach, Saved, Seen, Weight
from netdsl.kinds.kind import Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.values import Indices, LayerSpec, Shape

_LIFTED: dict[type[Kind], type[Kind]] = {}


class EachElement(Kind):
    """A layer on every element: its elements have the shapes that the layer knows.

    A lifted layer is of this class and of its own kind's, so that it has that one's facts; what
    depends on shapes it asks the layer itself.

    Attributes:
        inner: the layer, on one element.
        axes: the axes in front, whose elements it works on.
    """

    word = "_each"
    inner: Kind

    @property
    def element(self) -> Kind:
        """The layer itself."""
        return self.inner

    @property
    def count(self) -> int:
        """How many elements there are."""
        return math.prod(self.each_axes)

    def _elements(self, inputs: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return tuple(element_of(x, len(self.each_axes)) for x in inputs)

    def shape(self, *inputs: Shape) -> Shape:
        """The layer's output for each element."""
        return (*self.each_axes, *self.inner.shape(*self._elements(inputs)))

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """The layer's, once for all elements."""
        return self.inner.weights(*self._elements(inputs))

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """Return the layer's own, times the number of elements."""
        return self.count * self.inner.macs(*self._elements((output, *inputs)))

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """Return the layer's own, times the number of elements."""
        return self.count * self.inner.elementwise_ops(*self._elements((output, *inputs)))

    def trained_ops(self, output: Shape, *inputs: Shape) -> int:
        """Return the layer's own, times the number of elements."""
        return self.count * self.inner.trained_ops(*self._elements((output, *inputs)))

    def input_macs(self, output: Shape, *inputs: Shape) -> int:
        """Return the layer's own, times the number of elements."""
        return self.count * self.inner.input_macs(*self._elements((output, *inputs)))

    def backward_ops(self, output: Shape, *inputs: Shape) -> int:
        """Return the layer's own, times the number of elements."""
        return self.count * self.inner.backward_ops(*self._elements((output, *inputs)))

    def flops(self, output: Shape, *inputs: Shape) -> int:
        """Return the layer's own, times the number of elements."""
        return self.count * self.inner.flops(*self._elements((output, *inputs)))

    def acts(self, output: Shape, *inputs: Shape) -> int:
        """Return the layer's own, times the number of elements."""
        return self.count * self.inner.acts(*self._elements((output, *inputs)))

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Return the layer's own, times the number of elements."""
        saved = self.inner.saved_tensors(*self._elements((output, *inputs)))
        return saved._replace(
            values=saved.values * self.count,
            indices=saved.indices * self.count,
            masks=saved.masks * self.count,
            temporaries=saved.temporaries * self.count,
        )

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen | None, ...]:
        """Return its own element along the axes in front, and within it what the layer sees."""
        inside = self._elements((output, *inputs))
        seen = self.inner.receptive_field(*inside)
        # Elements do not see each other: along the axes in front, each position sees itself.
        own = (Reach(1, 0, 0),) * len(self.each_axes)
        return tuple(
            each and _with_axes(each, own, x, inside[0])
            for each, x in zip(seen, inside[1:], strict=True)
        )

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        axes = len(self.each_axes)
        # Elements become examples, as Keras's TimeDistributed has it.
        folded = (x.reshape(-1, *x.shape[1 + axes :]) for x in inputs)
        output = self.inner.forward(np, weights, *folded)
        return output.reshape(-1, *self.each_axes, *output.shape[1:])

    def size_formulas(self, output: Shape, *inputs: Shape) -> tuple[str, ...]:
        """Return those of the layer."""
        return self.inner.size_formulas(*self._elements((output, *inputs)))

    def warnings(self, output: Shape, *inputs: Shape) -> list[LayerError]:
        """Return those of the layer."""
        return self.inner.warnings(*self._elements((output, *inputs)))

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        """Fold the axes in front into the batch, and out of it again."""
        inside, *elements = self._elements((output, *inputs))

        def fold(tensor: Any) -> Any:
            several = isinstance(tensor, list)
            folded = [
                k.keras.ops.reshape(each, (-1, *x))
                for each, x in zip(tensor if several else [tensor], elements, strict=True)
            ]
            return folded if several else folded[0]

        def unfold(tensor: Any) -> Any:
            return k.keras.ops.reshape(tensor, (-1, *self.each_axes, *inside))

        return [fold, *self.inner.layers(k, name, inside, *elements), unfold]

    def replace(self, **values: Any) -> Kind:
        """Return the same layer with other option values, on every element."""
        return on_each(self.inner.replace(**values), self.each_axes)

    def written(self) -> str:
        """Return the layer within `each`, once for each axis in front."""
        return self._within(self.inner.written())

    def head(self) -> str:
        """Return the layer's own, within `each`."""
        return self._within(self.inner.head())

    def _within(self, text: str) -> str:
        return f"{'each(' * len(self.each_axes)}{text}{')' * len(self.each_axes)}"


def element_of(x: Shape, axes: int) -> Shape:
    """Return the shape of one element, the first `axes` axes taken away."""
    return Indices(x[axes:], x.limit) if isinstance(x, Indices) else x[axes:]


def on_each(kind: Kind, axes: Shape) -> Kind:
    """Return the layer on every element of axes in front; the layer itself where there are none."""
    if not axes:
        return kind
    # A class of both, so that `isinstance(kind, Windowed)` and the class's facts hold for it.
    made = _lifted(type(kind))(
        LayerSpec(kind.word, kind.size, kind.amount, kind.stride), kind.values, kind.explicit
    )
    assert isinstance(made, EachElement)
    made.inner, made.each_axes = kind, axes
    return made


def _lifted(kind: type[Kind]) -> type[Kind]:
    """Return the class of a kind's layers on every element, made once."""
    if kind in _LIFTED:
        return _LIFTED[kind]
    facts = {"word": EachElement.word, "__doc__": kind.__doc__, "__module__": __name__}
    # Made under `_each`, which is not registered: the kind's own word would be registered twice.
    made: type[Kind] = type(f"Each{kind.__name__}", (EachElement, kind), facts)
    made.word = kind.word
    _LIFTED[kind] = made
    return made


def _with_axes(seen: Seen | None, own: tuple[Reach, ...], x: Shape, output: Shape) -> Seen | None:
    """Return what is seen of an element, with the axes of the elements in front."""
    if seen is None or seen == Seen():
        return seen
    # A `flatten` within each: every number of the element, but of no other element.
    if seen.stages is None or len(x) != len(output):
        return Seen(None, True)
    stages = tuple((*own, *stage) for stage in seen.stages)
    if not seen.whole:
        return Seen(stages)
    # Step 0 from the first position to the last: all of them, whichever position asks.
    return Seen(((*own, *(Reach(0, 0, size - 1) for size in x[:-1])),))
