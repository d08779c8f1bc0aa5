"""The `default` statement that makes a file shortest, and the options each layer still needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from netdsl.graph import consumers_of
from netdsl.keras.imported_layer import ImportedLayer, ModelLayers
from netdsl.keras.spelling import option_text
from netdsl.kinds import KINDS, Argument, Kind, Word, layer_kind
from netdsl.kinds.options import REQUIRED
from netdsl.kinds.part import Part
from netdsl.lowering.defaults import (
    END,
    NEEDED,
    NEEDLESS,
    before_relu,
    destinations,
    makes_needless,
)

_NONE = Word("none")
_AUTO = Word("auto")
_NOTHING: Any = object()  # what an option is by default where there is no default for all layers


class _SaidOptions(NamedTuple):
    """A layer's options, and the values it has where none are written.

    Attributes:
        options: all that the Keras layer has.
        implied: values of options that follow from the layer itself or from where it is.
        act: whether a default activation stays, is left out, or which of the two is doubtful.
        ends: whether its output is one of the network's.
    """

    options: Mapping[str, Any]
    implied: Mapping[str, Any] = {}
    act: Literal["stays", "left out", "doubtful"] = "stays"
    ends: bool = False

    def need_not_say(self, name: str, stated: Any, language: Any) -> bool:
        """Say whether an option need not be written.

        Args:
            name: the option's.
            stated: what the `default` statement says of it, or `_NOTHING`.
            language: its default in the language, or `_NOTHING`.
        """
        value = self.options[name]
        default = language if stated is _NOTHING else stated
        # One consumer keeps the default activation and another drops it: it need not be written
        # only where both value and default are `none`.
        if name == "act" and self.act == "doubtful":
            return bool(value == default == _NONE)
        if name == "act" and self.act == "left out":
            # W706 warns of a stated default that the network's end leaves out.
            return bool(value == _NONE and (stated is _NOTHING or not self.ends))
        # A stated default takes the place of what follows from the layer.
        if stated is _NOTHING and name in self.implied:
            return bool(value == self.implied[name])
        return bool(value == default)


class FileDefaults:
    """The defaults that make the file shortest.

    Attributes:
        stated: by word, the options that the `default` statement says.
    """

    def __init__(self, model: ModelLayers) -> None:
        self.layers, self.ends = model.layers, set(model.outputs)
        self.consumers = consumers_of(model.layers)
        self.before_relu = before_relu([layer.kind for layer in self.layers], self.consumers)
        self.destinations = destinations(self.consumers, dict.fromkeys(self.ends, END), self._flags)
        self.stated: dict[str, dict[str, Any]] = {}
        norms = [norm for layer in self.layers if (norm := _norm_of(layer)) is not None]
        for word in dict.fromkeys(norm.text for norm in norms):
            rows = [_SaidOptions(_named(norm)) for norm in norms if norm.text == word]
            # Norms first: the shorter a norm is by its own default, the shorter the option of it.
            self.stated[word] = _shortest(KINDS[word], rows)
        self.rows = [self._row(place) for place in range(len(self.layers))]
        places: dict[str, list[int]] = {}
        for place, layer in enumerate(self.layers):
            if "act" in layer.kind.options:
                places.setdefault(layer.spec.word, []).append(place)
        for word, of_word in places.items():
            rows = [self.rows[place] for place in of_word]
            self.stated[word] = _shortest(KINDS[word], rows)

    def left(self, place: int) -> dict[str, Any]:
        """Return the options that must be written at a layer."""
        return self._left(self.layers[place].spec.word, self.rows[place])

    def _left(self, word: str, row: _SaidOptions) -> dict[str, Any]:
        stated = self.stated.get(word, {})
        return {
            name: value
            for name, value in row.options.items()
            if not row.need_not_say(
                name, stated.get(name, _NOTHING), _language_default(layer_kind(word), name)
            )
        }

    def residual_act(self) -> Word:
        """Return the activation of a residual with convolutions whose own is not written."""
        usual = _language_default(KINDS["conv"], "act")
        act: Word = self.stated.get("conv", {}).get("act", usual)
        return act

    def statement(self) -> str:
        """Write the `default` statement; nothing where there is nothing to say."""
        said = []
        for word, stated in self.stated.items():
            options = KINDS[word].options
            names = sorted(stated, key=in_written_order)
            texts = [option_text(options[name], stated[name]) for name in names]
            if texts:
                said.append(f"{word}({', '.join(texts)})")
        return f"default {', '.join(said)}" if said else ""

    # --- rows ---

    def _row(self, place: int) -> _SaidOptions:
        layer = self.layers[place]
        options, implied = layer.options, dict[str, Any]()
        norm = options.get("norm", _NONE)
        for name in ("norm", "act"):
            if name in layer.kind.options:
                options[name] = self._part(options.get(name, _NONE))
        if "norm" in layer.kind.options:
            implied["bias"] = norm == _NONE
        init = layer.kind.options.get("init")
        if init is not None and init.default == _AUTO:
            implied["init"] = self._init(place)
        return _SaidOptions(options, implied, self._act(place), place in self.ends)

    def _part(self, part: Word) -> Word:
        """Write a norm or an activation without the options that equal its defaults."""
        if not part.arguments:
            return part
        plain = tuple(each for each in part.arguments if each.name is None)
        left = self._left(part.text, _SaidOptions(_named(part)))
        return Word(part.text, (*plain, *(Argument(name, value) for name, value in left.items())))

    def _act(self, place: int) -> Literal["stays", "left out", "doubtful"]:
        """Say what becomes of a default activation, by all that takes the layer's output.

        A shared layer is written with its own, whatever each use is followed by.
        """
        if self.layers[place].shared is not None:
            return "doubtful"
        goes = self.destinations[place]
        if not goes & NEEDED:
            return "left out" if goes else "stays"
        return "stays" if goes == NEEDED else "doubtful"

    def _flags(self, place: int) -> int | None:
        """Return the layer as a consumer of others' outputs, for `destinations`."""
        layer = self.layers[place]
        if layer.shared is not None:
            # Its text is written once, at the `let`, and not where the use is.
            return NEEDED
        if layer.kind.shape_only:
            return None
        return NEEDLESS if makes_needless(type(layer.kind)) else NEEDED

    def _init(self, place: int) -> Word:
        """Return the initializer that a kernel has where none is written."""
        act = self.layers[place].options.get("act", _NONE)
        if act == _NONE:
            relu = self.before_relu[place]
        else:
            relu = KINDS[act.text].relu_like
        return Word("he_normal" if relu else "glorot_uniform")


def in_written_order(name: str) -> int:
    """Say where an option is written: the parts of a layer first, then its padding and groups."""
    order = ("norm", "act", "pad", "groups")
    return order.index(name) if name in order else len(order)


def _norm_of(layer: ImportedLayer) -> Word | None:
    """Return the norm that a layer has or is, as an option has it."""
    if layer.kind.as_part and layer.kind.group == "norm":
        return Word(layer.spec.word, layer.spec.arguments)
    norm = layer.options.get("norm", _NONE)
    return None if norm == _NONE else norm


def _named(word: Word) -> dict[str, Any]:
    return {each.name: each.value for each in word.arguments if each.name is not None}


def _language_default(kind: type[Kind], name: str) -> Any:
    """Return an option's default in the language, in the form in which Keras's layers have it.

    `_NOTHING` where it has no default, or one that depends on the layer.
    """
    option = kind.options[name]
    if isinstance(option, Part):
        return Word(option.default_word) if option.default_word else _NONE
    default = option.default
    if default is REQUIRED or default == _AUTO or (name == "bias" and "norm" in kind.options):
        return _NOTHING
    return default[0] if type(default) is tuple and len(set(default)) == 1 else default


def _shortest(kind: type[Kind], rows: Sequence[_SaidOptions]) -> dict[str, Any]:
    """Find the options of layers of a kind that are shortest as defaults, among those all have."""
    found = {}
    for name in dict.fromkeys(name for row in rows for name in row.options):
        if all(name in row.options for row in rows):
            language = _language_default(kind, name)
            values = dict.fromkeys([language, *(row.options[name] for row in rows)])
            # `min` takes the first of equal ones: the language's own default, which says nothing.
            best = min(values, key=lambda value: _cost(kind, name, value, rows))
            if best is not language and best != language:
                found[name] = best
    return found


def _cost(kind: type[Kind], name: str, value: Any, rows: Sequence[_SaidOptions]) -> int:
    """Count the characters of an option: `value` as the default, others where layers differ."""
    option, language = kind.options[name], _language_default(kind, name)
    usual = value is language or value == language
    stated = _NOTHING if usual else value
    # The comma and the space before it.
    own = 0 if usual else len(option_text(option, value)) + 2
    return own + sum(
        len(option_text(option, row.options[name])) + 2
        for row in rows
        if not row.need_not_say(name, stated, language)
    )
