"""A graph as text: the same network with every default, block and repeat written out.

The text is itself a valid file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from netdsl.analysis.worked import input_called
from netdsl.architecture import Architecture
from netdsl.graph import Graph, Piece
from netdsl.kinds import KINDS
from netdsl.kinds.values import Shape
from netdsl.naming import unique_name
from netdsl.report.written_flows import FlowItem, WrittenFlow, flows_of, single_flow, starts_of
from netdsl.report.written_units import ENTRY, UnitGraph, WrittenUnit

if TYPE_CHECKING:
    from netdsl.lowering.worked import WorkedValues

_WIDTH = 140

_LONGEST_NAME = 80
"""Characters of a name that is made of a path of blocks; of a longer one the end is kept."""


def written_out(network: Architecture) -> str:
    """Return the network as `netdsl expand` prints it."""
    graph = _with_free_names(network.graph)
    lines = (
        [f"# {line}".rstrip() for line in network.description.split("\n")]
        if network.description
        else []
    )
    lines.append(f"net {_net_name(network.name)}")
    units = UnitGraph(graph, range(len(graph.layers)), graph.pieces)
    writer = _FlowWriter(units)
    # Before the statements: a point that is expected needs its name in the flow.
    expected = writer.named_points(network.expected)
    statements = writer.statements()
    for piece in _in_order_of_use(graph.pieces, statements):
        lines += _let(graph, piece)
    lines += statements
    lines += _worked(network, expected)
    return "\n".join(lines) + "\n"


def _with_free_names(graph: Graph) -> Graph:
    """Return a graph whose `let`s hide no kind of layer: the kind may be written below them."""
    taken = {piece.name for piece in graph.pieces}
    # A text may define `let gate`, where a later version has a kind of this name.
    names = {name: unique_name(name, taken, "_") for name in sorted(taken) if name in KINDS}
    pieces = (piece._replace(name=names.get(piece.name, piece.name)) for piece in graph.pieces)
    return graph._replace(pieces=tuple(pieces)) if names else graph


def _net_name(name: str) -> str:
    """Return a network's name as the language has names: those of files may have other letters."""
    if not name.isascii():
        import unicodedata  # late: start-up is short

        name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "network"
    return plain if not plain[0].isdigit() else f"net_{plain}"


def _in_order_of_use(pieces: Sequence[Piece], statements: Sequence[str]) -> list[Piece]:
    """Return each `let` once, as the flows use them, those within others before them."""
    words = re.findall(r"(?<![\w@.])[A-Za-z_]\w*", "\n".join(statements))
    place = {word: -at for at, word in enumerate(reversed(words))}  # of the first use
    first: dict[str, int] = {}
    for at, piece in enumerate(pieces):
        first.setdefault(piece.name, at)
    ordered: dict[str, Piece] = {}
    for _, at in sorted(first.items(), key=lambda each: place.get(each[0], 1)):
        inside = at
        # Pieces within a piece precede it in the graph, and have to be defined before it.
        while inside and pieces[inside - 1].first >= pieces[at].first:
            inside -= 1
        for each in pieces[inside : at + 1]:
            ordered.setdefault(each.name, pieces[first[each.name]])
    return list(ordered.values())


def _let(graph: Graph, piece: Piece) -> list[str]:
    """Return the `let` statement of a piece."""
    inside = [
        each
        for each in graph.pieces
        if piece.first <= each.first and each.stop <= piece.stop and each != piece
    ]
    units = UnitGraph(graph, range(piece.first, piece.stop), inside)
    writer = _FlowWriter(units)
    if len(writer.flows) > 1:
        writer = _FlowWriter(units, [single_flow(units)])
    return writer.let(piece)


class _FlowWriter:
    """Flows to text; `names` are those that the units have where they are referred to."""

    def __init__(self, units: UnitGraph, flows: list[WrittenFlow] | None = None) -> None:
        self.units, self.graph = units, units.graph
        self.names = _unique_names(units.units, units.graph)
        self.flows = flows or flows_of(units)
        self.named = {start for flow in self.flows for start in starts_of(flow, units)} - {ENTRY}

    def named_points(self, expected: Sequence[WorkedValues]) -> dict[str, str]:
        """Name the points whose numbers are expected; those within a `let` have no name."""
        names = {}
        for each in expected:
            op = self.graph.points.get(each.name.removeprefix("@"))
            unit = None if op is None else self.units.unit_of.get(self.graph.ops[op].layer)
            if op is None:
                names[each.name] = "output"
            elif unit is not None:
                self.named.add(unit)
                names[each.name] = f"@{self.names[unit]}"
        return names

    def let(self, piece: Piece) -> list[str]:
        """Return the `let` statement of these units."""
        if len(self.flows) > 1:
            raise AssertionError(f"the let {piece.name} is not a chain")
        return _broken(self._steps(self.flows[0], piece.axes), f"let {piece.name} = ")

    def statements(self) -> list[str]:
        """Return the flows of a whole network, and its ties."""
        ops = self.graph.ops
        ties = [(op.layer, ops[op.tied].layer) for op in ops if op.tied is not None]
        points = set(self.graph.points.values())
        said = self._says_outputs()
        kept = (ops[each.op].layer for each in self.graph.outputs if said or each.op in points)
        self.named |= {
            self.units.unit_of[layer] for layer in (*kept, *(x for tie in ties for x in tie))
        }
        dead = self._dead_flows()
        self.named |= {start for start in dead.values() if start is not None}
        lines: list[str] = []
        last = None
        for flow in sorted(self.flows, key=self._order):
            continued = flow.start is not None and flow.start == last
            # A statement `learned` ends with its line: what reads it begins with its name.
            continued = continued and not self.units.is_source(flow.start or 0)
            steps = self._steps(flow)
            if flow.start is not None and not continued:
                steps.insert(0, f"@{self.names[flow.start]}")
            if id(flow) in dead:
                steps.append(f"(@{self.names[dead[id(flow)]]})")
            lines += _broken(steps, "> " if continued else "")
            last = flow.items[-1][0]
        if said:
            given = (f"@{self._name(ops[each.op].layer)}" for each in self.graph.outputs)
            lines.append(f"output {', '.join(given)}")
        return lines + [
            f"tie {self._name(tied)} = transpose {self._name(other)}" for tied, other in ties
        ]

    def _says_outputs(self) -> bool:
        """Return whether the ends of flows, in their order, are not the outputs already."""
        ends = [self.units.unit_of[self.graph.ops[each.op].layer] for each in self.graph.outputs]
        return ends != sorted(ends) or any(self.units.uses.get(end) for end in ends)

    def _dead_flows(self) -> dict[int, int]:
        """Return the flows that nothing reads and that are not outputs, with a unit that each
        reads.

        Such a flow continues with a group that begins at that unit, so that it ends as no output.
        """
        outputs = {self.graph.ops[output.op].layer for output in self.graph.outputs}
        found: dict[int, int] = {}
        for flow in self.flows:
            end = flow.items[-1][0]
            is_read = self.units.uses.get(end) or self.units.is_source(end)
            if self.units.units[end].end not in outputs and not is_read:
                first = flow.items[0][0]
                sources = self.units.sources[first]
                found[id(flow)] = sources[0] if sources else first
        return found

    def _order(self, flow: WrittenFlow) -> float:
        """Return a flow's place: where its first layer was, but after all that it begins with."""
        first, branches = flow.items[0]
        begins = (
            {flow.start}
            if flow.start is not None
            else {start for branch in branches for start in starts_of(branch, self.units)}
        )
        # Half a place after its start, and before what came next in the text.
        return max([first, *(start + 0.5 for start in begins)])

    def _name(self, layer: int) -> str:
        return self.names[self.units.unit_of[layer]]

    def _steps(self, flow: WrittenFlow, axes: Shape = ()) -> list[str]:
        """Return the steps of a flow, as they are written within `each` along these axes."""
        return self._within(flow.with_before(), axes)

    def _within(self, items: list[tuple[FlowItem, int | None]], axes: Shape) -> list[str]:
        steps: list[str] = []
        for inner, run in groupby(items, lambda each: self.units.axes(each[0][0])[len(axes) :][:1]):
            if inner:
                steps.append(f"each({' > '.join(self._within([*run], axes + inner))})")
            else:
                steps += (self._step(item, before, axes) for item, before in run)
        return steps

    def _step(self, item: FlowItem, before: int | None, axes: Shape) -> str:
        index, branches = item
        unit, kind = self.units.units[index], self.units.kind(index)
        if branches and kind is not None:
            inside = " | ".join(self._branch(branch, before, axes) for branch in branches)
            text = f"{kind.element.opening()}[ {inside} ]"
        else:
            text = unit.piece or self._layer(index)
        is_input = self.units.is_source(index) or (kind is None and not unit.piece)
        return f"{text} as {self.names[index]}" if index in self.named and not is_input else text

    def _layer(self, index: int) -> str:
        """Return a layer with every default.

        Its options refer to units by the names that they have here.
        """
        kind = self.units.kind(index)
        if kind is not None and kind.is_source:
            from netdsl.kinds.tensors import OwnTensor  # late: start-up is short

            assert isinstance(kind, OwnTensor)
            return kind.statement(self.names[index])
        if kind is None:
            return self.graph.written(self.graph.layers[self.units.units[index].first])
        renamed = {
            option: ref._replace(name=self._name(self.graph.ops[ref.op].layer))
            for option, ref in kind.references().items()
        }
        return (kind.element.replace(**renamed) if renamed else kind.element).written()

    def _branch(self, branch: WrittenFlow, before: int | None, axes: Shape) -> str:
        steps = self._steps(branch, axes)
        if branch.start is not None and branch.start != before:
            steps.insert(0, f"@{self.names[branch.start]}")
        return " > ".join(steps) or "id"


def _unique_names(units: list[WrittenUnit], graph: Graph) -> list[str]:
    """Return a name for each unit.

    Its own, where the text gives it one that is seen from outside, else one made from its path of
    blocks.
    """
    points = {graph.ops[op].layer: name for name, op in graph.points.items()}
    outputs = (port for port in graph.outputs if graph.points.get(port.name) == port.op)
    points |= {graph.ops[port.op].layer: port.name for port in (*outputs, *graph.inputs)}
    taken = {name for name in graph.points if "." not in name}
    names = []
    for unit in units:
        name = points.get(unit.end, graph.layers[unit.end].name)
        # A point's own name is kept; every other name gives way to it.
        if name not in taken or points.get(unit.end) != name:
            plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
            if len(plain) > _LONGEST_NAME:
                plain = plain[-_LONGEST_NAME:].lstrip("_0123456789") or "part"
            name = unique_name(plain, taken, "_")
        taken.add(name)
        names.append(name)
    return names


def _worked(network: Architecture, expected: Mapping[str, str]) -> list[str]:
    """Return the statements of a worked example, with the points' names as they are written."""
    inputs = [port.name for port in network.inputs]
    given = [(f"given {input_called(each.name, inputs)}", each.text) for each in network.given]
    given += [
        (f"expect {expected[each.name]}", each.text)
        for each in network.expected
        if each.name in expected
    ]
    within = [each for each in network.expected if each.name not in expected]
    return [
        *(line for begin, text in given for line in _filled(f"{begin} = {text}")),
        *(f"# within a let: expect {each.name} = {each.text}" for each in within),
    ]


def _filled(statement: str) -> list[str]:
    """Return numbers in lines of at most 140 columns."""
    lines = [""]
    for number, part in enumerate(statement.split(", ")):
        text = f", {part}" if number else part
        if len(lines[-1]) + len(text) + 1 > _WIDTH:  # the comma after it
            lines[-1] += ","
            lines.append(f"  {part}")
        else:
            lines[-1] += text
    return lines


def _broken(steps: list[str], begin: str) -> list[str]:
    """Return a flow in lines of at most 140 columns where its steps allow it.

    A line that continues one begins with `>`.
    """
    lines = [begin + steps[0]]
    for step in steps[1:]:
        if len(lines[-1]) + 3 + len(step) > _WIDTH:
            lines.append(f"> {step}")
        else:
            lines[-1] += f" > {step}"
    return lines
