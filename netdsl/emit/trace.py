"""Keras calls as values that can be compared: what made each layer, on which tensors."""

from __future__ import annotations

from typing import Any, NamedTuple

from netdsl.emit.signatures import DEFAULTS_OF, layer_of
from netdsl.kinds.values import Shape


class Disproved(Exception):
    """The calls are not those of the network; the text says where they differ first."""


class Tensor(NamedTuple):
    """The output of a traced call, by its place."""

    place: int


class Symbol(NamedTuple):
    """What a program names and this proof does not look into: `layers.Dense`, an initializer."""

    text: str


class MadeLayer(NamedTuple):
    """A layer: what it is, and which one."""

    described: str
    number: int


class TracedCall(NamedTuple):
    """A call on tensors.

    Attributes:
        described: what is called, and how on its inputs.
        inputs: the places of the calls whose outputs it reads.
        layer: the number of the layer; -1 for operations.
        history: a number for the call with all that comes before it, whichever layers make it.
    """

    described: str
    inputs: tuple[int, ...]
    layer: int
    history: int


class Histories:
    """The shapes of outputs by what leads to them; `closed` is set when all are known."""

    def __init__(self) -> None:
        self.closed = False
        self.shapes: list[Shape | None] = []
        self._numbers: dict[tuple[str, tuple[int, ...]], int] = {}

    def number(self, described: str, before: tuple[int, ...]) -> int:
        """Give a number to a call on what leads to its inputs.

        Raises:
            Disproved: where all are known and this is none of them.
        """
        key = described, before
        if key not in self._numbers:
            if self.closed:
                raise Disproved(f"the network has no {described} there")
            # Numbers and not nested texts: a deep network's history would grow with its square.
            self._numbers[key] = len(self.shapes)
            self.shapes.append(None)
        return self._numbers[key]


class CallTrace:
    """The calls of a program, in the order in which it makes them.

    Attributes:
        activated: the layers (`layers.Dense`) whose argument `activation` counts as a call of its
            own.
    """

    def __init__(self, histories: Histories, activated: frozenset[str]) -> None:
        self.histories, self.activated = histories, activated
        self.calls: list[TracedCall] = []
        self._activations: dict[int, str] = {}  # by a layer's number
        self._layers = 0

    def layer(self, made: str, arguments: list[tuple[str, Any]]) -> MadeLayer:
        """Make a layer; arguments without names have empty ones."""
        number = self._layers
        self._layers += 1
        named = {**DEFAULTS_OF.get(layer_of(made), {}), **{k: v for k, v in arguments if k}}
        # `Dense(8, activation="relu")` is compared as `Dense(8)` and an Activation after it.
        if made in self.activated and "activation" in named:
            self._activations[number] = text_of(named.pop("activation"), [])
        texts = [text_of(value, []) for name, value in arguments if not name]
        # In one order: how arguments are ordered makes no difference.
        texts += [f"{name}={text_of(value, [])}" for name, value in sorted(named.items())]
        return MadeLayer(f"{made}({', '.join(texts)})", number)

    def apply(self, layer: MadeLayer, values: list[Any], named: dict[str, Any]) -> Tensor:
        """Call a layer."""
        tensors: list[Tensor] = []
        applied = arguments_text(values, named, tensors)
        activation = self._activations.get(layer.number)
        if layer.described == "layers.Activation('linear')":
            return tensors[0]
        after = self.add(f"{layer.described}({applied})", tensors, layer.number)
        if activation is None:
            return after
        alone = MadeLayer(f"layers.Activation({activation})", -1)
        return self.apply(alone, [after], {})

    def add(self, described: str, inputs: list[Tensor], layer: int = -1) -> Tensor:
        """Add a call of an operation, or of a layer."""
        before = tuple(self.calls[tensor.place].history for tensor in inputs)
        history = self.histories.number(described, before)
        places = tuple(tensor.place for tensor in inputs)
        self.calls.append(TracedCall(described, places, layer, history))
        return Tensor(len(self.calls) - 1)

    def shape(self, tensor: Tensor) -> Shape:
        """Return the shape of a tensor, without the batch.

        Raises:
            Disproved: where the text gives the tensor no shape.
        """
        shape = self.histories.shapes[self.calls[tensor.place].history]
        if shape is None:
            raise Disproved("the program asks for a shape that is not known")
        return shape


def arguments_text(values: list[Any], named: dict[str, Any], tensors: list[Tensor]) -> str:
    """Write arguments, the tensors among them as numbers in braces; they are added to `tensors`."""
    texts = [text_of(value, tensors) for value in values]
    texts += [f"{name}={text_of(value, tensors)}" for name, value in named.items()]
    return ", ".join(texts)


def text_of(value: Any, tensors: list[Tensor]) -> str:
    """Write a value."""
    if isinstance(value, Tensor):
        if value not in tensors:
            tensors.append(value)
        return f"{{{tensors.index(value)}}}"
    if isinstance(value, Symbol):
        return value.text
    if isinstance(value, MadeLayer):
        return value.described
    if isinstance(value, list | tuple):
        inside = ", ".join(text_of(each, tensors) for each in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if isinstance(value, dict):
        pairs = (f"{key!r}: {text_of(each, tensors)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    return repr(value)
