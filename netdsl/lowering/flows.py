"""Statements that make layers: inputs and flows."""

from __future__ import annotations

from netdsl.errors import NetError
from netdsl.kinds.values import Indices, Shape, shown
from netdsl.lowering import diagnostics
from netdsl.lowering.blocks import NOTHING
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.chains import lower_chain
from netdsl.lowering.draft import Draft
from netdsl.lowering.faults import UNKNOWN
from netdsl.lowering.points import (
    define,
    each_as_outputs,
    is_each,
    operation_at,
    operations_of_passes,
)
from netdsl.lowering.scopes import Scope
from netdsl.lowering.values import option_value, whole
from netdsl.syntax import tree
from netdsl.syntax.walks import first_reference


def lower_input(statement: tree.Input, scope: Scope, draft: Draft) -> Scope:
    """Add an input, or several alike, and the flow that begins with each.

    Raises:
        NetError: N104 for a second one of its name, N210 where the shape from outside could be
            meant for several, and for mistakes in the flow.
    """
    graph, head = draft.graph, statement.head
    name = statement.name.text if statement.name else "input"
    place = statement.name or head
    if name in graph.input_names:
        raise _second_input(name, place, scope)
    shape: Shape | None
    try:
        shape = _shape(head, scope, draft)
    except NetError as error:
        graph.faults.add(error)
        # The flow is read on without its shape, for the other mistakes in it.
        shape = None
    if statement.branches is None:
        _add_input(name, shape, statement, scope, graph)
        return scope
    from netdsl.lowering.passes import branch_count, turns  # late: start-up is short

    numbers = range(branch_count(statement, None, scope, graph))
    for _, inside in turns(numbers, scope):
        if inside.points.named(name) in graph.input_names:
            raise _second_input(inside.points.named(name), place, scope)
        _add_input(name, shape, statement, inside, graph)
    return scope


def _shape(head: tree.Head, scope: Scope, draft: Draft) -> Shape:
    """Return the shape of an input, its own or that from outside.

    Raises:
        NetError: N107, N111, N201, N407 for its numbers, N210 where the shape from outside could be
            meant for several.
    """
    graph = draft.graph
    if len(head.shape.items) > graph.limits.axes:
        message = f"an input has at most {graph.limits.axes} axes, not {len(head.shape.items):,}"
        raise scope.fail("N407", message, head)
    shape = tuple(
        whole(item, scope, None, graph, "a size of the input", 1) for item in head.shape.items
    )
    # Evaluated before it is replaced: mistakes in the file's own sizes are reported all the same.
    if draft.input_shape is not None:
        if graph.inputs:
            message = "the network has several inputs: --input can replace only one"
            raise scope.fail("N210", message, head)
        shape = draft.input_shape
    if head.type is not None:
        return Indices(shape, _limit(head, head.type, scope, graph))
    return shape


def _second_input(name: str, place: tree.Name | tree.Head, scope: Scope) -> NetError:
    help = "" if isinstance(place, tree.Name) else "name them: input left: 28x28x1"
    return scope.fail("N104", f"there is a second input called `{name}`", place, help)


def _add_input(
    name: str, shape: Shape | None, statement: tree.Input, scope: Scope, graph: GraphBuilder
) -> None:
    """Add one input, its shape known or not, and the flow that begins with it."""
    place = scope.span(statement.name or statement.head)
    x = UNKNOWN
    if shape is not None:
        try:
            x = graph.add_input(scope.points.named(name), shape, place)
        except NetError as error:
            graph.faults.add(error)
    define(name, x, None, scope)
    end = _lower_steps(statement.steps, x, scope, graph)
    if end != UNKNOWN:
        graph.ends.append(end)


def _lower_steps(steps: tuple[tree.Step, ...], x: int, scope: Scope, graph: GraphBuilder) -> int:
    """Add the steps after an input; gives the last operation."""
    if not steps:
        return x
    if isinstance(first := steps[0].body, tree.Reference):
        raise diagnostics.reference_inside(first, scope)
    end = lower_chain(tree.Chain(steps, steps[0].start, steps[-1].end), x, scope, graph)
    assert end is not None  # something comes in
    if end == NOTHING:
        raise diagnostics.nothing_given(steps[-1], scope)
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
    # A fragment: only its first flow can be given the input from outside.
    if not graph.inputs and shape is not None and first_reference(statement.chain) is None:
        x = graph.add_input("input", shape, None)
        define("input", x, None, scope)
    first, *rest = statement.chain.steps
    if not rest or not is_each(first.body):
        _add_flow(statement.chain, x, scope, graph)
        return scope
    from netdsl.lowering.passes import chain_of_each, turns  # late: start-up is short

    chain = chain_of_each(statement.chain, scope)
    assert chain is not None  # there are steps after it
    span = scope.span(first.body)
    starts = [graph.in_region(at, span) for at in operations_of_passes(first.body, scope)]
    for start, inside in turns(starts, scope):
        _add_flow(chain, start, inside, graph)
    return scope


def _add_flow(chain: tree.Chain, x: int | None, scope: Scope, graph: GraphBuilder) -> None:
    before = len(graph.ops)
    end = lower_chain(chain, x, scope, graph)
    if end == NOTHING:
        raise diagnostics.nothing_given(chain, scope)
    if end is not None and end != UNKNOWN:
        graph.ends.append(end)
        # `@a as b` alone: it looks like an output and is one only where nothing else reads `a`.
        if len(graph.ops) == before:
            graph.idle_flows.append((scope.span(chain), end))


def lower_output(statement: tree.Output, scope: Scope, draft: Draft) -> Scope:
    """Make points outputs, also those that other layers read.

    Raises:
        NetError: N101, N109 where there is no such point, or it is an input; N104 where it is an
            output already.
    """
    graph = draft.graph
    for point in statement.points:
        if is_each(point):
            raise each_as_outputs(point, scope)
        try:
            at = operation_at(point, scope)
        except NetError as error:
            graph.faults.add(error)
            continue
        if at in graph.faults.guessed:
            continue
        if graph.ops[at].kind is None:
            message = f"`@{point.name}` is an input, and cannot be an output"
            help = f"output a layer that changes nothing: @{point.name} > linear"
            raise scope.fail("N109", message, point, help)
        if at in graph.given_out:
            message = f"`@{point.name}` is output twice"
            raise scope.fail("N104", message, point)
        # A dot is not part of a Keras name.
        graph.give_out(at, point.name.replace(".", "_"))
    return scope
