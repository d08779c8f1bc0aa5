"""`each(CHAIN)`: a chain on every element of the first axis, its weights shared."""

from netdsl.kinds.values import dims, shown
from netdsl.lowering import diagnostics
from netdsl.lowering.blocks import NOTHING, Lowering
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.faults import UNKNOWN
from netdsl.lowering.points import operation_at
from netdsl.lowering.scopes import Closure, Scope
from netdsl.lowering.values import value
from netdsl.syntax import tree
from netdsl.syntax.walks import first_reference


def lower_each(node: tree.LayerNode, x: int | None, scope: Scope, graph: GraphBuilder) -> Lowering:
    """Add the layers of a chain that works on elements: of the input, else of the named point that
    the chain begins with.

    Raises:
        NetError: N103, N106, N109 for what is in its brackets, N203 where the input has no axis of
            elements.
    """
    chain = _chain(node, x, scope, graph)
    begin = x if x is not None else _first_point(chain, graph)
    if begin is None:
        raise diagnostics.nothing_comes_in(node, scope, graph)
    if begin == UNKNOWN:
        # Read all the same, for the mistakes in it.
        yield chain, UNKNOWN
        return UNKNOWN
    shape = graph.ops[begin].shape
    if len(shape) < 2:
        help = "the first axis holds the elements: reshape(4x8) makes 4 elements of 8 numbers"
        message = f"`each` requires elements, and {dims(shape)} is one vector"
        raise scope.fail("N203", message, node, help)
    around = graph.axes
    graph.axes = (*around, shape[0])
    try:
        end = yield chain, None if x is None else graph.in_region(x, scope.span(node))
    finally:
        # An error is caught further out, where the layers are on whole shapes again.
        graph.axes = around
    return end if end == NOTHING else graph.in_region(end, scope.span(node))


def _first_point(chain: Closure, graph: GraphBuilder) -> int | None:
    """Return the point that a chain begins with, as it is outside."""
    first = first_reference(chain.chain)
    if first is None or first.name.endswith(".*"):
        return None
    return graph.in_region(operation_at(first, chain.scope), chain.scope.span(first))


def _chain(node: tree.LayerNode, x: int | None, scope: Scope, graph: GraphBuilder) -> Closure:
    """Return what is in the brackets."""
    example = "write each(conv3-8 > gap)"
    if node.size or node.amount is not None or node.stride:
        raise scope.fail("N106", "`each` does not accept a size, amount or stride", node, example)
    if not node.arguments:
        raise scope.fail("N106", "`each` requires a chain", node, example)
    for argument in node.arguments:
        if argument.name is not None:
            message = f"`each` has no option `{argument.name.text}`"
            raise scope.fail("N103", message, argument, example)
    given, *more = node.arguments
    if more:
        message = "`each` accepts one chain"
        raise scope.fail("N106", message, more[0], "join its steps with `>`")
    # By value: `each(body)` with a parameter `body` is the chain that it was given.
    chain = value(given.value, scope, x, graph)
    if not isinstance(chain, Closure):
        raise scope.fail("N109", f"`each` requires a chain, not {shown(chain)}", given)
    return chain
