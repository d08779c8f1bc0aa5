"""A call of a Keras layer, as a kind's `from_keras` reads it, and what it answers with.

This is all that kinds see of a Keras model; `netdsl.keras.convert` makes it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from struct import pack, unpack
from typing import Any, NamedTuple

from netdsl.kinds.lists import flat, frozen
from netdsl.kinds.values import Argument, LayerSpec, Ref, Shape, exact, is_number

_SHORT = 7  # digits that every 32-bit number keeps
_DIVISORS = (3, 6, 7, 9, 127.5, 255)  # of which 1/n is written as such


def _as_double(value: float) -> float:
    """Give the short decimal that a 32-bit number was: 0.2 for 0.20000000298023224."""
    # Keras stores some settings in 32 bits: 0.2 comes back with noise after 7 digits.
    stored, short = pack("f", value), float(f"{value:.{_SHORT}g}")
    return short if unpack("f", stored)[0] == value and pack("f", short) == stored else value


class NoWord(Exception):
    """A call that the language has no word for, and why."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class Meaning(NamedTuple):
    """What a call is in the language.

    Attributes:
        spec: the layer, with all that Keras says of it, defaults too.
        calls: how many calls it replaces: this one, and those before it.
        index_limit: how many indices the input has, where it takes indices.
        option: what a layer before it says instead, where it is the only one that is read here.
    """

    spec: LayerSpec
    calls: int = 1
    index_limit: int | None = None
    option: Argument | None = None


class CallView(NamedTuple):
    """One call of a Keras layer or operation.

    Attributes:
        class_name: of the layer or operation.
        config: what it was made with.
        inputs: the shapes of its inputs, without the batch; a vector where Keras has 1x1xC and the
            language has C.
        output: the shape of its output, as Keras has it.
        arguments: those of the call, in order; None is a tensor.
        named: the arguments by name, tensors left out.
        before: the chain of calls in front of it, each read by nothing but the next; the last one's
            output is the input.
        sources: the layers that it reads.
        readers: for each of them the other layers that read it, where several come in.
        left_out: the keys of its configuration that are left out; kinds add to them.
    """

    class_name: str
    config: Mapping[str, Any]
    inputs: tuple[Shape, ...]
    output: Shape
    arguments: tuple[Any, ...] = ()
    named: Mapping[str, Any] = {}
    before: tuple[CallView, ...] = ()
    sources: tuple[Ref, ...] = ()
    readers: tuple[tuple[Ref, ...], ...] = ()
    left_out: list[str] = []  # noqa: RUF012  # each view is given one of its own

    # --- answers ---

    def means(self, spec: LayerSpec, calls: int = 1, **more: Any) -> Meaning:
        """Answer that this call is a layer, together with those before it where `calls` is more."""
        return Meaning(spec, calls, **more)

    def refuse(self, reason: str = "") -> NoWord:
        """Make the error of a call that the language has no word for."""
        return NoWord(reason)

    def refuse_set(self, *keys: str) -> None:
        """Refuse a configuration that sets keys which are usually left empty.

        Raises:
            NoWord: where one of these keys is set.
        """
        for key in keys:
            if self.config.get(key):
                nouns = key.endswith(("_regularizer", "_constraint"))
                raise self.refuse(f"it has {'a ' if nouns else ''}{key}")

    def leave_out(self, *keys: str) -> None:
        """Leave out what these keys set: it has no word, and changes nothing in use, as where it
        works in training only.
        """
        self.left_out.extend(key for key in keys if self.config.get(key))

    def refuse_channels_first(self) -> None:
        """Refuse channels before positions.

        Raises:
            NoWord: where they are.
        """
        if self.config.get("data_format") == "channels_first":
            raise self.refuse("its channels come first")

    def refuse_other_axis(self, axis: Any = None) -> None:
        """Refuse what does not work along the channels.

        Raises:
            NoWord: where the axis is another one.
        """
        axis = self.config.get("axis", -1) if axis is None else axis
        axis = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
        if axis not in (-1, len(self.output)):
            raise self.refuse(f"its axis is {axis}, not the last")

    # --- what the call is ---

    @property
    def layer(self) -> str:
        """The class's name without the rank: `Conv` of Conv1D, Conv2D and Conv3D."""
        return re.sub("[123]D", "", self.class_name)

    @property
    def rank(self) -> int:
        """How many axes the output's positions have, in Keras."""
        return len(self.output) - 1

    @property
    def keeps_shape(self) -> bool:
        """Whether the output has the one input's shape, a vector's 1x1xC counted as C."""
        given = self.inputs[0]
        ones = (1,) * (len(self.output) - len(given))
        # keras.applications write squeeze-and-excitation on 1x1xC, where the language has a vector.
        return self.output == given or (len(given) == 1 and self.output == ones + given)

    def chain(self, *layers: str) -> tuple[CallView, ...] | None:
        """Give the calls of these layers that end with this one, one after the other; None where
        other ones do.
        """
        found = (*self.before, self)[-len(layers) :]
        return found if tuple(call.layer for call in found) == layers else None

    # --- values, as the language writes them ---

    def number(self, key: str) -> Any:
        """Read a number of the configuration, exact.

        Raises:
            NoWord: where it is infinite or not a number.
        """
        if not math.isfinite(self.config[key]):
            raise self.refuse(f"its {key} is {self.config[key]}")
        return self.as_written(self.config[key])

    def sizes(self, key: str) -> tuple[int, ...]:
        """Read numbers of the configuration, one for each axis of the positions."""
        return self.each_axis(self.config[key], self.rank)

    def constant(self, key: str) -> Any:
        """Read the number that weights begin at; None where they do not begin at one number."""
        given = self.config.get(key) or {}
        name, config = given.get("class_name"), given.get("config", {})
        if name in ("Zeros", "Ones"):
            return int(name == "Ones")
        value = config.get("value") if name == "Constant" else None
        return self.as_written(value) if isinstance(value, int | float) else None

    def numbers_of(self, key: str) -> list[Any] | None:
        """Read the numbers of an array that weights begin at, in order; None where they do not."""
        given = self.config.get(key) or {}
        value = (
            given.get("config", {}).get("value") if given.get("class_name") == "Constant" else None
        )
        if isinstance(value, Mapping):  # as Keras writes an array of NumPy
            value = value.get("config", {}).get("value")
        numbers = flat(frozen(value)) if isinstance(value, list) else []
        if not numbers or not all(is_number(number) or type(number) is float for number in numbers):
            return None
        return [self.as_written(number) for number in numbers]

    @staticmethod
    def as_written(value: float) -> int | Fraction:
        """Make a number exact, as people write it: whole where it is whole, 1/n where that is the
        very same, else the decimal that it prints as.
        """
        # Above 2^53 a float no longer says which integer was meant.
        if float(value).is_integer() and abs(value) < 2**53:
            return int(value)
        value = _as_double(value)
        # 1/3 is written `1/3` and not with 16 digits, as people scale by 1/255 and 1/127.5.
        for divisor in _DIVISORS:
            if 1 / divisor == value:
                return 1 / Fraction(divisor)
        return Fraction(exact(float(value)))

    @staticmethod
    def each_axis(value: Any, rank: int) -> tuple[Any, ...]:
        """Make one value for all axes, or one for each, one for each."""
        return tuple(value) if isinstance(value, list | tuple) else (value,) * rank
