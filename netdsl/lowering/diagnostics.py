"""What mistakes within layers and blocks say of their place and of what led to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from netdsl.errors import USED_HERE, NetError, Note, Span, fail
from netdsl.kinds import LayerError
from netdsl.kinds.merge import Merge
from netdsl.kinds.values import Shape, dims
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.scopes import SHOWN_USES, Scope
from netdsl.syntax import tree


def of_layer(error: LayerError, node: Any, scope: Scope, shrinking: str = "") -> NetError:
    """Return a kind's error with its place in the text, to be raised.

    Args:
        error: what the kind says.
        node: the layer that the error is about.
        scope: what it sees.
        shrinking: where the positions at hand were reached, for a window that does not fit.
    """
    span = error.place if isinstance(error.place, Span) else _part(error.where, node, scope)
    # A window larger than its input: where the input became so small is more than half the answer.
    help = "; ".join(filter(None, (error.help, shrinking)))
    return fail(error.code, str(error), span, help=help, label=error.label, notes=scope.notes())


def _part(where: str, node: Any, scope: Scope) -> Span:
    """Return the piece of a layer that an error names."""
    if isinstance(node, tree.LayerNode):
        if where == "amount" and node.amount is not None:
            return scope.span(node.amount)
        if where == "stride" and node.stride is not None:
            return scope.span(node.stride)
        if where == "size":
            return _size(node, scope)
        # `where` is else an option's name.
        for argument in node.arguments or ():
            if argument.name and argument.name.text == where:
                return scope.span(argument)
    return scope.span(node)


def _size(node: tree.LayerNode, scope: Scope) -> Span:
    if node.size is not None:
        return scope.span(node.size)
    # `conv5x5` is one word of the grammar: its size is the end of it.
    digits = re.search(r"[0-9]+(?:x[0-9]+)*$", node.word.text)
    if digits:
        return Span(scope.source, node.word.end - len(digits.group()), node.word.end)
    return scope.span(node.word)


def shrinking(x: int, graph: GraphBuilder) -> str:
    """Return where the positions at hand were reached.

    `the input of 32x32 shrank to 5x5 at line 3 (pool)`.
    """
    positions = graph.ops[x].shape[:-1]
    # Back to the layer that made these positions, then on to the first that has as many axes.
    at = _back(x, graph, lambda shape: shape[:-1] == positions)
    begin = _back(at, graph, lambda shape: len(shape) == len(positions) + 1)
    before = graph.ops[begin].shape[:-1]
    if all(now >= once for now, once in zip(positions, before, strict=True)):
        return ""
    layer = graph.layers[graph.ops[at].layer]
    assert layer.span is not None
    line = layer.span.source.position(layer.span.start)[0]
    return f"the input of {dims(before)} shrank to {dims(positions)} at line {line} ({layer.text})"


def _back(at: int, graph: GraphBuilder, passes: Callable[[Shape], bool]) -> int:
    """Return the first operation on the way to `at` from which on all shapes pass."""
    while True:
        inputs = (one for one in graph.ops[at].inputs if passes(graph.ops[one].shape))
        before = next(inputs, None)
        if before is None:
            return at
        at = before


def nothing_comes_in(node: Any, scope: Scope, graph: GraphBuilder) -> NetError:
    """Return the error of a step that nothing comes into, to be raised."""
    help = (
        "begin the flow with a shape (32x32x3 > ...) or `@name`;"
        " a fragment is read with --input 32x32x3"
    )
    if graph.inputs:
        name = graph.inputs[0].name
        help = f"begin the flow with `@{name}`, or continue the statement above with `>`"
    return scope.fail("N209", "there is no input here", node, help)


def reference_inside(node: tree.Reference, scope: Scope) -> NetError:
    """Return the error of a reference that does not begin its chain, to be raised."""
    message = f"`@{node.name}` begins a chain and cannot follow `>`"
    help = "begin a new flow with it, or merge it: [ ... | @name ]"
    return scope.fail("N109", message, node, help)


def nothing_given(node: Any, scope: Scope) -> NetError:
    """Return the error of `none` where it is not a branch, to be raised."""
    message = "`none` gives nothing: it is allowed only as a branch of a merge"
    help = "write [ a | when(c, b, none) ]; the step that changes nothing is `id`"
    return scope.fail("N109", message, node, help)


def nothing_merged(kind: Merge, node: tree.MergeNode, scope: Scope) -> NetError:
    """Return the error of a merge that `none` leaves too few branches, to be raised."""
    if kind.max_branches:
        message = f"`{kind.word}` requires {kind.max_branches} branches: none of them can be `none`"
    else:
        message = "each branch of this merge is `none`: nothing is left"
    return scope.fail("N109", message, node, "put the whole merge into `when`")


def branches_outside(step: tree.Step, steps: int, scope: Scope) -> NetError:
    """Return the error of `|4` where it does not end a branch, to be raised."""
    assert step.branches is not None
    number = scope.span(step.branches).text
    message = f"`|{number}` makes branches: it follows the one step of a branch in a merge"
    help = f"write [ (conv3-64 > bn) |{number} ]"
    if steps > 1:
        help += ": brackets make one step of several"
    return scope.fail("N109", message, step.branches, help)


def led_to_by(use: Span, error: NetError) -> NetError:
    """Return a block's mistakes with the use that led to them, where they do not name it, or uses
    enough, already.
    """
    noted = []
    for diagnostic in error.diagnostics:
        notes = diagnostic.notes
        # Called at each level of blocks, from the innermost: no more uses than are shown.
        if len(notes) < SHOWN_USES and all(note.span != use for note in notes):
            diagnostic = diagnostic._replace(notes=(*notes, Note(USED_HERE, use)))
        noted.append(diagnostic)
    return NetError(*noted)
