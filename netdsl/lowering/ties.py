"""`tie a = transpose b`: two layers with one kernel."""

from __future__ import annotations

from netdsl.errors import NetError
from netdsl.kinds.values import Shape, dims
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.draft import Draft
from netdsl.lowering.faults import UNKNOWN
from netdsl.lowering.points import find
from netdsl.lowering.scopes import Scope
from netdsl.syntax import tree


def tie_layers(statement: tree.Tie, scope: Scope, draft: Draft) -> Scope:
    """Make a layer use the kernel of an earlier one, transposed.

    Raises:
        NetError: N107 for another way than `transpose`, N215 where the kernels do not fit.
    """
    graph = draft.graph
    if statement.how.text != "transpose":
        message = f"layers are tied by `transpose`, not `{statement.how.text}`"
        raise scope.fail("N107", message, statement.how, "write tie NAME = transpose OTHER")
    found: list[int] = []
    for name in (statement.name, statement.other):
        try:
            found.append(_layer_with_kernel(name, scope, graph))
        except NetError as error:
            graph.faults.add(error)
    if len(found) < 2:
        return scope
    here, there = found
    # The kernel's owner is built first, in Keras and in a written program.
    if here <= there:
        message = "the tied layer must come after the one whose kernel it uses"
        raise scope.fail("N215", message, statement)
    tied, other = graph.ops[here], graph.ops[there]
    assert tied.kind is not None
    assert other.kind is not None
    if (
        tied.tied is not None
        or tied.shares is not None
        or not tied.kind.tied_to
        or tied.kind.values.get("dropconnect")
    ):
        message = f"`{statement.name.text}` has no kernel of its own to tie"
        help = "it is tied already" if tied.tied is not None else "fc, dense and tconv can be tied"
        raise scope.fail("N215", message, statement.name, help)
    # A chain of ties would need a transpose of a transpose.
    if other.tied is not None:
        message = f"`{statement.other.text}` has no kernel of its own: it uses another one's"
        help = "a kernel is tied to the layer that holds it; layers that are alike are one `let`"
        raise scope.fail("N215", message, statement.other, help)
    own, theirs = _kernel(here, graph), _kernel(there, graph)
    if not tied.kind.can_tie_to(other.kind) or own != tied.kind.tied_kernel(theirs):
        message = (
            f"the kernel of `{statement.name.text}` is {dims(own)}, and that of "
            f"`{statement.other.text}` {dims(theirs)}: one is not the transpose of the other"
        )
        help = (
            "a tied layer reverses the other one: fc-784 after fc-64 on 784, tconv3-4 for conv3-8 "
            "on 4 channels, dense-65 for embed-384 of int(65)"
        )
        raise scope.fail("N215", message, statement, help)
    # The first use of a `let` holds the arrays.
    graph.ops[here] = tied._replace(tied=there if other.shares is None else other.shares)
    return scope


def _layer_with_kernel(name: tree.Name, scope: Scope, graph: GraphBuilder) -> int:
    """Return the operation with the kernel of the layer that a point names.

    Raises:
        NetError: N101, N215 where there is none; one that is not reported where a mistake hides it.
    """
    point = find(name, [name.text], scope)
    if point == UNKNOWN or point in graph.faults.guessed:
        raise NetError()
    # The point is at the layer's last operation, its activation; the kernel is in its first.
    index = graph.layers[graph.ops[point].layer].ops[0] if isinstance(point, int) else None
    if index is None or not any(array.role == "kernel" for array in graph.arrays(index)):
        message = f"`{name.text}` is not a layer with a kernel"
        raise scope.fail("N215", message, name, "name the layer: fc-64 as encoder")
    return index


def _kernel(index: int, graph: GraphBuilder) -> Shape:
    return next(array.shape for array in graph.arrays(index) if array.role == "kernel")
