"""Nodes in ranks, for what is neither a chain nor branches (Sugiyama, Tagawa and Toda 1981).

Ranks by longest ways, dummies where a wire passes a rank, orders by medians, positions by isotonic
regression (Robertson, Wright and Dykstra 1988), bends only between two ranks, each source on a
track of its own there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from netdsl.drawing.columns import LINE, Cell, Joint, set_across
from netdsl.drawing.geometry import Point, Size, straight
from netdsl.drawing.ordering import set_order
from netdsl.drawing.tracks import tracks_of

Pair = tuple[int, int, int]  # two nodes, and what the wire between them carries
Ports = tuple[float, float]  # where a wire leaves its source and meets its target, from their axes

_TRACK = 9.0  # between two tracks
_CHANNEL = 24.0  # between two ranks, where at most one track is needed
_NEARLY = 2.0  # a wire that would bend by no more is straight
TOP, BOTTOM = -1, -2


class Layered(NamedTuple):
    """Nodes and wires with their positions; (0, 0) is the beginning, on the axis.

    Attributes:
        size: of all together.
        positions: where each node begins, along, and its axis, across.
        routes: the points of each wire; those to TOP and BOTTOM begin and end at the sides.
        sizes: of each node; bars are as wide as the lines that end in them are apart.
    """

    size: Size
    positions: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    sizes: tuple[Size, ...]


_DUMMY = Size(0.0, 0.0, 0.0)


def layered(
    sizes: Sequence[Size],
    wires: Sequence[Pair],
    ports: Sequence[Ports],
    spread: Sequence[bool],
    bars: Sequence[float | None],
    mirrored: bool = False,
) -> Layered:
    """Lay out nodes whose wires go from earlier to later ones, from TOP and to BOTTOM.

    Args:
        sizes: of the nodes.
        wires: pairs of nodes, each with what it carries: wires from TOP that carry the same are one
            line at first.
        ports: of each wire, where its ends have places for it.
        spread: for each node whether the wires that it reads meet it side by side.
        bars: for each node that may be as wide as it needs to be, the room for a text next to it,
            which its size holds.
        mirrored: whether what would be to the left is to the right.
    """
    ranks = _ranks(len(sizes), wires)
    rows, ways = _cells(sizes, wires, ports, ranks)
    set_order(rows)
    if mirrored:
        for row in rows:
            row.reverse()
    set_across(rows)
    for row in rows:
        room = bars[row[0].node] if len(row) == 1 and row[0].node >= 0 else None
        if room is not None:
            _stretch(row[0], room)
    return _drawn(rows, ways, sizes, wires, ports, spread, bars)


def _ranks(count: int, wires: Sequence[Pair]) -> list[int]:
    """Return a rank for each node.

    As early as can be, then as near as can be to those who read it.
    """
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for a, b, _ in wires:
        if a >= 0 and b >= 0:
            before[b].append(a)
            after[a].append(b)
    ranks = [0] * count
    for node in range(count):
        ranks[node] = max((ranks[other] + 1 for other in before[node]), default=0)
    from_top = {b for a, b, _ in wires if a == TOP}
    for node in reversed(range(count)):
        late = min((ranks[other] - 1 for other in after[node]), default=ranks[node])
        # Lower, its wires out are shorter and those in longer: only where all do not grow.
        if len(before[node]) + (node in from_top) <= len(after[node]) or not before[node]:
            ranks[node] = late
    return ranks


def _cells(
    sizes: Sequence[Size], wires: Sequence[Pair], ports: Sequence[Ports], ranks: Sequence[int]
) -> tuple[list[list[Cell]], list[list[Cell]]]:
    """Return the cells of each rank, and those that each wire passes, its ends among them."""
    last = max(ranks) + 1
    rows: list[list[Cell]] = [[] for _ in range(last + 2)]  # the first and last: the sides
    cells = [Cell(node, size) for node, size in enumerate(sizes)]
    for node, rank in enumerate(ranks):
        rows[rank + 1].append(cells[node])
    shared: dict[tuple[int, int, int], Cell] = {}  # of wires that carry the same, by their ranks
    ways = []
    for number, (a, b, carried) in enumerate(wires):
        first = 0 if a == TOP else ranks[a] + 1
        stop = last + 1 if b == BOTTOM else ranks[b] + 1
        way: list[Cell] = []
        for rank in range(first, stop + 1):
            if rank == first and a != TOP:
                cell = cells[a]
            elif rank == stop and b != BOTTOM:
                cell = cells[b]
            else:
                key = (a, carried, rank)
                if key not in shared:
                    shared[key] = Cell(-1, _DUMMY)
                    rows[rank].append(shared[key])
                cell = shared[key]
            if way:
                leave = ports[number][0] if len(way) == 1 else 0.0
                meet = ports[number][1] if rank == stop else 0.0
                # Wires that carry the same share their dummies, and are one joint.
                if all(joint != (cell, meet, leave) for joint in way[-1].below):
                    way[-1].below.append(Joint(cell, meet, leave))
                    cell.above.append(Joint(way[-1], leave, meet))
            way.append(cell)
        ways.append(way)
    return rows, ways


def _stretch(cell: Cell, room: float) -> None:
    """Make a bar that is alone in its rank reach all that end in it, with room for its text."""
    for other, _, _ in cell.above:
        cell.left = max(cell.left, cell.v - other.v + LINE)
        cell.right = max(cell.right, other.v - cell.v + LINE + room)


# --- wires ----------------------------------------------------------------------------------------


def _drawn(
    rows: list[list[Cell]],
    ways: list[list[Cell]],
    sizes: Sequence[Size],
    wires: Sequence[Pair],
    ports: Sequence[Ports],
    spread: Sequence[bool],
    bars: Sequence[float | None],
) -> Layered:
    """Return positions along, and the wires, with their bends in tracks between the ranks.

    Args:
        rows: the cells of each rank, those of the sides first and last.
        ways: the cells that each wire passes, its ends among them.
        sizes: of the nodes.
        wires: see `layered`, as `ports`, `spread` and `bars`.
        ports: of each wire, where its ends have places for it.
        spread: for each node whether its wires meet it side by side.
        bars: for each bar the room of its text.
    """
    ends_of_one = [row[0].v for row in (rows[0], rows[-1]) if len(row) == 1]
    middle = ends_of_one[0] if ends_of_one else 0.0  # the input alone comes straight
    for row in rows:
        for cell in row:
            cell.v = float(round(cell.v - middle))
    begun, met = [leave for leave, _ in ports], _met(ways, wires, ports, spread, bars)
    number_of = {cell: at for at, cell in enumerate(c for row in rows for c in row)}
    rank_of = {cell: rank for rank, row in enumerate(rows) for cell in row}
    comes = [[cell.v for cell in way] for way in ways]  # where each wire enters each cell, across
    goes = [[cell.v for cell in way] for way in ways]  # and where it leaves it
    for number in range(len(ways)):
        comes[number][-1] += met[number]
        goes[number][0] += begun[number]
        if len(ways[number]) == 2 and abs(comes[number][1] - goes[number][0]) <= _NEARLY:
            comes[number][1] = goes[number][0]
    channels: list[dict[tuple[int, float], list[float]]] = [{} for _ in rows]
    for number, way in enumerate(ways):
        for step, cell in enumerate(way[:-1]):
            here, there = goes[number][step], comes[number][step + 1]
            if here != there:
                net = channels[rank_of[cell]].setdefault((number_of[cell], here), [here])
                net.append(there)
    u, begins, tracks = 0.0, [], []
    for rank, row in enumerate(rows):
        height = max((cell.length for cell in row), default=0.0)
        begins.append((u, height))
        found, count = tracks_of(channels[rank])
        tracks.append((found, count))
        side = rank in (0, len(rows) - 2)
        # At the sides half a channel: the region around it has the other half.
        free = (_CHANNEL / 2 if side and not count else _CHANNEL) + _TRACK * max(0, count - 1)
        u += height + (free if rank < len(rows) - 1 else 0.0)
    positions: list[Point] = [(0.0, 0.0)] * len(sizes)
    left = right = 0.0
    for rank, row in enumerate(rows):
        top, height = begins[rank]
        for cell in row:
            left, right = max(left, cell.left - cell.v), max(right, cell.right + cell.v)
            if cell.node >= 0:
                positions[cell.node] = (top + (height - cell.length) / 2, cell.v)
    routes = []
    for number, way in enumerate(ways):
        points: list[Point] = []
        for step, cell in enumerate(way):
            rank = rank_of[cell]
            top, height = begins[rank]
            begin = positions[cell.node][0] if cell.node >= 0 else top
            if step:
                points.append((begin, comes[number][step]))
            if step < len(way) - 1:
                out, there = goes[number][step], comes[number][step + 1]
                points.append((begin + cell.length, out))
                if out != there:
                    found, count = tracks[rank]
                    free = begins[rank + 1][0] - top - height
                    track = top + height + free / 2
                    track += (found[number_of[cell], out] - (count - 1) / 2) * _TRACK
                    points += [(track, out), (track, there)]
        routes.append(tuple(straight(points)))
    grown = {cell.node: Size(cell.length, cell.left, cell.right) for row in rows for cell in row}
    every = tuple(grown[node] for node in range(len(sizes)))
    return Layered(Size(u, left, right), tuple(positions), tuple(routes), every)


def _met(
    ways: list[list[Cell]],
    wires: Sequence[Pair],
    given: Sequence[Ports],
    spread: Sequence[bool],
    bars: Sequence[float | None],
) -> list[float]:
    """Return where each wire meets its target, across from its axis: straight on where it can."""
    ports = [meet for _, meet in given]
    reading: dict[int, list[int]] = {}
    for number, (_, target, _) in enumerate(wires):
        if target >= 0 and spread[target]:
            reading.setdefault(target, []).append(number)
    for numbers in reading.values():
        numbers.sort(key=lambda number: ways[number][-2].v)
        cell = ways[numbers[0]][-1]
        low, high = -cell.left + 10, cell.right - 10 - (bars[cell.node] or 0.0)
        step = min(14.0, (high - low) / max(1, len(numbers) - 1))
        at = low
        for place, number in enumerate(numbers):
            rest = step * (len(numbers) - 1 - place)
            expected = ways[number][-2].v - cell.v
            # Straight where it can be, but right of the one before, with room for those after.
            ports[number] = float(round(min(max(expected, at), max(at, high - rest))))
            at = ports[number] + step
    return ports
