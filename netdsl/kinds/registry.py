"""All kinds by their words. The module of a kind is imported when its word is first looked up."""

import json
import os
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import TypeVar

_PACKAGE = "netdsl.kinds"
_FOLDER = os.path.dirname(os.path.abspath(__file__))
WORDS = os.path.join(_FOLDER, "words.json")

_Class = TypeVar("_Class", bound=type)


class Registry(MutableMapping[str, _Class]):
    """The classes of kinds, each under its word and its other spellings.

    A text names a few of the kinds, and importing all of them would be a fifth of its check. So
    `words.json` says which module defines a word; `make docs` writes it. `[]`, `get` and `in`
    import that module or none; what goes through the kinds imports all. Their order is that of
    `words.json`, whatever was imported first.
    """

    def __init__(self) -> None:
        with open(WORDS, encoding="utf-8") as file:
            self._stored: dict[str, list[str]] = json.load(file)
        self._module = {word: name for name, words in self._stored.items() for word in words}
        self._kinds: dict[str, _Class] = {}
        self._complete = False

    def __getitem__(self, word: str) -> _Class:
        if word not in self._kinds and word in self._module:
            import_module(f"{_PACKAGE}.{self._module[word]}")
        return self._kinds[word]  # not there yet while its own module is being imported

    def __contains__(self, word: object) -> bool:
        return word in self._kinds or word in self._module

    def __iter__(self) -> Iterator[str]:
        return iter(self._words())

    def __len__(self) -> int:
        return len(self._words())

    def __setitem__(self, word: str, kind: _Class) -> None:
        self._kinds[word] = kind

    def __delitem__(self, word: str) -> None:
        del self._kinds[word]

    def words_by_module(self) -> dict[str, list[str]]:
        """Import all modules of kinds and return the words that each defines."""
        for name in sorted(name for name in os.listdir(_FOLDER) if name.endswith(".py")):
            import_module(f"{_PACKAGE}.{name.removesuffix('.py')}")
        found: dict[str, list[str]] = {}
        for word, kind in self._kinds.items():
            package, _, name = kind.__module__.rpartition(".")
            if package == _PACKAGE:  # a program may define kinds of its own
                found.setdefault(name, []).append(word)
        return found

    def _words(self) -> list[str]:
        if not self._complete:
            found, stored = self.words_by_module(), self._stored
            for name in {**stored, **found}:
                # A stale file would hide a new kind until some other word of its module is used.
                if found.get(name) != stored.get(name):
                    raise TypeError(f"{WORDS} lacks a change of {name}.py: run `make docs`")
            self._complete = True
        return [*self._module, *(word for word in self._kinds if word not in self._module)]
