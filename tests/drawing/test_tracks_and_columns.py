"""Tracks of lines, and long chains in columns: places computed by hand."""

from __future__ import annotations

import pytest

from netdsl.drawing.geometry import Point, Size
from netdsl.drawing.layout import Area, Layout, Spot
from netdsl.drawing.shown import Frame
from netdsl.drawing.tracks import kept_apart, tracks_of
from netdsl.drawing.wrapping import wrapped

# --- tracks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nets", "tracks", "count"),
    [
        ({}, {}, 0),
        ({"a": [0, 10]}, {"a": 0}, 1),
        # Those that are more than 4 apart share a track.
        ({"a": [0, 10], "b": [15, 30]}, {"a": 0, "b": 0}, 1),
        ({"a": [0, 10], "b": [14, 30]}, {"a": 0, "b": 1}, 2),
        ({"a": [20, 30], "b": [0, 16]}, {"a": 0, "b": 1}, 2),
        # `a` first: it would go down through `b`, and `b` come in through it.
        ({"a": [0, 20], "b": [10, 30]}, {"a": 1, "b": 0}, 2),
        ({"a": [20, 0], "b": [30, 10]}, {"a": 0, "b": 1}, 2),
        # A short one within a long one: on the side where it leaves or comes in.
        ({"a": [0, 40], "b": [10, 20]}, {"a": 1, "b": 0}, 2),
        ({"a": [0, 10, 20, 40], "b": [15, 30]}, {"a": 1, "b": 0}, 2),
        # Two lines of `a` would go down through `b`, one of `b` goes down through `a`.
        ({"a": [8, 12, 14], "b": [20, 10]}, {"a": 1, "b": 0}, 2),
        # `b` comes in where `a` goes out: `a` first, one would lie on the other.
        ({"a": [0, 10], "b": [10, 25]}, {"a": 1, "b": 0}, 2),
        ({"a": [0, 10], "b": [10, 5, 25]}, {"a": 1, "b": 0}, 2),
        # Only what is in the way pushes further.
        ({"a": [0, 10], "b": [5, 30], "c": [34, 60]}, {"a": 1, "b": 0, "c": 1}, 2),
    ],
)
def test_tracks_of_nets(nets: dict[str, list[float]], tracks: dict[str, int], count: int) -> None:
    assert tracks_of(nets) == (tracks, count)


def bent(at: float, begin: float, end: float) -> list[Point]:
    """An edge from 0 to 30 along, which runs across at a place."""
    return [(0, begin), (at, begin), (at, end), (30, end)]


@pytest.mark.parametrize(
    ("edges", "ends", "places"),
    [
        ([bent(10, 0, 20)], [(0, 1)], [10]),
        ([bent(10, 0, 20), bent(10, 10, 30)], [(0, 1), (2, 3)], [14, 6]),
        ([bent(10, 20, 0), bent(10, 30, 10)], [(0, 1), (2, 3)], [6, 14]),
        # Of one source, or into one target, they may lie on each other.
        ([bent(10, 0, 20), bent(10, 0, 30)], [(0, 1), (0, 3)], [10, 10]),
        ([bent(10, 0, 30), bent(10, 10, 30)], [(0, 1), (2, 1)], [10, 10]),
        # They share a point alone, or are elsewhere.
        ([bent(10, 0, 20), bent(10, 20, 30)], [(0, 1), (2, 3)], [10, 10]),
        ([bent(10, 0, 20), bent(11, 10, 30)], [(0, 1), (2, 3)], [10, 11]),
        # A third that lies on neither stays where it is, but not one of the same source.
        (
            [bent(10, 0, 20), bent(10, 10, 30), bent(10, 50, 60)],
            [(0, 1), (2, 3), (4, 5)],
            [14, 6, 10],
        ),
        (
            [bent(10, 0, 20), bent(10, 10, 30), bent(10, 0, -20)],
            [(0, 1), (2, 3), (0, 5)],
            [14, 6, 14],
        ),
        # Three are in 16 together.
        (
            [bent(10, 0, 20), bent(10, 10, 30), bent(10, 15, 40)],
            [(0, 1), (2, 3), (4, 5)],
            [10 + 16 / 3, 10, 10 - 16 / 3],
        ),
    ],
)
def test_edges_on_each_other_are_kept_apart(
    edges: list[list[Point]], ends: list[tuple[int, int]], places: list[float]
) -> None:
    found = kept_apart(edges, ends)
    assert [points[0] for points in found] == [points[0] for points in edges]
    assert [points[3] for points in found] == [points[3] for points in edges]
    for points, before, place in zip(found, edges, places, strict=True):
        assert points[1:3] == [(pytest.approx(place), before[at][1]) for at in (1, 2)]


# --- columns --------------------------------------------------------------------------------------


def chain(length: float, gap: float, areas: tuple[Area, ...] = ()) -> Layout:
    """Four boxes below each other, 10 wide, joined by lines, with a cut in the middle of each."""
    starts = [number * (length + gap) for number in range(4)]
    return Layout(
        tuple(Spot(start, 0, Size(length, 5, 5)) for start in starts),
        areas,
        tuple(((start - gap, 0.0), (start, 0.0)) for start in starts[1:]),
        tuple(start - gap / 2 for start in starts[1:]),
    )


def test_a_chain_that_fits_stays() -> None:
    laid = chain(10, 10)
    assert wrapped(laid, 70, rows=True) is laid
    assert wrapped(laid, 10, rows=False) is laid


def test_a_chain_in_rows() -> None:
    """Of 39: each holds 30, and the last one a third more."""
    found = wrapped(chain(10, 10), 39, rows=True)
    assert [(spot.u, spot.v) for spot in found.spots] == [(0, 0), (0, 54), (0, 108), (20, 108)]
    assert found.edges == (
        # Below the row, back through the gutter's middle, and in from above.
        ((10, 0), (24, 0), (24, 27), (-14, 27), (-14, 54), (0, 54)),
        ((10, 54), (24, 54), (24, 81), (-14, 81), (-14, 108), (0, 108)),
        ((10, 108), (20, 108)),
    )


def test_frames_of_a_chain_in_rows() -> None:
    """Rows are as wide as their frames, and begin and end with them."""
    frame = Frame(())
    outer = Area(frame, 0, (0.0,), 18.0, 33.0, -8.0, 9.0)
    found = wrapped(chain(10, 10, (outer,)), 39, rows=True)
    assert [(spot.u, spot.v) for spot in found.spots] == [(0, 0), (2, 57), (0, 115), (20, 115)]
    (area,) = found.areas
    assert area == Area(frame, 0, (57.0,), 0.0, 15.0, 49.0, 66.0)
    assert found.edges[0] == ((10, 0), (24, 0), (24, 27), (-14, 27), (-14, 57), (2, 57))
    assert found.edges[1] == ((12, 57), (29, 57), (29, 88), (-14, 88), (-14, 115), (0, 115))


@pytest.mark.parametrize(
    ("wide", "columns"), [(172, 4), (171, 3), (118, 3), (117, 2), (64, 2), (63, 1)]
)
def test_a_chain_in_columns(wide: float, columns: int) -> None:
    """Each is 10 wide and the gutters 44: as many columns as there is room for."""
    found = wrapped(chain(1000, 100), wide, rows=False)
    assert sorted({spot.v for spot in found.spots}) == [54 * number for number in range(columns)]
