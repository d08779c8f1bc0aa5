"""A region laid out by itself: its chain, and where each node is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from netdsl.drawing.arrange import ChainBox
from netdsl.drawing.geometry import Size
from netdsl.drawing.nodes import TURN, LaidNode, NodeBox, TangleBox
from netdsl.drawing.parts import END, START, PartChain, Tangle
from netdsl.drawing.regions import Region
from netdsl.drawing.shown import Box, Frame
from netdsl.drawing.taking_apart import taken_apart

_LEAD = 12.0  # between a frame's edge and what is in it
OUTSIDE = TURN / 2 - 2  # from the ends of a chain to where wires from outside turn


class Pads(NamedTuple):
    """The room between a frame's edges and what is in it: along, before and after; across."""

    before: float
    after: float
    left: float
    right: float


class NodeReach(NamedTuple):
    """How far what is in a frame reaches to both sides of its axis, and where wires come in."""

    left: float
    right: float
    entries: tuple[float, ...]


class Measure(NamedTuple):
    """What a layout asks of the style: a box as a node, and a frame's pads."""

    node: Callable[[Box], LaidNode]
    pads: Callable[[Frame, NodeReach], Pads]


class WireStop(NamedTuple):
    """Where a node is in its region, and the lines where wires turn before and after it.

    `depth` counts the forks around it.
    """

    u: float
    v: float
    depth: int
    before: float
    after: float


class LaidRegion:
    """A region laid out by itself; its chain begins at (0, 0)."""

    def __init__(self, region: Region, measure: Measure) -> None:
        self.region, self.measure, self.mirrored = region, measure, False
        self.inner: list[LaidRegion | None] = [
            # From the inside out: a frame is laid out before the region that holds it as one node.
            LaidRegion(within, measure) if within is not None else None
            for within in region.inner
        ]
        self.nodes: list[LaidNode] = []
        self.alongside = self._side_by_side()
        self.top = self.bottom = 0.0
        self.entries: dict[int, float] = dict.fromkeys(region.entries, 0.0)
        self.exits: dict[int, float] = dict.fromkeys(region.exits, 0.0)
        self.chain: ChainBox = self._chain()
        self._turn_frames()

    def mirror(self) -> None:
        """Have what is to the left in a tangle to the right."""
        self.mirrored = True
        self.chain = self._chain()
        self._turn_frames()

    def _turn_frames(self) -> None:
        """Mirror the frames whose wires would cross fewer then."""
        inverted = list(self._inverted())
        for frame in inverted:
            frame.mirror()
        # A frame that is mirrored has other entries: what leads to it is arranged again.
        if inverted:
            self.chain = self._chain()
        self._set_ends()

    def _chain(self) -> ChainBox:
        """Return the chain of boxes and frames, which are as they are laid out by themselves."""
        self.nodes = []
        for item, inner in zip(self.region.items, self.inner, strict=True):
            if isinstance(item, Box):
                self.nodes.append(self.measure.node(item))
            else:
                assert inner is not None
                entries = tuple(sorted(inner.entries.values()))
                reach = NodeReach(inner.chain.left, inner.chain.right, entries)
                self.nodes.append(inner.as_node(self.measure.pads(item, reach)))
        chain = taken_apart(len(self.nodes), self.region.wires, self.alongside)
        if chain is None:
            chain = PartChain([Tangle(tuple(range(len(self.nodes))), self.mirrored)])
        box = ChainBox(chain, self.nodes, self.region.wires)
        # In a frame the chain must end on its axis, where the wire leaves it.
        if self.region.frame is None:
            box.follow(self.nodes)
        return box

    def _inverted(self) -> Iterator[LaidRegion]:
        """Yield the frames in tangles that are tangles, and into which wires come crosswise."""
        for part in self.chain.parts:
            if isinstance(part, TangleBox):
                for node in part.inverted(self.nodes):
                    inner = self.inner[node]
                    if inner is not None and isinstance(inner.chain.parts[0], TangleBox):
                        yield inner

    def _side_by_side(self) -> frozenset[int]:
        """Return the outside wires that run next to the chain.

        All but the first that comes in, and the last that goes out.
        """
        entries = list(self.region.entries)
        source = {wire.key: wire.source for wire in self.region.wires if wire.target == END}
        exits = sorted(self.region.exits, key=lambda key: (source[key], key))
        # The first comes in on the axis, the last leaves on it.
        return frozenset((*entries[1:], *exits[:-1]))

    def _set_ends(self) -> None:
        """Find where outside wires come in and go out, across."""
        for lane in self.chain.lanes:
            for arc in lane.arcs:
                if arc.wire.key in self.alongside:
                    if arc.wire.source == START:
                        self.entries[arc.wire.key] = lane.v
                    if arc.wire.target == END:
                        self.exits[arc.wire.key] = lane.v
        if len(self.chain.parts) == 1 and isinstance(self.chain.parts[0], TangleBox):
            tangle = self.chain.parts[0]
            for wire, route in zip(tangle.wires, tangle.laid.routes, strict=True):
                if wire.source == START:
                    self.entries[wire.key] = route[0][1]
                if wire.target == END:
                    self.exits[wire.key] = route[-1][1]

    def as_node(self, pads: Pads) -> LaidNode:
        """Return the region as one node of the region around it."""
        chain = self.chain
        lead = 2 * OUTSIDE if chain.turns(0) else _LEAD
        tail = 2 * OUTSIDE if self._turns_at_end() else _LEAD
        self.top, self.bottom = lead + pads.before, tail + pads.after
        length = self.top + chain.length + self.bottom
        node = LaidNode(Size(length, chain.left + pads.left, chain.right + pads.right), "frame")
        node.entries, node.exits = self.entries, self.exits
        return node

    def _turns_at_end(self) -> bool:
        chain = self.chain
        last = len(chain.parts)
        arcs = [arc for arc in chain.chain.arcs if arc.end == last]
        return not isinstance(chain.parts[-1], NodeBox) or any(
            arc.wire.key not in self.alongside for arc in arcs
        )

    # --- positions ---

    def stops(self) -> dict[int, WireStop]:
        """Return where each node is."""
        found: dict[int, WireStop] = {}
        ends = (-OUTSIDE, self.chain.length + OUTSIDE)
        self._stops(self.chain, 0.0, 0.0, 0, ends, found)
        return found

    def _stops(
        self,
        chain: ChainBox,
        u: float,
        v: float,
        depth: int,
        turns: tuple[float, float],
        found: dict[int, WireStop],
    ) -> None:
        last = len(chain.parts) - 1
        for at, (part, start, axis) in enumerate(
            zip(chain.parts, chain.starts, chain.axes, strict=True)
        ):
            begin, end, across = u + start, u + start + part.length, v + axis
            hang = {each.side.leaves for each in chain.sides if each.side.at == at}
            before, after = begin - chain.gap(at) / 2, end + chain.gap(at + 1) / 2
            if at == 0 and False not in hang:
                before = turns[0]
            if at == last and True not in hang:
                after = turns[1]
            if isinstance(part, NodeBox):
                found[part.number] = WireStop(begin, across, depth, before, after)
            elif isinstance(part, TangleBox):
                for number, (along, off) in zip(part.nodes, part.laid.positions, strict=True):
                    stop = WireStop(begin + along, across + off, depth + 1, before, after)
                    found[number] = stop
            else:
                for branch, shift, along in zip(
                    part.branches, part.shifts, part.starts, strict=True
                ):
                    inner = (before, after)
                    self._stops(branch, begin + along, across + shift, depth + 1, inner, found)
        for alongside in chain.sides:
            begin = u + alongside.u
            inner = (begin - TURN / 2, begin + alongside.box.length + TURN / 2)
            self._stops(alongside.box, begin, v + alongside.v, depth + 1, inner, found)
