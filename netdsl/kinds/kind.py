"""What every kind of layer says of itself.

A kind is one class: its options are class attributes, and its spelling, defaults, shape rule,
weights, costs, Keras layers, documentation and cases follow from the class alone. A class that
leaves one out fails when it is imported.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from netdsl.kinds.arguments import check_head, read_options
from netdsl.kinds.costs import Costed
from netdsl.kinds.facts import Arrays, Saved, Seen
from netdsl.kinds.initial_forms import Form, own_forms
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Option
from netdsl.kinds.registry import Registry
from netdsl.kinds.signature import Signature
from netdsl.kinds.values import Argument, LayerSpec, Ref, Shape, dims

if TYPE_CHECKING:
    from netdsl.kinds.call_view import CallView, Meaning

KINDS: Registry[type[Kind]] = Registry()


def as_layer(word: str) -> str:
    """Where a kind is among `KINDS` whose word, as a layer, is a merge's too: `max(over=h)`."""
    return f"{word}()"


# A rule, and the attribute that says the same in a word where a word will do.
_SHORT_FORMS = {
    "elementwise_ops": "arithmetic",
    "saved_tensors": "saved_for_backward",
    "receptive_field": "reach",
}
_RULES = ("shape", "weights", "macs", "forward", "layers", "from_keras")


class Kind(Costed):
    """A kind of layer. An instance is one configured layer, and never changes.

    Subclasses state `word`, `group`, a docstring (its first line is the documentation's), `cases`,
    `keras_layers` and the rules below; instead of `elementwise_ops`, `saved_tensors` and
    `receptive_field` they may state `arithmetic`, `saved_for_backward` and `reach`. A word that
    begins with `_` is that of a class that kinds share, and is not a kind.

    Attributes:
        own_options: those that the class itself declares.
        options: all options by their names, made from the class and those above it.
        point_options: the names of those that may refer to a named point.
        signature: how it is written, made from the class.
        each_axes: those in front of what the layer works on: of the elements within `each`.
    """

    own_options: ClassVar[tuple[Option[Any], ...]] = ()
    options: ClassVar[dict[str, Option[Any]]] = {}
    point_options: ClassVar[tuple[str, ...]] = ()
    signature: ClassVar[Signature]
    each_axes: Shape = ()

    def __init_subclass__(cls) -> None:
        if "word" not in vars(cls):
            raise TypeError(f"{cls.__name__} does not define its word")
        cls.own_options = tuple(each for each in vars(cls).values() if isinstance(each, Option))
        cls.options = {
            option.name: option
            # From the base down: a class's own option replaces that of the classes above it.
            for base in reversed(cls.__mro__)
            for option in vars(base).get("own_options", ())
        }
        cls.point_options = tuple(
            name for name, option in cls.options.items() if option.refers_to_point
        )
        if cls.word.startswith("_"):
            return
        # At import, and not where a network first uses it: `make docs` and any test find it.
        lacks = [rule for rule in _RULES if not _states(cls, rule)]
        lacks += [
            f"{rule} or {short}"
            for rule, short in _SHORT_FORMS.items()
            if not _states(cls, rule) and getattr(cls, short) is None
        ]
        lacks += [
            name for name in ("group", "cases", "keras_layers", "__doc__") if not getattr(cls, name)
        ]
        if lacks:
            raise TypeError(f"the kind {cls.word} lacks {', '.join(lacks)}")
        cls.signature = Signature(
            cls.word, cls.group, cls.takes, cls.positional, cls.options, cls.example()
        )
        for word in (cls.word, *cls.aliases):
            # `max` is a merge and a layer: the layer is registered as `max()`.
            merge = KINDS.get(word)
            key = as_layer(word) if merge and merge.merges and not cls.merges else word
            if KINDS.get(key):
                raise TypeError(f"two kinds are called {word}")
            KINDS[key] = cls

    def __init__(self, spec: LayerSpec, values: dict[str, Any], explicit: frozenset[str]) -> None:
        self.size, self.amount, self.stride = spec.size, spec.amount, spec.stride
        self.values = values
        self.explicit = explicit

    @property
    def units(self) -> int:
        """The amount of a kind that requires one: how many units, filters or channels it makes."""
        assert self.amount is not None
        return self.amount

    @property
    def gives(self) -> str:
        """What a loss can read its output as (`output_meaning`), with the options that it has."""
        return self.output_meaning

    # --- the rules of a kind ---

    def shape(self, *inputs: Shape) -> Shape:
        """The output's shape from the inputs' shapes, without the batch.

        Raises:
            LayerError: where they do not fit.
        """
        raise NotImplementedError

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        """Return what the layer computes in use, defined in NumPy, in the precision of its inputs.

        Args:
            np: NumPy.
            weights: the layer's arrays.
            inputs: numbers of (batch, *shape), an array for each input.

        Returns:
            Numbers of (batch, *output shape).
        """
        raise NotImplementedError

    def has_padding(self, x: Any) -> bool:
        """Return whether a layer that makes a mask finds padding in its input."""
        return False

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        """Return the Keras layers, applied one after the other; `k` has `keras` and `custom`
        (netdsl's own layers).
        """
        raise NotImplementedError

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        """Return the layer of this kind that a call of one of `keras_layers` is, maybe together
        with calls before it: what `layers` makes, read again. None where it is one of another kind.

        Raises:
            NoWord: where the kind lacks what the Keras layer does.
        """
        raise NotImplementedError

    def saved_tensors(self, output: Shape, *inputs: Shape) -> Saved:
        """Return what is saved for the backward pass."""
        saved, size = (self.saved_for_backward or "").split(), math.prod(output)
        return Saved(
            inputs="inputs" in saved,
            output="output" in saved,
            indices=size * ("indices" in saved),
            masks=size * ("mask" in saved),
        )

    def receptive_field(self, output: Shape, *inputs: Shape) -> tuple[Seen | None, ...]:
        """Return what each position of the output sees of each input: the positions, not the
        channels.

        None where nothing of it is seen.
        """
        words = (self.reach or "").split()
        if "nothing" in words:
            return (None,) * len(inputs)
        return (Seen(() if "position" in words else None, "all" in words),) * len(inputs)

    def size_formulas(self, output: Shape, *inputs: Shape) -> tuple[str, ...]:
        """Return how many positions the output has on each axis, as sums with their numbers; none
        where no window slides.
        """
        return ()

    def kernel_forms(self, kernel: Shape) -> tuple[Form, ...]:
        """Return the forms of a list that says how a kernel of this shape begins."""
        return own_forms(kernel)

    def warnings(self, output: Shape, *inputs: Shape) -> list[LayerError]:
        """Return what a reader should be warned of."""
        return []

    def with_resolved_defaults(self) -> Kind:
        """Return the layer with those defaults that depend on other options.

        Raises:
            LayerError: for options that do not go together.
        """
        return self

    def can_tie_to(self, other: Kind) -> bool:
        """Return whether its kernel can be that of the other layer, transposed."""
        return isinstance(other, tuple(KINDS[word] for word in self.tied_to))

    @classmethod
    def tied_kernel(cls, kernel: Shape) -> Shape:
        """Return the shape that the layer's kernel needs to be tied to one of this shape.

        For a matrix the sizes the other way round.
        """
        return kernel[::-1]

    @classmethod
    def example(cls) -> str:
        """Return one spelling of the kind, for messages."""
        if cls.takes.get("size") == cls.takes.get("amount") == "yes":
            return f"{cls.word}3-64"
        return cls.cases[0].text

    def referenced_inputs(self) -> tuple[tuple[int, Shape], ...]:
        """Return the operations that come in besides the chain's: those that the layer's options
        refer to.
        """
        return tuple((ref.op, ref.shape) for ref in self.references().values())

    @property
    def element(self) -> Kind:
        """The layer on one element: itself, but within `each`."""
        return self

    # --- what follows from the rules ---

    @classmethod
    def spec(
        cls,
        *values: Any,
        size: tuple[int, ...] | None = None,
        amount: int | None = None,
        stride: tuple[int, ...] | None = None,
        **options: Any,
    ) -> LayerSpec:
        """Return a layer of this kind with these options, the first of them without their names."""
        arguments = [
            *(Argument(None, value) for value in values),
            *(Argument(name, value) for name, value in options.items()),
        ]
        return LayerSpec(cls.word, size, amount, stride, tuple(arguments))

    @classmethod
    def make(cls, spec: LayerSpec) -> Kind:
        """Return the configured layer.

        Raises:
            LayerError: for a size, amount, stride or option that the kind does not take, or that is
                out of range.
        """
        check_head(cls.signature, spec)
        return cls(spec, *read_options(cls.signature, spec)).with_resolved_defaults()

    def replace(self, **values: Any) -> Kind:
        """Return the same layer with other option values."""
        # Past `make`: the values are read already, and defaults must not be resolved a second time.
        spec = LayerSpec(self.word, self.size, self.amount, self.stride)
        return type(self)(spec, {**self.values, **values}, self.explicit)

    def references(self) -> dict[str, Ref]:
        """Return the options that refer to a named point."""
        return {
            name: self.values[name]
            for name in self.point_options
            if isinstance(self.values[name], Ref)
        }

    def source(
        self,
        name: str,
        output: Shape,
        *inputs: Shape,
        reads: tuple[str, ...] = ("x",),
        writes: str = "x",
    ) -> tuple[str, ...]:
        """Return the layer as Keras source: what is assigned, one after the other, to the variable
        `writes`.

        The first reads the variables `reads`, the others what was written:
        `layers.Conv2D(64, 3, name="conv_1")(x)`. It comes from `layers` with a Keras that writes
        down what is asked of it, so the two cannot differ.

        Args:
            name: of the Keras layer.
            output: its shape, without the batch.
            inputs: their shapes.
            reads: the variables of the inputs.
            writes: the variable of the output.
        """
        from netdsl.kinds.code import WRITTEN, Code  # late: start-up is short

        one = len(reads) == 1 and not self.merges
        tensor: Any = Code(reads[0]) if one else [Code(variable) for variable in reads]
        lines = []
        for layer in self.layers(WRITTEN, name, output, *inputs):
            tensor = layer(tensor)
            # What is a function of Python (a merge's spread) may give a list of tensors first.
            if isinstance(tensor, Code):
                lines.append(repr(tensor))
                tensor = Code(writes)
        return tuple(lines)

    def as_value(self) -> str:
        """Return the layer as an option of another.

        `relu`, `bn(momentum=0.9, eps=1e-05, scale=yes, shift=yes)`.
        """
        return self.written()

    def written(self) -> str:
        """Return the layer with every default, as `expand` prints it."""
        inside = ", ".join(
            f"{name}={option.shown(self.values[name])}"
            for name, option in self.options.items()
            if not (option.hidden_at_default and self.values[name] == option.default)
        )
        return self.head() + (f"({inside})" if inside else "")

    def opening(self) -> str:
        """Return what is written before a merge's branches: `matmul(transpose=yes)`.

        Nothing for `[ a | b ]`.
        """
        written = Kind.written(self)
        return "" if self.wordless and written == self.word else written

    def head(self) -> str:
        """Return the word with its size, amount and stride: `conv3-64/2`."""
        size = dims(self.size) if self.size else ""
        amount = f"-{self.amount}" if self.amount is not None else ""
        return f"{self.word}{size}{amount}" + (f"/{dims(self.stride)}" if self.stride else "")


def _states(kind: type[Kind], rule: str) -> bool:
    """Return whether a kind, or a class that it shares with others, has a rule of its own."""
    # A class method is another object at each access: its function is compared.
    own, none = getattr(kind, rule), getattr(Kind, rule)
    return getattr(own, "__func__", own) is not getattr(none, "__func__", none)
