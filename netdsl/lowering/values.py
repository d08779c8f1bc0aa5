"""What values mean: numbers, words, named points, chains with what they see."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.expressions import evaluate
from netdsl.kinds import Argument, LayerError, Ref, Word
from netdsl.kinds.lists import mixed, too_large
from netdsl.kinds.values import ArrayFile, Dims, dims, shown
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.faults import UNKNOWN
from netdsl.lowering.points import operation_at
from netdsl.lowering.scopes import Closure, Scope
from netdsl.params import YES_OR_NO
from netdsl.syntax import tree
from netdsl.syntax.lost import ANY_PARAM
from netdsl.syntax.walks import bare_word

# By the shape's length, channels included: a vector has no positions to name.
_SIZES_OF_INPUT = {2: ("n",), 3: ("h", "w"), 4: ("d", "h", "w")}


def argument(node: tree.ArgumentNode, scope: Scope, x: int | None, graph: GraphBuilder) -> Argument:
    """Return an option as kinds read it."""
    name = node.name.text if node.name else None
    place = scope.span(node if name is None else node.value)
    given = option_value(node.value, scope, x, graph)
    # Read here and not in the kind: only here is known which folder the path is relative to.
    if isinstance(given, str) and name in ("init", "bias_init"):
        given = _array_file(given, node.value, scope, graph)
    return Argument(name, given, place)


def _array_file(name: str, node: tree.Value, scope: Scope, graph: GraphBuilder) -> ArrayFile:
    """Return the array that a file holds.

    Raises:
        NetError: N115 for a path that may not be read, N118 and N601 for a file that cannot.
    """
    from netdsl.kinds.array_file import array_file  # late: start-up is short

    help = "save it: a kernel's file is found from there"
    span, library = scope.span(node), graph.library
    path = library.path(name, scope.source, span, 'init="patch.npy"', help)
    try:
        return array_file(name, path, os.path.relpath(path, library.folder).replace(os.sep, "/"))
    except LayerError as error:
        raise scope.fail(error.code, str(error), node) from None


def option_value(node: tree.Value, scope: Scope, x: int | None, graph: GraphBuilder) -> Any:
    """Return what a value means as a kind's option.

    A number, a string, `Dims`, a tuple, a `Word` or a `Ref`. A bare word is a parameter's value,
    else stays a word.

    Raises:
        NetError: for mistakes in it; N107 for a chain of layers.
    """
    meant = value(node, scope, x, graph)
    return _word_or_point(meant, node, scope, x, graph) if isinstance(meant, Closure) else meant


def value(node: tree.Value, scope: Scope, x: int | None, graph: GraphBuilder) -> Any:
    """Return what a value means to a block: a number, a string, `Dims`, a tuple or a `Closure`.

    A bare word is a parameter's value, else a chain of one step.

    Raises:
        NetError: for mistakes in it.
    """
    if isinstance(node, tree.Number | tree.String):
        return node.value
    if isinstance(node, tree.Expression):
        return evaluate(node, scope.source, lookup(scope, x, graph), graph.limits)
    if isinstance(node, tree.Sizes):
        return Dims(tuple(whole(item, scope, x, graph, "a size", 0) for item in node.items))
    if isinstance(node, tree.Tuple):
        return _list(node, scope, x, graph)
    bare = bare_word(node)
    if bare is None:
        _refuse_arithmetic(node, scope)
    elif bare.text in scope.values:
        return scope.values[bare.text]
    return Closure(node, scope)


def _list(node: tree.Tuple, scope: Scope, x: int | None, graph: GraphBuilder) -> tuple[Any, ...]:
    items = tuple(option_value(item, scope, x, graph) for item in node.items)
    for item, each in zip(items, node.items, strict=True):
        if isinstance(item, Closure):
            raise scope.fail("N107", "a list holds numbers or lists, not a chain", each)
    wrong = mixed(items)
    if wrong:
        raise scope.fail("N111", wrong, node)
    wrong = too_large(items, graph.limits.numbers)
    if wrong:
        raise scope.fail("N404", wrong, node)
    return items


def _refuse_arithmetic(chain: tree.Chain, scope: Scope) -> None:
    """Reject `f(c/2)`, `f(c-1)` with a number parameter c: arithmetic without its braces."""
    body = chain.steps[0].body
    # `c-1` and `c/2` are read as a layer `c` with an amount or a stride.
    if not isinstance(body, tree.LayerNode) or (body.amount is None and not body.stride):
        return
    word = body.word.text
    if word in scope.values and not isinstance(scope.values[word], Closure):
        span = scope.span(body)
        message = f"`{word}` is a number: arithmetic is written in braces"
        raise fail("N005", message, span, help=f"write {{{span.text}}}")


def _word_or_point(
    closure: Closure,
    node: tree.Value,
    scope: Scope,
    x: int | None,
    graph: GraphBuilder,
) -> Word | Ref:
    """Return a chain of one plain word as a word with its arguments.

    A reference alone as the point that it names.
    """
    steps = closure.chain.steps
    body = steps[0].body
    if len(steps) == 1 and steps[0].repeat is None and not steps[0].name:
        if isinstance(body, tree.Reference):
            return _point(body, closure.scope, graph)
        if isinstance(body, tree.LayerNode) and not (
            body.size or body.amount is not None or body.stride
        ):
            # The scope of the closure: the word may have come in through a block's parameter.
            own = (argument(each, closure.scope, x, graph) for each in body.arguments or ())
            return Word(body.word.text, tuple(own))
        if isinstance(body, tree.MergeNode) and body.word is None:
            _refuse_list_of_words(body, closure.scope)
            message = "`[ ... ]` of layers is a merge, not a value"
            help = "a list holds numbers, expressions in braces, and lists: [1, {2*c}]"
            raise scope.fail("N107", message, node, help)
    raise scope.fail("N107", "an option accepts a word or a number, not a chain", node)


def _refuse_list_of_words(body: tree.MergeNode, scope: Scope) -> None:
    """Reject `[a]` with a number a: what is in brackets there is a layer."""
    bare = bare_word(body.branches[0])
    if len(body.branches) == 1 and bare is not None and bare.text in scope.values:
        message = f"there is no layer or block `{bare.text}`: `[ ... ]` of words is a merge"
        raise scope.fail("N101", message, bare, f"write [{{{bare.text}}}]")


def _point(node: tree.Reference, scope: Scope, graph: GraphBuilder) -> Ref:
    at = graph.in_region(operation_at(node, scope), scope.span(node))
    op = graph.ops[at]
    inputs = tuple((source, graph.ops[source].shape) for source in op.inputs)
    return Ref(node.name, at, op.shape, op.kind, inputs)


def whole(
    node: tree.Number | tree.Expression,
    scope: Scope,
    x: int | None,
    graph: GraphBuilder,
    what: str,
    min: int | None = None,
) -> int:
    """Return an integer.

    Args:
        node: as it is written.
        scope: what it sees.
        x: the operation whose sizes are `in`; None where there is none.
        graph: the graph in the making.
        what: what messages call the number.
        min: the smallest that it may be.

    Raises:
        NetError: N111 for another value, N201 below `min`, N404 beyond the limit.
    """
    if isinstance(node, tree.Number):
        value = node.value
    else:
        value = evaluate(node, scope.source, lookup(scope, x, graph), graph.limits)
    # In Python True is an integer; `conv3-{yes}` is a mistake.
    if isinstance(value, bool) or not isinstance(value, int):
        raise scope.fail("N111", f"{what} is an integer, not {shown_value(value)}", node)
    if min is not None and value < min:
        raise scope.fail("N201", f"{what} is an integer from {min}, not {value}", node)
    if abs(value) > graph.limits.integer:
        message = f"{value} is larger than the limit, {graph.limits.integer:,}"
        raise scope.fail("N404", message, node)
    return value


def shown_value(value: Any) -> str:
    """Return a value as messages call it."""
    return "a chain" if isinstance(value, Closure) else shown(value)


def lookup(scope: Scope, x: int | None, graph: GraphBuilder) -> Callable[[str, Span], Any]:
    """Return the values of names in expressions, as `evaluate` asks for them.

    Raises:
        NetError: N110 for a name without a value.
    """

    def value_of(name: str, span: Span) -> Any:
        if name in scope.values:
            return _in_expressions(scope.values[name])
        if name in YES_OR_NO:
            return YES_OR_NO[name]
        sizes = _sizes_coming_in(x, graph)
        if name in sizes:
            return sizes[name]
        raise _unknown(name, span, sizes, scope, x, graph)

    return value_of


def _in_expressions(value: Any) -> Any:
    """Return a parameter's value in an expression.

    The words `yes` and `no` are true and false, as in `when(se, ...)`.
    """
    bare = bare_word(value.chain) if isinstance(value, Closure) else None
    return value if bare is None else YES_OR_NO.get(bare.text, value)


def _sizes_coming_in(x: int | None, graph: GraphBuilder) -> dict[str, int]:
    if x is None or x == UNKNOWN:
        return {}
    shape = graph.ops[x].shape
    names = _SIZES_OF_INPUT.get(len(shape), ())
    return {
        "in": shape[-1],
        **{f"in.{name}": size for name, size in zip(names, shape, strict=False)},
    }


def _unknown(
    name: str,
    span: Span,
    sizes: dict[str, int],
    scope: Scope,
    x: int | None,
    graph: GraphBuilder,
) -> NetError:
    # Without diagnostics: the `param` that was to define it has its own message.
    if name in scope.lost or ANY_PARAM in scope.lost:
        return NetError()
    if name.partition(".")[0] == "in":
        if x == UNKNOWN:
            return NetError()
        if x is None:
            return fail("N110", "there is no input here, so `in` has no value", span)
        message = f"the input is {dims(graph.ops[x].shape)}: it has no `{name}`"
        return fail("N110", message, span, help=f"it has {', '.join(sizes)}")
    known = [*scope.values, *sizes]
    help = did_you_mean(name, known) or (
        f"the names here are {', '.join(known)}" if known else "set it with `param`"
    )
    return fail("N110", f"there is no `{name}` here", span, help=help)
