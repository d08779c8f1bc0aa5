"""Options as text, and the defaults that make a file shortest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Protocol

from netdsl.graph import consumers_of
from netdsl.keras.from_keras import Word, decimal
from netdsl.kinds import KINDS
from netdsl.kinds.act import Activation
from netdsl.kinds.norm import Norm
from netdsl.kinds.options import REQUIRED
from netdsl.kinds.part import Part


class Layer(Protocol):
    """What is asked of a layer (see `convert.Layer`)."""

    @property
    def word(self) -> Word: ...
    @property
    def inputs(self) -> tuple[int, ...]: ...
    @property
    def shared(self) -> int | None: ...


def number_text(value: Any) -> str:
    if isinstance(value, Fraction) and value.denominator != 1:
        upper, lower = value.numerator, value.denominator
        return f"{upper}/{lower}" if upper == 1 else f"1/{float(Fraction(lower, upper)):g}"
    if isinstance(value, float):
        return repr(value).replace("e-0", "e-")
    return str(value)


def option_text(key: str, value: Any) -> str:
    if value is True:
        return key
    if value is False:
        return f"{key}=no"
    if key in ("act", "norm"):
        return str(value) if value else f"{key}=none"
    return f"{key}={number_text(value)}"


def word_text(word: Word) -> str:
    """A word with options that stand as they are."""
    given = [
        *map(number_text, word.positional),
        *(option_text(key, value) for key, value in word.options.items()),
    ]
    return word.word + (f"({', '.join(given)})" if given else "")


class Defaults:
    """The defaults that make the file shortest, and what each layer still has to say."""

    def __init__(self, layers: Sequence[Layer], outputs: Iterable[int]) -> None:
        self.layers = layers
        self.takers, self.outputs = consumers_of(layers), set(outputs)
        self.of: dict[str, dict[str, Any]] = {}
        norms = [
            layer.word.options["norm"]
            for layer in layers
            if isinstance(layer.word.options.get("norm"), Word)
        ]
        norms += [
            layer.word
            for layer in layers
            if layer.word.word in KINDS and issubclass(KINDS[layer.word.word], Norm)
        ]
        for word in dict.fromkeys(norm.word for norm in norms):
            rows = [dict(norm.options) for norm in norms if norm.word == word]
            self._choose(word, [(row, {}) for row in rows])
        self.full = [self._full(place) for place in range(len(layers))]
        groups: dict[str, list[int]] = {}
        for place, layer in enumerate(layers):
            groups.setdefault(layer.word.word, []).append(place)
        for word, places in groups.items():
            if word not in self.of and word in KINDS and "act" in KINDS[word].options:
                self._choose(word, [(self.full[place], self._freely(place)) for place in places])

    def _full(self, place: int) -> dict[str, Any]:
        options = dict(self.layers[place].word.options)
        norm = options.get("norm")
        if isinstance(norm, Word):
            options["norm"] = word_text(
                norm._replace(options=self._left(norm.word, dict(norm.options)))
            )
        elif "norm" in KINDS.get(self.layers[place].word.word, KINDS["id"]).options:
            options["norm"] = ""
        return options

    def _freely(self, place: int) -> dict[str, Any]:
        """What a layer has where nothing is said: its activation falls away before another, a
        norm, a sum, or the end.
        """
        norm = self.layers[place].word.options.get("norm")
        takes = KINDS[self.layers[place].word.word].options
        free: dict[str, Any] = {
            "bias": not norm if "norm" in takes or "bias" not in takes else takes["bias"].default
        }
        met = self._met(place)
        free["ends"] = place in self.outputs
        if len(met) > 1:
            free["act"] = None  # to be said
        elif met == {True}:
            free["act"] = ""
        return free

    def _met(self, place: int) -> set[bool]:
        """Whether what takes a layer's output makes a default activation needless: for each
        taker, moves passed over.
        """
        met: set[bool] = set()
        waiting, seen = [place], {place}
        while waiting:
            at = waiting.pop()
            if at in self.outputs:
                met.add(True)
            for taker in self.takers[at]:
                kind = (
                    KINDS.get(self.layers[taker].word.word)
                    if self.layers[taker].shared is None
                    else None
                )
                if kind is not None and kind.shape_only and not issubclass(kind, Norm):
                    if taker not in seen:
                        seen.add(taker)
                        waiting.append(taker)
                else:
                    met.add(
                        kind is not None
                        and (kind.sums_inputs or issubclass(kind, Activation | Norm))
                    )
        return met

    def _choose(
        self, word: str, rows: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
    ) -> None:
        found: dict[str, Any] = {}
        for key in dict.fromkeys(key for row, _ in rows for key in row):
            if any(key not in row for row, _ in rows):
                continue
            builtin = _builtin(word, key)
            candidates = [
                builtin,
                *dict.fromkeys(row[key] for row, _ in rows if row[key] != builtin),
            ]
            found[key] = min(candidates, key=lambda value: _cost(key, value, builtin, rows))
            if found[key] == builtin:
                del found[key]
        self.of[word] = found

    def _left(self, word: str, options: Mapping[str, Any]) -> dict[str, Any]:
        chosen = self.of.get(word, {})
        return {
            key: value
            for key, value in options.items()
            if value != chosen.get(key, _builtin(word, key))
        }

    def left(self, place: int) -> dict[str, Any]:
        """The options that a layer has to say."""
        word = self.layers[place].word.word
        full = self.full[place]
        free, chosen = self._freely(place), self.of.get(word, {})
        return {
            key: value
            for key, value in full.items()
            if not _unsaid(key, value, chosen.get(key), _builtin(word, key), free)
        }

    def conv_act(self) -> str:
        """The activation that a residual with convolutions has where nothing is said."""
        return str(self.of.get("conv", {}).get("act", "relu"))

    def statement(self) -> str:
        """The `default` statement; nothing where there is nothing to say."""
        said = []
        for word, chosen in self.of.items():
            options = sorted(
                chosen, key=lambda key: ("norm", "act").index(key) if key in ("norm", "act") else 2
            )
            if options:
                said.append(
                    f"{word}({', '.join(option_text(key, chosen[key]) for key in options)})"
                )
        return f"default {', '.join(said)}" if said else ""


def _builtin(word: str, key: str) -> Any:
    """What an option is where nothing is said; None where that depends on the layer (`bias`)."""
    option = KINDS[word].options.get(key)
    if option is None or option.default is REQUIRED or key == "bias":
        return None
    if key == "act":
        return option.default_word if isinstance(option, Part) and option.default_word else ""
    if key == "norm":
        return ""
    if key == "pad":
        return 0 if "pool" in word else "same"
    default = option.default
    if isinstance(default, Fraction):
        return decimal(float(default))
    return default[0] if isinstance(default, tuple) and len(set(default)) == 1 else default


def _unsaid(key: str, value: Any, chosen: Any, builtin: Any, free: Mapping[str, Any]) -> bool:
    """Whether an option need not be written, with `chosen` as the default of the file (None: the
    language's).
    """
    if key == "act":
        default = builtin if chosen is None else chosen
        if "act" not in free:
            return bool(value == default)
        if free["act"] is None:
            return bool(value == "" == default)
        return bool(
            value == "" and (chosen is None or not free["ends"])
        )  # a stated default that the end drops is warned of
    usual = builtin if chosen is None else chosen
    return bool(
        value == (free["bias"] if key == "bias" and chosen is None and "bias" in free else usual)
    )


def _cost(
    key: str, value: Any, builtin: Any, rows: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
) -> int:
    chosen = None if value == builtin else value
    own = 0 if chosen is None else len(option_text(key, value)) + 2
    return own + sum(
        len(option_text(key, row[key])) + 2
        for row, free in rows
        if not _unsaid(key, row[key], chosen, builtin, free)
    )
