"""`learned NAME: SHAPE` and `fixed NAME: SHAPE = VALUE`: tensors of the network's own."""

from __future__ import annotations

from netdsl.kinds import LayerError
from netdsl.kinds.tensors import Fixed, Learned
from netdsl.lowering import diagnostics
from netdsl.lowering.draft import Draft
from netdsl.lowering.points import define
from netdsl.lowering.scopes import Scope
from netdsl.lowering.values import option_value, whole
from netdsl.syntax import tree


def lower_tensor(statement: tree.TensorStatement, scope: Scope, draft: Draft) -> Scope:
    """Add a tensor, and a point of its name.

    Raises:
        NetError: N104 for a name that is used already, N107, N207 for values that do not fit.
    """
    graph, name = draft.graph, statement.name
    items = statement.shape.items
    if len(items) > graph.limits.axes:
        message = f"a tensor has at most {graph.limits.axes} axes, not {len(items):,}"
        raise scope.fail("N407", message, statement.shape)
    shape = tuple(whole(item, scope, None, graph, "a size", 1) for item in items)
    graph.check_elements(shape, scope.span(statement.shape))
    given = statement.value
    value = None if given is None else option_value(given, scope, None, graph)
    try:
        kind = Learned.of(shape, value) if statement.learned else Fixed.of(shape, value)
    except LayerError as error:
        raise diagnostics.of_layer(error, given, scope) from None
    x = graph.add_tensor(name.text, kind, shape, scope.span(name))
    define(name.text, x, scope.span(name), scope)
    return scope
