"""A call as rules see it, and the simpler calls that they replace it by."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from netdsl.errors import NetError
from netdsl.keras import private
from netdsl.keras.model_call import ModelCall
from netdsl.kinds.values import Shape

OutputPlaces = Sequence[int]
AddNode = Callable[[Any, Any, Mapping[int, int]], OutputPlaces]  # operation, node, known tensors


class Reader(Protocol):
    """Where calls are added."""

    calls: list[ModelCall]
    left_out: list[str]

    def call(
        self,
        operation: Any,
        inputs: tuple[int, ...],
        arguments: Sequence[Any],
        named: Mapping[str, Any],
        shape: Shape,
    ) -> ModelCall:
        """Make a call of an operation."""

    def number(self, operation: Any) -> int:
        """Return an operation's number."""

    def holder(self, weights: Sequence[Any]) -> Any:
        """Return what holds some of an operation's weights."""

    def place(
        self, call: ModelCall, operation: Any, shapes: Sequence[Shape], node: Any = None
    ) -> OutputPlaces:
        """Add a call, and return the places of its outputs."""

    def is_read(self, tensor: Any) -> bool:
        """Say whether a symbolic tensor goes into a call, or is an output of a model."""

    def run(self, model: Any, given: list[int], add: AddNode | None = None) -> Sequence[int]:
        """Add the calls of a model, by `add` where that is given."""


class CallParts(NamedTuple):
    """A call that is taken apart.

    Attributes:
        reader: where its parts go.
        call: as it is in the model.
        operation: what is called.
        shapes: of its outputs.
        node: Keras's own record of the call; None of a part of one.
    """

    reader: Reader
    call: ModelCall
    operation: Any
    shapes: tuple[Shape, ...]
    node: Any = None

    @property
    def source(self) -> int:
        """The place of its first input."""
        return self.call.inputs[0]

    def shape(self, place: int) -> Shape:
        """Return the shape of a call's output."""
        return self.reader.calls[place].shape

    def is_read(self, output: int) -> bool:
        """Say whether an output of the call is read by anything."""
        return self.node is not None and self.reader.is_read(self.node.outputs[output])

    @property
    def is_masked(self) -> bool:
        """Whether a mask leaves out steps of the input."""
        return self.node is not None and private.is_masked(self.node)

    @property
    def given(self) -> list[str]:
        """The names of keyword arguments that are neither None nor False."""
        named = self.node.arguments.kwargs if self.node is not None else {}
        return [key for key, value in named.items() if value is not None and value is not False]

    def refuse(self, reason: str = "") -> NetError:
        """Return N621 for the whole call."""
        return self.call.no_word(reason)

    # --- parts ---

    def unread(self, reason: str, shape: Shape) -> int:
        """Add an output that has no word: a call that reads it is rejected for this reason."""
        return self.step("", [self.source], shape, {"reason": reason})

    def step(
        self,
        class_name: str,
        inputs: Sequence[int],
        shape: Shape,
        config: Mapping[str, Any] | None = None,
        arguments: tuple[Any, ...] = (),
    ) -> int:
        """Add a part without weights."""
        # Each part is an operation of its own: one number would make them one shared layer.
        operation = object()
        call = self.call._replace(
            class_name=class_name,
            config=dict(config or {}),
            inputs=tuple(inputs),
            arguments=arguments,
            named={},
            shape=shape,
            operation=self.reader.number(operation),
            weights=0,
            written_as=self.call.written_as or self.call.class_name,
        )
        (place,) = self.reader.place(call, operation, (shape,))
        return place

    def layer(self, layer: Any, inputs: Sequence[int], shape: Shape, **changed: Any) -> int:
        """Add a call of a layer within this one, with some of its configuration changed."""
        call = self.reader.call(layer, tuple(inputs), (), {}, shape)
        call = call._replace(
            name=self.call.name,
            config={**call.config, **changed},
            written_as=self.call.written_as or self.call.class_name,
        )
        (place,) = self.reader.place(call, layer, (shape,))
        return place

    def holding(
        self,
        class_name: str,
        place: int,
        shape: Shape,
        config: Mapping[str, Any],
        weights: Sequence[Any],
    ) -> int:
        """Add a part that holds some of the operation's weights."""
        holder = self.reader.holder(weights)
        call = self.call._replace(
            class_name=class_name,
            config=config,
            inputs=(place,),
            arguments=(),
            named={},
            shape=shape,
            operation=self.reader.number(holder),
            weights=sum(math.prod(weight.shape) for weight in weights),
            written_as=self.call.written_as or self.call.class_name,
        )
        (found,) = self.reader.place(call, holder, (shape,))
        return found

    def reshape(self, place: int, shape: Shape) -> int:
        """Add a reshape, where the shape is another one."""
        if self.shape(place) == shape:
            return place
        return self.step("Reshape", [place], shape, {"target_shape": shape})

    def is_unfolded(self, place: int, before: Shape) -> bool:
        """Say whether a call only takes its input out of the batch again, with these axes first."""
        call = self.reader.calls[place]
        return call.class_name == "Reshape" and call.shape == (
            *before,
            *self.shape(call.inputs[0]),
        )

    def permute(self, place: int, axes: Sequence[int]) -> int:
        """Put the axes, counted from 1, in another order."""
        before = self.reader.calls[place]
        # Two permutations in a row are one: rules move axes to where they need them and back.
        if before.class_name == "Permute":
            dims = before.config["dims"]
            return self.permute(before.inputs[0], [dims[axis - 1] for axis in axes])
        if list(axes) == sorted(axes):
            return place
        shape = tuple(self.shape(place)[axis - 1] for axis in axes)
        return self.step("Permute", [place], shape, {"dims": list(axes)})

    def rescale(self, place: int, scale: Any, offset: Any = 0.0) -> int:
        """Multiply by numbers and add numbers: one, or one for each channel."""
        config = {"scale": scale, "offset": offset}
        return self.step("Rescaling", [place], self.shape(place), config)

    def channels(self, place: int, first: int, end: int) -> int:
        """Take some of the channels."""
        shape = self.shape(place)
        if (first, end) == (0, shape[-1]):
            return place
        key = (Ellipsis, slice(first, end, None))
        return self.step("GetItem", [place], (*shape[:-1], end - first), arguments=(None, key))

    def concatenate(self, places: Sequence[int]) -> int:
        """Join channels."""
        if len(places) == 1:
            return places[0]
        width = sum(self.shape(place)[-1] for place in places)
        shape = (*self.shape(places[0])[:-1], width)
        return self.step("Concatenate", places, shape, {"axis": -1})

    def pool(self, place: int, name: str) -> int:
        """Pool over all positions: `Average` or `Max`."""
        shape = self.shape(place)
        class_name = f"Global{name}Pooling{len(shape) - 1}D"
        return self.step(class_name, [place], shape[-1:], {"keepdims": False})

    def merge(self, class_name: str, places: Sequence[int]) -> int:
        """Merge number by number: `Add`, `Multiply`, ..."""
        return self.step(class_name, places, max(map(self.shape, places), key=len))


Rule = Callable[[CallParts], OutputPlaces | None]
