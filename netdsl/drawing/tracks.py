"""Tracks between two ranks, or in a gap of a chain: no line lies on another of other ends."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple, TypeVar

from netdsl.drawing.geometry import Point

NetT = TypeVar("NetT", bound=Hashable)

_APART = 8.0  # between two tracks of a gap
_ROOM = 16.0  # of a gap that tracks may take


class _Rail(NamedTuple):
    """A piece of an edge that runs across the flow.

    The edge, its first point, where it begins and ends across.
    """

    edge: int
    point: int
    begin: float
    end: float

    def overlaps(self, other: _Rail) -> bool:
        """Return whether both share more than a point."""
        low = max(min(self.begin, self.end), min(other.begin, other.end))
        return low < min(max(self.begin, self.end), max(other.begin, other.end)) - 0.5


def kept_apart(
    edges: Sequence[Sequence[Point]], ends: Sequence[tuple[int, int]]
) -> list[list[Point]]:
    """Return the edges where those that share neither end run on tracks of their own.

    Args:
        edges: the points of each edge.
        ends: the boxes that each leaves and reaches.
    """
    found = [list(points) for points in edges]
    rails: dict[float, list[_Rail]] = {}
    for number, points in enumerate(edges):
        for at, (a, b) in enumerate(pairwise(points)):
            if a[0] == b[0] and 0 < at < len(points) - 2:
                rails.setdefault(round(a[0], 1), []).append(_Rail(number, at, a[1], b[1]))
    for level in rails.values():
        _separate(level, found, ends)
    return found


def _separate(
    level: Sequence[_Rail], found: list[list[Point]], ends: Sequence[tuple[int, int]]
) -> None:
    """Move rails of one level that lie on each other to tracks."""
    moving: set[int] = set()  # the boxes that they come from
    for one, other in combinations(level, 2):
        a, b = ends[one.edge], ends[other.edge]
        # Lines of one source or into one target may lie on each other: they say the same.
        if a[0] != b[0] and a[1] != b[1] and one.overlaps(other):
            moving |= {a[0], b[0]}
    nets: dict[int, list[float]] = {}
    for rail in level:
        source = ends[rail.edge][0]
        if source in moving:
            nets.setdefault(source, [rail.begin]).append(rail.end)
    tracks, count = tracks_of(nets)
    step = min(_APART, _ROOM / max(1, count))
    for rail in level:
        source = ends[rail.edge][0]
        if source in moving:
            shift = (tracks[source] - (count - 1) / 2) * step
            for at in (rail.point, rail.point + 1):
                u, v = found[rail.edge][at]
                found[rail.edge][at] = (u + shift, v)


def tracks_of(nets: dict[NetT, list[float]]) -> tuple[dict[NetT, int], int]:
    """Return a track for each source whose wires bend between two ranks, and how many there are.

    Each net is where it comes in and where it goes out, across. Their order is one in which few
    lines cross, and none lies on another.
    """
    order = sorted(nets, key=lambda net: (max(nets[net]) - min(nets[net]), min(nets[net])))
    cost = {(a, b): _above(nets[a], nets[b]) for a in nets for b in nets if a != b}
    for _ in order:
        better = False
        for at in range(len(order) - 1):
            a, b = order[at : at + 2]
            if cost[b, a] < cost[a, b]:
                order[at : at + 2] = b, a
                better = True
        if not better:
            break
    tracks: dict[NetT, int] = {}
    for net in order:
        low, high = min(nets[net]) - 4, max(nets[net]) + 4
        over = (
            track
            for other, track in tracks.items()
            if min(nets[other]) <= high and low <= max(nets[other])
        )
        # Nets that do not overlap share a track: only those in its way push it further.
        tracks[net] = max(over, default=-1) + 1
    return tracks, max(tracks.values(), default=-1) + 1


def _above(a: Sequence[float], b: Sequence[float]) -> int:
    """Return how many lines cross where the first net's track is above the other's.

    Far more where one line would lie on another.
    """
    crossed = sum(min(b) < v < max(b) for v in a[1:]) + (min(a) < b[0] < max(a))
    return crossed + 100 * (b[0] in a[1:])
