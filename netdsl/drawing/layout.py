"""A view laid out: where each box and frame stands, and the way of each edge.

In two directions that know nothing of the page: `u` along the flow, `v` across.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from netdsl.drawing.arrange import TURN, ChainBox, ForkBox, Node, NodeBox, TangleBox
from netdsl.drawing.geometry import Point, Size, straight
from netdsl.drawing.regions import Region, regions
from netdsl.drawing.series import END, START, Chain, Tangle, Wire, taken_apart
from netdsl.drawing.shown import Box, Frame
from netdsl.drawing.view import View

_LEAD = 12.0  # between a frame's edge and what is in it
_TURN = TURN / 2 - 2  # from the ends of a chain to where wires from outside turn


class Pads(NamedTuple):
    """The room between a frame's edges and what is in it: along, before and behind; across."""

    before: float
    behind: float
    left: float
    right: float


class Spot(NamedTuple):
    """A box: where it begins along, its axis across, and its size."""

    u: float
    v: float
    size: Size


class Area(NamedTuple):
    """A frame: how many are around it, where wires come in across, and its edges along and
    across.
    """

    frame: Frame
    depth: int
    entries: tuple[float, ...]
    u0: float
    u1: float
    v0: float
    v1: float


class Layout(NamedTuple):
    """A picture's positions.

    Attributes:
        spots: for each box.
        areas: the frames, those within others behind them.
        edges: for each edge of the view its points.
        cuts: where, along, a single wire is all that goes on.
    """

    spots: tuple[Spot, ...]
    areas: tuple[Area, ...]
    edges: tuple[tuple[Point, ...], ...]
    cuts: tuple[float, ...] = ()


class Reach(NamedTuple):
    """How far what is in a frame reaches to both sides of its axis, and where wires come in."""

    left: float
    right: float
    entries: tuple[float, ...]


class Measure(NamedTuple):
    """What a layout asks of the style: a box as a node, and a frame's pads."""

    node: Callable[[Box], Node]
    pads: Callable[[Frame, Reach], Pads]


class _Stop(NamedTuple):
    """Where a node stands in its region, and the lines where wires turn before and behind it.

    `depth` counts the forks around it.
    """

    u: float
    v: float
    depth: int
    before: float
    behind: float


class _Laid:
    """A region laid out by itself; its chain begins at (0, 0)."""

    def __init__(self, region: Region, measure: Measure) -> None:
        self.region = region
        self.nodes: list[Node] = []
        self.inner: list[_Laid | None] = []
        for item, within in zip(region.items, region.inner, strict=True):
            if isinstance(item, Box):
                self.nodes.append(measure.node(item))
                self.inner.append(None)
            else:
                assert within is not None
                laid = _Laid(within, measure)
                entries = tuple(sorted(laid.entries.values()))
                reach = Reach(laid.chain.left, laid.chain.right, entries)
                self.nodes.append(laid.as_node(measure.pads(item, reach)))
                self.inner.append(laid)
        self.beside = self._beside()
        chain = taken_apart(len(self.nodes), region.wires, self.beside)
        if chain is None:
            chain = Chain([Tangle(tuple(range(len(self.nodes))))])
        self.chain: ChainBox = ChainBox(chain, self.nodes, region.wires)
        self.top = self.bottom = 0.0
        self.pads = Pads(0.0, 0.0, 0.0, 0.0)
        self.entries: dict[int, float] = dict.fromkeys(region.entries, 0.0)
        self.exits: dict[int, float] = dict.fromkeys(region.exits, 0.0)
        self._set_ends()

    def _beside(self) -> frozenset[int]:
        """The outside wires that run beside the chain: all but the first that comes in, and the
        last that goes out.
        """
        entries = list(self.region.entries)
        source = {wire.key: wire.source for wire in self.region.wires if wire.target == END}
        exits = sorted(self.region.exits, key=lambda key: (source[key], key))
        return frozenset((*entries[1:], *exits[:-1]))

    def _set_ends(self) -> None:
        """Finds where outside wires come in and go out, across."""
        count = len(self.chain.parts)
        for lane in self.chain.lanes:
            for arc in lane.arcs:
                if arc.wire.key in self.beside:
                    if arc.wire.source == START and arc.start == -1:
                        self.entries[arc.wire.key] = lane.v
                    if arc.wire.target == END and arc.end == count:
                        self.exits[arc.wire.key] = lane.v
        if count == 1 and isinstance(self.chain.parts[0], TangleBox):
            tangle = self.chain.parts[0]
            for wire, route in zip(tangle.wires, tangle.laid.routes, strict=True):
                if wire.source == START:
                    self.entries[wire.key] = route[0][1]
                if wire.target == END:
                    self.exits[wire.key] = route[-1][1]

    def as_node(self, pads: Pads) -> Node:
        """The region as one node of the region around it."""
        chain = self.chain
        lead = 2 * _TURN if chain.turns(0) else _LEAD
        tail = 2 * _TURN if self._turns_at_end() else _LEAD
        self.top, self.bottom = lead + pads.before, tail + pads.behind
        self.pads = pads
        length = self.top + chain.length + self.bottom
        node = Node(Size(length, chain.left + pads.left, chain.right + pads.right), "frame")
        node.entries, node.exits = self.entries, self.exits
        return node

    def _turns_at_end(self) -> bool:
        chain = self.chain
        last = len(chain.parts)
        arcs = [arc for arc in chain.chain.arcs if arc.end == last]
        return not isinstance(chain.parts[-1], NodeBox) or any(
            arc.wire.key not in self.beside for arc in arcs
        )

    # --- positions ---

    def stops(self) -> dict[int, _Stop]:
        """Where each node stands."""
        found: dict[int, _Stop] = {}
        ends = (-_TURN, self.chain.length + _TURN)
        self._stops(self.chain, 0.0, 0.0, 0, ends, found)
        return found

    def _stops(
        self,
        chain: ChainBox,
        u: float,
        v: float,
        depth: int,
        turns: tuple[float, float],
        found: dict[int, _Stop],
    ) -> None:
        last = len(chain.parts) - 1
        for at, (part, start) in enumerate(zip(chain.parts, chain.starts, strict=True)):
            begin, end = u + start, u + start + part.length
            before = turns[0] if at == 0 else begin - chain.gap(at) / 2
            behind = turns[1] if at == last else end + chain.gap(at + 1) / 2
            if isinstance(part, NodeBox):
                found[part.number] = _Stop(begin, v, depth, before, behind)
            elif isinstance(part, TangleBox):
                for number, (along, across) in zip(part.nodes, part.laid.positions, strict=True):
                    stop = _Stop(begin + along, v + across, depth + 1, before, behind)
                    found[number] = stop
            else:
                for branch, shift, along in zip(
                    part.branches, part.shifts, part.starts, strict=True
                ):
                    inner = (before, behind)
                    self._stops(branch, begin + along, v + shift, depth + 1, inner, found)
        for beside in chain.sides:
            begin = u + beside.u
            inner = (begin - TURN / 2, begin + beside.box.length + TURN / 2)
            self._stops(beside.box, begin, v + beside.v, depth + 1, inner, found)


# --- wires ----------------------------------------------------------------------------------------


class _Router:
    """The ways of a region's wires, once all nodes stand."""

    def __init__(self, laid: _Laid) -> None:
        self.laid, self.nodes = laid, laid.nodes
        self.stops = laid.stops()
        self.lanes: dict[Wire, float] = {}  # of the wires that run beside a chain
        self.leaving: dict[Wire, list[Point]] = {}  # out of a tangle
        self.coming: dict[Wire, list[Point]] = {}  # into one
        self.within: dict[Wire, list[Point]] = {}
        for chain, u, v in _chains(laid.chain, 0.0, 0.0):
            for lane in chain.lanes:
                self.lanes |= dict.fromkeys((arc.wire for arc in lane.arcs), v + lane.v)
            for part, start in zip(chain.parts, chain.starts, strict=True):
                if isinstance(part, TangleBox):
                    self._read(part, u + start, v)

    def _read(self, tangle: TangleBox, u: float, v: float) -> None:
        for wire, route in zip(tangle.wires, tangle.laid.routes, strict=True):
            points = [(u + along, v + across) for along, across in route]
            if wire.source in tangle.nodes and wire.target in tangle.nodes:
                self.within[wire] = points
            elif wire.source in tangle.nodes:
                self.leaving[wire] = points
            else:
                self.coming[wire] = points

    def route(self, wire: Wire) -> list[Point]:
        """The points of a wire, from the end of one node to the beginning of another."""
        if wire in self.within:
            return self.within[wire]
        begin, behind, from_depth = self._begin(wire)
        points = self.leaving.get(wire, [begin])
        if wire in self.lanes:
            return [*points, *self._beside(wire, points[-1], behind)]
        coming = self.coming.get(wire)
        if coming:
            return [*points, *_turned(points[-1], behind, coming[0]), *coming]
        end, before, to_depth = self._end(wire)
        if from_depth > to_depth:
            return [*points, *self._joined(wire, points[-1], before, end)]
        return [*points, *_turned(points[-1], behind, end), end]

    def _begin(self, wire: Wire) -> tuple[Point, float, int]:
        """Where a wire begins, where it may turn behind that, and in how many forks that is."""
        stop = self.stops.get(wire.source)
        if stop is None:
            return (-self.laid.top, self.laid.entries[wire.key]), -_TURN, 0
        node = self.nodes[wire.source]
        v = stop.v + node.exits.get(wire.key, 0.0)
        return (stop.u + node.size.length, v), stop.behind, stop.depth

    def _end(self, wire: Wire) -> tuple[Point, float, int]:
        stop = self.stops.get(wire.target)
        if stop is None:
            length = self.laid.chain.length
            v = self.laid.exits[wire.key]
            return (length + self.laid.bottom, v), length + _TURN, 0
        v = stop.v + self.nodes[wire.target].entries.get(wire.key, 0.0)
        return (stop.u, v), stop.before, stop.depth

    def _joined(self, wire: Wire, begin: Point, before: float, end: Point) -> list[Point]:
        """From a branch to what all of them meet in."""
        node = self.nodes[wire.target] if wire.target in self.stops else None
        if node is not None and node.shape == "bar":
            return [(end[0], begin[1])]
        if node is not None and node.shape == "circle" and begin[1] != end[1]:
            return self._sideways(node, begin[1], end)
        return [*_turned(begin, before, end), end]

    def _beside(self, wire: Wire, begin: Point, behind: float) -> list[Point]:
        """Along the lane of an arc."""
        lane = self.lanes[wire]
        points = [] if begin[1] == lane else [(behind, begin[1]), (behind, lane)]
        end, before, _ = self._end(wire)
        node = self.nodes[wire.target] if wire.target in self.stops else None
        if node is None and end[1] == lane:
            return [*points, end]
        if node is not None and node.shape == "bar":
            return [*points, (end[0], lane)]
        if node is not None and node.shape in ("circle", "box"):
            return [*points, *self._sideways(node, lane, end)]
        return [*points, (before, lane), (before, end[1]), end]

    @staticmethod
    def _sideways(node: Node, v: float, end: Point) -> list[Point]:
        """Down to the middle of a node, and into its side."""
        middle = end[0] + node.size.length / 2
        side = node.size.right if v > end[1] else -node.size.left
        return [(middle, v), (middle, end[1] + side)]


def _turned(begin: Point, turn: float, end: Point) -> list[Point]:
    """The bends of a line that crosses over at `turn`."""
    return [] if begin[1] == end[1] else [(turn, begin[1]), (turn, end[1])]


def _chains(box: ChainBox, u: float, v: float) -> Iterator[tuple[ChainBox, float, float]]:
    """All chains with their origins."""
    yield box, u, v
    for part, start in zip(box.parts, box.starts, strict=True):
        if isinstance(part, ForkBox):
            for branch, begin, shift in zip(part.branches, part.starts, part.shifts, strict=True):
                yield from _chains(branch, u + start + begin, v + shift)
    for beside in box.sides:
        yield from _chains(beside.box, u + beside.u, v + beside.v)


# --- all of it ------------------------------------------------------------------------------------


def laid_out(shown: View, measure: Measure) -> Layout:
    """Lay out a view with boxes as large as `measure` says."""
    top, ways = regions(shown)
    spots: dict[int, Spot] = {}
    areas: list[Area] = []
    routes: dict[tuple[int, Wire], list[Point]] = {}
    whole = _Laid(top, measure)
    waiting = [(whole, 0.0, 0.0, 0)]
    while waiting:
        laid, u, v, depth = waiting.pop()
        for number, stop in laid.stops().items():
            node, box, inner = laid.nodes[number], laid.region.boxes[number], laid.inner[number]
            if inner is None:
                assert box is not None
                spots[box] = Spot(u + stop.u, v + stop.v, node.size)
                continue
            length, left, right = node.size
            begin, axis = u + stop.u, v + stop.v
            frame = inner.region.frame
            assert frame is not None
            sides = begin, begin + length, axis - left, axis + right
            entries = tuple(sorted(axis + entry for entry in inner.entries.values()))
            areas.append(Area(frame, depth, entries, *sides))
            waiting.append((inner, begin + inner.top, axis, depth + 1))
        router = _Router(laid)
        for wire in laid.region.wires:
            points = [(u + along, v + across) for along, across in router.route(wire)]
            routes[id(laid.region), wire] = points
    areas.sort(key=lambda area: area.depth)
    edges = tuple(
        tuple(straight(point for region, wire in way for point in routes[id(region), wire]))
        for way in ways
    )
    places = tuple(spots[box] for box in range(len(shown.boxes)))
    return Layout(places, tuple(areas), edges, tuple(_cuts(whole.chain)))


def _cuts(chain: ChainBox) -> Iterator[float]:
    """The gaps of a chain that a single wire crosses."""
    for at in range(1, len(chain.parts)):
        around = chain.parts[at - 1 : at + 1]
        alone = all(isinstance(part, NodeBox) for part in around)
        begin = chain.starts[at] - chain.gap(at)
        passed = any(
            beside.u <= begin + chain.gap(at) and begin <= beside.u + beside.box.length
            for beside in chain.sides
        )
        if alone and not passed and not any(arc.start < at <= arc.end for arc in chain.chain.arcs):
            yield chain.starts[at] - chain.gap(at) / 2
