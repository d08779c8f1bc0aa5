"""The order of cells in their ranks, so that few wires cross."""

from __future__ import annotations

from collections.abc import Sequence

from netdsl.drawing.columns import Cell, Joint

# Twice this many are made: 24, as in Gansner et al. 1993, section 3.
_SWEEPS = 12
_WIDEST = 1e6  # more than any cell is


def set_order(rows: list[list[Cell]]) -> None:
    """Order the ranks so that few wires cross.

    Medians downwards and upwards, beginning with either, then neighbours exchanged where that
    helps; the best order is kept.
    """
    first = [list(row) for row in rows]
    best, fewest = first, _crossings(_numbered(rows))
    for sweep in range(2 * _SWEEPS):
        if fewest == 0:
            break
        # The second half begins upward: another way into the same minimum or a better one.
        if sweep == _SWEEPS:
            _restored(rows, first)
        down = sweep % 2 == sweep // _SWEEPS
        for row in rows[1:] if down else rows[-2::-1]:
            _by_medians(row, down)
        _exchange(rows)
        crossings = _crossings(rows)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    _restored(rows, best)


def _restored(rows: list[list[Cell]], order: list[list[Cell]]) -> None:
    for row, kept in zip(rows, order, strict=True):
        row[:] = kept
    _numbered(rows)


def _numbered(rows: list[list[Cell]]) -> list[list[Cell]]:
    for row in rows:
        for at, cell in enumerate(row):
            cell.at = at
    return rows


def _by_medians(row: list[Cell], down: bool) -> None:
    expected = {}
    for cell in row:
        near = sorted(map(_place, cell.above if down else cell.below))
        half = len(near) // 2
        # The median of both middle ones (`near[~half]` is the other); without neighbours it stays.
        expected[cell] = (near[half] + near[~half]) / 2 if near else float(cell.at)
    row.sort(key=lambda cell: (expected[cell], cell.at))
    for at, cell in enumerate(row):
        cell.at = at


def _exchange(rows: list[list[Cell]]) -> None:
    for _ in range(4):
        better = False
        for row in rows:
            for at in range(len(row) - 1):
                a, b = row[at], row[at + 1]
                gain = _pair(a.above, b.above) + _pair(a.below, b.below)
                # Only the pair itself can change: all others keep their order.
                gain -= _pair(b.above, a.above) + _pair(b.below, a.below)
                if gain > 0:
                    row[at], row[at + 1] = b, a
                    a.at, b.at = b.at, a.at
                    better = True
        if not better:
            return


def _place(joint: Joint) -> float:
    """Return where a wire ends in its rank: the places in one cell are those of one number."""
    # Within a cell by the places where wires end in it, which never reach the next cell.
    return joint.cell.at + joint.there / _WIDEST


def _pair(left: Sequence[Joint], right: Sequence[Joint]) -> int:
    """Return how many wires of two neighbours cross."""
    places = [_place(joint) for joint in right]
    return sum(place > other for place in map(_place, left) for other in places)


def _crossings(rows: Sequence[Sequence[Cell]]) -> int:
    return sum(_crossed([_place(joint) for cell in row for joint in _below(cell)]) for row in rows)


def _below(cell: Cell) -> list[Joint]:
    """Return what is below a cell, in the order in which the wires leave it."""
    return sorted(cell.below, key=lambda joint: (joint.here, _place(joint)))


def _crossed(ends: list[float]) -> int:
    """Return how many pairs stand in the wrong order (by merging)."""
    if len(ends) < 2:
        return 0
    half = len(ends) // 2
    # n log n: a rank may have hundreds of wires, and this is asked in each sweep.
    left, right = ends[:half], ends[half:]
    count = _crossed(left) + _crossed(right)
    at = 0
    merged = []
    for value in right:
        while at < len(left) and left[at] <= value:
            merged.append(left[at])
            at += 1
        count += len(left) - at
        merged.append(value)
    ends[:] = merged + left[at:]
    return count
