"""A part of a network cut up where every way passes one node.

First the skips are taken out: wires next to which there is a longer way. What is left is
most often two-terminal series-parallel (Valdes, Tarjan and Lawler 1982). What is not is a tangle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from netdsl.drawing.parts import (
    END,
    START,
    Arc,
    Fork,
    Part,
    PartChain,
    Tangle,
    Wire,
    chains_of,
    nodes_of,
)

_DEEPEST = 40  # branches within branches; deeper ones are tangles


def cut_up(nodes: list[int], wires: Sequence[Wire], alongside: frozenset[int]) -> PartChain | None:
    """Take apart some nodes, each of which follows what it reads.

    Returns:
        The chain; None where a wire whose key is in `alongside` does not meet the chain itself.
    """
    extra = [w for w in wires if w.key in alongside and (w.source == START or w.target == END)]
    main = [wire for wire in wires if wire not in extra] if extra else wires
    kept, skips = _without_skips(nodes, main)
    chain = _chain(_adjacent(nodes, kept), nodes, START, END, 0)
    # Each round turns branches, or several parts, into one tangle: so it ends.
    while True:
        where = places_of(chain)
        for each in chains_of(chain):
            each.arcs.clear()
        clash: tuple[PartChain, int, int] | None = None
        for wire in (*skips, *extra):
            clash = _put(chain, where, wire, wire in extra)
            if clash:
                if wire in extra:
                    return None
                break
        if clash is None:
            return chain
        where_chain, first, last = clash
        inner = sorted(n for part in where_chain.parts[first : last + 1] for n in nodes_of(part))
        where_chain.parts[first : last + 1] = [Tangle(tuple(inner))]


def _adjacent(nodes: Iterable[int], wires: Iterable[Wire]) -> dict[int, list[int]]:
    """Return whom each node is read by; loose ends hang on START and END."""
    after: dict[int, list[int]] = {node: [] for node in (START, *nodes)}
    fed = set()
    for wire in wires:
        after[wire.source].append(wire.target)
        fed.add(wire.target)
    after[START] += (node for node in after if node not in fed and node != START)
    return {node: list(dict.fromkeys(others)) or [END] for node, others in after.items()}


def _without_skips(nodes: Sequence[int], wires: Sequence[Wire]) -> tuple[list[Wire], list[Wire]]:
    """Return the wires without those next to which there is a longer way, and these."""
    after: dict[int, set[int]] = {node: set() for node in (START, *nodes)}
    for wire in wires:
        after[wire.source].add(wire.target)
    fed = {wire.target for wire in wires}
    after[START] |= {node for node in nodes if node not in fed}
    # Sets as bits of one integer: a union of thousands of nodes is one operation.
    bit = {node: 1 << place for place, node in enumerate((*nodes, END))}
    reach: dict[int, int] = {END: 0}
    beyond: dict[int, int] = {}  # what is reached by more than one wire
    for node in (*reversed(nodes), START):
        beyond[node] = reach[node] = 0
        for other in after[node] or {END}:
            # What the next ones reach is more than one wire away.
            beyond[node] |= reach[other]
            reach[node] |= reach[other] | bit[other]
    kept: list[Wire] = []
    skips: list[Wire] = []
    seen: set[tuple[int, int]] = set()
    for wire in wires:
        double = wire[:2] in seen
        seen.add(wire[:2])
        far = bool(beyond[wire.source] & bit[wire.target])
        (skips if double or far else kept).append(wire)
    return kept, skips


def _chain(
    after: dict[int, list[int]], nodes: list[int], start: int, end: int, depth: int
) -> PartChain:
    """Return the chain of nodes between two ends, which all ways begin and end at."""
    place = {node: at for at, node in enumerate(nodes)}
    last = len(nodes)
    parts: list[Part] = []
    # `far`: the last node that a wire from before reaches. Where it is passed, no wire jumps over.
    far = max((place.get(other, -1) for other in after[start]), default=-1)
    before, begun = start, 0
    for at, node in enumerate(nodes):
        if far <= at:
            parts += _between(after, nodes[begun:at], before, node, depth)
            parts.append(node)
            before, begun = node, at + 1
        far = max(far, max(place.get(other, last) for other in after[node]))
    parts += _between(after, nodes[begun:], before, end, depth)
    return PartChain(parts)


def _between(
    after: dict[int, list[int]], nodes: list[int], start: int, end: int, depth: int
) -> list[Part]:
    """Return what is between two nodes that every way passes."""
    if not nodes:
        return []
    groups = connected(after, nodes)
    if len(groups) == 1 or depth > _DEEPEST:
        return [Tangle(tuple(nodes))]
    return [Fork(tuple(_chain(after, group, start, end, depth + 1) for group in groups))]


def connected(after: Mapping[int, Sequence[int]], nodes: Sequence[int]) -> list[list[int]]:
    """Return the nodes in groups that no wire joins."""
    root = {node: node for node in nodes}

    def find(node: int) -> int:
        while root[node] != node:
            # Union-find with path halving (Tarjan and van Leeuwen 1984).
            root[node] = root[root[node]]
            node = root[node]
        return node

    for node in nodes:
        for other in after[node]:
            if other in root:
                root[find(other)] = find(node)
    groups: dict[int, list[int]] = {}
    for node in nodes:
        groups.setdefault(find(node), []).append(node)
    return list(groups.values())


# --- arcs -----------------------------------------------------------------------------------------

_Place = tuple[tuple[PartChain, int], ...]  # the chains that lead to a node, and its part in each


def places_of(chain: PartChain, before: _Place = ()) -> dict[int, _Place]:
    """Return for each node the chains that lead to it, and its part in each."""
    found: dict[int, _Place] = {}
    for at, part in enumerate(chain.parts):
        here = (*before, (chain, at))
        if isinstance(part, Fork):
            for branch in part.branches:
                found |= places_of(branch, here)
        else:
            found |= dict.fromkeys(nodes_of(part), here)
    return found


def _put(
    chain: PartChain, where: dict[int, _Place], wire: Wire, extra: bool
) -> tuple[PartChain, int, int] | None:
    """Add an arc to the chain that it runs next to.

    Where it would run through others, which parts of which chain are a tangle.

    Args:
        chain: the outermost one.
        where: for each node the chains that lead to it.
        wire: the arc.
        extra: whether it comes from outside or goes there, next to the chain.
    """
    a = ((chain, -1),) if wire.source == START else where[wire.source]
    b = ((chain, len(chain.parts)),) if wire.target == END else where[wire.target]
    level = 0
    while level < min(len(a), len(b)) - 1 and a[level] == b[level]:
        level += 1
    common, i = a[level]
    j = b[level][1]
    if b[level][0] is not common:  # in two branches of one fork
        common, i = a[level - 1]
        return common, i, i
    if i == j:  # within a tangle, which draws it itself
        return None
    inner, outer = len(a) - 1 > level, len(b) - 1 > level
    tangled = [
        0 <= at < len(common.parts) and isinstance(common.parts[at], Tangle) for at in (i, j)
    ]
    adjacent = j == i + 1
    if inner or outer or any(tangled):
        if extra or not adjacent or (inner and outer) or all(tangled):
            return common, i if inner or tangled[0] else i + 1, j if outer or tangled[1] else j - 1
        if any(tangled):
            return None  # between a tangle and its neighbour
    if inner:
        deep, start = a[-1]
        if not _ends(a[level:]):
            return common, i, i
        if isinstance(deep.parts[start], Tangle):
            return None if start == len(deep.parts) - 1 else (deep, start, len(deep.parts) - 1)
        deep.arcs.append(Arc(start, len(deep.parts), wire))
    elif outer:
        deep, stop = b[-1]
        if not all(at == 0 for _, at in b[level + 1 : -1]):
            return common, j, j
        if isinstance(deep.parts[stop], Tangle):
            return None if stop == 0 else (deep, 0, stop)
        deep.arcs.append(Arc(-1, stop, wire))
    else:
        common.arcs.append(Arc(i, j, wire))
    return None


def _ends(place: _Place) -> bool:
    """Return whether the chains on the way down to a place all end with it, the innermost apart."""
    return all(at == len(chain.parts) - 1 for chain, at in place[1:-1])
