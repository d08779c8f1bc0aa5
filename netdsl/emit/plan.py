"""What a program makes: nodes for `factoring`, and the layers that are made before them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from netdsl.emit.activations import with_activations
from netdsl.emit.calls import Arguments, KerasCall, KerasCalls, PythonText
from netdsl.emit.heads import SharedHead, head_of
from netdsl.emit.read import plain_calls
from netdsl.emit.shared import SharedRun, shared_runs
from netdsl.emit.statements import NewLayer, NewLayers
from netdsl.factoring.items import Node, NodeName
from netdsl.graph import Graph
from netdsl.kinds.code import written
from netdsl.naming import identifier, unique_name


class PlannedInput(NamedTuple):
    """An input: its node, what the `.net` file calls it, and the arguments that make it."""

    node: int
    name: str
    arguments: Arguments


class ProgramPlan(NamedTuple):
    """A network as nodes.

    Attributes:
        ops: for each node the operation that it belongs to.
        outputs: nodes.
        made: the layers that are made once, by their variables; the values of their uses are the
            names that `name_of_made` gives.
        names: what the `.net` file calls the outputs of nodes.
        customs: the layers that Keras lacks.
    """

    nodes: list[Node]
    ops: list[int]
    inputs: list[PlannedInput]
    outputs: list[int]
    made: dict[str, NewLayers]
    names: dict[int, str]
    customs: set[str]


def name_of_made(number: int) -> NodeName:
    """Return the name of the layers that are made as the `number`th ones, counted from 0.

    Its number is negative, unlike those of nodes.
    """
    # -1 is the node of an item that has none.
    return NodeName(-2 - number)


def plan_of(graph: Graph, taken: set[str]) -> ProgramPlan:
    """Plan a network's program; `taken` are the names that its variables cannot have."""
    calls = with_activations(plain_calls(graph))
    return _Planner(calls, shared_runs(calls, graph), graph, taken).plan()


class _Planner:
    """Calls to nodes.

    Attributes:
        node_of: by a call.
        numbers: of what is made once, by the first call of the first layer.
    """

    def __init__(
        self,
        calls: KerasCalls,
        runs: Mapping[int, tuple[SharedRun, int]],
        graph: Graph,
        taken: set[str],
    ) -> None:
        self.calls, self.runs, self.graph, self.taken = calls, runs, graph, taken
        self.nodes: list[Node] = []
        self.ops: list[int] = []
        self.node_of: dict[int, int] = {}
        self.made: dict[str, NewLayers] = {}
        self.numbers: dict[int, int] = {}

    def plan(self) -> ProgramPlan:
        calls, graph = self.calls, self.graph
        for tie in calls.ties:
            name = identifier(graph.ops[calls.calls[tie.forward].op].name)
            self._make(name, (tie.forward, *tie.backward), tied=True)
        backs = {place: back for tie in calls.ties for back, place in enumerate(tie.backward)}
        for place, call in enumerate(calls.calls):
            run, at = self.runs.get(place, (None, 0))
            # The node of the run's first call is that of all its layers.
            if run is not None and at:
                self.node_of[place] = self.node_of[call.inputs[0]]
                continue
            if run is not None and run.calls[0] not in self.numbers:
                self._make(run.name, run.calls)
            self._add(place, call, run, backs.get(place))
        inputs = [
            PlannedInput(self.node_of[place], port.name, calls.calls[place].arguments)
            for place, port in zip(calls.inputs, graph.inputs, strict=True)
        ]
        outputs = [self.node_of[place] for place in calls.outputs]
        customs = {call.made for call in calls.calls if _is_custom(call.made)}
        if calls.ties:
            customs.add("Tied")
        return ProgramPlan(self.nodes, self.ops, inputs, outputs, self.made, self._names(), customs)

    def _make(self, name: str, calls: Iterable[int], tied: bool = False) -> None:
        """Have layers made once, before all others."""
        layers = [self.calls.calls[place] for place in calls]
        self.numbers[next(iter(calls))] = len(self.made)
        self.made[unique_name(name, self.taken)] = NewLayers(tuple(map(_made, layers)), tied)

    def _add(self, place: int, call: KerasCall, run: SharedRun | None, back: int | None) -> None:
        """Add a call's node. `back` says which of those it is that go back through a tied layer."""
        inputs = tuple(self.node_of[source] for source in call.inputs)
        width = call.shape[-1] if call.shape else None
        merges = len(inputs) > 1
        if call.layer in self.numbers:
            applied = call.applied if back is None else f"({{0}}, back={back})"
            head = SharedHead(run is not None and len(run.calls) > 1, applied)
            values, roles = (name_of_made(self.numbers[call.layer]),), ("shared",)
            self.nodes.append(Node(head, values, roles, inputs, width, merges))
        else:
            self.nodes.append(Node(*head_of(call), inputs, width, merges))
        self.ops.append(call.op)
        self.node_of[place] = len(self.nodes) - 1

    def _names(self) -> dict[int, str]:
        """Return the first name of each node that a point or an output has."""
        node_of_op = {op: self.node_of[place] for op, place in self.calls.ends.items()}
        named = [(name.rpartition(".")[2], op) for name, op in self.graph.points.items()]
        named += [(port.name, port.op) for port in self.graph.outputs]
        found: dict[int, str] = {}
        for name, op in named:
            # Points first: an output that none names is called as its layer, `fc_2`.
            found.setdefault(node_of_op[op], name)
        return found


def _is_custom(made: str) -> bool:
    return bool(made) and not made.startswith(("layers.", "keras."))


def _made(call: KerasCall) -> NewLayer:
    """Return what makes a call's layer before there is an input; the input's shape is put in."""
    head, values, _ = head_of(call)
    left = iter(values)
    arguments = [
        (name, next(left) if text is None else PythonText(_with_shape(text, call)))
        for name, text in zip(head.names, head.texts, strict=True)
    ]
    return NewLayer(head.made, tuple(arguments))


def _with_shape(text: str, call: KerasCall) -> str:
    if not call.shape:
        return text
    # Made before any input exists, a layer cannot ask its input for a shape.
    return text.replace("{0}.shape[1:]", written(call.shape)).replace(
        "{0}.shape[-1]", str(call.shape[-1])
    )
