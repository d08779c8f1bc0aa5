"""One piece of a text made several times side by side: `CHAIN |4`, `@name.* > CHAIN`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.fewest import Least
from netdsl.lowering.points import define_pass
from netdsl.lowering.scopes import Scope
from netdsl.lowering.values import whole
from netdsl.syntax import tree


def turns(starts: Sequence[Any], scope: Scope) -> Iterator[tuple[Any, Scope]]:
    """Yield what each pass begins with, and what it sees: points of its own, and the number `i`.

    Names that were made in it by the time the next one is asked for are known outside: `@name.0`.
    """
    names: set[str] = set()
    for turn, start in enumerate(starts):
        # A suffix for the names of layers: the branches' `as a` are `a_0`, `a_1` in Keras.
        inside = scope.turn(turn, f"_{turn}")
        yield start, inside
        define_pass(turn, inside.points, names, scope)


def chain_of_each(chain: tree.Chain, scope: Scope) -> tree.Chain | None:
    """Return what follows the `@name.*` that begins a chain; None where nothing does.

    Raises:
        NetError: N109 for a repeat, or a name, of `@name.*` itself.
    """
    first, *rest = chain.steps
    if first.repeat is not None or first.branches is not None or first.name:
        raise scope.fail("N109", "a reference has no repeat, and no further name", first)
    return tree.Chain(tuple(rest), rest[0].start, rest[-1].end) if rest else None


def branch_count(
    node: tree.Step | tree.Input, x: int | None, scope: Scope, graph: GraphBuilder
) -> int:
    """Return how many branches, or inputs, a step or an input is.

    Raises:
        NetError: N201 below 1, N406 where they cannot fit.
    """
    assert node.branches is not None
    what = "branches" if isinstance(node, tree.Step) else "inputs"
    count = whole(node.branches, scope, x, graph, f"the number of {what}", 1)
    least = graph.counter.least(node.body, scope) if isinstance(node, tree.Step) else Least()
    # A branch that makes nothing counts as one: `[ id |1000000000 ]` takes time as well.
    all_of_them = Least().plus(count, least.or_more(Least(1)))
    if not graph.fits(all_of_them):
        raise graph.too_large(all_of_them, scope.span(node))
    return count
