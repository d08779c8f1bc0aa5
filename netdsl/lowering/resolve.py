"""The kind that a layer's word means."""

from __future__ import annotations

from netdsl.errors import NetError, fail
from netdsl.kinds import KINDS
from netdsl.kinds.values import dims
from netdsl.lowering.scopes import Scope
from netdsl.lowering.vocabulary import kind_and_size
from netdsl.syntax import tree

_LARGEST_SIZE = 2**31


def resolve_kind(word: str, node: tree.LayerNode, scope: Scope) -> tuple[str, tuple[int, ...]]:
    """Return the kind that a word means, and the size in it.

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
        if word in scope.lost:
            raise NetError()
        from netdsl.lowering.hints import unknown_word  # late: start-up is short

        raise NetError(unknown_word(word, node, scope))
    if any(number > _LARGEST_SIZE for number in found[1]):
        raise fail("N404", f"the size {dims(found[1])} is too large", scope.span(node.word))
    return found
