"""A graph as text: the same network with every default, block and repeat written out.

The text is itself a valid file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from netdsl.naming import unique_name

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.graph import Graph, Op, Piece

_WIDTH = 140
_ENTRY = -1  # what comes into a `let`

Item: TypeAlias = "tuple[int, list[Flow]]"  # a unit, and of a merge its branches


class Flow(NamedTuple):
    """A chain of units. `start` is the unit that it begins behind; None where it begins with an
    input or with named points.
    """

    start: int | None
    items: list[Item]


class Unit(NamedTuple):
    """What stands as one step: a layer, or a use of a `let`. Layers `first` to `stop`
    (excluded); `end` gives the output.
    """

    first: int
    stop: int
    end: int
    piece: str


def written_out(network: Architecture) -> str:
    """The network as `netdsl expand` prints it."""
    graph = network.graph
    lines = (
        [f"# {line}".rstrip() for line in network.description.split("\n")]
        if network.description
        else []
    )
    lines.append(f"net {network.name}")
    written: set[str] = set()
    for piece in graph.pieces:  # those within others come first
        if piece.name not in written:
            written.add(piece.name)
            inside = [
                each
                for each in graph.pieces
                if piece.first <= each.first and each.stop <= piece.stop and each != piece
            ]
            lines += _Writer(graph, range(piece.first, piece.stop), inside).let(piece.name)
    return (
        "\n".join(
            [*lines, *_Writer(graph, range(len(graph.layers)), list(graph.pieces)).statements()]
        )
        + "\n"
    )


class _Writer:
    """Units to flows. Branches that part and meet again stand in brackets; other points get
    names.
    """

    def __init__(self, graph: Graph, layers: range, pieces: list[Piece]) -> None:
        self.graph = graph
        self.units = _units(layers, pieces)
        self.unit_of = {unit.end: index for index, unit in enumerate(self.units)}
        self.sources = [self._sources_of(unit) for unit in self.units]
        self.uses: dict[int, int] = {}
        for sources in self.sources:
            for source in sources:
                self.uses[source] = self.uses.get(source, 0) + 1
        self.ends = sorted(
            self.unit_of[layer]
            for output in graph.outputs
            if (layer := graph.ops[output.op].layer) in self.unit_of
        )
        self.names = self._unique_names()
        self.flow_of: dict[int, int] = {}

    def _unique_names(self) -> list[str]:
        """A name for each unit: its own, where the text gives it one that is seen from outside,
        else one made from its path of blocks.
        """
        points = {self.graph.ops[op].layer: name for name, op in self.graph.points.items()}
        taken = {name for name in self.graph.points if "." not in name}
        names = []
        points |= {self.graph.ops[point.op].layer: point.name for point in self.graph.inputs}
        for unit in self.units:
            name = points.get(unit.end, self.graph.layers[unit.end].name)
            if name not in taken or points.get(unit.end) != name:
                name = unique_name(re.sub(r"[^A-Za-z0-9_]", "_", name), taken, "_")
            taken.add(name)
            names.append(name)
        return names

    def _sources_of(self, unit: Unit) -> tuple[int, ...]:
        ops = self.graph.ops
        last = unit.first + 1 if not unit.piece else unit.stop
        heads = (ops[self.graph.layers[layer].ops[0]] for layer in range(unit.first, last))
        before = (ops[source].layer for head in heads for source in _coming_in(head))
        outside = [
            self.unit_of.get(layer, _ENTRY)
            for layer in before
            if not unit.first <= layer < unit.stop
        ]
        return tuple(dict.fromkeys(outside)) if unit.piece else tuple(outside)

    def let(self, name: str) -> list[str]:
        """The `let` statement of these units."""
        flows = self._flows()
        named = {start for flow in flows for start in self._starts(flow)} - {_ENTRY}
        if len(flows) > 1:
            raise AssertionError(f"the let {name} is no chain")
        return _broken(
            [self._step(item, before, named) for item, before in _with_before(flows[0])],
            f"let {name} = ",
        )

    def statements(self) -> list[str]:
        """The flows of a whole network, and its ties."""
        flows = self._flows()
        ties = [
            (op.layer, self.graph.ops[op.tied].layer)
            for op in self.graph.ops
            if op.tied is not None
        ]
        points = set(self.graph.points.values())
        kept = {
            self.graph.ops[output.op].layer for output in self.graph.outputs if output.op in points
        }
        named = {
            self.unit_of[layer] for layer in (*kept, *(layer for tie in ties for layer in tie))
        }
        named |= {start for flow in flows for start in self._starts(flow)}
        lines: list[str] = []
        last = None
        for flow in sorted(flows, key=self._order):
            steps = [self._step(item, before, named) for item, before in _with_before(flow)]
            if flow.start is not None and flow.start != last:
                steps.insert(0, f"@{self.names[flow.start]}")
            lines += _broken(steps, "> " if flow.start is not None and flow.start == last else "")
            last = flow.items[-1][0]
        return lines + [
            f"tie {self._name(tied)} = transpose {self._name(other)}" for tied, other in ties
        ]

    def _name(self, layer: int) -> str:
        return self.names[self.unit_of[layer]]

    # --- units to flows ---

    def _flows(self) -> list[Flow]:
        """Each unit in one flow."""
        open_flows: dict[int, Flow] = {}  # by their last unit
        for index, sources in enumerate(self.sources):
            if not sources:
                flow = Flow(None, [(index, [])])
            elif self._is_merge(index):
                flow = self._merged(index, sources, open_flows)
            elif (
                self.uses[sources[0]] == 1
                and sources[0] in open_flows
                and self._goes_on(sources[0], index)
            ):
                flow = open_flows.pop(sources[0])
                flow.items.append((index, []))
            else:
                flow = Flow(sources[0], [(index, [])])
            open_flows[index] = flow
            self.flow_of[index] = id(flow)
        return list(open_flows.values())

    def _is_merge(self, index: int) -> bool:
        unit = self.units[index]
        kind = self.graph.ops[self.graph.layers[unit.first].ops[0]].kind
        return not unit.piece and kind is not None and kind.merges

    def _goes_on(self, source: int, index: int) -> bool:
        """Whether a flow can go on with a unit: not where another output comes between, for
        outputs keep their order.
        """
        after = bisect_right(self.ends, source)
        return not self._is_one_of_several_inputs(source) and not (
            after < len(self.ends) and self.ends[after] < index
        )

    def _is_one_of_several_inputs(self, index: int) -> bool:
        return not self.sources[index] and len(self.graph.inputs) > 1

    def _merged(self, index: int, sources: tuple[int, ...], open_flows: dict[int, Flow]) -> Flow:
        """The flow that ends with a merge: in its brackets stand the branches that nothing else
        takes.
        """
        whole = self._whole_branches(sources, open_flows)
        branches = [
            open_flows.pop(source) if source in whole else Flow(source, []) for source in sources
        ]
        starts = list(dict.fromkeys(branch.start for branch in branches))
        for start in starts:
            flow = open_flows.get(start) if start is not None else None
            others = [other for other in starts if other != start]
            if flow is not None and all(
                self.flow_of.get(other or 0) == id(flow) for other in others if other is not None
            ):
                taken_here = sum(self._taken(branch, start) for branch in branches)
                if (
                    None in others
                    or taken_here < self.uses[start or 0]
                    or not self._goes_on(start or 0, index)
                ):
                    continue
                flow = open_flows.pop(start)  # type: ignore[arg-type]
                flow.items.append((index, branches))
                return self._owning(flow, branches)
        flow = Flow(starts[0] if len(starts) == 1 else None, [(index, branches)])
        return self._owning(flow, branches)

    def _whole_branches(
        self, sources: tuple[int, ...], open_flows: dict[int, Flow]
    ) -> dict[int, Flow]:
        """The flows that end with a merge and with nothing else, by their last unit; not those
        that another branch refers into.
        """
        found = {
            source: flow
            for source in sources
            if self.uses[source] == 1
            and (flow := open_flows.get(source)) is not None
            and not (flow.start is None and not self.sources[flow.items[0][0]])
        }
        referred = {source for source in sources if source not in found}.union(
            *(self._starts(flow) for flow in found.values())
        )
        inside = {self.flow_of.get(unit) for unit in referred}
        return {source: flow for source, flow in found.items() if id(flow) not in inside}

    def _taken(self, flow: Flow, unit: int | None) -> int:
        """How often a unit's output is taken in a flow, and in the branches in it."""
        if not flow.items:
            return flow.start == unit
        return sum(
            sum(self._taken(branch, unit) for branch in branches) if branches else before == unit
            for (_, branches), before in _with_before(flow)
        )

    def _owning(self, flow: Flow, branches: list[Flow]) -> Flow:
        """The flow, its branches' units known as its own."""
        waiting = list(branches)
        while waiting:
            for index, inner in waiting.pop().items:
                self.flow_of[index] = id(flow)
                waiting += inner
        return flow

    def _starts(self, flow: Flow) -> set[int]:
        """The units that a flow refers to by name."""
        found = {flow.start} if flow.start is not None else set()
        for (index, branches), before in _with_before(flow):
            found |= {self.unit_of[layer] for layer in self._referred(index)}
            for branch in branches:
                found |= self._starts(branch) - {before}
        return found

    def _referred(self, index: int) -> list[int]:
        """The layers that a layer's options refer to: `unpool(@p)`."""
        unit = self.units[index]
        kind = self.graph.ops[self.graph.layers[unit.first].ops[0]].kind if not unit.piece else None
        return (
            [self.graph.ops[ref.op].layer for ref in kind.references().values()]
            if kind is not None
            else []
        )

    def _order(self, flow: Flow) -> float:
        """Flows stand where their first layer stood, but behind all that they begin with."""
        first = flow.items[0]
        begins = (
            {flow.start}
            if flow.start is not None
            else {start for branch in first[1] for start in self._starts(branch)}
        )
        return max([first[0], *(start + 0.5 for start in begins)])

    # --- flows to text ---

    def _step(self, item: Item, before: int | None, named: set[int]) -> str:
        index, branches = item
        unit = self.units[index]
        layer = self.graph.layers[unit.first]
        kind = self.graph.ops[layer.ops[0]].kind
        text = unit.piece or self.graph.written(layer)
        refs = {} if unit.piece or kind is None else kind.references()
        if kind is not None and refs:
            named_anew = {
                option: ref._replace(name=self._name(self.graph.ops[ref.op].layer))
                for option, ref in refs.items()
            }
            text = kind.replace(**named_anew).written()
        if branches and kind is not None:
            inside = " | ".join(self._branch(branch, before, named) for branch in branches)
            text = f"{'' if kind.wordless else kind.word}[ {inside} ]"
        return (
            f"{text} as {self.names[index]}"
            if index in named and (unit.piece or kind is not None)
            else text
        )

    def _branch(self, branch: Flow, before: int | None, named: set[int]) -> str:
        steps = [self._step(item, ahead, named) for item, ahead in _with_before(branch)]
        if branch.start is not None and branch.start != before:
            steps.insert(0, f"@{self.names[branch.start]}")
        return " > ".join(steps) or "id"


def _coming_in(op: Op) -> tuple[int, ...]:
    """The operations that come in through the chain or the branches; those that options refer to
    are named there.
    """
    return op.inputs if op.kind is None or op.kind.merges else op.inputs[:1]


def _units(layers: range, pieces: list[Piece]) -> list[Unit]:
    """The layers as units: of the uses of `let`s within each other, the outermost."""
    outermost = {
        piece.first: piece for piece in sorted(pieces, key=lambda piece: piece.stop - piece.first)
    }
    units = []
    at = layers.start
    while at < layers.stop:
        piece = outermost.get(at)
        units.append(
            Unit(at, piece.stop, piece.end, piece.name) if piece else Unit(at, at + 1, at, "")
        )
        at = units[-1].stop
    return units


def _with_before(flow: Flow) -> list[tuple[Item, int | None]]:
    """The flow's items, each with the unit whose output comes in."""
    return list(zip(flow.items, [flow.start, *(index for index, _ in flow.items)], strict=False))


def _broken(steps: list[str], begin: str) -> list[str]:
    """A flow in lines of at most 140 columns where its steps allow it; a line that goes on
    begins with `>`.
    """
    lines = [begin + steps[0]]
    for step in steps[1:]:
        if len(lines[-1]) + 3 + len(step) > _WIDTH:
            lines.append(f"> {step}")
        else:
            lines[-1] += f" > {step}"
    return lines
