"""What every kind of layer says of itself, and how it says it.

A kind is one class: its options are class attributes, and its spelling, defaults, shape rule,
weights, costs, Keras layers, documentation and cases follow from the class alone. A class that
leaves one out fails when it is imported.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, overload

from netdsl.kinds.code import WRITTEN, Code

T = TypeVar("T")
Shape = tuple[int, ...]

KINDS: dict[str, type[Kind]] = {}
_LONGEST_MESSAGE = 400
REQUIRED: Any = object()  # the default of an option that has none


class Problem(Exception):
    """A mistake in what a layer was given.

    `where` names the part of the layer it lies in: `size`, `amount`, `stride`, an option's name, or
    `layer` for all of it; `place` is that of the faulty value, where there is one.
    """

    def __init__(
        self,
        code: str,
        message: str,
        where: str = "layer",
        help: str = "",
        label: str = "",
        place: Any = None,
    ) -> None:
        super().__init__(
            message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}..."
        )
        self.code, self.message, self.where, self.help, self.label, self.place = (
            code,
            message,
            where,
            help,
            label,
            place,
        )


class Word(NamedTuple):
    """A bare word as a value, with what stands in brackets behind it: `same`, `lrelu(0.2)`."""

    text: str
    arguments: tuple[Given, ...] = ()


class Dims(NamedTuple):
    """`2x1` as a value."""

    sizes: tuple[int, ...]


class Ref(NamedTuple):
    """`@name` as a value: the operation that it names, its layer and output, and the operations
    that come into it.
    """

    name: str
    op: int
    shape: Shape
    kind: Kind | None
    inputs: tuple[tuple[int, Shape], ...]


class Given(NamedTuple):
    """An option as it was given: `name` is None where it has none; `place` is handed back with a
    problem.
    """

    name: str | None
    value: Any
    place: Any = None


Defaults = Mapping[
    str, tuple[tuple[Given, ...], ...]
]  # by kind, the options of one `default` statement after the other


class Weight(NamedTuple):
    """One array of a layer.

    `role` is kernel, bias, factor (of a norm) or moving (a statistic, not trained).
    """

    name: str
    shape: Shape
    role: str

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class Saved(NamedTuple):
    """What an operation keeps for the backward pass, for one example.

    `inputs` and `output` say whether these tensors are kept; a tensor is kept once, however many
    operations need it. The rest are elements on top: `values` are numbers of the activations' type,
    `indices` whole numbers, `masks` yes or no.
    """

    inputs: bool = False
    output: bool = False
    values: int = 0
    indices: int = 0
    masks: int = 0


class Reach(NamedTuple):
    """Which positions of an input an output position sees along one axis.

    Position i sees those from ceil((step*i + first)/over) to floor((step*i + last)/over): a window
    has over=1 and the stride as `step`, a step that makes K positions of one has step=1 and over=K.
    The range can be empty (zeros put in) or lie in the padding.
    """

    step: int
    first: int
    last: int
    over: int = 1


class Seen(NamedTuple):
    """What the output's positions see of one input.

    Attributes:
        stages: steps from the input's positions to the output's, in this order, each with a `Reach`
            for every axis; none where each position sees its own only; None where the output's
            positions do not lie along the input's.
        whole: whether each position sees all positions of the input, maybe beside those of the
            stages. So it is where these are None.
    """

    stages: tuple[tuple[Reach, ...], ...] | None = ()
    whole: bool = False


class Indices(tuple[int, ...]):
    """The shape of a tensor of indices below `limit`: `128 of int(20000)`.

    Shapes made from it are plain.
    """

    limit: int

    def __new__(cls, shape: Iterable[int], limit: int) -> Indices:
        made = super().__new__(cls, shape)
        made.limit = limit
        return made


class Case(NamedTuple):
    """A fact about a kind: the documentation's example and the test at once."""

    text: str
    input: Shape
    output: Shape
    params: int


def dims(shape: Iterable[int]) -> str:
    """A shape as people write it: `28x28x6`, `128 of int(20000)`."""
    return "x".join(map(str, shape)) + (
        f" of int({shape.limit})" if isinstance(shape, Indices) else ""
    )


def shown(value: Any) -> str:
    """A value as the language writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Word):
        inside = ", ".join(
            f"{given.name}={shown(given.value)}" if given.name else shown(given.value)
            for given in value.arguments
        )
        return f"{value.text}({inside})" if value.arguments else value.text
    if isinstance(value, Dims):
        return dims(value.sizes)
    if isinstance(value, Kind):
        return value.as_value()
    if isinstance(value, Ref):
        return f"@{value.name}"
    if isinstance(value, tuple):
        return f"({', '.join(map(shown, value))})"
    if isinstance(value, str):
        return f'"{value}"'
    if value is None:
        return "none"
    if isinstance(value, int):
        return str(value)
    return _decimal(value)


def _decimal(value: Any) -> str:
    """A fraction as a short decimal where one is exact, else as a ratio."""
    short = repr(float(value))
    from fractions import Fraction

    return short if Fraction(short) == value else f"{value.numerator}/{value.denominator}"


# --- options --------------------------------------------------------------------------------------


class Option(Generic[T]):
    """A class attribute that declares an option: its default, what it takes, and how it is written.

    On an instance of the kind the attribute is the option's value.
    """

    takes = ""
    refers = False  # whether its value may be a named point
    quiet = False  # whether `expand` leaves it out at its default

    def __init__(self, default: T, doc: str = "") -> None:
        self.stated = default
        self.doc = doc

    @property
    def default(self) -> T:
        """The option's value where nothing is said."""
        return self.stated

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name.rstrip("_")

    @overload
    def __get__(self, instance: None, owner: type) -> Option[T]: ...
    @overload
    def __get__(self, instance: Kind, owner: type) -> T: ...
    def __get__(self, instance: Kind | None, owner: type) -> Option[T] | T:
        return self if instance is None else instance.values[self.name]

    def read(self, value: Any) -> T:
        """The option's value from what was given.

        Raises:
            Problem: where it is not what the option takes.
        """
        raise NotImplementedError

    def refuse(self, value: Any) -> Problem:
        mend = (
            f"write {self.name}={value}, without quotes"
            if isinstance(value, str) and value.isidentifier()
            else ""
        )
        return Problem(
            "N107", f"`{self.name}` takes {self.takes}, not {shown(value)}", self.name, mend
        )


class Whole(Option[int]):
    """A whole number of at least `least`."""

    def __init__(self, default: int, doc: str = "", least: int = 1) -> None:
        super().__init__(default, doc)
        self.least = least
        self.takes = f"a whole number from {least} up"

    def read(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < self.least:
            raise self.refuse(value)
        return value


class Real(Option[Any]):
    """A number between two bounds, kept exact; `below` leaves out the upper one."""

    def __init__(
        self,
        default: Any,
        doc: str = "",
        least: float = -math.inf,
        most: float = math.inf,
        below: bool = False,
        quiet: bool = False,
    ) -> None:
        super().__init__(default, doc)
        self.least, self.most, self.below, self.quiet = least, most, below, quiet
        upper = f" {'below' if below else 'to'} {most:g}" if most < math.inf else " up"
        self.takes = f"a number from {least:g}{upper}" if least > -math.inf else "a number"

    @property
    def default(self) -> Any:
        return exact(self.stated)

    def read(self, value: Any) -> Any:
        if (
            isinstance(value, bool)
            or not hasattr(value, "denominator")
            or not self.least <= value <= self.most
        ):
            raise self.refuse(value)
        if self.below and value == self.most:
            raise self.refuse(value)
        return value


def exact(value: Any) -> Any:
    """A number as the decimal that it prints as, exact.

    Fractions are imported when they are needed: start-up is short.
    """
    if isinstance(value, float):
        from fractions import Fraction

        return Fraction(repr(value))
    return value


class Flag(Option[bool]):
    """Yes or no; its bare name says yes."""

    takes = "yes or no"

    def read(self, value: Any) -> bool:
        if isinstance(value, Word) and value.text in ("yes", "no") and not value.arguments:
            return value.text == "yes"
        if isinstance(value, bool):
            return value
        raise self.refuse(value)


class Choice(Option[Any]):
    """One of a few words."""

    def __init__(self, default: str | None, words: tuple[str, ...], doc: str = "") -> None:
        super().__init__(Word(default) if default else None, doc)
        self.words = words
        self.takes = f"one of {', '.join(words)}"

    def read(self, value: Any) -> Word:
        if isinstance(value, Word) and value.text in self.words and not value.arguments:
            return value
        raise self.refuse(value)


class Part(Option["Kind | None"]):
    """An activation or a norm that belongs to a layer: `act=tanh`, `norm=gn(groups=8)`, or the
    bare word alone.
    """

    def __init__(self, group: str, default: str | None = None, doc: str = "") -> None:
        super().__init__(None, doc)
        self.group, self.word = group, default
        self.takes = f"{'an activation' if group == 'activation' else 'a norm'} or none"

    def read(self, value: Any, defaults: Defaults = {}) -> Kind | None:  # noqa: B006
        if isinstance(value, Kind) and value.group == self.group:
            return value
        if isinstance(value, Word):
            if value.text == "none" or (self.group == "activation" and value.text == "linear"):
                return None
            kind = KINDS.get(value.text)
            if kind and kind.group == self.group and kind.as_part:
                return kind.make(Call(value.text, given=value.arguments, defaults=defaults))
            raise Problem(
                "N107",
                f"`{self.name}` takes {self.takes}, not `{value.text}`",
                self.name,
                _near(value.text, self.words()),
            )
        raise self.refuse(value)

    def words(self) -> list[str]:
        return [word for word, kind in KINDS.items() if kind.group == self.group and kind.as_part]


def _near(word: str, known: Iterable[str]) -> str:
    from netdsl.errors import did_you_mean

    return did_you_mean(word, known)


class Sizes(Option[tuple[int, ...]]):
    """One whole number for all axes, or one for each: `2`, `2x1`."""

    def __init__(self, default: Any, doc: str = "", least: int = 1) -> None:
        super().__init__((default,) if default is not REQUIRED else REQUIRED, doc)
        self.least = least
        self.takes = f"whole numbers from {least} up, such as 2 or 2x1"

    def read(self, value: Any) -> tuple[int, ...]:
        sizes = value.sizes if isinstance(value, Dims) else (value,)
        if any(
            isinstance(size, bool) or not isinstance(size, int) or size < self.least
            for size in sizes
        ):
            raise self.refuse(value)
        return tuple(sizes)


class Numbers(Option[tuple[Any, ...]]):
    """One number for all channels, or one for each: `0.5`, `(0.485, 0.456, 0.406)`."""

    takes = "a number, or one for each channel such as (0.5, 0.4, 0.4)"

    def read(self, value: Any) -> tuple[Any, ...]:
        numbers = (
            value if isinstance(value, tuple) and not isinstance(value, Dims | Word) else (value,)
        )
        if any(
            isinstance(number, bool) or not hasattr(number, "denominator") for number in numbers
        ):
            raise self.refuse(value)
        return tuple(numbers)


class Point(Option["Ref | None"]):
    """`@name`, the output of an earlier step."""

    takes = "a name such as @c1"
    refers = True
    quiet = True

    def read(self, value: Any) -> Ref | None:
        if not isinstance(value, Ref):
            raise self.refuse(value)
        return value


# --- kinds ----------------------------------------------------------------------------------------


_NO_DEFAULTS: Defaults = {}


class Call(NamedTuple):
    """A layer as it was written, evaluated: the word, what touches it, the options, and the
    defaults of all kinds by their words.
    """

    word: str
    size: tuple[int, ...] | None = None
    amount: int | None = None
    stride: tuple[int, ...] | None = None
    given: tuple[Given, ...] = ()
    defaults: Defaults = _NO_DEFAULTS


class Kind:
    """A kind of layer. An instance is one configured layer, and never changes.

    Subclasses state `word`, `group`, a docstring (its first line is the documentation's), `cases`,
    and the rules below; instead of `work`, `saved` and `sees` they may state `arithmetic`, `keeps`
    and `reach`.
    """

    word: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    group: ClassVar[str] = ""
    cases: ClassVar[tuple[Case, ...]] = ()
    positional: ClassVar[
        tuple[str, ...]
    ] = ()  # the options that may be given without their names, in order
    takes: ClassVar[
        dict[str, str]
    ] = {}  # of size, amount, stride: `yes` (must), `maybe`; left out: refused
    as_part: ClassVar[bool] = False  # whether the bare word can be an option of another layer
    inputs: ClassVar[int | None] = 1  # how many tensors come in; None: one or more
    moves: ClassVar[bool] = False  # only moves or drops numbers
    sums: ClassVar[bool] = False  # adds its inputs up
    centres: ClassVar[bool] = (
        False  # takes the mean of each channel away, and with it what a bias before it added
    )
    tied_to: ClassVar[str | None] = None  # the kind whose kernel, transposed, can be its own
    depth: ClassVar[int] = 0  # of the layers that `expect depth` counts
    indices: ClassVar[bool] = False  # takes indices, and nothing else
    arithmetic: ClassVar[str | None] = (
        None  # what is done for each number of the output, named: `negate exp add divide`
    )
    keeps: ClassVar[str | None] = (
        # for the backward pass, of: inputs, output, indices (one for each output), mask (the same)
        None
    )
    reach: ClassVar[str | None] = (
        None  # what a position sees of each input, of: position (its own), all (all of them)
    )
    options: ClassVar[dict[str, Option[Any]]] = {}
    points: ClassVar[tuple[str, ...]] = ()  # the options that may refer to a named point

    _RULES = ("shape", "weights", "macs", "layers")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = {
            option.name: option
            for base in reversed(cls.__mro__)
            for option in vars(base).values()
            if isinstance(option, Option)
        }
        cls.options = {name: option for name, option in own.items() if option is not None}
        cls.points = tuple(name for name, option in cls.options.items() if option.refers)
        if "word" not in vars(cls):
            raise TypeError(f"{cls.__name__} states no word of its own")
        if cls.word.startswith("_"):
            return
        lacks = [rule for rule in cls._RULES if getattr(cls, rule) is getattr(Kind, rule)]
        lacks += [
            f"{rule} or {fact}"
            for rule, fact in (("work", "arithmetic"), ("saved", "keeps"), ("sees", "reach"))
            if getattr(cls, rule) is getattr(Kind, rule) and getattr(cls, fact) is None
        ]
        lacks += [name for name in ("group", "cases", "__doc__") if not getattr(cls, name)]
        if lacks:
            raise TypeError(f"the kind {cls.word} lacks {', '.join(lacks)}")
        for word in (cls.word, *cls.aliases):
            if word in KINDS:
                raise TypeError(f"two kinds are called {word}")
            KINDS[word] = cls

    def __init__(self, call: Call, values: dict[str, Any], explicit: frozenset[str]) -> None:
        self.size, self.amount, self.stride = call.size, call.amount, call.stride
        self.values = values
        self.explicit = explicit

    # --- the rules of a kind ---

    def shape(self, *inputs: Shape) -> Shape:
        """The output's shape from the inputs' shapes, without the batch.

        Raises `Problem` where they do not fit.
        """
        raise NotImplementedError

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """The arrays that the layer holds."""
        raise NotImplementedError

    def macs(self, output: Shape, *inputs: Shape) -> int:
        """Multiply-accumulates of convolutions and matrix products, for one example."""
        raise NotImplementedError

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        """The Keras layers, applied one after the other; `k` has `keras` and `custom` (netdsl's
        own layers).
        """
        raise NotImplementedError

    def work(self, output: Shape, *inputs: Shape) -> int:
        """Operations on single numbers beside the products, in use: an addition, comparison,
        exp, ... counts as one each.
        """
        return len((self.arithmetic or "").split()) * math.prod(output)

    def flops(self, output: Shape, *inputs: Shape) -> int:
        """Floating-point operations, for one example: two for each multiply-accumulate, and the
        elementwise work.
        """
        return 2 * self.macs(output, *inputs) + self.work(output, *inputs)

    def saved(self, output: Shape, *inputs: Shape) -> Saved:
        """What is kept for the backward pass."""
        kept, size = (self.keeps or "").split(), math.prod(output)
        return Saved(
            "inputs" in kept,
            "output" in kept,
            0,
            size * ("indices" in kept),
            size * ("mask" in kept),
        )

    def sees(self, output: Shape, *inputs: Shape) -> tuple[Seen, ...]:
        """What each position of the output sees of each input: the positions, not the channels."""
        words = (self.reach or "").split()
        return (Seen(() if "position" in words else None, "all" in words),) * len(inputs)

    def source(
        self,
        name: str,
        output: Shape,
        *inputs: Shape,
        reads: tuple[str, ...] = ("x",),
        writes: str = "x",
    ) -> tuple[str, ...]:
        """The layer as Keras source: what is assigned, one after the other, to the variable
        `writes`.

        The first reads the variables `reads`, the others what was written: `layers.Conv2D(64, 3,
        name="conv_1")(x)`. It comes from `layers` with a Keras that writes down what is asked of
        it, so the two cannot differ.
        """
        tensor: Any = (
            Code(reads[0])
            if len(reads) == 1 and self.inputs is not None
            else [Code(variable) for variable in reads]
        )
        lines = []
        for layer in self.layers(WRITTEN, name, output, *inputs):
            tensor = layer(tensor)
            if isinstance(tensor, Code):
                lines.append(repr(tensor))
                tensor = Code(writes)
        return tuple(lines)

    def reads(self) -> tuple[tuple[int, Shape], ...]:
        """The operations that come in beside the chain's: those that the layer's options refer
        to.
        """
        return tuple((ref.op, ref.shape) for ref in self.references().values())

    def references(self) -> dict[str, Ref]:
        """The options that refer to a named point."""
        return {
            name: self.values[name] for name in self.points if isinstance(self.values[name], Ref)
        }

    @classmethod
    def tied_kernel(cls, kernel: Shape) -> Shape:
        """The kernel's shape that the layer needs to be tied to one of this shape: a matrix the
        other way round.
        """
        return kernel[::-1]

    def acts(self, output: Shape, *inputs: Shape) -> int:
        """Elements of convolutions' and dense layers' outputs (the column `acts`)."""
        return 0

    def remarks(self, output: Shape, *inputs: Shape) -> list[Problem]:
        """What a reader should be warned of."""
        return []

    # --- made from a call ---

    @classmethod
    def make(cls, call: Call) -> Kind:
        """The configured layer.

        Raises:
            Problem: for a size, amount, stride or option that the kind does not take, or that is
                out of range.
        """
        for part, number in (("size", call.size), ("amount", call.amount), ("stride", call.stride)):
            cls._check_part(part, number, call)
        values = {name: option.default for name, option in cls.options.items()}
        for name, option in cls.options.items():
            if isinstance(option, Part) and option.word:
                values[name] = option.read(Word(option.word), call.defaults)
        explicit: set[str] = set()
        for givens in (*call.defaults.get(cls.word, ()), call.given):
            said: set[str] = set()
            positions = iter(cls.positional)
            for given in givens:
                try:
                    option, value = cls._match(given, positions)
                    if option.name in said:
                        raise Problem("N104", f"`{option.name}` is given twice")
                    values[option.name] = (
                        option.read(value, call.defaults)
                        if isinstance(option, Part)
                        else option.read(value)
                    )
                except Problem as problem:
                    problem.place = problem.place or given.place
                    raise
                said.add(option.name)
            explicit |= (
                said if givens is call.given else said - {"act"}
            )  # an activation by default can be left out
        for name, value in values.items():
            if value is REQUIRED:
                doc = cls.options[name].doc
                raise Problem(
                    "N106",
                    f"`{cls.word}` wants its `{name}`{doc and f', {doc}'}",
                    help=f"write it as in `{cls.example()}`",
                )
        return cls(call, values, frozenset(explicit)).settled()

    @classmethod
    def stated(cls, name: str, defaults: Defaults) -> Given | None:
        """What the `default` statements say of an option: the last one's word."""
        found = None
        for givens in defaults.get(cls.word, ()):
            positions = iter(cls.positional)
            for given in givens:
                if cls._match(given, positions)[0].name == name:
                    found = given
        return found

    @classmethod
    def _check_part(cls, part: str, number: Any, call: Call) -> None:
        takes = cls.takes.get(part, "no")
        spelled = {"size": f"{cls.word}3", "amount": f"{call.word}-64", "stride": f"{call.word}/2"}[
            part
        ]
        if number is None:
            if takes == "yes":
                raise Problem(
                    "N106", f"`{cls.word}` wants {_ARTICLED[part]}", help=cls._respelled(call)
                )
        elif takes == "no":
            mend = f"`{cls.word}` is written as in `{cls.example()}`"
            raise Problem("N106", f"`{cls.word}` takes no {part} (as in `{spelled}`)", part, mend)
        elif min(number if isinstance(number, tuple) else (number,)) < 1:
            raise Problem(
                "N201",
                f"{_ARTICLED[part]} is a whole number from 1 up, not {shown(_plain(number))}",
                part,
            )

    @classmethod
    def _respelled(cls, call: Call) -> str:
        """How to write a layer that lacks its size or amount: from `dense(10)`, `conv(64, 3)` or
        `conv-64` to netdsl's form.
        """
        plain = [
            given.value
            for given in call.given
            if given.name is None and type(given.value) is int and given.value > 0
        ]
        amount = (
            call.amount
            if call.amount is not None
            else plain.pop(0)
            if plain and cls.takes.get("amount")
            else None
        )
        size = (
            dims(call.size) if call.size else plain.pop(0) if plain and cls.takes.get("size") else 3
        )
        if amount is None or (call.given and type(call.given[0].value) is not int):
            return f"write it as in `{cls.example()}`"
        return f"write {call.word}{size if cls.takes.get('size') else ''}-{amount}"

    @classmethod
    def example(cls) -> str:
        """One spelling of the kind, for messages."""
        return (
            f"{cls.word}3-64"
            if cls.takes.get("size") == cls.takes.get("amount") == "yes"
            else cls.cases[0].text
        )

    @classmethod
    def _match(cls, given: Given, positions: Any) -> tuple[Option[Any], Any]:
        """The option that a given value sets, and the value: by its name, as a flag, as an
        activation or norm, by position.
        """
        if given.name is not None:
            if given.name not in cls.options:
                raise cls.unknown(given.name)
            return cls.options[given.name], given.value
        if isinstance(given.value, Word):
            option = cls.options.get(given.value.text)
            if isinstance(option, Flag) and not given.value.arguments:
                return option, True
            kind = KINDS.get(given.value.text)
            for option in cls.options.values():
                if (
                    isinstance(option, Part)
                    and kind is not None
                    and kind.group == option.group
                    and kind.as_part
                ):
                    return option, given.value
                if (
                    isinstance(option, Choice)
                    and option.name in cls.positional
                    and given.value.text in option.words
                ):
                    return option, given.value
            raise cls.unknown(given.value.text, bare=True)
        name = next(positions, None)
        if name is None:
            most = len(cls.positional)
            wanted = f"takes {most or 'no'} value{'s' if most != 1 else ''} without a name"
            raise Problem(
                "N103",
                f"`{cls.word}` {wanted}; {shown(given.value)} is one too many",
                help=cls._touching(given.value),
            )
        return cls.options[name], given.value

    @classmethod
    def unknown(cls, name: str, bare: bool = False) -> Problem:
        """The problem of an option that the kind does not have; a bare word could have been a
        flag, a norm, an activation.
        """
        words = [
            word
            for option in cls.options.values()
            if isinstance(option, Part)
            for word in option.words()
        ]
        words += [
            word
            for option in cls.options.values()
            if isinstance(option, Choice)
            for word in option.words
        ]
        flags = [flag.name for flag in cls.options.values() if isinstance(flag, Flag)]
        takers = [
            option.name for option in cls.options.values() if bare and name in _own_words(option)
        ]
        mend = f"write {takers[0]}={name}" if takers else cls._elsewhere(name)
        mend = mend or _near(name, [*words, *flags] if bare else cls.options) or cls._options_help()
        return Problem("N103", f"`{cls.word}` has no option `{name}`", help=mend)

    @classmethod
    def _elsewhere(cls, name: str) -> str:
        """How other libraries' words for an option, or for what is no option, are written here."""
        part, written = _WORDS_ELSEWHERE.get(name, ("", ""))
        if written in cls.options:
            return f"did you mean `{written}`?"
        if part not in cls.takes:
            return ""
        spelled = cls.word + "".join(
            sign for which, sign in (("size", "3"), ("amount", "-64")) if which in cls.takes
        )
        return (
            f"{_ARTICLED[part]} is written {written}: {spelled}{'/2' if part == 'stride' else ''}"
        )

    @classmethod
    def _touching(cls, value: Any) -> str:
        """For `pool(2)` and `softmax(10)`: a number that belongs to the word. Else the options."""
        if type(value) is int and value > 0 and not cls.positional:
            if cls.group == "activation":
                return f"{_ARTICLED['amount']} is written behind a dash, as in {cls.word}-10"
            if "size" in cls.takes and "amount" not in cls.takes:
                return f"{_ARTICLED['size']} touches the word: {cls.word}{value}"
        return cls._options_help()

    @classmethod
    def _options_help(cls) -> str:
        return f"its options are {', '.join(cls.options)}" if cls.options else "it has no options"

    def settled(self) -> Kind:
        """The layer with those defaults that depend on other options."""
        return self

    def replace(self, **values: Any) -> Kind:
        """The same layer with other option values."""
        call = Call(self.word, self.size, self.amount, self.stride)
        return type(self)(call, {**self.values, **values}, self.explicit)

    # --- written out ---

    def as_value(self) -> str:
        """The layer as an option of another: `relu`, `bn(momentum=0.9, eps=1e-05, scale=yes,
        shift=yes)`.
        """
        return self.written()

    def written(self) -> str:
        """The layer with every default, as `expand` prints it."""
        inside = ", ".join(
            f"{name}={shown(self._written_value(name))}"
            for name, option in self.options.items()
            if not (option.quiet and self.values[name] == option.default)
        )
        return self.head() + (f"({inside})" if inside else "")

    def head(self) -> str:
        """The word with its size, amount and stride: `conv3-64/2`."""
        size = dims(self.size) if self.size else ""
        amount = f"-{self.amount}" if self.amount is not None else ""
        return f"{self.word}{size}{amount}" + (f"/{dims(self.stride)}" if self.stride else "")

    def _written_value(self, name: str) -> Any:
        value = self.values[name]
        if isinstance(self.options[name], Sizes):
            return Dims(value) if len(value) > 1 else value[0]
        if isinstance(self.options[name], Numbers) and len(value) == 1:
            return value[0]
        return value


_WORDS_ELSEWHERE = {
    **dict.fromkeys(("stride", "strides"), ("stride", "behind a slash")),
    **dict.fromkeys(("filters", "units", "channels", "out_channels"), ("amount", "behind a dash")),
    **dict.fromkeys(
        ("kernel", "kernel_size", "window", "size", "pool_size"), ("size", "touching the word")
    ),
    "activation": ("", "act"),
    "padding": ("", "pad"),
    "use_bias": ("", "bias"),
    "dilation_rate": ("", "dilation"),
    "depth_multiplier": ("", "mult"),
    "epsilon": ("", "eps"),
}


def _own_words(option: Option[Any]) -> tuple[str, ...]:
    """The words that an option takes, where it takes words."""
    words = getattr(option, "words", ())
    return words if isinstance(words, tuple) else ()


_ARTICLED = {"size": "a size", "amount": "an amount", "stride": "a stride"}


def _plain(number: Any) -> Any:
    return Dims(number) if isinstance(number, tuple) else number


def per_axis(values: tuple[int, ...], rank: int, what: str, where: str) -> tuple[int, ...]:
    """One value for each of `rank` axes.

    Raises:
        Problem: N202 where there is neither one value nor one for each.
    """
    if len(values) == rank:
        return values
    if len(values) == 1:
        return values * rank
    axes = {
        1: "a sequence has one axis",
        2: "an image has two axes",
        3: "a volume has three axes",
    }.get(rank, f"there are {rank} axes")
    raise Problem("N202", f"{what} {dims(values)} has {len(values)} numbers, but {axes}", where)
