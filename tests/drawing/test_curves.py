"""Curves with their derivatives: places computed by hand.

A diagram is 340 by 220. From -2 to 2 across, a step of 1 is 85 wide.
"""

from __future__ import annotations

from math import nan

import pytest

from netdsl.drawing.curves import Curve, curves_sheet
from netdsl.drawing.marks import LineMark, Mark, MarkGroup, Rect, Text, Web, every

PLACES = (-2.0, -1.0, 0.0, 1.0, 2.0)
NOWHERE = (nan,) * 5


def diagram(
    y: tuple[float, ...],
    slope: tuple[float, ...] = NOWHERE,
    word: str = "f",
    formula: str = "x",
    derivative: str = "1",
) -> tuple[Mark, ...]:
    curve = Curve(word, formula, derivative, PLACES, y, slope)
    (group,) = curves_sheet([curve], "functions").marks
    assert isinstance(group, MarkGroup)
    return group.marks


def texts(marks: tuple[Mark, ...], anchor: str) -> dict[str, tuple[float, float]]:
    return {
        "".join(run.text for run in mark.runs): (mark.x, mark.y)
        for mark in marks
        if isinstance(mark, Text) and mark.anchor == anchor
    }


def lines(marks: tuple[Mark, ...], look: str) -> list[tuple[tuple[float, float], ...]]:
    """The lines of one look, to a thousandth, without that next to the formula."""
    found = [mark.points for mark in marks if isinstance(mark, LineMark) and mark.look == look]
    *pieces, sample = ([(round(x, 3), round(y, 3)) for x, y in points] for points in found)
    assert sample[0] == (0, sample[1][1])
    return [tuple(piece) for piece in pieces]


# From -2 to 0.5 up: 0.2 more than what is drawn, in halves; a step of 1 is 88 high.
LINE = (-1.6, -1.2, -0.8, -0.4, 0.0)


def test_integers_are_below_and_to_the_left() -> None:
    marks = diagram(LINE)
    below = {"−2": 0, "−1": 85, "0": 170, "1": 255, "2": 340}
    assert texts(marks, "middle") == {text: (x, 232) for text, x in below.items()}
    assert texts(marks, "end") == {"−2": (-6, 223), "−1": (-6, 135), "0": (-6, 47)}


def test_lines_of_integers_are_inside_and_those_of_0_are_axes() -> None:
    grid, axes = (mark for mark in diagram(LINE) if isinstance(mark, Web))
    upright = [((x, 220), (x, 0)) for x in (85, 170, 255)]
    assert grid.lines == (*upright, ((0, 132), (340, 132)), ((0, 44), (340, 44)))
    assert axes.lines == (((0, 44), (340, 44)), ((170, 220), (170, 0)))


def test_a_function_and_its_derivative_are_two_lines() -> None:
    marks = diagram(LINE, (0.4,) * 5)
    # The slope takes it up to 1, of 3 in all: a step of 1 is 220/3 high.
    points = [(0, 190.667), (85, 161.333), (170, 132), (255, 102.667), (340, 73.333)]
    assert lines(marks, "curve") == [tuple(points)]
    assert lines(marks, "slope") == [tuple((x, 44) for x, _ in points)]


@pytest.mark.parametrize(
    ("y", "pieces"),
    [
        # A step, and the same where it is small, but steep for what is around it.
        ((0.0, 0.0, 0.0, 1.0, 1.0), [[(-2, 0), (-1, 0), (0, 0)], [(1, 1), (2, 1)]]),
        ((0.0, 0.0, 0.0, 0.2, 0.2), [[(-2, 0), (-1, 0), (0, 0)], [(1, 0.2), (2, 0.2)]]),
        ((0.0, 0.04, 0.4, 0.4, 0.4), [[(-2, 0), (-1, 0.04)], [(0, 0.4), (1, 0.4), (2, 0.4)]]),
        ((0.0, 0.0, 0.2, 0.2, 0.5), [[(-2, 0), (-1, 0)], [(0, 0.2), (1, 0.2), (2, 0.5)]]),
        # No jump: a tenth, and what is no more than 8 times as steep as what is around it.
        ((0.0, 0.0, 0.0, 0.1, 0.1), [[(-2, 0), (-1, 0), (0, 0), (1, 0.1), (2, 0.1)]]),
        ((0.0, 0.05, 0.4, 0.4, 0.4), [[(-2, 0), (-1, 0.05), (0, 0.4), (1, 0.4), (2, 0.4)]]),
        # Where it is not a number.
        ((0.0, 0.0, nan, 0.0, 0.0), [[(-2, 0), (-1, 0)], [(1, 0), (2, 0)]]),
        # It leaves the diagram half-way between two places, and comes back; or is outside.
        ((1.4, 1.8, 2.2, 2.2, 1.8), [[(-2, 1.4), (-1, 1.8), (-0.5, 2)], [(1.5, 2), (2, 1.8)]]),
        ((-2.6, -2.2, -1.8, -1.4, -1.0), [[(-0.5, -2), (0, -1.8), (1, -1.4), (2, -1)]]),
        ((2.6, 2.2, 2.2, 2.2, 2.6), []),
    ],
)
def test_a_curve_is_broken_at_jumps_and_cut_off_at_the_edges(
    y: tuple[float, ...], pieces: list[list[tuple[float, float]]]
) -> None:
    # No derivative, as none of its numbers is next to another; but from -2 to 2: 55 to a step.
    marks = diagram(y, (nan, 2.0, nan, -2.0, nan))
    assert lines(marks, "slope") == []
    found = [[(x / 85 - 2, 2 - up / 55) for x, up in piece] for piece in lines(marks, "curve")]
    assert [[(round(x, 3), round(up, 3)) for x, up in piece] for piece in found] == pieces


def test_the_name_is_large_and_both_formulas_are_next_to_words() -> None:
    heads = [m for m in diagram(LINE) if isinstance(m, Text) and m.anchor == "start"]
    assert [(m.runs[0].text, m.runs[0].bold, m.size, m.x, m.y) for m in heads] == [
        ("f", True, 14, 30, -28),
        # Helvetica Bold's f is 333 thousandths of 14 wide.
        ("x", False, 10, pytest.approx(40 + 4.662), -28),
        ("derivative", False, 10, 30, -12),
        # 556 for d, e and a, 333 for r, 222 for i, 500 for v, 278 for t: 4279 thousandths of 10.
        ("1", False, 10, pytest.approx(40 + 42.79), -12),
    ]


def test_long_names_and_formulas_are_cut() -> None:
    """A name has half of the width, and a formula the rest, 40 less."""
    marks = diagram(LINE, word="b" * 50, formula="1" * 50, derivative="1" * 60)
    found = [m for m in marks if isinstance(m, Text) and m.anchor == "start"]
    # A bold b of 14 is 8.554 wide, the ellipsis 14; digits of 10 are 5.56, the ellipsis 10.
    assert [m.runs[0].text for m in found] == [
        "b" * 18 + "…",
        "1" * 21 + "…",
        "derivative",
        "1" * 44 + "…",
    ]


def test_three_diagrams_are_a_row() -> None:
    curves = [Curve(word, "x", "1", PLACES, LINE, NOWHERE) for word in "abcd"]
    sheet = curves_sheet(curves, "functions")
    plain = [mark[:4] for mark in every(sheet.marks) if isinstance(mark, Rect)]
    assert plain == [(x, y, 340, 220) for x, y in ((0, 0), (384, 0), (768, 0), (0, 304))]
    assert (sheet.title, sheet.about) == (
        "functions",
        "a, b, c, d: functions solid, derivatives dashed",
    )
