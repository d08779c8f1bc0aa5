"""The ways of a region's wires, once all its nodes are placed."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.drawing.arrange import ChainBox
from netdsl.drawing.forks import ForkBox
from netdsl.drawing.geometry import Point
from netdsl.drawing.laid_region import OUTSIDE, LaidRegion
from netdsl.drawing.nodes import LaidNode, TangleBox
from netdsl.drawing.parts import Wire


class Router:
    """The ways of a region's wires, once all nodes are placed."""

    def __init__(self, laid: LaidRegion) -> None:
        self.laid, self.nodes = laid, laid.nodes
        self.stops = laid.stops()
        self.lanes: dict[Wire, float] = {}  # of the wires that run next to a chain
        self.leaving: dict[Wire, list[Point]] = {}  # out of a tangle
        self.coming: dict[Wire, list[Point]] = {}  # into one
        self.within: dict[Wire, list[Point]] = {}
        for chain, u, v in _chains(laid.chain, 0.0, 0.0):
            for lane in chain.lanes:
                self.lanes |= dict.fromkeys((arc.wire for arc in lane.arcs), v + lane.v)
            for part, start, axis in zip(chain.parts, chain.starts, chain.axes, strict=True):
                if isinstance(part, TangleBox):
                    self._read(part, u + start, v + axis)

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
        """Return the points of a wire, from the end of one node to the beginning of another."""
        if wire in self.within:
            return self.within[wire]
        begin, after, from_depth = self._begin(wire)
        points = self.leaving.get(wire, [begin])
        if wire in self.lanes:
            return [*points, *self._side_by_side(wire, points[-1], after)]
        coming = self.coming.get(wire)
        if coming:
            return [*points, *_turned(points[-1], after, coming[0]), *coming]
        end, before, to_depth = self._end(wire)
        if from_depth > to_depth:
            return [*points, *self._joined(wire, points[-1], before, end)]
        return [*points, *_turned(points[-1], after, end), end]

    def _begin(self, wire: Wire) -> tuple[Point, float, int]:
        """Return where a wire begins, where it may turn after that, and in how many forks."""
        # None: START, the wire comes from outside the region.
        stop = self.stops.get(wire.source)
        if stop is None:
            return (-self.laid.top, self.laid.entries[wire.key]), -OUTSIDE, 0
        node = self.nodes[wire.source]
        v = stop.v + node.exits.get(wire.key, 0.0)
        return (stop.u + node.size.length, v), stop.after, stop.depth

    def _end(self, wire: Wire) -> tuple[Point, float, int]:
        stop = self.stops.get(wire.target)
        if stop is None:
            length = self.laid.chain.length
            v = self.laid.exits[wire.key]
            return (length + self.laid.bottom, v), length + OUTSIDE, 0
        v = stop.v + self.nodes[wire.target].entries.get(wire.key, 0.0)
        return (stop.u, v), stop.before, stop.depth

    def _joined(self, wire: Wire, begin: Point, before: float, end: Point) -> list[Point]:
        """Return the way from a branch to what all of them meet in."""
        node = self.nodes[wire.target] if wire.target in self.stops else None
        if node is not None and node.shape == "bar":
            # A bar is as wide as its lines are apart: they go straight into it.
            return [(end[0], begin[1])]
        if node is not None and node.shape == "circle" and begin[1] != end[1]:
            return self._sideways(node, begin[1], end)
        return [*_turned(begin, before, end), end]

    def _side_by_side(self, wire: Wire, begin: Point, after: float) -> list[Point]:
        """Return the way along the lane of an arc."""
        lane = self.lanes[wire]
        points = [] if begin[1] == lane else [(after, begin[1]), (after, lane)]
        end, before, _ = self._end(wire)
        node = self.nodes[wire.target] if wire.target in self.stops else None
        if end[1] == lane:
            return [*points, end]
        if node is not None and node.shape == "bar":
            return [*points, (end[0], lane)]
        if node is not None and node.shape in ("circle", "box"):
            return [*points, *self._sideways(node, lane, end)]
        return [*points, (before, lane), (before, end[1]), end]

    @staticmethod
    def _sideways(node: LaidNode, v: float, end: Point) -> list[Point]:
        """Return the way down to the middle of a node, and into its side."""
        middle = end[0] + node.size.length / 2
        side = node.size.right if v > end[1] else -node.size.left
        return [(middle, v), (middle, end[1] + side)]


def _turned(begin: Point, turn: float, end: Point) -> list[Point]:
    """Return the bends of a line that crosses over at `turn`."""
    return [] if begin[1] == end[1] else [(turn, begin[1]), (turn, end[1])]


def _chains(box: ChainBox, u: float, v: float) -> Iterator[tuple[ChainBox, float, float]]:
    """Yield all chains with their origins."""
    yield box, u, v
    for part, start, axis in zip(box.parts, box.starts, box.axes, strict=True):
        if isinstance(part, ForkBox):
            for branch, begin, shift in zip(part.branches, part.starts, part.shifts, strict=True):
                yield from _chains(branch, u + start + begin, v + axis + shift)
    for alongside in box.sides:
        yield from _chains(alongside.box, u + alongside.u, v + alongside.v)
