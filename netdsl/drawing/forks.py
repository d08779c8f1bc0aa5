"""Branches side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from netdsl.drawing.nodes import ALONGSIDE, LANE, LaidNode
from netdsl.drawing.parts import Wire

_MAIN = 1.6  # by how much a branch is longer that goes straight on


class Branch(Protocol):
    """What branches are asked for: their measures, and where lines leave them."""

    length: float
    left: float
    right: float

    def reach(self, begin: float, end: float) -> tuple[float, float]:
        """Return how far it reaches across to both sides, between two places along."""

    def columns(self, nodes: Sequence[LaidNode], last: bool = True) -> Iterator[tuple[int, float]]:
        """Return the nodes at its end (or its beginning), each with where its line runs across."""

    def passing(self, last: bool = True) -> Iterator[tuple[int, float]]:
        """Return the nodes whose arcs leave it at its end (or that arcs from its beginning reach),
        each with where the line runs across.
        """


BranchT = TypeVar("BranchT", bound=Branch)


class ForkBox(Generic[BranchT]):
    """Branches side by side; `shifts` says where each axis is, `starts` where each begins."""

    def __init__(
        self, branches: Sequence[BranchT], nodes: Sequence[LaidNode], wires: Sequence[Wire]
    ) -> None:
        self.branches: Sequence[BranchT] = branches
        self.length = max(branch.length for branch in self.branches)
        self.starts = [self._start(branch, nodes, wires) for branch in self.branches]
        main = self._main()
        self.shifts: list[float] = []
        at = 0.0
        for number, branch in enumerate(self.branches):
            at += branch.left + (ALONGSIDE if number else 0.0)
            self.shifts.append(at)
            at += branch.right
        if main == 0:
            # A short side way may move into a recess of the main one.
            self.shifts[1] = self.shifts[0] + self._clear(nodes, wires)
        middle = at / 2 if main is None else self.shifts[main]
        if main is None and len(self.branches) % 2 == 1:
            centre = self.shifts[len(self.branches) // 2]
            if abs(centre - middle) < ALONGSIDE:  # a straight line through the middle
                middle = centre
        self.shifts = [float(round(shift - middle)) for shift in self.shifts]
        self.lines = [0.0]  # where lines run from one end to the other, across
        for last in (True, False):
            self.lines += [v for _, v in self.columns(nodes, last)]
        self.left = max(
            branch.left - shift for branch, shift in zip(self.branches, self.shifts, strict=True)
        )
        self.right = max(
            branch.right + shift for branch, shift in zip(self.branches, self.shifts, strict=True)
        )

    def _clear(self, nodes: Sequence[LaidNode], wires: Sequence[Wire]) -> float:
        """Return how far the axis of a side way is from that of the main one, at least.

        Its boxes and its lines pass what is next to them.
        """
        main, side = self.branches
        begin, end = self.starts[1], self.starts[1] + side.length
        near = main.reach(begin, end)[1] + ALONGSIDE + side.left
        last = {node for node, _ in side.columns(nodes)}
        first = {node for node, _ in side.columns(nodes, last=False)}
        low = 0.0 if any(wire.target in first for wire in wires) else begin
        high = self.length if any(wire.source in last for wire in wires) else end
        lines = [0.0, *(-v for _, v in (*side.columns(nodes), *side.columns(nodes, last=False)))]
        return max(near, main.reach(low, high)[1] + LANE + max(lines))

    def _start(self, branch: BranchT, nodes: Sequence[LaidNode], wires: Sequence[Wire]) -> float:
        """Return where a branch begins: in the middle.

        At the upper end where nothing follows it, at the lower where nothing precedes it.
        """
        first = {node for node, _ in branch.columns(nodes, last=False)}
        last = {node for node, _ in branch.columns(nodes)}
        if not any(wire.source in last for wire in wires):
            return 0.0
        free = self.length - branch.length
        return free / 2 if any(wire.target in first for wire in wires) else free

    def reach(self, begin: float, end: float) -> tuple[float, float]:
        """Return how far it reaches across to both sides, between two places along."""
        found = [(-v, v) for v in self.lines]
        for branch, start, shift in zip(self.branches, self.starts, self.shifts, strict=True):
            left, right = branch.reach(begin - start, end - start)
            if begin < start + branch.length and start < end:
                found.append((left - shift, right + shift))
        return max(left for left, _ in found), max(right for _, right in found)

    def _main(self) -> int | None:
        """Return the branch that is drawn straight, if the other is a shortcut or a detour."""
        if len(self.branches) != 2:
            return None
        first, second = (branch.length for branch in self.branches)
        # Two branches of nearly one length are equals, and stand on both sides of the axis.
        if max(first, second) < _MAIN * min(first, second):
            return None
        return 0 if first > second else 1

    def columns(self, nodes: Sequence[LaidNode], last: bool = True) -> Iterator[tuple[int, float]]:
        for branch, shift in zip(self.branches, self.shifts, strict=True):
            for node, v in (*branch.columns(nodes, last), *branch.passing(last)):
                yield node, v + shift
