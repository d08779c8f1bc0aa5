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
            help = did_you_mean(value.text, self.bare_words())
            raise LayerError("N107", message, self.name, help)
        if kind.means_none:
            return None
        return kind.make(LayerSpec(value.text, arguments=value.arguments, defaults=defaults))

    def bare_words(self) -> tuple[str, ...]:
        return tuple(word for word in KINDS if self._kind(word))

    def of_bare(self, word: Word) -> Any:
        return word if self._kind(word.text) else None

    def _kind(self, word: str) -> type[Kind] | None:
        """The kind of a word, where it can be this part of a layer."""
        kind = KINDS.get(word)
        return kind if kind and kind.group == self.group and kind.as_part else None
