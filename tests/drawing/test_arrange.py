"""Chains with arcs next to them, and with what hangs on them: places computed by hand.

Boxes are 30 long and reach 10 to both sides, unless a case says more. An arc is 16 from what it
passes and 12 from the next one; what hangs on a chain is 26 from it, and 28 before or after the
part that it hangs on; other parts are 22 apart.
"""

from __future__ import annotations

import pytest

from netdsl.drawing.arrange import ChainBox
from netdsl.drawing.geometry import Size
from netdsl.drawing.laid_region import Measure, Pads
from netdsl.drawing.layout import laid_out
from netdsl.drawing.nodes import LaidNode
from netdsl.drawing.parts import END, START, Arc, PartChain, Side, Wire
from netdsl.drawing.shown import Box
from netdsl.drawing.view import View

Widths = dict[int, tuple[float, float]]  # of some boxes: to the left and to the right


def nodes(count: int, widths: Widths, bars: tuple[int, ...] = ()) -> list[LaidNode]:
    found = []
    for at in range(count):
        left, right = widths.get(at, (10, 10))
        found.append(LaidNode(Size(30, left, right), "bar" if at in bars else "box"))
    return found


def arc(start: int, end: int, count: int, key: int | None = None) -> Arc:
    source, target = START if start < 0 else start, END if end == count else end
    return Arc(start, end, Wire(source, target, source if key is None else key))


# --- arcs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arcs", "lanes"),
    [
        ([(0, 2)], {26: [(0, 2)]}),
        # One within the other, and one after the other: on one side.
        ([(0, 4), (1, 3)], {26: [(1, 3)], 38: [(0, 4)]}),
        ([(0, 2), (2, 4)], {26: [(0, 2), (2, 4)]}),
        ([(0, 3), (3, 5)], {26: [(0, 3), (3, 5)]}),
        # On one side they would cross: the longer, or the later one is to the left.
        ([(0, 2), (1, 3)], {26: [(0, 2)], -26: [(1, 3)]}),
        ([(0, 3), (2, 4)], {26: [(2, 4)], -26: [(0, 3)]}),
        ([(0, 2), (1, 4)], {26: [(0, 2)], -26: [(1, 4)]}),
        # The second is to the left of the first, and the third, which crosses it, to its right.
        ([(-1, 1), (0, 2), (1, 3), (3, 5)], {26: [(-1, 1), (1, 3), (3, 5)], -26: [(0, 2)]}),
        # Of one source, or into one target, they share a line.
        ([(0, 2), (0, 3)], {26: [(0, 2), (0, 3)]}),
        ([(0, 3), (1, 3)], {26: [(0, 3), (1, 3)]}),
    ],
)
def test_lanes_of_arcs(
    arcs: list[tuple[int, int]], lanes: dict[float, list[tuple[int, int]]]
) -> None:
    chain = PartChain([0, 1, 2, 3, 4])
    chain.arcs = [arc(start, end, 5) for start, end in arcs]
    box = ChainBox(chain, nodes(5, {}), [each.wire for each in chain.arcs])
    found: dict[float, list[tuple[int, int]]] = {}
    for lane in box.lanes:
        found.setdefault(lane.v, []).extend((each.start, each.end) for each in lane.arcs)
    assert {v: sorted(each) for v, each in found.items()} == lanes
    assert (box.left, box.right) == (max(10, -min(lanes)), max(lanes))


def test_arcs_that_carry_two_outputs_of_one_frame_are_two_lines() -> None:
    chain = PartChain([0, 1, 2, 3])
    chain.arcs = [arc(0, 2, 4), arc(0, 3, 4, key=7)]
    assert [lane.v for lane in ChainBox(chain, nodes(4, {}), []).lanes] == [26, 38]


@pytest.mark.parametrize(
    ("widths", "right", "left"),
    [
        ({}, 26, -26),
        # It passes box 1 to the right of it, and box 2 to the left.
        ({1: (70, 50)}, 66, -26),
        ({2: (70, 50)}, 66, -86),
        # It comes into the side of what it ends in, and leaves its source below.
        ({3: (70, 50)}, 26, -86),
        ({0: (70, 50)}, 26, -26),
        ({4: (70, 50)}, 26, -26),
    ],
)
def test_an_arc_is_outside_of_what_it_passes_and_ends_in(
    widths: Widths, right: float, left: float
) -> None:
    chain = PartChain([0, 1, 2, 3, 4])
    chain.arcs = [arc(0, 2, 5), arc(1, 3, 5)]
    assert [lane.v for lane in ChainBox(chain, nodes(5, widths), []).lanes] == [right, left]


def test_a_bar_reaches_the_arcs_that_end_in_it() -> None:
    chain = PartChain([0, 1, 2, 3])
    chain.arcs = [arc(0, 2, 4), arc(1, 3, 4)]
    laid = nodes(4, {}, bars=(2, 3))
    box = ChainBox(chain, laid, [])
    # A bar is 14 longer than what ends in it: the arc to the left passes one that reaches 14.
    assert [lane.v for lane in box.lanes] == [26, -30]
    assert (laid[2].size, laid[3].size) == (Size(30, 14, 40), Size(30, 44, 14))
    assert (box.left, box.right) == (44, 40)


# --- what hangs on a chain ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("widths", "across"),
    [
        ({}, 46),
        # Next to it, or what it comes into, which a line leads to from the side.
        ({1: (10, 60)}, 96),
        ({2: (10, 60)}, 96),
        ({3: (10, 60)}, 46),
        ({4: (60, 10)}, 96),
    ],
)
def test_what_comes_into_a_chain_is_next_to_what_it_passes(widths: Widths, across: float) -> None:
    chain = PartChain([0, 1, 2, 3])
    chain.sides = [Side(2, PartChain([4]), leaves=False)]
    box = ChainBox(chain, nodes(5, widths), [Wire(4, 2, 4)])
    assert box.starts == [0, 52, 110, 162]
    (side,) = box.sides
    assert (side.u, side.v) == (52, across)
    assert (box.length, box.right) == (192, max(across + 10, widths.get(3, (0, 0))[1]))


def test_what_comes_into_the_first_part_begins_above_it() -> None:
    chain = PartChain([0, 1])
    chain.sides = [Side(0, PartChain([2]), leaves=False)]
    box = ChainBox(chain, nodes(3, {}), [Wire(2, 0, 2)])
    (side,) = box.sides
    assert (side.u, side.v, box.starts, box.length) == (0, 46, [58, 110], 140)


@pytest.mark.parametrize(
    ("widths", "across"),
    [({}, 46), ({0: (10, 60)}, 46), ({1: (10, 60)}, 96), ({2: (10, 60)}, 46)],
)
def test_what_leaves_a_chain_is_next_to_what_follows(widths: Widths, across: float) -> None:
    chain = PartChain([0, 1, 2])
    chain.sides = [Side(0, PartChain([3]), leaves=True)]
    box = ChainBox(chain, nodes(4, widths), [Wire(0, 3, 0)])
    assert box.starts == [0, 58, 110]
    (side,) = box.sides
    assert (side.u, side.v) == (58, across)


# --- ways -----------------------------------------------------------------------------------------


def test_an_arc_straight_above_what_it_ends_in_goes_straight_into_it() -> None:
    """Branches of 20 + 36 and of 15 + 15, 26 apart, are 112: the arc, 56 from the edge, runs
    through the middle, above the circle that joins them.
    """
    sizes = [Size(30, 20, 20)] * 4 + [Size(140, 15, 15), Size(20, 10, 10)]
    boxes = tuple(Box(((number,),)) for number in range(6))
    edges = ((0, 1), (1, 2), (2, 3), (3, 5), (0, 4), (4, 5), (1, 5))
    measure = Measure(
        lambda box: LaidNode(sizes[box.first], "circle" if box.first == 5 else "box"),
        lambda *_: Pads(0, 0, 0, 0),
    )
    laid = laid_out(View(boxes, boxes, edges), measure)
    assert [spot.v for spot in laid.spots] == [0, -36, -36, -36, 41, 0]
    begin, turned, lane, end = laid.edges[6]
    assert (begin, end) == ((laid.spots[1].u + 30, -36), (laid.spots[5].u, 0))
    assert (turned, lane) == ((turned[0], -36), (turned[0], 0))
