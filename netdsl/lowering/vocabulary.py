"""Which kind and size a word means."""

from __future__ import annotations

import re
from functools import lru_cache

from netdsl.errors import NetError, fail
from netdsl.kinds import KINDS
from netdsl.kinds.values import dims
from netdsl.lowering.scopes import Scope
from netdsl.syntax import tree

FORMS = ("res",)
"""Words that are looked up like kinds and are made of other layers."""

_LARGEST_SIZE = 2**31


def means_kind(word: str, scope: Scope) -> bool:
    """Whether nothing in the text gives the word another meaning than a kind's."""
    return word not in scope.values and word not in scope.blocks and word not in FORMS


def resolve_kind(word: str, node: tree.Layer, scope: Scope) -> tuple[str, tuple[int, ...]]:
    """The kind that a word means, and the size in it.

    Raises:
        NetError: N101 where no kind is meant, N404 for a size that is too large.
    """
    if word in KINDS:
        found: tuple[str, tuple[int, ...]] | None = word, ()
    elif node.size is not None and word.endswith("x"):
        found = kind_and_size(word[:-1])
    else:
        found = kind_and_size(word)
    if found is None:
        from netdsl.lowering.hints import unknown_word  # late: start-up is short

        raise NetError(unknown_word(word, node, scope))
    if any(number > _LARGEST_SIZE for number in found[1]):
        raise fail("N404", f"the size {dims(found[1])} is too large", scope.span(node.word))
    return found


@lru_cache(maxsize=4096)
def kind_and_size(word: str) -> tuple[str, tuple[int, ...]] | None:
    """`conv1x7` as a kind and a size: letters and the longest trailing size.

    None where it is not such a word.
    """
    letters = word.rstrip("0123456789x")
    size = word[len(letters) :]
    while size.startswith("x"):  # an x at the end of the letters is theirs
        letters, size = f"{letters}x", size[1:]
    if letters in KINDS and re.fullmatch(r"[0-9]+(?:x[0-9]+)*", size):
        return letters, tuple(map(int, size.split("x")))
    return None
