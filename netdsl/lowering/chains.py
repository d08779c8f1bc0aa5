"""Chains, step by step: groups, merges, conditions, repeats, and what the words in them mean."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any, TypeAlias

from netdsl.errors import Diagnostic, NetError
from netdsl.expressions import evaluate
from netdsl.kinds import KINDS, LayerSpec
from netdsl.kinds.merge import Merge
from netdsl.lowering import diagnostics
from netdsl.lowering.blocks import NOTHING, Lowering, use_block, use_shared, use_value
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.faults import UNKNOWN
from netdsl.lowering.fewest import Least
from netdsl.lowering.layers import add_kind, configured, lower_layer
from netdsl.lowering.points import (
    define,
    define_pass,
    is_each,
    operation_at,
    operations_of_passes,
)
from netdsl.lowering.scopes import Closure, Scope, SharedPiece
from netdsl.lowering.trampoline import run
from netdsl.lowering.values import argument, lookup, shown_value, whole
from netdsl.lowering.vocabulary import BARE_MERGE, NONE, means_kind
from netdsl.syntax import tree
from netdsl.syntax.walks import only_layer

Branches: TypeAlias = Generator[tuple[Closure, int | None], Any, list[Any]]
"""As `Lowering`, with the ends of all branches."""


def lower_chain(chain: tree.Chain, x: int | None, scope: Scope, graph: GraphBuilder) -> int | None:
    """Add the layers of a chain.

    Args:
        chain: of the tree.
        x: the operation that it reads; None where there is none.
        scope: what the chain sees.
        graph: what the layers are added to.

    Returns:
        The last operation; None where there is none.

    Raises:
        NetError: for mistakes in it.
    """
    end: int | None = run((Closure(chain, scope), x), partial(_chain, graph))
    return end


def _chain(graph: GraphBuilder, request: tuple[Closure, int | None]) -> Lowering:
    (chain, scope), x = request
    # Counted once at the top, bombs end before the first layer is made.
    if not scope.path and scope.points.parent is None:  # the rest has been counted with it
        _check_room(chain, scope, graph)
    for position, step in enumerate(chain.steps):
        body = step.body
        try:
            if x == NOTHING:
                raise diagnostics.nothing_given(step, scope)
            # Plain layers are most of any network: they take the short way, without a generator.
            if (
                isinstance(body, tree.LayerNode)
                and step.repeat is None
                and step.branches is None
                and means_kind(body.word.text, scope)
            ):
                x = lower_layer(body, x, scope, graph, step.name.text if step.name else None)
            else:
                x = yield from _step(step, position, len(chain.steps), x, scope, graph)
        except NetError as error:
            # The chain continues, so that one run reports the mistakes of all its steps.
            x = _after(error, body, x, scope, graph)
        if step.name:
            x = _named(step, step.name, x, scope, graph)
    return x


def _after(
    error: NetError, body: tree.Body | None, x: int | None, scope: Scope, graph: GraphBuilder
) -> int:
    """Return what a step with a mistake gives; see `recovery.after`."""
    from netdsl.lowering.recovery import after  # late: start-up is short

    return after(error, body, x, scope, graph)


def _named(
    step: tree.Step, name: tree.Name, x: int | None, scope: Scope, graph: GraphBuilder
) -> int:
    """Give what a step ends with its name, and return it."""
    try:
        if x is None:
            raise diagnostics.nothing_comes_in(name, scope, graph)
        if x == NOTHING:
            raise diagnostics.nothing_given(step, scope)
        define(name.text, x, scope.span(name), scope)
    except NetError as error:
        graph.faults.add(error)
        return UNKNOWN if x is None or x == NOTHING else x
    return x


def _step(
    step: tree.Step, position: int, steps: int, x: int | None, scope: Scope, graph: GraphBuilder
) -> Lowering:
    """Return one step that is more than a plain layer: `position` of the chain's `steps`."""
    body = step.body
    if step.branches is not None:
        raise diagnostics.branches_outside(step, steps, scope)
    if isinstance(body, tree.Reference):
        # `conv3-8 > @a` would throw away what comes before it.
        if position:
            raise diagnostics.reference_inside(body, scope)
        if step.repeat is not None:
            raise scope.fail("N109", "a reference has no repeat", step)
        return graph.in_region(operation_at(body, scope), scope.span(body))
    if step.repeat is None:
        # `as` on a group or merge names a point; on one layer also the layer itself.
        name = step.name.text if step.name and isinstance(body, tree.LayerNode) else None
        return (yield from _body(body, x, scope, graph, name))
    return (yield from _repeat(step, x, scope, graph))


def _check_room(chain: tree.Chain, scope: Scope, graph: GraphBuilder) -> None:
    """Reject a chain that cannot fit; what a step alone makes too many of is reported there."""
    least = graph.counter.least(chain, scope)
    if graph.fits(least):
        return
    # The place of a repeat or a block says more than that of the whole chain.
    for step in chain.steps:
        if step.repeat is not None or not graph.fits(graph.counter.least(step.body, scope)):
            return
    raise graph.too_large(least, scope.span(chain))


def _check_use(node: tree.LayerNode, scope: Scope, graph: GraphBuilder) -> None:
    """Reject a use of a block that cannot fit; within blocks, only a use beyond their limit.

    A block that uses no other and is too large is reported at what makes it so.
    """
    least = Least(1, 1) if scope.path else graph.counter.least(node, scope)
    if not graph.fits(least) and (scope.path or least.uses > 1):
        raise graph.too_large(least, scope.span(node))


def _repeat(step: tree.Step, x: int | None, scope: Scope, graph: GraphBuilder) -> Lowering:
    """Return a step that is repeated.

    Each pass has points and weights of its own, and the number `i`.
    """
    body = step.body
    assert step.repeat is not None
    try:
        count = whole(step.repeat, scope, x, graph, "the number of repeats", 0)
    except NetError as error:
        graph.faults.add(error)
        # One pass is read for the mistakes in its body; nothing is known of its result.
        count, x = 1, UNKNOWN
    # Checked before the first pass: `x1000000000` would otherwise run until the limit stops it.
    least = Least().plus(count, graph.counter.least(body, scope))
    if not graph.fits(least):
        raise graph.too_large(least, scope.span(step))
    is_kind = isinstance(body, tree.LayerNode) and means_kind(body.word.text, scope)
    activations: list[int] = []
    names: set[str] = set()
    for turn in range(count):
        if x == NOTHING:
            raise diagnostics.nothing_given(step, scope)
        inside = scope.turn(turn)
        # `conv3-8 x3 as a` names the last output, not three layers.
        x = yield from _body(body, x, inside, graph, None)
        if is_kind and x in graph.activations.of:
            activations.append(x)
        define_pass(turn, inside.points, names, scope)
    # Kept for the warning W704: the last pass may lose the activation that the others have.
    if count > 1 and len(activations) == count:
        graph.activations.repeats.append((scope.span(step), activations))
    return x


def _body(
    body: tree.Body, x: int | None, scope: Scope, graph: GraphBuilder, name: str | None
) -> Lowering:
    """Return one step, or one pass of it; `name` is the layer's or block's own."""
    graph.steps += 1
    # Blocks that double and make nothing would never meet the limit of operations.
    # 0.8 steps an operation is what the networks of the zoo need; 4 leaves room for odd ones.
    if graph.steps > 4 * len(graph.ops) + graph.limits.operations // 10:
        message = (
            f"{graph.steps:,} steps were needed here for {len(graph.ops):,} operations: blocks "
            "call each other again and again"
        )
        help = "each call of a block should create its own layers"
        raise scope.fail("N406", message, body, help)
    if isinstance(body, tree.LayerNode):
        return (yield from _word(body, x, scope, graph, name))
    if isinstance(body, tree.Group):
        end: int | None = yield Closure(body.chain, scope), x
        return end
    if isinstance(body, tree.MergeNode):
        return (yield from _merge(body, x, scope, graph))
    if isinstance(body, tree.When):
        return (yield from _when(body, x, scope, graph))
    raise diagnostics.reference_inside(body, scope)


def _merge(body: tree.MergeNode, x: int | None, scope: Scope, graph: GraphBuilder) -> Lowering:
    ends_of: dict[int, list[int]] = {}
    constant = [x is None and _is_constant(branch, scope) for branch in body.branches]
    faults = graph.faults.count
    # Constants come last (the sort is stable): in `[ const(2) | @a > conv3-8 ]` the other branch
    # gives the shape that the constant is made for.
    for at in sorted(range(len(constant)), key=constant.__getitem__):
        branch, before = body.branches[at], x
        if constant[at]:
            before = next(filter(None, ends_of.values()), [None])[0]
        layer = only_layer(branch)  # a plain one takes the short way here too
        try:
            if layer and before != NOTHING and means_kind(layer.word.text, scope):
                ends = [lower_layer(layer, before, scope, graph, None)]
            else:
                ends = yield from _branch(branch, before, scope, graph)
            if None in ends:
                raise diagnostics.nothing_comes_in(branch, scope, graph)
        except NetError as error:
            ends = [_after(error, layer, before, scope, graph)]
        if x is None and graph.faults.count > faults:
            x = UNKNOWN  # that nothing comes in is reported once
        for end in ends:
            # Only a concatenation grows by it; in a sum a branch that is `id` is the usual skip.
            if end == x and end >= 0 and body.word is None and _skips_when(branch):
                graph.warnings.append(_adds_its_input(branch, end, scope, graph))
        ends_of[at] = ends
    # In the order of the text again: a concatenation's channels have an order.
    branches = [end for at in sorted(ends_of) for end in ends_of[at]]
    kind = _merge_kind(body, x, scope, graph)
    if UNKNOWN in branches:
        return UNKNOWN
    # `[ a | none ]` is `a`; a merge that needs exactly two branches cannot do with one.
    left = tuple(end for end in branches if end != NOTHING)
    if len(left) < len(branches):
        if not left or kind.max_branches:
            raise diagnostics.nothing_merged(kind, body, scope)
        if len(left) == 1 and kind.passes_single_branch:
            return left[0]
    return add_kind(kind, left, body, scope, graph)


def _is_constant(branch: tree.Chain, scope: Scope) -> bool:
    """Return whether a branch begins with a layer that ignores its input: `const(2)`.

    Where nothing comes into a merge, such a layer takes the shape of another branch.
    """
    body = branch.steps[0].body
    if not isinstance(body, tree.LayerNode) or not means_kind(body.word.text, scope):
        return False
    kind = KINDS.get(body.word.text)
    return kind is not None and kind.reach == "nothing"


def _branch(branch: tree.Chain, x: int | None, scope: Scope, graph: GraphBuilder) -> Branches:
    """Return the ends of a branch, or of those that are written as one: `CHAIN |4`, `@name.*`."""
    first = branch.steps[0]
    several = first.branches is not None and len(branch.steps) == 1
    if not several and not is_each(first.body):
        return [(yield Closure(branch, scope), x)]
    from netdsl.lowering.passes import branch_count, chain_of_each, turns  # late: start-up is short

    starts: list[Any]
    if is_each(first.body):
        span = scope.span(first.body)
        starts = [graph.in_region(at, span) for at in operations_of_passes(first.body, scope)]
        chain = chain_of_each(branch, scope)
        if chain is None:
            # `[ @a.* ]`: the points themselves are the branches.
            return starts
    else:
        starts = [x] * branch_count(first, x, scope, graph)
        chain = tree.Chain((first._replace(branches=None),), first.start, first.end)
    ends = []
    for start, inside in turns(starts, scope):
        ends.append((yield Closure(chain, inside), start))
    return ends


def _merge_kind(body: tree.MergeNode, x: int | None, scope: Scope, graph: GraphBuilder) -> Merge:
    """Return a configured merge.

    Raises:
        NetError: for its options; one that is not reported where its word is not a merge's.
    """
    word = body.word.text if body.word else BARE_MERGE
    places = (scope.span(each.value) for each in body.arguments or ())
    if (
        word not in KINDS
        or not KINDS[word].merges
        or any(map(graph.faults.silent.__contains__, places))
    ):
        raise NetError()  # reported as an unknown word or option
    arguments = tuple(argument(each, scope, x, graph) for each in body.arguments or ())
    spec = LayerSpec(word, arguments=arguments, defaults=scope.defaults)
    kind = configured(spec, body, scope, graph)
    if not isinstance(kind, Merge):
        message = f"`{word}[ a | b ]` accepts no options"
        raise scope.fail("N103", message, body, f"as a layer it is {kind.written()}")
    return kind


def _skips_when(branch: tree.Chain) -> bool:
    """Return whether a branch has a `when` without an else, which may be why it gives its input."""
    return any(
        isinstance(step.body, tree.When) and step.body.otherwise is None for step in branch.steps
    )


def _adds_its_input(branch: tree.Chain, x: int, scope: Scope, graph: GraphBuilder) -> Diagnostic:
    """Return the warning of a branch of a concatenation that is `id` for want of an else."""
    message = (
        "a `when` whose condition is not met is `id`:"
        f" this branch adds the {graph.ops[x].shape[-1]} channels of its input"
    )
    help = "write the concatenation within `when`, or say id: when(c, conv3-8, id)"
    return Diagnostic("W722", message, scope.span(branch), help=help, notes=scope.notes())


def _when(body: tree.When, x: int | None, scope: Scope, graph: GraphBuilder) -> Lowering:
    try:
        holds = evaluate(body.condition, scope.source, lookup(scope, x, graph), graph.limits)
        if not isinstance(holds, bool):
            message = f"the condition of `when` is yes or no, not {shown_value(holds)}"
            raise scope.fail("N111", message, body.condition, _as_condition(body, holds, scope))
    except NetError as error:
        graph.faults.add(error)
        # Either may be what is meant: both are read for their mistakes.
        for branch in filter(None, (body.then, body.otherwise)):
            yield Closure(branch, scope), UNKNOWN
        return UNKNOWN
    chain = body.then if holds else body.otherwise
    end: int | None = (yield Closure(chain, scope), x) if chain else x
    return end


def _as_condition(body: tree.When, value: Any, scope: Scope) -> str:
    """Return how a condition that is a number or a chain is written as one."""
    from fractions import Fraction

    text = scope.span(body.condition).text.strip()
    if isinstance(value, int | float | Fraction):
        return f"write when({text} > 0, ...), or yes or no"
    return "write a comparison, such as in > 64, or yes or no"


def _word(
    node: tree.LayerNode, x: int | None, scope: Scope, graph: GraphBuilder, name: str | None
) -> Lowering:
    """Return a word in a chain: a parameter that is a chain, a block, a form, or a kind."""
    word = node.word.text
    # From the innermost meaning to the outermost: parameters hide blocks, blocks hide kinds.
    if word in scope.values:
        return (yield from use_value(node, scope.values[word], x, scope, graph))
    block: Any = scope.blocks.get(word)
    if block is not None:
        _check_use(node, scope, graph)
    if isinstance(block, SharedPiece):
        return (yield from use_shared(node, block, x, scope, graph, name))
    if block is not None:
        return (yield from use_block(node, block, x, scope, graph, name))
    if word == NONE:
        return NOTHING
    if word == "res":
        from netdsl.lowering.residual import lower_residual  # late: start-up is short

        return (yield from lower_residual(node, x, scope, graph))
    if word == "each":
        from netdsl.lowering.each import lower_each  # late: start-up is short

        return (yield from lower_each(node, x, scope, graph))
    return lower_layer(node, x, scope, graph, name)
