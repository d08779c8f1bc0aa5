"""Wires taken apart into chains, branches, arcs and tangles, by hand.

`0 [1 2 | 3] {4 5}` is node 0, two branches, and two nodes that are a tangle; arcs of a chain follow
it in brackets, from the part before which they begin to the one that they end in.
"""

from __future__ import annotations

import pytest

from netdsl.drawing.parts import END, START, Arc, Fork, PartChain, Tangle, Wire
from netdsl.drawing.series import cut_up


def said(chain: PartChain) -> str:
    parts = []
    for part in chain.parts:
        if isinstance(part, Fork):
            parts.append(f"[{' | '.join(map(said, part.branches))}]")
        elif isinstance(part, Tangle):
            parts.append(f"{{{' '.join(map(str, part.nodes))}}}")
        else:
            parts.append(str(part))
    return " ".join(parts + [f"({arc.start}>{arc.end})" for arc in chain.arcs])


@pytest.mark.parametrize(
    ("wires", "parts"),
    [
        ("01 12", "0 1 2"),
        ("01 02 13 23", "0 [1 | 2] 3"),
        ("01 12 02", "0 1 2 (0>2)"),
        ("01 12 23 02 13", "0 1 2 3 (0>2) (1>3)"),
        # 1 and 2 are both read by 4, and 1 by 3 alone: neither a chain nor branches.
        ("01 02 13 14 24 35 45", "0 {1 2 3 4} 5"),
        # Loose ends are branches from the beginning, and to the end.
        ("02 12 23 24", "[0 | 1] 2 [3 | 4]"),
        # An arc within a branch, from before it and to after it.
        ("01 12 23 13 04 46 36", "0 [1 2 3 (0>2) | 4] 6"),
        ("01 12 23 02 04 46 36", "0 [1 2 3 (-1>1) | 4] 6"),
        ("01 12 23 16 04 46 36", "0 [1 2 3 (0>3) | 4] 6"),
        # One out of a branch of a branch which something follows would pass that.
        ("01 02 13 23 04 35 45 15", "0 {1 2 3 4} 5"),
        # Where nothing follows it, it runs next to the innermost branch.
        ("01 12 13 24 46 36 05 56 26", "0 [1 [2 4 (0>2) | 3] | 5] 6"),
        # The same of one into a branch of a branch, which something precedes or not.
        ("01 12 13 24 34 46 05 56 02", "0 {1 2 3 4 5} 6"),
        ("01 13 02 34 24 46 05 56 03", "0 [[1 3 (-1>1) | 2] 4 | 5] 6"),
        # From one branch to another one.
        ("01 02 13 24 35 45 14", "0 {1 2 3 4} 5"),
        # A wire that is there twice is once an arc.
        ("01 01", "0 1 (0>1)"),
    ],
)
def test_wires_taken_apart(wires: str, parts: str) -> None:
    pairs = [(int(a), int(b)) for a, b in wires.split()]
    known = sorted({node for pair in pairs for node in pair})
    chain = cut_up(known, [Wire(a, b, a) for a, b in pairs], frozenset())
    assert chain is not None
    assert said(chain) == parts


def test_what_comes_from_outside_passes_what_begins_inside() -> None:
    """Node 0, a constant, begins with the chain: to 1, which reads it, there is a longer way."""
    wires = [Wire(START, 1, 9), Wire(0, 1, 0), Wire(1, END, 1)]
    chain = cut_up([0, 1], wires, frozenset())
    assert chain is not None
    assert (chain.parts, chain.arcs) == ([0, 1], [Arc(-1, 1, wires[0])])


@pytest.mark.parametrize("deep", [40, 41])
def test_branches_within_branches_are_taken_apart_40_deep(deep: int) -> None:
    """The innermost are `0 [1 | 2] 3`, each others `4 [ those within | 5 ] 6 7`."""
    begins = range(4, 4 * deep + 4, 4)
    pairs = [(0, 1), (0, 2), (1, 3), (2, 3)]
    for at in begins:
        pairs += [(at, at - 4), (at, at + 1), (at + 1, at + 2), (at - 1, at + 2), (at + 2, at + 3)]
    nodes = [*reversed(begins), 0, 1, 2, 3, *(at + each for at in begins for each in (1, 2, 3))]
    chain = cut_up(nodes, [Wire(a, b, a) for a, b in pairs], frozenset())
    assert chain is not None
    assert ("{1 2}" in said(chain)) == (deep > 40)
