"""What keys of a recipe accept: how a value is read from a text, and which values are right."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from netdsl.errors import Diagnostic, did_you_mean
from netdsl.limits import MAX_BITS
from netdsl.training.recipes.familiar import unknown_word_help
from netdsl.wording import cut, represented

SHOWN = 60
"""Characters of a wrong value that a message repeats."""


def shown(value: object) -> str:
    """Quote a wrong value in a message, shortened: a text may have any length."""
    return f"`{cut(value, SHOWN) if isinstance(value, str) else represented(value)}`"


class ValueProblem(Exception):
    """A value that its key does not accept: the code, what is wrong, what helps.

    `inside` is the path to it within the key's value: names, and places in lists.
    """

    def __init__(self, code: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help
        self.inside: tuple[str | int, ...] = ()

    def text(self, key: str) -> str:
        """Return the message about this key, or about the name in it whose value is wrong."""
        names = (name for name in self.inside if isinstance(name, str))
        return f"`{'.'.join((key, *names))}` {self.message}"

    def diagnostic(self, key: str) -> Diagnostic:
        """Return the message about this key, without a place in a text."""
        return Diagnostic(self.code, self.text(key), help=self.help)


@contextmanager
def inside(name: str | int) -> Iterator[None]:
    """Add a name, or a place in a list, to the path of a ValueProblem that the block raises."""
    try:
        yield
    except ValueProblem as problem:
        problem.inside = (name, *problem.inside)
        raise


class ValueType:
    """What a key accepts: how to read it from a plain scalar, and what values are right."""

    @property
    def description(self) -> str:
        """What is accepted, as messages say it."""
        raise NotImplementedError

    def read(self, text: str) -> Any:
        """Return the value that a plain scalar means.

        Raises:
            ValueProblem: where it cannot be read.
        """
        return text

    def quoted(self, text: str) -> Any:
        """Return the value that a scalar in quotes means."""
        return text

    def plain(self, value: Any) -> Any:
        """Convert a value from Python: a NumPy scalar becomes a number, a path a text.

        Raises:
            ValueProblem: N505 for a number that is too long to be shown.
        """
        # Recognized by its attributes, so that reading a recipe does not import NumPy.
        if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0:
            return value.item()
        # Python refuses to write integers of more than 4,300 digits, and takes quadratic time
        # before.
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            bits = f"{value.bit_length():,} bits"
            raise ValueProblem("N505", f"requires {self.description}, not a number of {bits}")
        return os.fspath(value) if isinstance(value, os.PathLike) else value

    def check(self, value: Any) -> None:
        """Reject a value that is not accepted.

        Raises:
            ValueProblem: N504 for another type, N505 for a value out of range.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class NumberValue(ValueType):
    """A finite number within bounds.

    `above` and `below` are bounds that are excluded, `min` and `max` bounds that are included.
    """

    whole: bool = False
    above: float | None = None
    min: float | None = None
    below: float | None = None
    max: float | None = None

    @property
    def description(self) -> str:
        bounds = (
            ("above", self.above),
            ("at least", self.min),
            ("below", self.below),
            ("at most", self.max),
        )
        given = " and ".join(f"{word} {bound:,}" for word, bound in bounds if bound is not None)
        return ", ".join(filter(None, ("an integer" if self.whole else "a number", given)))

    def read(self, text: str) -> int | float:
        try:
            return int(text) if self.whole else float(text)
        except ValueError:
            raise ValueProblem("N504", f"requires {self.description}, not {shown(text)}") from None

    def plain(self, value: Any) -> Any:
        value = super().plain(value)
        if self.whole or type(value) is not int:
            return value
        try:
            return float(value)  # as from a text: Keras rejects a rate that is the integer 1
        except OverflowError:
            bits = f"{value.bit_length():,} bits"
            message = f"requires {self.description}, not a number of {bits}"
            raise ValueProblem("N505", message) from None

    def check(self, value: Any) -> None:
        # True is an int in Python, and `epochs: yes` a mistake.
        if isinstance(value, bool) or not isinstance(value, (int,) if self.whole else (int, float)):
            raise ValueProblem(
                "N504",
                f"requires {self.description}, not "
                + ("the text " + shown(f"'{value}'") if isinstance(value, str) else shown(value)),
            )
        inside = (
            (isinstance(value, int) or math.isfinite(value))
            and (self.above is None or value > self.above)
            and (self.min is None or value >= self.min)
            and (self.below is None or value < self.below)
            and (self.max is None or value <= self.max)
        )
        if not inside:
            raise ValueProblem(
                "N505", f"requires {self.description}, not {cut(f'{value:,}', SHOWN)}"
            )


@dataclass(frozen=True)
class OneOf(ValueType):
    """One of some words."""

    words: tuple[str, ...]

    @property
    def description(self) -> str:
        return "one of " + ", ".join(f"`{word}`" for word in self.words)

    def check(self, value: Any) -> None:
        # An array is compared element by element: `in` would fail on one.
        if not isinstance(value, str) or value not in self.words:
            help = unknown_word_help(value, self.words) if isinstance(value, str) else ""
            raise ValueProblem("N505", f"requires {self.description}, not {shown(value)}", help)


@dataclass(frozen=True)
class MetricValue(ValueType):
    """The name of a metric, with `OUTPUT_` in front of it for that of one output."""

    words: tuple[str, ...]
    others: tuple[str, ...] = ()
    short: ClassVar[Mapping[str, str]] = {"mae": "absolute_error", "roc_auc": "auc"}

    @property
    def description(self) -> str:
        return "one of " + ", ".join(f"`{word}`" for word in (*self.others, *self.words))

    def read(self, text: str) -> Any:
        return self.plain(text)

    def quoted(self, text: str) -> Any:
        return self.plain(text)

    def plain(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        name = value.replace("-", "_")
        if found := re.fullmatch(r"((?:\w+_)?top)_?([0-9]{1,5})(?:_accuracy)?", name):
            return f"{found[1]}{found[2]}_accuracy"
        for short, long in self.short.items():
            if name == short or name.endswith(f"_{short}"):
                return name[: -len(short)] + long
        return name

    def check(self, value: Any) -> None:
        if not isinstance(value, str):
            raise ValueProblem("N504", f"requires {self.description}, not {shown(value)}")
        if value in self.others or re.search(r"(^|_)top[1-9][0-9]*_accuracy$", value):
            return
        # `val_accuracy` would pass as the accuracy of an output called `val`.
        none = re.search(r"(^|_)(top0+[0-9]*_accuracy|val_\w+)$", value)
        if none or not any(value == word or value.endswith(f"_{word}") for word in self.words):
            known = (*self.others, *self.words, *self.short)
            help = unknown_word_help(value, known)
            raise ValueProblem("N505", f"requires {self.description}, not {shown(value)}", help)


@dataclass(frozen=True)
class WordOrNumber(ValueType):
    """One of some words, or a number."""

    words: tuple[str, ...]
    number: NumberValue

    @property
    def description(self) -> str:
        return f"{', '.join(f'`{word}`' for word in self.words)} or {self.number.description}"

    def read(self, text: str) -> Any:
        # What looks like a number gets the number's message: `1.5` is out of range, not an unknown
        # word.
        if re.match(r"[-+.]?[0-9]", text):
            return self.number.read(text)
        return text

    def plain(self, value: Any) -> Any:
        return value if isinstance(value, str) else self.number.plain(value)

    def check(self, value: Any) -> None:
        if not isinstance(value, str):
            self.number.check(value)
        elif value not in self.words:
            help = did_you_mean(value, self.words)
            raise ValueProblem("N505", f"requires {self.description}, not {shown(value)}", help)


@dataclass(frozen=True)
class TextValue(ValueType):
    """Any text that is not empty."""

    description: str = "a text"

    def check(self, value: Any) -> None:
        if not isinstance(value, str) or not value.strip():
            raise ValueProblem("N504", f"requires {self.description}, not {shown(value)}")


@dataclass(frozen=True)
class CharacterValue(ValueType):
    """One character, or a word that names one."""

    words: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        return " or ".join(["one character", *(f"`{word}`" for word in self.words)])

    def check(self, value: Any) -> None:
        if value in self.words:
            return
        problem = f"requires {self.description}, not {shown(value)}"
        if not isinstance(value, str) or len(value) != 1 or value in '"\r\n':
            raise ValueProblem("N504", problem)
        # The reader of CSV splits cells at single bytes of UTF-8.
        if not value.isascii():
            raise ValueProblem("N504", f"{problem}, which is not ASCII")


@dataclass(frozen=True)
class EncodingValue(ValueType):
    """A text encoding, by a name that Python knows."""

    description: str = "an encoding such as `utf-8` or `latin-1`"

    def check(self, value: Any) -> None:
        try:
            known = isinstance(value, str) and "".encode(value) is not None
        except (LookupError, ValueError):
            known = False
        if not known:
            raise ValueProblem("N504", f"requires {self.description}, not {shown(value)}")


@dataclass(frozen=True)
class YesNoValue(ValueType):
    """`yes` or `no`."""

    description: str = "yes or no"

    def read(self, text: str) -> bool:
        if text.lower() not in ("yes", "no", "true", "false"):
            raise ValueProblem("N504", f"requires {self.description}, not {shown(text)}")
        return text.lower() in ("yes", "true")

    def check(self, value: Any) -> None:
        if not isinstance(value, bool):
            raise ValueProblem("N504", f"requires {self.description}, not {shown(value)}")


@dataclass(frozen=True)
class AddressValue(ValueType):
    """A machine and a port on it."""

    description: str = "an address with a port, as in `node1:2222`"

    def check(self, value: Any) -> None:
        found = re.fullmatch(r"[^\s,]+:([0-9]{1,5})", value) if isinstance(value, str) else None
        if not found or not 0 < int(found[1]) < 1 << 16:
            raise ValueProblem("N504", f"requires {self.description}, not {shown(value)}")


@dataclass(frozen=True)
class ValueList(ValueType):
    """One value or a list of them, each once where they are `distinct`; held as a tuple."""

    each: ValueType
    distinct: bool = False

    @property
    def description(self) -> str:
        return f"{self.each.description}, or a list of them"

    def read(self, text: str) -> tuple[Any, ...]:
        return (self.each.read(text),)

    def quoted(self, text: str) -> tuple[Any, ...]:
        # In quotes it stays a text: `['1']` is a list of categories that are texts.
        return (text,)

    def plain(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return tuple(map(self.each.plain, value))
        return value if isinstance(value, Mapping) else (self.each.plain(value),)

    def check(self, value: Any) -> None:
        if value == ():
            raise ValueProblem("N504", f"requires {self.description}, not an empty list")
        if not isinstance(value, tuple):
            raise ValueProblem("N504", f"requires {self.description}, not {shown(value)}")
        for place, one in enumerate(value):
            with inside(place):
                self.each.check(one)
                if self.distinct and one in value[:place]:
                    raise ValueProblem("N505", f"holds {shown(one)} twice", "leave one out")


@dataclass(frozen=True)
class ValuesByName(ValueType):
    """A value for each of some names, or one of some words instead."""

    each: ValueType
    words: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        return " or ".join(
            [*(f"`{word}`" for word in self.words), f"names with {self.each.description}"]
        )

    def plain(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return super().plain(value)
        found = {}
        for name, one in value.items():
            with inside(str(name)):
                found[str(name)] = self.each.plain(one)
        return found

    def check(self, value: Any) -> None:
        if isinstance(value, str):
            if value not in self.words:
                raise ValueProblem(
                    "N505",
                    f"requires {self.description}, not {shown(value)}",
                    unknown_word_help(value, self.words),
                )
        elif not isinstance(value, Mapping):
            raise ValueProblem("N504", f"requires {self.description}, not {shown(value)}")
        else:
            for name, one in value.items():
                with inside(name):
                    self.each.check(one)


@dataclass(frozen=True)
class ClassWeight(ValuesByName):
    """The weight of a class, or of each class of an output: a number, or names with numbers."""

    each: ValueType = NumberValue(min=0)
    words: tuple[str, ...] = ("balanced",)

    @property
    def description(self) -> str:
        return f"{self.each.description}, or of an output {super().description}"

    def read(self, text: str) -> Any:
        return text if text in self.words else self.each.read(text)

    def plain(self, value: Any) -> Any:
        return super().plain(value) if isinstance(value, Mapping | str) else self.each.plain(value)

    def check(self, value: Any) -> None:
        if isinstance(value, str | Mapping):
            super().check(value)
        else:
            self.each.check(value)
