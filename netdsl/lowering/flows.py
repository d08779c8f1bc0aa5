"""Statements that make layers: inputs and flows."""

from __future__ import annotations

from netdsl.kinds.values import Indices, shown
from netdsl.lowering import diagnostics
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.chains import lower_chain
from netdsl.lowering.draft import Draft
from netdsl.lowering.points import define
from netdsl.lowering.scopes import Scope
from netdsl.lowering.values import option_value, whole
from netdsl.syntax import tree
from netdsl.syntax.walks import begins_with_reference


def lower_input(statement: tree.Input, scope: Scope, draft: Draft) -> Scope:
    """Add an input, and the flow that begins with it.

    Raises:
        NetError: N104 for a second one of its name, N210 where the shape from outside could be
            meant for several, and for mistakes in the flow.
    """
    graph, head = draft.graph, statement.head
    name = statement.name.text if statement.name else "input"
    place = statement.name or head
    if any(port.name == name for port in graph.inputs):
        help = "" if statement.name else "name them: input left: 28x28x1"
        raise scope.fail("N104", f"there is a second input called `{name}`", place, help)
    if len(head.shape.items) > graph.limits.axes:
        message = f"an input has at most {graph.limits.axes} axes, not {len(head.shape.items):,}"
        raise scope.fail("N407", message, head)
    shape = tuple(
        whole(item, scope, None, graph, "a size of the input", 1) for item in head.shape.items
    )
    if draft.input_shape is not None:
        if graph.inputs:
            message = "the network has several inputs: --input can replace only one"
            raise scope.fail("N210", message, head)
        shape = draft.input_shape
    if head.type is not None:
        shape = Indices(shape, _limit(head, head.type, scope, graph))
    x = graph.add_input(name, shape, scope.span(place))
    define(name, x, None, scope)
    graph.ends.append(_lower_steps(statement.steps, x, scope, graph))
    return scope


def _lower_steps(steps: tuple[tree.Step, ...], x: int, scope: Scope, graph: GraphBuilder) -> int:
    """Add the steps after an input; gives the last operation."""
    if not steps:
        return x
    if isinstance(first := steps[0].body, tree.Reference):
        raise diagnostics.reference_inside(first, scope)
    end = lower_chain(tree.Chain(steps, steps[0].start, steps[-1].end), x, scope, graph)
    assert end is not None  # something comes in
    return end


def _limit(head: tree.Head, type: tree.Name, scope: Scope, graph: GraphBuilder) -> int:
    """Return how many different indices come in: V of `128 of int(V)`."""
    if type.text != "int":
        message = f"an input has numbers, or `int(V)`, not `{type.text}`"
        raise scope.fail("N107", message, type, "indices below 20000 are 128 of int(20000)")
    limit = None if head.limit is None else option_value(head.limit, scope, None, graph)
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        message = f"`int` requires the number of indices, an integer from 1, not {shown(limit)}"
        raise scope.fail("N107", message, head.limit or head)
    return limit


def lower_flow(statement: tree.Flow, scope: Scope, draft: Draft) -> Scope:
    """Add a flow; one that begins with a layer has the shape from outside as its input.

    Raises:
        NetError: for mistakes in it.
    """
    graph, x = draft.graph, None
    shape = draft.input_shape
    if not graph.inputs and shape is not None and not begins_with_reference(statement.chain):
        x = graph.add_input("input", shape, None)
        define("input", x, None, scope)
    before = len(graph.ops)
    end = lower_chain(statement.chain, x, scope, graph)
    if end is not None:
        graph.ends.append(end)
        if len(graph.ops) == before:
            graph.idle_flows.append((scope.span(statement.chain), end))
    return scope
