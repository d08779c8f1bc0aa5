"""A plain graph as chains: merges hold their branches, each a chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from netdsl.factoring.dominators import immediate_dominators
from netdsl.factoring.items import (
    REFERENCE,
    Item,
    ItemChain,
    Node,
    NodeName,
    RootedChain,
    begins_elsewhere,
)

DEEPEST = 60
"""Merges within each other that one chain holds: brackets and Python's calls have limits."""


def nested_chains(
    nodes: Sequence[Node], inputs: Iterable[int], outputs: Sequence[int], ends: Iterable[int] = ()
) -> list[RootedChain]:
    """Nest a graph: chains in the order in which everything is made.

    A merge's branches begin where all of them part: at its immediate dominator. What a branch takes
    from elsewhere is a reference.

    Args:
        nodes: each after its inputs.
        inputs: the nodes that nothing goes into.
        outputs: the nodes at which chains end.
        ends: further nodes at which chains end.
    """
    nester = _Nester(nodes, tuple(inputs))
    further = {*ends, *_too_deep(nodes, nester.dominators)}.difference(outputs)
    return list(nester.chains([*sorted(further), *outputs]))


def _too_deep(nodes: Sequence[Node], dominators: Sequence[int | None]) -> list[int]:
    """Return the merges that hold merges `DEEPEST` deep, each counted from those within it."""
    depths = [0] * len(nodes)
    seen: set[int] = set()
    found = []
    for place, node in enumerate(nodes):
        # Of a merge: what does not join has one input, which is its dominator.
        for source in node.inputs:
            at: int | None = source
            # Each node is visited once over all merges: `seen` keeps long chains from being walked
            # again.
            while at is not None and at != dominators[place] and at not in seen:
                seen.add(at)
                depths[place] = max(depths[place], depths[at])
                at = dominators[at]
        depths[place] += node.merges
        if depths[place] >= DEEPEST:
            found.append(place)
            # It becomes a chain of its own, so that those around it count from 0 again.
            depths[place] = 0
    return found


def single_chains(nodes: Sequence[Node], outputs: Sequence[int]) -> list[RootedChain]:
    """Make a chain of each node that leads to an output, with references to what goes into it."""
    requested: set[int] = set()
    waiting = list(outputs)
    while waiting:
        place = waiting.pop()
        if place not in requested:
            requested.add(place)
            waiting += nodes[place].inputs
    chains = []
    for place in sorted(requested):
        node = nodes[place]
        if node.inputs:
            inputs = tuple((_reference(source),) for source in node.inputs)
            children = inputs if node.merges else ()
            item = Item(node.head, node.values, node.roles, node.width, children, place)
            chains.append(RootedChain(None, (item,) if children else (*inputs[0], item)))
    return chains


def crossings(nodes: Sequence[Node]) -> list[int]:
    """Find the nodes whose output goes to places that are not the branches of one merge.

    Such are the ends of cells that the cell after the next reads as well.

    Returns:
        The merges among them, where there are any: these are ends of cells, and not what is used
        twice within one. Else all of them.
    """
    consumers: Counter[int] = Counter(source for node in nodes for source in set(node.inputs))
    dominators = immediate_dominators(nodes)
    joined = {dominators[place] for place, node in enumerate(nodes) if node.merges}
    found = [
        place
        for place, node in enumerate(nodes)
        if node.inputs and consumers[place] > 1 and place not in joined
    ]
    return [place for place in found if nodes[place].merges] or found


class _Nester:
    """Nodes to chains; `made` are those that an earlier chain holds."""

    def __init__(self, nodes: Sequence[Node], inputs: tuple[int, ...]) -> None:
        self.nodes, self.inputs = nodes, inputs
        self.dominators = immediate_dominators(nodes)
        self.made: set[int] = set()

    def chains(self, outputs: Iterable[int]) -> Iterator[RootedChain]:
        # With several inputs none of them is where everything begins: all are referred to by name.
        if len(self.inputs) > 1:
            self.made.update(self.inputs)
        for output in outputs:
            start, spine = self._spine(output, None)
            if start is None or start in self.made:
                chain = self._chain(spine)
                has_start = start is None or begins_elsewhere(chain)
                yield RootedChain(None, chain if has_start else (_reference(start), *chain))
            else:
                self.made.add(start)
                yield RootedChain(start, self._chain(spine))

    def _spine(self, end: int, stop: int | None) -> tuple[int | None, list[int]]:
        """Return the nodes from `stop`, an input, or one that is already made, down to `end`,
        branches left out.
        """
        spine: list[int] = []
        at: int | None = end
        while at is not None and at != stop and at not in self.made and self.nodes[at].inputs:
            spine.append(at)
            at = self.dominators[at]
        return at, spine[::-1]

    def _chain(self, spine: Iterable[int]) -> ItemChain:
        return tuple(self._item(place) for place in spine)

    def _item(self, place: int) -> Item:
        node = self.nodes[place]
        children: tuple[ItemChain, ...] = ()
        width = node.width
        if node.merges:
            parting = self.dominators[place]
            children = tuple(self._branch(source, parting) for source in node.inputs)
            width = _width_before(children, node)
        self.made.add(place)
        # The span covers all branches, so that warnings point at the whole merge.
        within = (item.span[0] for child in children for item in child if item.head != REFERENCE)
        span = (min(within, default=place), place)
        return Item(node.head, node.values, node.roles, width, children, place, span)

    def _branch(self, end: int, parting: int | None) -> ItemChain:
        start, spine = self._spine(end, parting)
        chain = self._chain(spine)
        return chain if start == parting else (_reference(start), *chain)


def _reference(place: int | None) -> Item:
    assert place is not None
    return Item(REFERENCE, (NodeName(place),), ("p",))


def _width_before(children: Sequence[ItemChain], node: Node) -> int | None:
    """Return the channels that come into a merge and its branches.

    None where they are not known, or are not those that its own values follow from: the ones of its
    first input.
    """
    if not children[0]:
        return node.width
    widths = {child[0].width for child in children if child and child[0].head != REFERENCE}
    width = widths.pop() if len(widths) == 1 else None
    return width if width == node.width or not node.values else None
