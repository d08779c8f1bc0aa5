"""Where the cells of ranks stand, across: near to what they are joined to, chains straight."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

from netdsl.drawing.geometry import Size

BETWEEN = 26.0  # free space between two neighbours of a rank
LINE = 12.0  # the same next to a wire
_SWEEPS = 12


class Joint(NamedTuple):
    """What a wire joins a cell to, and where it ends there and here, across from their axes."""

    cell: Cell
    there: float
    here: float


class Cell:
    """A node in its rank, or a wire that passes it."""

    __slots__ = ("above", "at", "below", "left", "length", "node", "right", "v")

    def __init__(self, node: int, size: Size) -> None:
        self.node = node
        self.length, self.left, self.right = size
        self.above: list[Joint] = []
        self.below: list[Joint] = []
        self.at = 0
        self.v = 0.0


def set_across(rows: list[list[Cell]]) -> None:
    """Set where the cells of ranks stand, each rank in its order."""
    _near(rows)
    _straightened(rows, _columns(rows))


def _near(rows: list[list[Cell]]) -> None:
    """Set positions across, as near to the neighbours above and below as the order allows."""
    for row in rows:
        v = 0.0
        for at, cell in enumerate(row):
            if at:
                v += _apart(row[at - 1], cell)
            cell.v = v
        for cell in row:
            cell.v -= v / 2
    # First down and up in turn, so that what one end says spreads; then both at once, to settle.
    for sweep in range(2 * _SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            expected, weights = [], []
            for cell in row:
                both = sweep >= _SWEEPS
                near = [
                    (other.v + there - here, _pull(other, cell))
                    for other, there, here in (cell.above if down or both else ())
                ] + [
                    (other.v + there - here, _pull(cell, other))
                    for other, there, here in (cell.below if not down or both else ())
                ]
                weight = sum(part for _, part in near)
                expected.append(sum(v * part for v, part in near) / weight if near else cell.v)
                weights.append(weight or 0.1)
            _fitted(row, expected, weights)


def _pull(upper: Cell, lower: Cell) -> float:
    """Return how strongly a wire is pulled straight.

    Strongest within a long one; in a chain more than where wires part and meet.
    """
    if upper.node < 0 and lower.node < 0:
        return 16.0
    return 8.0 if len(upper.below) == len(lower.above) == 1 else 1.0


def _apart(a: Cell, b: Cell) -> float:
    lines = (a.node < 0) + (b.node < 0)
    return a.right + b.left + (BETWEEN, (BETWEEN + LINE) / 2, LINE)[lines]


def _fitted(row: list[Cell], expected: Sequence[float], weights: Sequence[float]) -> None:
    """Place a row's cells in order and at their distances, nearest to the targets.

    By least squares: the pool adjacent violators algorithm.
    """
    blocks: list[tuple[float, float, int]] = []
    offset, offsets = 0.0, []
    for at, cell in enumerate(row):
        if at:
            offset += _apart(row[at - 1], cell)
        offsets.append(offset)
        # Without their distances cells may only not be out of order: isotonic regression.
        value, weight, size = expected[at] - offset, weights[at], 1
        # Neighbours out of order share the weighted mean of both.
        while blocks and blocks[-1][0] >= value:
            other, heavy, count = blocks.pop()
            value = (value * weight + other * heavy) / (weight + heavy)
            weight, size = weight + heavy, size + count
        blocks.append((value, weight, size))
    at = 0
    for value, _, size in blocks:
        for cell in row[at : at + size]:
            cell.v = value + offsets[at]
            at += 1


# --- columns --------------------------------------------------------------------------------------


def _columns(rows: list[list[Cell]]) -> dict[Cell, int]:
    """Return the number of each cell's column.

    Cells that are one chain have the same, unless it crosses another.
    """
    rank_of = {cell: rank for rank, row in enumerate(rows) for cell in row}
    chains: list[list[Cell]] = []
    begun = set[Cell]()
    for row in rows:
        for cell in row:
            if cell in begun:
                continue
            chain = [cell]
            while len(chain[-1].below) == 1 and len(chain[-1].below[0].cell.above) == 1:
                chain.append(chain[-1].below[0].cell)
            begun.update(chain)
            chains.append(chain)
    # The longest chains are straight; of two that cross the shorter one bends.
    chains.sort(key=lambda chain: (-len(chain), rank_of[chain[0]], chain[0].at))
    found: dict[Cell, int] = {}
    kept: list[dict[int, int]] = []  # for each column its place in each rank
    for chain in chains:
        places = {rank_of[cell]: cell.at for cell in chain}
        if any(_cross(places, other) for other in kept):
            for cell in chain:
                found[cell] = len(kept)
                kept.append({rank_of[cell]: cell.at})
        else:
            found |= dict.fromkeys(chain, len(kept))
            kept.append(places)
    return found


def _cross(a: dict[int, int], b: dict[int, int]) -> bool:
    # To the left of it in one rank and to the right in another.
    sides = {a[rank] < b[rank] for rank in a.keys() & b.keys()}
    return len(sides) == 2


def _straightened(rows: list[list[Cell]], column_of: dict[Cell, int]) -> None:
    """Give all cells of a column one position."""
    count = max(column_of.values()) + 1
    members: list[list[Cell]] = [[] for _ in range(count)]
    apart: list[dict[int, float]] = [{} for _ in range(count)]  # to the right of each column
    following: list[dict[int, float]] = [{} for _ in range(count)]
    for row in rows:
        for cell in row:
            members[column_of[cell]].append(cell)
        for a, b in pairwise(row):
            left, right, gap = column_of[a], column_of[b], _apart(a, b)
            apart[left][right] = max(apart[left].get(right, 0.0), gap)
            following[right][left] = apart[left][right]
    order = _sorted(apart)
    expected = [sum(cell.v for cell in each) / len(each) for each in members]
    # The leftmost and the rightmost places that the distances allow; their middle keeps them too.
    high, low = list(expected), list(expected)
    for column in order:
        for other, gap in following[column].items():
            high[column] = max(high[column], high[other] + gap)
    for column in reversed(order):
        for other, gap in apart[column].items():
            low[column] = min(low[column], low[other] - gap)
    at = [(one + other) / 2 for one, other in zip(high, low, strict=True)]
    pulls = [_pulls(each, column_of) for each in members]
    for sweep in range(3 * _SWEEPS):
        for column in order if sweep % 2 else reversed(order):
            weight = sum(pull for _, pull in pulls[column])
            if not weight:
                continue
            goal = sum(at[other] * pull for other, pull in pulls[column]) / weight
            least = max((at[o] + gap for o, gap in following[column].items()), default=-inf)
            highest = min((at[o] - gap for o, gap in apart[column].items()), default=inf)
            # As near to what it is joined to as its neighbours leave room.
            at[column] = min(max(goal, least), highest)
    for cell, column in column_of.items():
        cell.v = at[column]


def _pulls(cells: Sequence[Cell], column_of: dict[Cell, int]) -> list[tuple[int, float]]:
    """Return the columns that one is joined to, each with how strongly."""
    own = column_of[cells[0]]
    found = []
    for cell in cells:
        for other, _, _ in (*cell.above, *cell.below):
            if column_of[other] != own:
                found.append((column_of[other], 4.0 if cell.node < 0 and other.node < 0 else 1.0))
    return found


def _sorted(after: Sequence[dict[int, float]]) -> list[int]:
    """Return the columns from left to right.

    There is such an order: each column passes ranks that follow each other, and no two of them
    cross. So a shortest circle is one of three columns (intervals form no longer one without a
    chord), which share a rank, as each two of them do: their order there is no circle.
    """
    waits = [0] * len(after)
    for others in after:
        for other in others:
            waits[other] += 1
    ready = [column for column, count in enumerate(waits) if not count]
    found = []
    while ready:
        column = ready.pop()
        found.append(column)
        for other in after[column]:
            waits[other] -= 1
            if not waits[other]:
                ready.append(other)
    return found
