"""Lines on which a surface has one value: marching squares. This module imports numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

    Place = tuple[float, float]
    Edge = tuple[int, int, int]

_CORNERS = ((0, 0), (0, 1), (1, 1), (1, 0))
"""The corners of a cell in turn, as rows and columns from its first corner."""


def contour(xs: Array, ys: Array, surface: Array, level: float) -> list[list[Place]]:
    """Return the lines on which a surface has a given value, each as its points.

    Args:
        xs: places across [w].
        ys: places up [h].
        surface: values [h, w]; cells with one that is not finite have no line.
        level: the value.
    """
    above = surface > level
    # The number of corners above the level, of 4: Python looks only at cells with corners above
    # and below it.
    mixed = above[:-1, :-1].astype(int) + above[:-1, 1:] + above[1:, :-1] + above[1:, 1:]
    sound = np.isfinite(surface)
    sound = sound[:-1, :-1] & sound[:-1, 1:] & sound[1:, :-1] & sound[1:, 1:]
    links: dict[Edge, list[Edge]] = {}
    for row, column in np.argwhere((mixed > 0) & (mixed < 4) & sound):
        for one, other in _pieces(surface, int(row), int(column), level):
            links.setdefault(one, []).append(other)
            links.setdefault(other, []).append(one)
    return [[_place(xs, ys, surface, edge, level) for edge in chain] for chain in _chains(links)]


def _pieces(surface: Array, row: int, column: int, level: float) -> list[tuple[Edge, Edge]]:
    """Return the pieces of lines through a cell, each from one of its edges to another."""
    corners = [float(surface[row + down, column + right]) for down, right in _CORNERS]
    # An edge is named by its first point, so that it has one name in both of its cells: lines are
    # joined by these names.
    edges = [(row, column, 0), (row, column + 1, 1), (row + 1, column, 0), (row, column, 1)]
    above = [corner > level for corner in corners]
    crossed = [edge for at, edge in enumerate(edges) if above[at] != above[(at + 1) % 4]]
    if len(crossed) == 2:
        return [(crossed[0], crossed[1])]
    # A saddle: the value in its middle decides which corners are connected.
    if (sum(corners) / 4 > level) == above[0]:
        return [(edges[0], edges[1]), (edges[2], edges[3])]
    return [(edges[3], edges[0]), (edges[1], edges[2])]


def _place(xs: Array, ys: Array, surface: Array, edge: Edge, level: float) -> Place:
    """Return where a line crosses an edge, which leads from a point right (0) or upwards (1)."""
    row, column, upwards = edge
    after = (row + 1, column) if upwards else (row, column + 1)
    low, high = float(surface[row, column]), float(surface[after])
    # Never 0 / 0: one end of a crossed edge is above the level, the other is not.
    share = (level - low) / (high - low)
    x = float(xs[column]) + share * float(xs[after[1]] - xs[column])
    y = float(ys[row]) + share * float(ys[after[0]] - ys[row])
    return x, y


def _chains(links: dict[Edge, list[Edge]]) -> list[list[Edge]]:
    """Join pieces into lines: first those that end at the border, then the closed ones."""
    found: list[list[Edge]] = []
    seen: set[Edge] = set()
    # Ends first: a line begun in its middle would come out as two.
    ends = [edge for edge, others in links.items() if len(others) == 1]
    for start in [*ends, *links]:
        if start in seen:
            continue
        chain, at = [start], start
        seen.add(start)
        while after := next((other for other in links[at] if other not in seen), None):
            chain.append(after)
            seen.add(after)
            at = after
        # A closed line ends with its first point.
        if len(chain) > 2 and start in links[at]:
            chain.append(start)
        found.append(chain)
    return found
