"""How many operations a piece of a text makes at least: repeats that cannot fit are refused before
the first is made.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any, TypeAlias

from netdsl.lowering.scopes import Scope
from netdsl.lowering.trampoline import run
from netdsl.lowering.vocabulary import adds_operation, means_kind
from netdsl.syntax import tree
from netdsl.syntax.walks import bare_word

Known: TypeAlias = dict[int, tuple[int, Any]]
Part: TypeAlias = tuple[int, Any, Scope]  # how often, of what, seeing what


def fewest_operations(node: Any, scope: Scope, known: Known) -> int:
    """Return how many operations a chain or a step's body makes at least.

    Args:
        node: of the tree.
        scope: what it sees.
        known: results so far, by the identity of their node, and the node, which so keeps it.
    """
    found = known.get(id(node))
    return found[0] if found else int(run((node, scope), partial(_count, known)))


def _count(known: Known, request: tuple[Any, Scope]) -> Generator[tuple[Any, Scope], int, int]:
    node, scope = request
    known[id(node)] = (0, node)  # within itself: of a block that calls itself
    count, parts = _parts(node, scope)
    for times, part, inner in parts:
        found = known.get(id(part))
        count += times * (found[0] if found else (yield part, inner))
    known[id(node)] = (count, node)
    return count


def _parts(node: Any, scope: Scope) -> tuple[int, list[Part]]:
    """Return the operations that are seen at once, and the parts that have to be looked into."""
    if isinstance(node, tree.Chain):
        return _of_chain(node, scope)
    if isinstance(node, tree.Group):
        return 0, [(1, node.chain, scope)]
    if isinstance(node, tree.Merge):
        return 1, [(1, branch, scope) for branch in node.branches]
    if not isinstance(node, tree.Layer):
        return 0, []
    word = node.word.text
    block = scope.blocks.get(word)
    if block is not None:
        return 0, [(1, block.definition.chain, block.scope)]
    if word == "res":
        chains = (a.value for a in node.arguments or () if a.name is None)
        return 0, [
            (1, chain, scope)
            for chain in chains
            if isinstance(chain, tree.Chain) and not bare_word(chain)
        ]
    return int(adds_operation(word) and means_kind(word, scope)), []


def _of_chain(chain: tree.Chain, scope: Scope) -> tuple[int, list[Part]]:
    count, parts = 0, []
    for step in chain.steps:
        body, times = step.body, _times(step)
        if isinstance(body, tree.Layer) and means_kind(body.word.text, scope):
            count += times * adds_operation(body.word.text)
        elif times:
            parts.append((times, body, scope))
    return count, parts


def _times(step: tree.Step) -> int:
    """Return how often a step is made at least; an expression may say never."""
    if step.repeat is None:
        return 1
    return int(step.repeat.value) if isinstance(step.repeat, tree.Number) else 0
