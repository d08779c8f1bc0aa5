"""A part of a network taken apart: chains, branches that part and meet, arcs over them, and what is
none of that.

First the skips are taken out: wires beside which there is a longer way. What is left is most often
two-terminal series-parallel (Valdes, Tarjan and Lawler 1982), and comes apart where every way passes
one node. What does not is a tangle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

START, END = -1, -2  # the ends of a wire that come from outside, and that go there
_DEEPEST = 40  # branches within branches; deeper ones are tangles


class Wire(NamedTuple):
    """One node reads another.

    Attributes:
        source: a node, or START.
        target: a node, or END.
        key: the box whose output it carries.
    """

    source: int
    target: int
    key: int


class Arc(NamedTuple):
    """A wire beside a chain: from behind one of its parts to another.

    -1 is what stands before the chain, and the number of its parts what stands behind it.
    """

    start: int
    end: int
    wire: Wire


class Side(NamedTuple):
    """A chain that hangs on one part of another: it leaves it and ends (`leaves`), or begins by
    itself and ends in it.
    """

    at: int
    chain: Chain
    leaves: bool


class Chain:
    """Parts one behind the other, arcs over them, and chains that hang on them."""

    __slots__ = ("arcs", "parts", "sides")

    def __init__(self, parts: list[Part]) -> None:
        self.parts = parts
        self.arcs: list[Arc] = []
        self.sides: list[Side] = []


class Fork(NamedTuple):
    """Chains side by side, each with at least one node."""

    branches: tuple[Chain, ...]


class Tangle(NamedTuple):
    """Nodes that are no chain and no branches, in an order in which each stands behind what it
    reads.
    """

    nodes: tuple[int, ...]


Part: TypeAlias = "int | Fork | Tangle"


def nodes_of(part: Part) -> Iterator[int]:
    """All nodes of a part."""
    if isinstance(part, int):
        yield part
    elif isinstance(part, Tangle):
        yield from part.nodes
    else:
        for branch in part.branches:
            for inner in branch.parts:
                yield from nodes_of(inner)


def taken_apart(count: int, wires: Sequence[Wire], beside: frozenset[int]) -> Chain | None:
    """Take apart nodes 0 to `count` - 1, each of which stands behind what it reads.

    Where much is tangled, what only ends beside the chain, or begins there, is hung on it.

    Args:
        wires: who reads whom.
        beside: keys of outside boxes, or of nodes' outputs, that come in or go out beside the main
            chain.

    Returns:
        The chain; None where what comes in or goes out beside it does not meet the chain itself.
    """
    nodes = list(range(count))
    best = _core(nodes, wires, beside)
    tangled = count if best is None else _tangled(best)
    if best is not None and _lopsided(best):
        tangled += 1
    for both in (False, True):
        if not tangled:
            break
        hung = _hung(nodes, wires, beside, both)
        if hung is not None and _tangled(hung) < tangled:
            best, tangled = hung, _tangled(hung)
    return best


def _lopsided(chain: Chain) -> bool:
    """Whether the chain ends in branches of which one is the network's main way."""
    if not chain.parts or not isinstance(chain.parts[-1], Fork):
        return False
    sizes = sorted(
        sum(1 for part in b.parts for _ in nodes_of(part)) for b in chain.parts[-1].branches
    )
    return len(sizes) == 2 and sizes[1] > 2 * sizes[0]


def _tangled(chain: Chain) -> int:
    """How many nodes are in tangles."""
    found = 0
    for each in _chains(chain):
        found += sum(len(part.nodes) for part in each.parts if isinstance(part, Tangle))
    return found


def _core(nodes: list[int], wires: Sequence[Wire], beside: frozenset[int]) -> Chain | None:
    """Take apart some nodes without hanging any on others."""
    extra = [w for w in wires if w.key in beside and (w.source == START or w.target == END)]
    main = [wire for wire in wires if wire not in extra] if extra else wires
    kept, skips = _without_skips(nodes, main)
    chain = _chain(_adjacent(nodes, kept), nodes, START, END, 0)
    while True:
        where = _places(chain)
        for each in _chains(chain):
            each.arcs.clear()
        clash: tuple[Chain, int, int] | None = None
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
    """Whom each node is read by; loose ends hang on START and END."""
    after: dict[int, list[int]] = {node: [] for node in (START, *nodes)}
    fed = set()
    for wire in wires:
        after[wire.source].append(wire.target)
        fed.add(wire.target)
    after[START] += (node for node in after if node not in fed and node != START)
    return {node: list(dict.fromkeys(others)) or [END] for node, others in after.items()}


def _without_skips(nodes: Sequence[int], wires: Sequence[Wire]) -> tuple[list[Wire], list[Wire]]:
    """The wires without those beside which there is a longer way, and these."""
    after: dict[int, set[int]] = {node: set() for node in (START, *nodes)}
    for wire in wires:
        after[wire.source].add(wire.target)
    fed = {wire.target for wire in wires}
    after[START] |= {node for node in nodes if node not in fed}
    bit = {node: 1 << place for place, node in enumerate((*nodes, END))}
    reach: dict[int, int] = {END: 0}
    beyond: dict[int, int] = {}  # what is reached by more than one wire
    for node in (*reversed(nodes), START):
        beyond[node] = reach[node] = 0
        for other in after[node] or {END}:
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


# --- what hangs on the chain ----------------------------------------------------------------------


def _hung(
    nodes: Sequence[int], wires: Sequence[Wire], beside: frozenset[int], both: bool
) -> Chain | None:
    """The chain to the farthest end, with what ends elsewhere hung on it; where `both`, also what
    begins elsewhere. None where nothing is.
    """
    main = _leading(nodes, wires, leaves=True)
    leaving = _groups(nodes, wires, main, leaves=True)
    coming: list[tuple[int, list[int]]] = []
    if both:
        rest = [node for node in nodes if not any(node in group for _, group in leaving)]
        begun = _leading(rest, wires, leaves=False)
        coming = _groups(rest, wires, begun, leaves=False)
    away = {node for _, group in (*leaving, *coming) for node in group}
    if not away:
        return None
    inside = [node for node in nodes if node not in away]
    chain = _core(inside, [wire for wire in wires if not away & {*wire[:2]}], beside)
    if chain is None:
        return None
    where = _places(chain)
    for groups, leaves in ((leaving, True), (coming, False)):
        for anchor, group in groups:
            (holder, at) = where[anchor][-1]
            own = [wire for wire in wires if {*wire[:2]} <= {*group}]
            side = _core(group, own, frozenset())
            if side is None or not isinstance(holder.parts[at], int):
                return None
            holder.sides.append(Side(at, side, leaves))
    return chain


def _leading(nodes: Sequence[int], wires: Sequence[Wire], leaves: bool) -> set[int]:
    """The nodes that lead to the end that lies farthest (or come from such a beginning)."""
    known = set(nodes)
    back: dict[int, list[int]] = {node: [] for node in nodes}
    ends = set()
    for wire in wires:
        source, target = wire[:2] if leaves else wire[1::-1]
        if target in known and source in known:
            back[target].append(source)
        elif source in known and target < 0:
            ends.add(source)
    length: dict[int, int] = {}
    for node in nodes if leaves else reversed(nodes):
        length[node] = 1 + max((length[other] for other in back[node]), default=0)
    if not ends and nodes:
        ends = {max(nodes, key=lambda node: (length[node], -node))}
    found: set[int] = set()
    waiting = list(ends)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += back[node]
    return found


def _groups(
    nodes: Sequence[int], wires: Sequence[Wire], main: set[int], leaves: bool
) -> list[tuple[int, list[int]]]:
    """What else there is, in groups that hang on a single node each, with that node."""
    others = [node for node in nodes if node not in main]
    after: dict[int, list[int]] = {node: [] for node in others}
    anchors: dict[int, set[int]] = {node: set() for node in others}
    inner: set[int] = set()  # those that are not at the end of their group that hangs
    for wire in wires:
        source, target = wire[:2]
        if source in after and target in after:
            after[source].append(target)
            inner.add(target if leaves else source)
        elif source in after or target in after:
            near, far = (target, source) if target in after else (source, target)
            anchors[near].add(far if (target == near) == leaves else END)
    found = []
    for group in _connected(after, others):
        hooks = {hook for node in group for hook in anchors[node]}
        hanging = all(bool(anchors[node]) == (node not in inner) for node in group)
        if len(hooks) == 1 and min(hooks) >= 0 and hanging:
            found.append((hooks.pop(), group))
    return found


def _chain(
    after: dict[int, list[int]], nodes: list[int], start: int, end: int, depth: int
) -> Chain:
    """The chain of nodes between two ends, which all ways begin and end at."""
    place = {node: at for at, node in enumerate(nodes)}
    last = len(nodes)
    parts: list[Part] = []
    far = max((place.get(other, -1) for other in after[start]), default=-1)
    before, begun = start, 0
    for at, node in enumerate(nodes):
        if far <= at:
            parts += _between(after, nodes[begun:at], before, node, depth)
            parts.append(node)
            before, begun = node, at + 1
        far = max(far, max(place.get(other, last) for other in after[node]))
    parts += _between(after, nodes[begun:], before, end, depth)
    return Chain(parts)


def _between(
    after: dict[int, list[int]], nodes: list[int], start: int, end: int, depth: int
) -> list[Part]:
    """What stands between two nodes that every way passes."""
    if not nodes:
        return []
    groups = _connected(after, nodes)
    if len(groups) == 1 or depth > _DEEPEST:
        return [Tangle(tuple(nodes))]
    return [Fork(tuple(_chain(after, group, start, end, depth + 1) for group in groups))]


def _connected(after: dict[int, list[int]], nodes: list[int]) -> list[list[int]]:
    """The nodes in groups that no wire joins."""
    root = {node: node for node in nodes}

    def find(node: int) -> int:
        while root[node] != node:
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

_Place = tuple[tuple[Chain, int], ...]  # the chains that lead to a node, and its part in each


def _chains(chain: Chain) -> Iterator[Chain]:
    yield chain
    for part in chain.parts:
        if isinstance(part, Fork):
            for branch in part.branches:
                yield from _chains(branch)
    for side in chain.sides:
        yield from _chains(side.chain)


def _places(chain: Chain, before: _Place = ()) -> dict[int, _Place]:
    found: dict[int, _Place] = {}
    for at, part in enumerate(chain.parts):
        here = (*before, (chain, at))
        if isinstance(part, Fork):
            for branch in part.branches:
                found |= _places(branch, here)
        else:
            found |= dict.fromkeys(nodes_of(part), here)
    return found


def _put(
    chain: Chain, where: dict[int, _Place], wire: Wire, extra: bool
) -> tuple[Chain, int, int] | None:
    """Adds an arc to the chain that it runs beside; where it would run through others, which parts
    of which chain are a tangle.
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
    """Whether the chains on the way down to a place all end with it, the innermost apart."""
    return all(at == len(chain.parts) - 1 for chain, at in place[1:-1])
