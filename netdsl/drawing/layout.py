"""A view laid out: where each box and frame is, and the way of each edge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netdsl.drawing.arrange import ChainBox
from netdsl.drawing.geometry import Point, Size, straight
from netdsl.drawing.laid_region import LaidRegion, Measure
from netdsl.drawing.nodes import NodeBox
from netdsl.drawing.parts import Wire
from netdsl.drawing.regions import regions
from netdsl.drawing.routing import Router
from netdsl.drawing.shown import Frame
from netdsl.drawing.tracks import kept_apart
from netdsl.drawing.view import View


class Spot(NamedTuple):
    """A box: where it begins along, its axis across, and its size."""

    u: float
    v: float
    size: Size


class Area(NamedTuple):
    """A frame: how many are around it, where wires come in across, and its edges in both
    directions.
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
        areas: the frames, those within others after them.
        edges: for each edge of the view its points.
        cuts: where, along, a single wire is all that continues.
    """

    spots: tuple[Spot, ...]
    areas: tuple[Area, ...]
    edges: tuple[tuple[Point, ...], ...]
    cuts: tuple[float, ...] = ()


def laid_out(shown: View, measure: Measure) -> Layout:
    """Lay out a view with boxes as large as `measure` says."""
    top, ways = regions(shown)
    spots: dict[int, Spot] = {}
    areas: list[Area] = []
    routes: dict[tuple[int, Wire], list[Point]] = {}
    whole = LaidRegion(top, measure)
    # A stack and not recursion: frames are within frames as blocks are.
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
        router = Router(laid)
        for wire in laid.region.wires:
            points = [(u + along, v + across) for along, across in router.route(wire)]
            routes[id(laid.region), wire] = points
    # Outer frames are drawn first, below those that they hold.
    areas.sort(key=lambda area: area.depth)
    lines = [
        straight(point for region, wire in way for point in routes[id(region), wire])
        for way in ways
    ]
    edges = tuple(tuple(straight(points)) for points in kept_apart(lines, shown.edges))
    places = tuple(spots[box] for box in range(len(shown.boxes)))
    return Layout(places, tuple(areas), edges, tuple(_cuts(whole.chain)))


def _cuts(chain: ChainBox) -> Iterator[float]:
    """Yield the gaps of a chain that a single wire crosses."""
    for at in range(1, len(chain.parts)):
        around = chain.parts[at - 1 : at + 1]
        alone = all(isinstance(part, NodeBox) for part in around)
        begin = chain.starts[at] - chain.gap(at)
        passed = any(
            alongside.u <= begin + chain.gap(at) and begin <= alongside.u + alongside.box.length
            for alongside in chain.sides
        )
        if alone and not passed and not any(arc.start < at <= arc.end for arc in chain.chain.arcs):
            yield chain.starts[at] - chain.gap(at) / 2
