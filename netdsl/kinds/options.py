"""Options of layers: what an option accepts, its default, and how it is written."""

from __future__ import annotations

import math
from typing import Any, Generic, TypeVar, overload

from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.values import (
    NO_DEFAULTS,
    Configured,
    Defaults,
    Dims,
    Ref,
    Word,
    dims,
    exact,
    is_number,
    is_whole,
    shown,
)

T = TypeVar("T")
REQUIRED: Any = object()  # the default of an option that has none


class Option(Generic[T]):
    """A class attribute that declares an option: its default, and what it accepts.

    On an instance of the kind the attribute is the option's value.

    Attributes:
        accepts: what its values are, in words.
        words: the words that are values of it.
        refers_to_point: whether its value may be a named point.
        hidden_at_default: whether `expand` leaves it out at its default.
        declared: the default as the class states it.
    """

    accepts = ""
    words: tuple[str, ...] = ()
    refers_to_point = False
    hidden_at_default = False

    def __init__(self, default: T, doc: str = "") -> None:
        self.declared = default
        self.doc = doc

    @property
    def default(self) -> T:
        """The option's value where nothing is said."""
        return self.declared

    def default_under(self, defaults: Defaults) -> T:
        """Return the option's value where a layer says nothing of it, while these defaults are in
        force for other kinds.
        """
        return self.default

    def __set_name__(self, owner: type, name: str) -> None:
        # `from_`, `size_`: Python's words and the attributes of a layer cannot be used as they are.
        self.name = name.rstrip("_")

    @overload
    def __get__(self, instance: None, owner: type) -> Option[T]: ...
    @overload
    def __get__(self, instance: Configured, owner: type) -> T: ...
    def __get__(self, instance: Configured | None, owner: type) -> Option[T] | T:
        return self if instance is None else instance.values[self.name]

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> T:
        """Return the option's value from what was given.

        Raises:
            LayerError: N107 where it is not what the option accepts.
        """
        raise NotImplementedError

    def bare_words(self) -> tuple[str, ...]:
        """Return the words that set the option without its name."""
        return ()

    def of_bare(self, word: Word) -> Any:
        """Return the value that a word without the option's name gives it; None where the word is
        not the option's.
        """
        return word if word.text in self.bare_words() else None

    def word_of(self, name: str) -> str:
        """Return the bare word for what other libraries call by this name; empty where there is
        none.
        """
        return ""

    def shown(self, value: T) -> str:
        """Return a value of the option as the language writes it."""
        return shown(value)

    def refuse(self, value: Any) -> LayerError:
        """Return the error of a value that the option does not accept."""
        help = ""
        if isinstance(value, str) and value.isidentifier():
            # `pad="same"`: the language's texts are in quotes, its words are not.
            help = f"write {self.name}={value}, without quotes"
        message = f"`{self.name}` requires {self.accepts}, not {shown(value)}"
        return LayerError("N107", message, self.name, help)


class Whole(Option[int]):
    """An integer of at least `min`."""

    def __init__(self, default: int, doc: str = "", min: int = 1) -> None:
        super().__init__(default, doc)
        self.min = min
        self.accepts = f"an integer from {min}"

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> int:
        if not is_whole(value, self.min):
            raise self.refuse(value)
        return value


class Real(Option[Any]):
    """A number between two bounds, kept exact; `exclude_max` leaves out the upper one."""

    def __init__(
        self,
        default: Any,
        doc: str = "",
        min: float = -math.inf,
        max: float = math.inf,
        exclude_max: bool = False,
        hidden_at_default: bool = False,
    ) -> None:
        super().__init__(default, doc)
        self.min, self.max, self.exclude_max = min, max, exclude_max
        self.hidden_at_default = hidden_at_default
        upper = f" {'below' if exclude_max else 'to'} {max:g}" if max < math.inf else ""
        self.accepts = f"a number from {min:g}{upper}" if min > -math.inf else "a number"

    @property
    def default(self) -> Any:
        # As in a text: 0.1 is 1/10, so that a stated default equals one that is not stated.
        return exact(self.declared)

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> Any:
        if not is_number(value) or not self.min <= value <= self.max:
            raise self.refuse(value)
        if self.exclude_max and value == self.max:
            raise self.refuse(value)
        return value


class Flag(Option[bool]):
    """Yes or no; its bare name says yes."""

    accepts = "yes or no"

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> bool:
        if isinstance(value, Word) and value.text in ("yes", "no") and not value.arguments:
            return value.text == "yes"
        if isinstance(value, bool):
            return value
        raise self.refuse(value)

    def bare_words(self) -> tuple[str, ...]:
        return (self.name,)

    def of_bare(self, word: Word) -> Any:
        return True if word.text == self.name and not word.arguments else None


class Choice(Option[Any]):
    """One of a few words, which may be given without the option's name."""

    def __init__(self, default: str | None, words: tuple[str, ...], doc: str = "") -> None:
        word: Any = Word(default) if isinstance(default, str) else default
        super().__init__(word, doc)
        self.words = words
        self.accepts = f"one of {', '.join(words)}"

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> Word:
        if isinstance(value, Word) and value.text in self.words and not value.arguments:
            return value
        raise self.refuse(value)

    def bare_words(self) -> tuple[str, ...]:
        return self.words


class SizesOption(Option[tuple[int, ...]]):
    """One integer for all axes, or one for each: `2`, `2x1`."""

    def __init__(self, default: Any, doc: str = "", min: int = 1) -> None:
        super().__init__((default,) if default is not REQUIRED else REQUIRED, doc)
        self.min = min
        self.accepts = f"integers from {min}, such as 2 or 2x1"

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> tuple[int, ...]:
        sizes = value.sizes if isinstance(value, Dims) else (value,)
        if not all(is_whole(size, self.min) for size in sizes):
            raise self.refuse(value)
        return tuple(sizes)

    def shown(self, value: tuple[int, ...]) -> str:
        return dims(value)


class Numbers(Option[tuple[Any, ...]]):
    """One number for all channels, or one for each: `0.5`, `(0.485, 0.456, 0.406)`."""

    accepts = "a number, or one for each channel such as (0.5, 0.4, 0.4)"

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> tuple[Any, ...]:
        several = isinstance(value, tuple) and not isinstance(value, Dims | Word)
        numbers = value if several else (value,)
        if not all(map(is_number, numbers)):
            raise self.refuse(value)
        return tuple(numbers)

    def shown(self, value: tuple[Any, ...]) -> str:
        return shown(value[0] if value is not None and len(value) == 1 else value)


class ReferenceOption(Option[Ref | None]):
    """`@name`, the output of an earlier step."""

    accepts = "a name such as @c1"
    refers_to_point = True
    hidden_at_default = True

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> Ref | None:
        if not isinstance(value, Ref):
            raise self.refuse(value)
        return value
