"""What words mean by themselves: forms, kinds, sizes."""

from __future__ import annotations

import re
from functools import lru_cache

from netdsl.kinds import KINDS, merge
from netdsl.lowering.scopes import Scope

FORMS = ("res", "each")
"""Words that are looked up like kinds and are made of other layers."""

ADDED_FORMS = ("each",)
"""Those that came after version 0.1.0: a name that a text defines is then the text's own."""

NONE = "none"
"""The branch that a merge leaves out."""

BARE_MERGE = merge.Concatenate.word
"""What `[ a | b ]` is."""


def means_kind(word: str, scope: Scope) -> bool:
    """Return whether nothing in the text gives the word another meaning than a kind's."""
    return (
        word not in scope.values and word not in scope.blocks and word not in FORMS and word != NONE
    )


def adds_operation(word: str) -> bool:
    """Return whether a layer of this word adds an operation."""
    kind = KINDS.get(word)
    return word != NONE and (kind is None or not kind.is_identity)


@lru_cache(maxsize=4096)
def kind_and_size(word: str) -> tuple[str, tuple[int, ...]] | None:
    """Take `conv1x7` apart: a kind's letters and the longest trailing size.

    None where it is not such a word.
    """
    # No regular expression first: this is asked of each word of a text.
    letters = word.rstrip("0123456789x")
    size = word[len(letters) :]
    while size.startswith("x"):  # an x at the end of the letters is theirs
        letters, size = f"{letters}x", size[1:]
    # `conv3x` or `conv3xx5` are refused here.
    if letters in KINDS and re.fullmatch(r"[0-9]+(?:x[0-9]+)*", size):
        return letters, tuple(map(int, size.split("x")))
    return None


def added_word(name: str) -> str | None:
    """Return the kind or form that a name would mean if no text had defined it, with a size or not.

    None where there is none, or one that no text can define.
    """
    if name in ADDED_FORMS:
        return name
    sized = kind_and_size(name)
    kind = KINDS.get(name) or (
        KINDS[sized[0]] if sized and "size" in KINDS[sized[0]].takes else None
    )
    return kind.word if kind is not None and kind.added else None
