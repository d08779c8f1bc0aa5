"""Contours of surfaces whose lines are known. No framework is imported here."""

from __future__ import annotations

import numpy as np
import pytest

from netdsl.training.reporting.contours import contour

XS, YS = np.linspace(-2, 2, 41), np.linspace(-1, 3, 41)
X, Y = np.meshgrid(XS, YS)


def test_a_circle_is_one_closed_line() -> None:
    for radius in (1.0, 0.93):  # the first goes through points of the grid
        (line,) = contour(XS, YS, X**2 + (Y - 1) ** 2, radius**2)
        assert line[0] == line[-1]
        radii = [np.hypot(x, y - 1) for x, y in line]
        assert radii == pytest.approx(np.full(len(line), radius), abs=0.01)


def test_a_plane_has_one_straight_line_from_border_to_border() -> None:
    (line,) = contour(XS, YS, X - 2 * Y, 0.3)
    assert [x - 2 * y for x, y in line] == pytest.approx([0.3] * len(line))
    assert {x for x, _ in line} >= {-1.7, 2.0} or min(x for x, _ in line) < -1.6


def test_a_saddle_has_two_lines() -> None:
    assert len(contour(XS, YS, X * (Y - 1), 0.21)) == 2


def test_two_hills_and_no_hill() -> None:
    hills = np.exp(-8 * ((X - 1) ** 2 + (Y - 1) ** 2)) + np.exp(-8 * ((X + 1) ** 2 + (Y - 1) ** 2))
    assert len(contour(XS, YS, hills, 0.5)) == 2
    assert contour(XS, YS, hills, 2.0) == []


def test_cells_without_a_number_have_no_line() -> None:
    surface = np.where(X < 0, np.nan, X - 1)
    (line,) = contour(XS, YS, surface, 0.0)
    assert {round(x, 9) for x, _ in line} == {1.0}
