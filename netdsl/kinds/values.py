"""Values that layers are written with, shapes, and how both are written again."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeGuard

from netdsl.wording import decimal_text, shape_text

Shape = tuple[int, ...]


class Indices(tuple[int, ...]):
    """The shape of a tensor of indices below `limit`: `128 of int(20000)`.

    Shapes made from it are plain.
    """

    limit: int

    def __new__(cls, shape: Iterable[int], limit: int) -> "Indices":
        # A subclass of tuple: rules that compute with sizes need no case for indices.
        made = super().__new__(cls, shape)
        made.limit = limit
        return made


class Argument(NamedTuple):
    """What is written in a layer's brackets: `rate=0.5`, or a value alone.

    Attributes:
        name: the option's name, or None.
        value: evaluated.
        place: where it is written; errors hand it back.
    """

    name: str | None
    value: Any
    place: Any = None


class Word(NamedTuple):
    """A bare word as a value, with what is in brackets after it: `same`, `lrelu(0.2)`."""

    text: str
    arguments: tuple[Argument, ...] = ()


class Dims(NamedTuple):
    """`2x1` as a value."""

    sizes: tuple[int, ...]


class Configured:
    """A configured layer where it is a value; `Kind` is its only subclass."""

    values: dict[str, Any]

    def head(self) -> str:
        """Return the word with its size, amount and stride: `conv3-64/2`."""
        raise NotImplementedError

    def as_value(self) -> str:
        """Return the layer as an option of another: `relu`."""
        raise NotImplementedError


class Ref(NamedTuple):
    """`@name` as a value.

    Attributes:
        name: the point's.
        op: index of the operation that it names.
        shape: of that operation's output.
        kind: its configured layer; None for an input.
        inputs: the operations that come into it, and their shapes.
    """

    name: str
    op: int
    shape: Shape
    kind: Configured | None
    inputs: tuple[tuple[int, Shape], ...]

    def of_element(self, axes: int) -> "Ref":
        """Return the point as a layer sees it that works on the elements along N axes in front."""
        inputs = tuple((op, shape[axes:]) for op, shape in self.inputs)
        return self._replace(shape=self.shape[axes:], inputs=inputs) if axes else self


class ArrayFile(NamedTuple):
    """An array of numbers in a file, as a value: `"patch.npy"`.

    Attributes:
        name: as it is written.
        path: the file.
        place: its path from the folder of the text that was read first.
        shape: of the array.
    """

    name: str
    path: str
    place: str
    shape: Shape


# By kind, the arguments of one `default` statement after the other.
Defaults = Mapping[str, tuple[tuple[Argument, ...], ...]]
NO_DEFAULTS: Defaults = {}


class LayerSpec(NamedTuple):
    """A layer as it was written, evaluated.

    Attributes:
        word: the kind's.
        size: `3` or `3x1` of `conv3x1-64/2`.
        amount: its `64`.
        stride: its `2`.
        arguments: what is in its brackets.
        defaults: the `default` statements of all kinds that are in force.
    """

    word: str
    size: tuple[int, ...] | None = None
    amount: int | None = None
    stride: tuple[int, ...] | None = None
    arguments: tuple[Argument, ...] = ()
    defaults: Defaults = NO_DEFAULTS


def exact(value: Any) -> Any:
    """Return a number as the decimal that it prints as, exact."""
    if isinstance(value, float):
        from fractions import Fraction  # late: start-up is short

        # By its repr: Fraction(0.1) would be the binary number, 0.1000000000000000055...
        return Fraction(repr(value))
    return value


def is_number(value: Any) -> bool:
    """Return whether a value is a number: whole or a fraction, not yes or no."""
    # Without importing `fractions`, which a start-up would pay for.
    return hasattr(value, "denominator") and not isinstance(value, bool)


def is_whole(value: Any, min: int) -> TypeGuard[int]:
    """Return whether a value is an integer of at least `min`."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= min


def dims(shape: Iterable[int]) -> str:
    """Return a shape as people write it: `28x28x6`, `128 of int(20000)`."""
    sizes = shape_text(shape)
    return f"{sizes} of int({shape.limit})" if isinstance(shape, Indices) else sizes


def shown(value: Any) -> str:
    """Return a value as the language writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Word):
        inside = ", ".join(map(_argument, value.arguments))
        return f"{value.text}({inside})" if value.arguments else value.text
    if isinstance(value, Dims):
        return dims(value.sizes)
    if isinstance(value, Configured):
        return value.as_value()
    if isinstance(value, Ref):
        return f"@{value.name}"
    if isinstance(value, ArrayFile):
        return f'"{value.name}"'
    if isinstance(value, tuple):
        # `(1, 2)` reads as padding or positions; a list of one or of lists has no such form.
        sizes = len(value) > 1 and not any(type(each) is tuple for each in value)
        return f"({', '.join(map(shown, value))})" if sizes else array_text(value)
    if isinstance(value, str):
        return f'"{value}"'
    if value is None:
        return "none"
    return str(value) if isinstance(value, int) else decimal_text(value)


def array_text(value: Any) -> str:
    """Return a value, lists in brackets: `[1, 2]`, `[[0, 1], [2, 3]]`."""
    return f"[{', '.join(map(array_text, value))}]" if type(value) is tuple else shown(value)


def _argument(argument: Argument) -> str:
    if not argument.name:
        return shown(argument.value)
    text = array_text if argument.name.endswith("init") else shown
    return f"{argument.name}={text(argument.value)}"
