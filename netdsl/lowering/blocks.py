"""Uses of blocks, of shared pieces, and of parameters that are chains."""

from __future__ import annotations

from collections.abc import Container, Generator, Iterator, Sequence
from typing import Any, TypeAlias

from netdsl.errors import NetError, Span, did_you_mean, fail
from netdsl.graph import BlockUse, Piece
from netdsl.kinds.values import shown
from netdsl.lowering.builder import GraphBuilder, NotShareable
from netdsl.lowering.diagnostics import led_to_by
from netdsl.lowering.faults import UNKNOWN
from netdsl.lowering.scopes import Block, Closure, Scope, SharedPiece
from netdsl.lowering.values import value
from netdsl.syntax import tree
from netdsl.syntax.walks import bare_word, only_layer
from netdsl.wording import counted

Lowering: TypeAlias = Generator[tuple[Closure, int | None], Any, int | None]
"""What adds layers: it yields a chain with the operation that comes in, is sent the chain's last
operation, and returns its own last one.
"""

NOTHING = -1
"""What `none` gives, in the place of an operation: this branch is left out."""


def use_value(
    node: tree.LayerNode, meaning: Any, x: int | None, scope: Scope, graph: GraphBuilder
) -> Lowering:
    """Return a parameter as a step: its chain, or with brackets the block that it names.

    Raises:
        NetError: N106, N109 where it is not a chain, or cannot be applied.
    """
    word = node.word.text
    if not isinstance(meaning, Closure):
        message = f"`{word}` is {shown(meaning)}, not a layer"
        raise scope.fail("N109", message, node, f"as a number it is written in braces: {{{word}}}")
    if node.size or node.amount is not None or node.stride:
        message = f"`{word}` is a chain: it does not accept a size, amount or stride"
        raise scope.fail("N106", message, node)
    if node.arguments is None:
        use = scope.span(node)
        return (
            yield from _entered(Closure(meaning.chain, meaning.scope.used_at(use)), x, use, graph)
        )
    # `def stack(b) = b(64) > b(128)`: the value must be a block's name alone.
    bare = bare_word(meaning.chain)
    block = meaning.scope.blocks.get(bare.text) if bare else None
    if not isinstance(block, Block):
        raise scope.fail("N109", f"`{word}` is not a block: it cannot be applied", node)
    return (yield from use_block(node, block, x, scope, graph, None))


def _entered(closure: Closure, x: int | None, use: Span, graph: GraphBuilder) -> Lowering:
    """Add the layers of a chain from elsewhere; its mistakes get a note of the use that led to
    it."""
    found = graph.faults.found
    before = len(found)
    try:
        end: int | None = yield closure, x
    except NetError as error:
        raise led_to_by(use, error) from None
    if len(found) > before:
        # Mistakes that were noted and not raised need the same note.
        found[before:] = led_to_by(use, NetError(*found[before:])).diagnostics
    return end


def use_block(
    node: tree.LayerNode,
    block: Block,
    x: int | None,
    scope: Scope,
    graph: GraphBuilder,
    name: str | None,
) -> Lowering:
    """Return a use of a block: its layers again, with points of its own.

    Args:
        node: the use.
        block: what it uses.
        x: the operation that it reads.
        scope: what the use sees; the block sees its own.
        graph: what the layers are added to.
        name: the one given by `as`, if any.

    Raises:
        NetError: N106 for what touches its word, N405 where blocks are too deep within each other.
    """
    definition = block.definition
    word = definition.name.text
    use = scope.span(node)
    if node.size or node.amount is not None or node.stride:
        message = f"`{word}` is a block: it does not accept a size, amount or stride"
        names = ", ".join(parameter.name.text for parameter in definition.parameters)
        raise scope.fail("N106", message, node, f"give it in parentheses: {word}({names})")
    if len(scope.path) >= graph.limits.blocks:
        message = f"blocks are nested more than {graph.limits.blocks} levels deep"
        raise fail("N405", message, use, help="end a recursive block with `when`")
    points = scope.points
    label = points.named(name) if name else points.layer_name(word)
    inside = block.scope.inside(scope, label, use, len(graph.blocks))
    # The block sees what was defined before it, and itself: that is what makes recursion possible.
    inside = inside._replace(blocks=block.scope.blocks.with_next())
    # Arguments are read where the use is written, before anything of the block is seen.
    faults = graph.faults.count
    given = _given(node, definition, x, scope, graph)
    graph.blocks.append(BlockUse(word, _written(node, word, given), use))
    values = _bound(given, node, block, x, scope, inside, graph, graph.faults.count == faults)
    inside = inside._replace(values={**block.scope.values, **values})
    if graph.faults.count > faults:
        # A parameter without a value is reported once, at the use; within the block it is silent.
        missing = {parameter.name.text for parameter in definition.parameters} - set(values)
        inside = inside._replace(lost=scope.lost | missing)
    end = yield from _entered(Closure(definition.chain, inside), x, use, graph)
    if name is not None:
        points.names.setdefault(f"{name}.", inside.points)
    return end


def _written(node: tree.LayerNode, word: str, given: dict[str, Any]) -> str:
    """Return a use as it is written, with the values that its arguments have."""
    arguments = [
        f"{argument.name.text}={_shown(value)}" if argument.name else _shown(value)
        # One that could not be read is a mistake: then no use is shown.
        for argument, value in zip(node.arguments or (), given.values(), strict=False)
    ]
    return f"{word}({', '.join(arguments)})" if arguments else word


def _shown(value: Any) -> str:
    if not isinstance(value, Closure):
        return shown(value)
    return " ".join(value.scope.span(value.chain).text.split())


def _bound(
    given: dict[str, Any],
    node: tree.LayerNode,
    block: Block,
    x: int | None,
    scope: Scope,
    inside: Scope,
    graph: GraphBuilder,
    complete: bool,
) -> dict[str, Any]:
    """Return a use's values by the parameters' names.

    Defaults are read within the block, and may use `in` and earlier parameters. A missing value is
    a mistake where all that is given could be read (`complete`).

    Args:
        given: the values in brackets, by the parameters' names.
        node: the use.
        block: what it uses.
        x: the operation that it reads.
        scope: what the use sees.
        inside: what the block sees.
        graph: the graph in the making.
        complete: whether all that is given could be read.
    """
    definition = block.definition
    values = dict(given)
    for parameter in definition.parameters:
        name = parameter.name.text
        if name in values:
            continue
        if parameter.default is None:
            if complete:
                message = f"`{definition.name.text}` requires a value for `{name}`"
                graph.faults.add(scope.fail("N106", message, node, _form(definition)))
            continue
        # One after the other: a default may use the parameters before it.
        known = inside._replace(values={**block.scope.values, **values})
        try:
            values[name] = value(parameter.default, known, x, graph)
        except NetError as error:
            graph.faults.add(led_to_by(scope.span(node), error))
    return values


def _given(
    node: tree.LayerNode, definition: tree.Def, x: int | None, scope: Scope, graph: GraphBuilder
) -> dict[str, Any]:
    """Return the values in a use's brackets by the parameters' names; what is wrong is left out."""
    names = [parameter.name.text for parameter in definition.parameters]
    free = iter(names)
    values: dict[str, Any] = {}
    for argument in node.arguments or ():
        try:
            name = _parameter(argument, definition, names, free, values, scope)
            values[name] = value(argument.value, scope, x, graph)
            if _is_unknown(values[name], graph):
                # `f(cc)` with a misspelt number: the word has its message, the block gets no value.
                del values[name]
                raise NetError()
        except NetError as error:
            graph.faults.add(error)
    return values


def _is_unknown(meaning: Any, graph: GraphBuilder) -> bool:
    """Return whether a value is one layer whose word is unknown: it may be meant as a number."""
    layer = only_layer(meaning.chain) if isinstance(meaning, Closure) else None
    return layer is not None and meaning.scope.span(layer.word) in graph.faults.silent


def _parameter(
    argument: tree.ArgumentNode,
    definition: tree.Def,
    names: Sequence[str],
    free: Iterator[str],
    given: Container[str],
    scope: Scope,
) -> str:
    """Return the parameter that an argument gives a value.

    Raises:
        NetError: N103, N104, N106 where there is none.
    """
    word = definition.name.text
    if argument.name is not None:
        name = argument.name.text
        if name not in names:
            message = f"`{word}` has no parameter `{name}`"
            help = did_you_mean(name, names) or _form(definition)
            raise scope.fail("N103", message, argument.name, help)
    else:
        # By order, past those given by name: `f(b=1, 2)` gives `a` the 2.
        name = next((one for one in free if one not in given), "")
        if not name:
            message = f"`{word}` accepts {counted(len(names), 'value')}; this is one too many"
            raise scope.fail("N106", message, argument, _form(definition))
    if name in given:
        raise scope.fail("N104", f"`{name}` is given twice", argument)
    return name


def _form(definition: tree.Def) -> str:
    names = [p.name.text + ("" if p.default is None else "=...") for p in definition.parameters]
    return f"it is {definition.name.text}({', '.join(names)})"


def use_shared(
    node: tree.LayerNode,
    shared: SharedPiece,
    x: int | None,
    scope: Scope,
    graph: GraphBuilder,
    name: str | None,
) -> Lowering:
    """Return a use of a `let`.

    The first one makes the weights, each further one runs the same operations on them.

    Args:
        node: the use.
        shared: what it uses.
        x: the operation that it reads.
        scope: what the use sees.
        graph: what the layers are added to.
        name: the one given by `as`, if any.

    Raises:
        NetError: N106 for what is written with it, N214 where it would be another piece than at
            its first use, N405 where blocks are too deep within each other.
    """
    word = shared.definition.name.text
    use = scope.span(node)
    if node.size or node.amount is not None or node.stride or node.arguments is not None:
        help = f"a block accepts values: def {word}(...)"
        raise scope.fail("N106", f"`{word}` is one shared piece: it accepts no values", node, help)
    if len(scope.path) >= graph.limits.blocks:
        message = f"blocks are nested more than {graph.limits.blocks} levels deep"
        raise fail("N405", message, use)
    points = scope.points
    # By identity of the definition: a `let` of a used file is the same piece in each file.
    first = graph.first_uses.get(id(shared.definition))
    # Layers of later uses carry their own names; weights are found by the first use's.
    if name or not first:
        label = points.named(name or word)
    else:
        label = points.layer_name(word)
    inside = shared.scope.inside(scope, label, use, len(graph.blocks))
    graph.blocks.append(BlockUse(word, word, use))
    begin, first_row, faults = len(graph.ops), len(graph.layers), graph.faults.count
    graph.sharing.append(iter(first) if first and x != UNKNOWN else None)
    try:
        end = yield from _entered(Closure(shared.definition.chain, inside), x, use, graph)
    except NotShareable as difference:
        raise _differs(word, str(difference), node, scope) from None
    finally:
        # Popped whatever happens: the error is caught further out, where others still share.
        unmatched = graph.sharing.pop()
    # Operations are made in one order at each use, so that the n-th matches the n-th.
    made = range(begin, len(graph.ops))
    rows = len(graph.layers)
    if rows > first_row and end is not None and end >= 0:
        graph.pieces.append(Piece(word, first_row, rows, graph.ops[end].layer, graph.axes))
    if graph.faults.count > faults or x == UNKNOWN:
        pass  # with a mistake in it, it is not compared with other uses
    elif first is None:
        graph.first_uses[id(shared.definition)] = made
    # Operations of the first use are left over: the later use stopped early.
    elif next(unmatched or iter(()), None) is not None:
        raise _differs(word, "it has fewer layers here than at its first use", node, scope)
    if name is not None:
        points.names.setdefault(f"{name}.", inside.points)
    return end


def _differs(word: str, difference: str, node: tree.LayerNode, scope: Scope) -> NetError:
    message = f"`{word}` cannot be shared here: {difference}"
    help = f"make these equal, or write a block, which has weights for each use: def {word}() = ..."
    return scope.fail("N214", message, node, help)
