"""Where the parts of a region stand: chains on one straight axis, branches side by side, arcs in
lanes of their own.

All in two directions that know nothing of the page: `u` along the flow, `v` across, 0 on the axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from math import inf
from typing import TypeAlias

from netdsl.drawing.forks import ForkBox
from netdsl.drawing.nodes import ALONGSIDE, GAP, LANE, LANES, TURN, LaidNode, NodeBox, TangleBox
from netdsl.drawing.parts import (
    END,
    START,
    Arc,
    Fork,
    Part,
    PartChain,
    Side,
    Tangle,
    Wire,
    nodes_of,
)


class Lane:
    """Arcs that share a line: `v` is where it runs, across from the chain's axis."""

    __slots__ = ("arcs", "v")

    def __init__(self, arcs: list[Arc], v: float) -> None:
        self.arcs, self.v = arcs, v


class SideBox:
    """A chain next to another: where it begins along, and its axis across."""

    __slots__ = ("box", "side", "u", "v")

    def __init__(self, side: Side, box: ChainBox, u: float) -> None:
        self.side, self.box, self.u, self.v = side, box, u, 0.0


class ChainBox:
    """A chain with its positions: `starts` along, for each part; `gaps` before each and at last."""

    def __init__(self, chain: PartChain, nodes: Sequence[LaidNode], wires: Sequence[Wire]) -> None:
        self.chain = chain
        self.parts: list[PartBox] = [
            part_box(_in_order(part, after, nodes, wires), nodes, wires)
            for part, after in zip_longest(chain.parts, chain.parts[1:])
        ]
        self.sides: list[SideBox] = []
        self.lanes: list[Lane] = []
        # Bars first: how wide they are decides how far sides and lanes must stay away.
        self._set_bars(nodes, wires)
        self.starts: list[float] = []
        u = 0.0
        for at, part in enumerate(self.parts):
            u += self.gap(at) if at else 0.0
            self.starts.append(u)
            u += part.length
        self.length: float = u
        self._set_sides(nodes, wires)
        self.axes: list[float] = [0.0] * len(self.parts)
        self.left: float = max((part.left for part in self.parts), default=0.0)
        self.right: float = max((part.right for part in self.parts), default=0.0)
        for alongside in self.sides:
            self.left = max(self.left, alongside.box.left - alongside.v)
            self.right = max(self.right, alongside.v + alongside.box.right)
        self._set_lanes(nodes)

    def follow(self, nodes: Sequence[LaidNode]) -> None:
        """Move what comes after a tangle below where its lines leave it, if nothing hangs on the
        chain or passes the tangle. Only a chain that nothing continues may do so.
        """
        axes, axis = [], 0.0
        for part, after in zip_longest(self.parts, self.parts[1:]):
            axes.append(axis)
            bar = isinstance(after, NodeBox) and after.node.shape == "bar"  # which reaches them
            if isinstance(part, TangleBox) and after is not None and not bar:
                ends = sorted(v for _, v in part.columns(nodes))
                # Whole units: equal distances stay equal where a file rounds them.
                axis = float(round(axis + (ends[0] + ends[-1]) / 2))
        spans = [(lane, *_span(lane.arcs)) for lane in self.lanes]
        # An arc across a shift would need a bend: the chain stays straight where there is one.
        inside = all(
            first >= 0 and last < len(axes) and axes[first] == axes[last]
            for _, first, last in spans
        )
        if self.chain.sides or not inside:
            return
        self.axes = axes
        for lane, first, _ in spans:
            lane.v += axes[first]
        placed = list(zip(self.parts, axes, strict=True))
        lines = [lane.v for lane in self.lanes]
        self.left = max([*(part.left - axis for part, axis in placed), *(-v for v in lines)])
        self.right = max([*(part.right + axis for part, axis in placed), *lines])

    def turns(self, at: int) -> bool:
        """Return whether lines turn before the part, or after the last one for their number."""
        # Branches and tangles spread and join in the gap, which needs room for the bends.
        around = self.parts[max(0, at - 1) : at + 1]
        if any(not isinstance(part, NodeBox) for part in around):
            return True
        if any(side.at == at - side.leaves for side in self.chain.sides):
            return True
        return any(arc.start == at - 1 or arc.end == at for arc in self.chain.arcs)

    def gap(self, at: int) -> float:
        """Return the free space before a part."""
        return TURN if self.turns(at) else GAP

    def _set_bars(self, nodes: Sequence[LaidNode], wires: Sequence[Wire]) -> None:
        """Make bars as wide as the branches before them."""
        for at, part in enumerate(self.parts):
            if not isinstance(part, NodeBox) or part.node.shape != "bar":
                continue
            ends = [0.0]
            if at and not isinstance(self.parts[at - 1], NodeBox):
                number = part.number
                sources = {wire.source for wire in wires if wire.target == number}
                ends = [v for node, v in self.parts[at - 1].columns(nodes) if node in sources]
            part.widen(min(ends), max(ends))

    def _set_sides(self, nodes: Sequence[LaidNode], wires: Sequence[Wire]) -> None:
        """Place what hangs on the chain next to it, as near as what is there allows.

        To the right, unless the line to it would pass through another. What enters first is
        nearest, and of what leaves, what leaves last.
        """
        coming = [side for side in self.chain.sides if not side.leaves]
        leaving = [side for side in self.chain.sides if side.leaves]
        # Nearest where the line is short: the first to come in, the last to leave.
        coming.sort(key=lambda side: side.at)
        leaving.sort(key=lambda side: -side.at)
        for side in (*coming, *leaving):
            box = ChainBox(side.chain, nodes, wires)
            at, part = side.at, self.parts[side.at]
            # It begins below the part that it leaves, or ends above the part that it comes into.
            if side.leaves:
                u = self.starts[at] + part.length + self.gap(at + 1)
                low, high = u, u + box.length
            else:
                u = self.starts[at] - self.gap(at) - box.length
                low, high = u, self.starts[at] + part.length
            alongside = SideBox(side, box, u)
            left, right = self.reach(low, high)
            passes = any(self._passes(alongside, other) for other in self.sides if other.v > 0)
            if passes or self._enters_left(side, wires):
                alongside.v = -(left + ALONGSIDE + box.right)
            else:
                alongside.v = right + ALONGSIDE + box.left
            self.sides.append(alongside)
            self.length = max(self.length, u + box.length)
            if not side.leaves and isinstance(part, NodeBox) and part.node.shape == "bar":
                # The line from the side ends in the bar, and not in the air next to it.
                part.widen(alongside.v, alongside.v)
        above = -min((alongside.u for alongside in self.sides), default=0.0)
        if above > 0:  # what comes into the chain begins above it
            self.starts = [start + above for start in self.starts]
            self.length += above
            for alongside in self.sides:
                alongside.u += above

    def _enters_left(self, side: Side, wires: Sequence[Wire]) -> bool:
        """Return whether what begins next to the chain comes into a frame to the left of
        what else does.
        """
        inside = {node for part in side.chain.parts for node in nodes_of(part)}
        part = self.parts[side.at]
        return isinstance(part, NodeBox) and any(
            part.node.enters_left(wire.key)
            for wire in wires
            if wire.target == part.number and wire.source in inside
        )

    def _passes(self, alongside: SideBox, other: SideBox) -> bool:
        """Return whether the line between the chain and one side would pass through another."""
        at = alongside.side.at
        turn = self.starts[at] + self.parts[at].length / 2
        if alongside.side.leaves:
            turn = alongside.u - TURN / 2
        low, high = self._extent(other)
        return low - TURN / 2 < turn < high + TURN / 2

    def _extent(self, alongside: SideBox) -> tuple[float, float]:
        """Return where something next to the chain begins and ends along, its line into the chain
        with it.
        """
        end = alongside.u + alongside.box.length
        if not alongside.side.leaves:
            at = alongside.side.at
            end = max(end, self.starts[at] + self.parts[at].length / 2)
        return alongside.u, end

    def _set_lanes(self, nodes: Sequence[LaidNode]) -> None:
        """Give each arc a side and a lane: to the right where it crosses none that is there."""
        sides: dict[str, list[Arc]] = {"right": [], "left": []}
        # Short arcs first: long ones then go around them, in lanes farther out.
        for arc in sorted(self.chain.arcs, key=lambda arc: (arc.end - arc.start, arc.start)):
            clashes = {
                side: sum(_cross(arc, other) for other in arcs) for side, arcs in sides.items()
            }
            port = _port(arc, nodes)
            # A frame gives it out on this side already: on the other it would pass the frame.
            if port:
                side = "left" if port < 0 else "right"
            elif self._turns_alongside(arc, 1) and not self._turns_alongside(arc, -1):
                side = "left"
            elif clashes["left"] != clashes["right"]:
                side = "left" if clashes["left"] < clashes["right"] else "right"
            else:
                part = self.parts[arc.end] if arc.end < len(self.parts) else None
                enters = isinstance(part, NodeBox) and part.node.enters_left(arc.wire.key)
                side = "left" if enters else "right"
            sides[side].append(arc)
        for side, arcs in sides.items():
            self._place_lanes(side, self._shared(arcs, nodes), nodes)

    def _turns_alongside(self, arc: Arc, sign: int) -> bool:
        """Return whether an arc would begin or end where something hangs on the chain, to the right
        (1) or to the left (-1).
        """
        ends = []
        if arc.start >= 0:
            ends.append(self.starts[arc.start] + self.parts[arc.start].length + TURN / 2)
        if arc.end < len(self.parts):
            ends.append(self.starts[arc.end] + self.parts[arc.end].length / 2)
        return any(
            alongside.u - TURN / 2 <= u <= alongside.u + alongside.box.length + TURN / 2
            for alongside in self.sides
            for u in ends
            if sign * alongside.v > 0
        )

    def _shared(self, arcs: Sequence[Arc], nodes: Sequence[LaidNode]) -> list[list[Arc]]:
        """Return the arcs in groups that share a line.

        Those to one target, where they come into it at one place, and of the others those of one
        source, unless the line would end in a bar on its way.
        """
        targets: dict[tuple[int, float], list[Arc]] = {}
        for arc in arcs:
            target, key = arc.wire.target, arc.wire.key
            place = nodes[target].entries.get(key, 0.0) if target != END else 0.0
            targets.setdefault((arc.end, place), []).append(arc)
        groups = [group for group in targets.values() if len(group) > 1]
        sources: dict[tuple[int, int, int], list[Arc]] = {}
        for (end, _), (arc, *others) in targets.items():
            if not others:
                part = self.parts[end] if end < len(self.parts) else None
                bar = isinstance(part, NodeBox) and part.node.shape == "bar"
                # A bar reaches each lane that ends in it, and would cross one that goes further.
                alone = end if bar else -1
                sources.setdefault((arc.start, arc.wire.key, alone), []).append(arc)
        return groups + list(sources.values())

    def _place_lanes(self, side: str, groups: list[list[Arc]], nodes: Sequence[LaidNode]) -> None:
        sign = 1 if side == "right" else -1
        placed: list[tuple[int, int, float]] = []
        # Inner lanes first: each later one looks only at those that overlap it.
        groups.sort(key=lambda arcs: (_span(arcs)[1] - _span(arcs)[0], _span(arcs)))
        for arcs in groups:
            first, last = _span(arcs)
            clear = 0.0
            for part in self.parts[max(0, first + 1) : last]:
                clear = max(clear, part.right if side == "right" else part.left)
            clear = max([clear, *self._passed(first, last, sign)])
            away = clear + LANE
            for part in (self.parts[arc.end] for arc in arcs if arc.end < len(self.parts)):
                # It comes into the side of what it ends in: the lane is outside of that, too.
                if isinstance(part, NodeBox) and part.node.shape != "bar":
                    away = max(away, part.right + LANE if sign > 0 else part.left + LANE)
            away = max([away, *(abs(_port(arc, nodes)) for arc in arcs)])
            for a, b, v in placed:
                if a < last and first < b:
                    away = max(away, v + LANES)
            placed.append((first, last, away))
            self.lanes.append(Lane(arcs, sign * away))
            for arc in arcs:
                target = self.parts[arc.end] if arc.end < len(self.parts) else None
                if isinstance(target, NodeBox) and target.node.shape == "bar":
                    target.widen(sign * away, sign * away)
                    self.left = max(self.left, target.left)
                    self.right = max(self.right, target.right)
            if side == "right":
                self.right = max(self.right, away)
            else:
                self.left = max(self.left, away)

    def reach(self, begin: float, end: float) -> tuple[float, float]:
        """Return how far it reaches across to both sides, between two places along."""
        found = [(0.0, 0.0)]
        for part, start in zip(self.parts, self.starts, strict=True):
            if begin - GAP < start + part.length and start - GAP < end:
                found.append(
                    part.reach(begin - start, end - start)
                    if isinstance(part, ForkBox)
                    else (part.left, part.right)
                )
        for alongside in self.sides:
            low, high = self._extent(alongside)
            if begin - GAP < high and low - GAP < end:
                left, right = alongside.box.reach(begin - alongside.u, end - alongside.u)
                found.append((left - alongside.v, right + alongside.v))
        if self.lanes:
            found.append((-min(lane.v for lane in self.lanes), max(lane.v for lane in self.lanes)))
        return max(left for left, _ in found), max(right for _, right in found)

    def _passed(self, first: int, last: int, sign: int) -> Iterator[float]:
        """Yield how far what hangs on one side of the chain reaches, where an arc passes it."""
        begin = self.starts[first] if first >= 0 else 0.0
        end = self.starts[last] if last < len(self.starts) else self.length
        for alongside in self.sides:
            low = min(alongside.u, self.starts[alongside.side.at])
            if low < end + GAP and begin < alongside.u + alongside.box.length + GAP:
                box = alongside.box
                if sign * alongside.v > 0:
                    yield abs(alongside.v) + (box.right if sign > 0 else box.left)

    def passing(self, last: bool = True) -> Iterator[tuple[int, float]]:
        """Yield the nodes whose arcs leave it at its end (or that arcs from its beginning reach),
        each with where the line runs across.
        """
        for lane in self.lanes:
            for arc in lane.arcs:
                if last and arc.end == len(self.parts):
                    yield arc.wire.source, lane.v
                elif not last and arc.start == -1:
                    yield arc.wire.target, lane.v

    def columns(self, nodes: Sequence[LaidNode], last: bool = True) -> Iterator[tuple[int, float]]:
        """Yield the nodes at its end (or its beginning), each with where its line runs across."""
        if self.parts:
            yield from self.parts[-1 if last else 0].columns(nodes, last)


PartBox: TypeAlias = "NodeBox | ForkBox[ChainBox] | TangleBox"


def _in_order(
    part: Part, after: Part | None, nodes: Sequence[LaidNode], wires: Sequence[Wire]
) -> Part:
    """Put branches in the order in which they come into the frame that they meet in."""
    if not isinstance(part, Fork) or not isinstance(after, int) or len(nodes[after].entries) < 2:
        return part
    entries = {
        wire.source: nodes[after].entries[wire.key] for wire in wires if wire.target == after
    }

    def entry(branch: PartChain) -> float:
        ends = (entries.get(node, inf) for part in branch.parts for node in nodes_of(part))
        # Branches that the frame does not read come last.
        return min(ends, default=inf)

    return Fork(tuple(sorted(part.branches, key=entry)))


def part_box(part: Part, nodes: Sequence[LaidNode], wires: Sequence[Wire]) -> PartBox:
    """Return a part of a chain with its measures."""
    if isinstance(part, Fork):
        branches = [ChainBox(branch, nodes, wires) for branch in part.branches]
        return ForkBox(branches, nodes, wires)
    if isinstance(part, Tangle):
        return TangleBox(part, nodes, wires)
    return NodeBox(part, nodes[part])


def _port(arc: Arc, nodes: Sequence[LaidNode]) -> float:
    """Return where the arc leaves a frame next to its axis; 0 where it does not."""
    source = arc.wire.source
    return nodes[source].exits.get(arc.wire.key, 0.0) if source != START else 0.0


def _cross(a: Arc, b: Arc) -> bool:
    # `b` is no longer than `a`, of which one end is within it: on one side their lines would cross.
    return any(b.start < end < b.end for end in (a.start, a.end))


def _span(arcs: Sequence[Arc]) -> tuple[int, int]:
    return min(arc.start for arc in arcs), max(arc.end for arc in arcs)
