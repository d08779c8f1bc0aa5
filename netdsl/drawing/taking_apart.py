"""A part of a network taken apart: its chain, and what hangs on it."""

from __future__ import annotations

from collections.abc import Sequence

from netdsl.drawing.parts import END, Fork, PartChain, Side, Tangle, Wire, chains_of, nodes_of
from netdsl.drawing.series import connected, cut_up, places_of


def taken_apart(count: int, wires: Sequence[Wire], alongside: frozenset[int]) -> PartChain | None:
    """Take apart nodes 0 to `count` - 1, each of which follows what it reads.

    Where much is tangled, what only ends next to the chain, or begins there, is hung on it.

    Args:
        count: the number of nodes.
        wires: who reads whom.
        alongside: keys of outside boxes, or of nodes' outputs, that come in or go out next to the
            main chain.

    Returns:
        The chain; None where what enters or leaves next to it does not meet the chain itself.
    """
    nodes = list(range(count))
    best = cut_up(nodes, wires, alongside)
    tangled = count if best is None else _tangled(best)
    if best is not None and _lopsided(best):
        tangled += 1
    # First what only ends next to the chain: it explains most tangles with the least moved.
    for both in (False, True):
        if not tangled:
            break
        hung = _hung(nodes, wires, alongside, both)
        if hung is not None and _tangled(hung) < tangled:
            best, tangled = hung, _tangled(hung)
    return best


def _lopsided(chain: PartChain) -> bool:
    """Return whether the chain ends in branches of which one is the network's main way."""
    if not chain.parts or not isinstance(chain.parts[-1], Fork):
        return False
    sizes = sorted(
        sum(1 for part in b.parts for _ in nodes_of(part)) for b in chain.parts[-1].branches
    )
    return len(sizes) == 2 and sizes[1] > 2 * sizes[0]


def _tangled(chain: PartChain) -> int:
    """Return how many nodes are in tangles."""
    found = 0
    for each in chains_of(chain):
        found += sum(len(part.nodes) for part in each.parts if isinstance(part, Tangle))
    return found


def _hung(
    nodes: Sequence[int], wires: Sequence[Wire], alongside: frozenset[int], both: bool
) -> PartChain | None:
    """Return the chain to the farthest end, with what ends elsewhere hung on it.

    Where `both`, also what begins elsewhere. None where nothing is.
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
    chain = cut_up(inside, [wire for wire in wires if not away & {*wire[:2]}], alongside)
    if chain is None:
        return None
    where = places_of(chain)
    for groups, leaves in ((leaving, True), (coming, False)):
        for anchor, group in groups:
            (holder, at) = where[anchor][-1]
            own = [wire for wire in wires if {*wire[:2]} <= {*group}]
            side = cut_up(group, own, frozenset())
            if side is None or not isinstance(holder.parts[at], int):
                return None
            holder.sides.append(Side(at, side, leaves))
    return chain


def _leading(nodes: Sequence[int], wires: Sequence[Wire], leaves: bool) -> set[int]:
    """Return the nodes that lead to the end that lies farthest (or come from such a beginning)."""
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
    """Return what else there is, in groups that hang on a single node each, with that node."""
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
    for group in connected(after, others):
        hooks = {hook for node in group for hook in anchors[node]}
        hanging = all(bool(anchors[node]) == (node not in inner) for node in group)
        if len(hooks) == 1 and min(hooks) >= 0 and hanging:
            found.append((hooks.pop(), group))
    return found
