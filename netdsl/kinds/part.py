"""The option that is a layer itself: a layer's activation, its norm."""

from __future__ import annotations

from typing import Any

from netdsl.errors import did_you_mean
from netdsl.kinds.kind import KINDS, Kind
from netdsl.kinds.layer_error import LayerError
from netdsl.kinds.options import Option
from netdsl.kinds.values import NO_DEFAULTS, Defaults, LayerSpec, Word


class Part(Option[Kind | None]):
    """An activation or a norm that belongs to a layer: `act=tanh`, `norm=gn(groups=8)`, or the
    bare word alone.
    """

    def __init__(self, group: str, default: str | None = None, doc: str = "") -> None:
        super().__init__(None, doc)
        self.group, self.default_word = group, default
        self.accepts = f"{'an activation' if group == 'activation' else 'a norm'} or none"

    def default_under(self, defaults: Defaults) -> Kind | None:
        return self.read(Word(self.default_word), defaults) if self.default_word else None

    def read(self, value: Any, defaults: Defaults = NO_DEFAULTS) -> Kind | None:
        if isinstance(value, Kind) and value.group == self.group:
            return value
        if not isinstance(value, Word):
            raise self.refuse(value)
        if value.text == "none":
            return None
        kind = self._kind(value.text)
        if kind is None:
            message = f"`{self.name}` requires {self.accepts}, not `{value.text}`"
            meant = self.word_of(value.text)
            help = meant and f"did you mean `{meant}`?"
            help = help or did_you_mean(value.text, self.bare_words())
            raise LayerError("N107", message, self.name, help)
        # `linear` and `none` are one value, so that equal layers compare equal.
        if kind.means_none:
            return None
        return kind.make(LayerSpec(value.text, arguments=value.arguments, defaults=defaults))

    def bare_words(self) -> tuple[str, ...]:
        # All kinds are imported here: only for help on a wrong word, and not by `of_bare`.
        return tuple(word for word in KINDS if self._kind(word))

    def of_bare(self, word: Word) -> Any:
        return word if self._kind(word.text) else None

    def word_of(self, name: str) -> str:
        own = [kind for word, kind in KINDS.items() if self._kind(word)]
        named = (kind for kind in own if name.lower() in kind.names_elsewhere)
        nothing = (kind for kind in own if kind.means_none and name.lower() == "identity")
        return next((kind.word for kind in (*named, *nothing)), "")

    def _kind(self, word: str) -> type[Kind] | None:
        """Return the kind of a word, where it can be this part of a layer."""
        kind = KINDS.get(word)
        return kind if kind and kind.group == self.group and kind.as_part else None
