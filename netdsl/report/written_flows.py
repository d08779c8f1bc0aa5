"""Units as flows. Branches that part and meet again are in brackets; other points get names."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from netdsl.errors import fail
from netdsl.report.written_units import ENTRY, UnitGraph

DEEPEST = 60
"""Merges within each other that a flow holds: the language limits the brackets that are open."""

DEEPEST_PIECE = 140
"""Those of a `let`, which is one chain and cannot be split."""

FlowItem: TypeAlias = "tuple[int, list[WrittenFlow]]"
"""A unit, and of a merge its branches."""


class WrittenFlow(NamedTuple):
    """A chain of units.

    `start` is the unit that it begins after; None where it begins with an input or with named
    points.
    """

    start: int | None
    items: list[FlowItem]

    def with_before(self) -> list[tuple[FlowItem, int | None]]:
        """Return the items, each with the unit whose output comes in."""
        before = [self.start, *(index for index, _ in self.items)]
        return list(zip(self.items, before, strict=False))


def flows_of(units: UnitGraph) -> list[WrittenFlow]:
    """Put each unit in one flow."""
    return _FlowFinder(units).flows()


def starts_of(flow: WrittenFlow, units: UnitGraph, before: int | None = None) -> set[int]:
    """Return the units that a flow refers to by name; `before` is the one that comes in anyway."""
    found = {flow.start} if flow.start is not None and flow.start != before else set()
    for (index, branches), inside in flow.with_before():
        found.update(units.referred(index))
        for branch in branches:
            found |= starts_of(branch, units, inside)
    return found


def single_flow(units: UnitGraph) -> WrittenFlow:
    """Put all units of a `let` in one flow: what a branch has made, others refer to by name.

    Raises:
        NetError: N402 where too many merges would be within each other.
    """
    made: set[int] = set()

    def flow_to(end: int, depth: int) -> WrittenFlow:
        if depth > DEEPEST_PIECE:
            message = f"a shared piece, written out, has over {DEEPEST_PIECE} merges in each other"
            raise fail("N402", message, help="share its parts: each `let` is written out alone")
        items: list[FlowItem] = []
        at = end
        while at != ENTRY and at not in made:
            made.add(at)
            sources = units.sources[at]
            if units.is_merge(at):
                items.append((at, [flow_to(source, depth + 1) for source in sources]))
                at = ENTRY
            else:
                items.append((at, []))
                at = sources[0] if sources else ENTRY
        return WrittenFlow(at, items[::-1])

    return flow_to(len(units.units) - 1, 0)


class _FlowFinder:
    """Units to flows.

    Attributes:
        ends: the units that give the network's outputs, in order.
        open_flows: by their last unit.
        flow_of: the identity of each unit's flow.
        option_users: for each unit those whose options refer to it.
        depths: by the identity of a flow, how many merges are within each other in it.
    """

    def __init__(self, units: UnitGraph) -> None:
        self.units = units
        graph = units.graph
        self.ends = sorted(
            units.unit_of[layer]
            for output in graph.outputs
            if (layer := graph.ops[output.op].layer) in units.unit_of
        )
        self.open_flows: dict[int, WrittenFlow] = {}
        self.flow_of: dict[int, int] = {}
        self.depths: dict[int, int] = {}
        self.option_users: dict[int, list[int]] = {}
        for index in range(len(units.units)):
            for unit in units.referred(index):
                self.option_users.setdefault(unit, []).append(index)

    def flows(self) -> list[WrittenFlow]:
        for index, sources in enumerate(self.units.sources):
            if not sources:
                flow = WrittenFlow(None, [(index, [])])
            elif self.units.is_merge(index):
                flow = self._merged(index, sources)
            elif self._continues(sources[0], index):
                flow = self.open_flows.pop(sources[0])
                flow.items.append((index, []))
            else:
                flow = WrittenFlow(sources[0], [(index, [])])
            self.open_flows[index] = flow
            self.flow_of[index] = id(flow)
        return list(self.open_flows.values())

    def _continues(self, source: int, index: int) -> bool:
        """Return whether a unit continues the flow of the one that it reads."""
        return (
            # What two layers read needs a name: its flow ends there.
            self.units.uses[source] == 1
            and source in self.open_flows
            and self._can_continue(source, index)
            and self._comes_after(self.open_flows[source], self.units.referred(index))
        )

    def _comes_after(self, flow: WrittenFlow, referred: Iterable[int]) -> bool:
        """Return whether a flow comes after all units that it refers to by name."""
        first = flow.items[0][0]
        return all(unit < first or self.flow_of.get(unit) == id(flow) for unit in referred)

    def _can_continue(self, source: int, index: int) -> bool:
        """Return whether a flow can continue with a unit.

        Not where another output comes between, for outputs keep their order.
        """
        after = bisect_right(self.ends, source)
        return not self._is_one_of_several_inputs(source) and not (
            after < len(self.ends) and self.ends[after] < index
        )

    def _is_one_of_several_inputs(self, index: int) -> bool:
        # `input a: 5` is a whole statement: flows begin at `@a` then.
        several = len(self.units.graph.inputs) > 1 or self.units.is_source(index)
        return several and not self.units.sources[index]

    def _merged(self, index: int, sources: tuple[int, ...]) -> WrittenFlow:
        """Return the flow that ends with a merge.

        In its brackets are the branches that nothing else reads.
        """
        whole = self._whole_branches(index, sources)
        branches = [
            self.open_flows.pop(source) if source in whole else WrittenFlow(source, [])
            for source in sources
        ]
        starts = list(dict.fromkeys(branch.start for branch in branches))
        for start in starts:
            # All branches begin on one flow, which continues with the merge: `> add[ id | F ]`.
            if start is not None and self._holds_all(start, starts):
                taken_here = sum(_taken(branch, start) for branch in branches)
                if (
                    # A branch has an input of its own, or the start is read elsewhere by name.
                    None in starts
                    or taken_here < self.units.uses[start]
                    or not self._can_continue(start, index)
                    or not self._comes_after(self.open_flows[start], self._options_in(branches))
                ):
                    continue
                flow = self.open_flows.pop(start)
                flow.items.append((index, branches))
                return self._owning(flow, branches)
        flow = WrittenFlow(starts[0] if len(starts) == 1 else None, [(index, branches)])
        return self._owning(flow, branches)

    def _options_in(self, branches: Sequence[WrittenFlow]) -> set[int]:
        """Return the units outside branches that options of layers in them refer to."""
        found: set[int] = set()
        own = {id(branch) for branch in branches}
        waiting = list(branches)
        while waiting:
            for index, inner in waiting.pop().items:
                referred = self.units.referred(index)
                found.update(unit for unit in referred if self.flow_of.get(unit) not in own)
                waiting += inner
        return found

    def _holds_all(self, start: int, starts: Sequence[int | None]) -> bool:
        """Return whether the flow that ends with `start` holds the other units that branches begin
        after.
        """
        flow = self.open_flows.get(start)
        return flow is not None and all(
            self.flow_of.get(other) == id(flow)
            for other in starts
            if other is not None and other != start
        )

    def _whole_branches(self, merge: int, sources: tuple[int, ...]) -> set[int]:
        """Return the last units of the flows that end with a merge and with nothing else.

        Not those that another branch refers into, nor those outside the merge's `each`.
        """
        axes = self.units.axes(merge)
        found = {
            source: flow
            for source in sources
            if self.units.uses[source] == 1
            and (flow := self.open_flows.get(source)) is not None
            and self.depths.get(id(flow), 0) < DEEPEST
            # A flow that begins with an input is a statement, and cannot be a branch.
            and not (flow.start is None and not self.units.sources[flow.items[0][0]])
            and not self._is_named_elsewhere(flow)
            and all(self.units.axes(unit)[: len(axes)] == axes for unit, _ in flow.items)
        }
        # A branch that another one refers into needs a name for that point, so it stays a flow.
        inside = {self.flow_of.get(source) for source in sources if source not in found}
        for flow in found.values():
            others = {self.flow_of.get(unit) for unit in starts_of(flow, self.units)}
            inside |= others - {id(flow)}
        return {source for source, flow in found.items() if id(flow) not in inside}

    def _is_named_elsewhere(self, flow: WrittenFlow) -> bool:
        """Return whether an option of a layer outside a flow refers to a unit in it."""
        waiting = [flow]
        while waiting:
            for index, inner in waiting.pop().items:
                waiting += inner
                users = self.option_users.get(index, ())
                if any(self.flow_of.get(user) != id(flow) for user in users):
                    return True
        return False

    def _owning(self, flow: WrittenFlow, branches: Sequence[WrittenFlow]) -> WrittenFlow:
        """Return the flow, its branches' units known as its own."""
        depth = 1 + max(self.depths.get(id(branch), 0) for branch in branches)
        self.depths[id(flow)] = max(depth, self.depths.get(id(flow), 0))
        waiting = list(branches)
        while waiting:
            for index, inner in waiting.pop().items:
                self.flow_of[index] = id(flow)
                waiting += inner
        return flow


def _taken(flow: WrittenFlow, unit: int) -> int:
    """Return how often a unit's output is taken in a flow, and in the branches in it."""
    if not flow.items:
        return int(flow.start == unit)
    return sum(
        sum(_taken(branch, unit) for branch in branches) if branches else int(before == unit)
        for (_, branches), before in flow.with_before()
    )
