"""`res(F)`: `add[ F | shortcut ] > act` (He et al. 2015)."""

from typing import NamedTuple

from netdsl.errors import NetError, did_you_mean
from netdsl.kinds import KINDS, Argument, Kind, LayerError, LayerSpec, Word
from netdsl.kinds.part import Part
from netdsl.kinds.values import Shape, dims, shown
from netdsl.lowering import diagnostics
from netdsl.lowering.blocks import NOTHING, Lowering
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.faults import UNKNOWN
from netdsl.lowering.layers import add_kind, configured
from netdsl.lowering.scopes import Closure, Scope
from netdsl.lowering.values import option_value, value
from netdsl.syntax import tree


def lower_residual(
    node: tree.LayerNode, x: int | None, scope: Scope, graph: GraphBuilder
) -> Lowering:
    """Add a residual: F, its shortcut, their sum, and an activation.

    Raises:
        NetError: N103, N106, N107, N109 for what is in its brackets, N207 where F has no layer,
            N208 where the shapes do not fit.
    """
    if x is None:
        raise diagnostics.nothing_comes_in(node, scope, graph)
    written = _arguments(node, x, scope, graph)
    first = len(graph.ops)
    # The trampoline runs the chain: a `res` may hold thousands of others, more than Python nests.
    y = yield written.chain, x
    if y == NOTHING:
        raise diagnostics.nothing_given(node, scope)
    guessed = not graph.faults.guessed.isdisjoint(range(first, len(graph.ops)))
    if guessed or UNKNOWN in (x, y):
        if written.act is not None:
            # For its mistakes alone.
            _activation(written.act, range(0), node, scope, graph)
        assert isinstance(y, int)
        return y  # the sum has its shape
    # `res(id)`: nobody means x + x.
    if y == x and first == len(graph.ops):
        raise scope.fail("N207", "`res` contains no layer", node)
    made = range(first, len(graph.ops))
    shortcut = _shortcut(written.skip, x, y, made, node, scope, graph)
    if shortcut is None:
        # Nothing is added, but the author wrote a sum: the default activation before it is left out
        # too.
        graph.activations.sum_ends.add(y)
        end = y
    else:
        kind = configured(LayerSpec("add"), node, scope, graph)
        end = add_kind(kind, (y, shortcut), node, scope, graph, kind.written())
    act = _activation(written.act, made, node, scope, graph)
    return end if act is None else add_kind(act, (end,), node, scope, graph, act.as_value())


class _Written(NamedTuple):
    """What is in the brackets of a `res`."""

    chain: Closure
    skip: str
    act: Word | None


def _arguments(node: tree.LayerNode, x: int, scope: Scope, graph: GraphBuilder) -> _Written:
    if node.size or node.amount is not None or node.stride:
        message = "`res` does not accept a size, amount or stride"
        raise scope.fail("N106", message, node, "write res(conv3-64 > conv3-64)")
    chain, skip, act = None, "auto", None
    for argument in node.arguments or ():
        name = argument.name.text if argument.name else None
        if name == "skip":
            try:
                skip = _skip(argument, x, scope, graph)
            except NetError as error:
                graph.faults.add(error)
        elif name == "act":
            act = option_value(argument.value, scope, x, graph)
            if not isinstance(act, Word):
                message = f"`act` requires an activation, not {shown(act)}"
                raise scope.fail("N107", message, argument.value)
        elif name is not None:
            help = did_you_mean(name, ("skip", "act")) or "its options are skip and act"
            raise scope.fail("N103", f"`res` has no option `{name}`", argument, help)
        elif chain is not None:
            raise scope.fail("N106", "`res` accepts one chain", argument, "join its steps with `>`")
        else:
            chain = value(argument.value, scope, x, graph)
            if not isinstance(chain, Closure):
                message = f"`res` requires a chain, not {shown(chain)}"
                raise scope.fail("N109", message, argument)
    if chain is None:
        message, help = "`res` requires a chain", "write res(conv3-64 > conv3-64)"
        raise scope.fail("N106", message, node, help)
    return _Written(chain, skip, act)


def _skip(argument: tree.ArgumentNode, x: int, scope: Scope, graph: GraphBuilder) -> str:
    given = option_value(argument.value, scope, x, graph)
    skip = given.text if isinstance(given, Word) else ""
    if skip not in ("auto", "pad", "match", "id"):
        message = f"`skip` accepts auto, id, pad or match, not {shown(given)}"
        help = did_you_mean(skip, ("auto", "pad", "match"))
        raise scope.fail("N107", message, argument.value, help)
    return skip


def _shortcut(
    skip: str, x: int, y: int, made: range, node: tree.LayerNode, scope: Scope, graph: GraphBuilder
) -> int | None:
    """Return the operation that is added to F's end: x itself where the shapes agree.

    None where nothing is added.

    Args:
        skip: auto, id, pad or match.
        x: the operation that it reads.
        y: the end of F.
        made: the operations of F.
        node: the `res`.
        scope: what it sees.
        graph: what the shortcut is added to.
    """
    before, after = graph.ops[x].shape, graph.ops[y].shape
    if before == after:
        return x
    if skip == "match":
        return None
    if skip == "id":
        help = "skip=auto projects with a 1x1 convolution"
        raise _misfit(before, after, "with skip=id the shapes must agree", help, node, scope)
    if len(before) != len(after):
        reason, help = (
            "no shortcut changes the number of axes",
            "give F's output the axes of its input",
        )
        raise _misfit(before, after, reason, help, node, scope)
    # A vector has no positions that a stride could skip.
    stride = _stride(x, y, made, graph) if len(before) > 1 else None
    if skip == "pad":
        # Option A of He et al. 2015: skipped positions, and zeros for the channels that are new.
        spec = LayerSpec("widen", None, after[-1], stride)
    else:
        spec = _projection(before, after, stride, made, scope, graph)
    kind = configured(spec, node, scope, graph)
    # The shortcut may fail in its own right: the message is then about the sum, not about a layer
    # that nobody wrote.
    try:
        reached = kind.shape(before)
    except LayerError:
        reached = ()
    if reached != after:
        gives = f"gives {dims(reached)}" if reached else "does not fit"
        help = (
            "skip=match adds only where the shapes agree;"
            " pad F's windows so that only its strides shrink"
        )
        raise _misfit(before, after, f"{kind.head()} {gives}", help, node, scope)
    return add_kind(kind, (x,), node, scope, graph, kind.head(), _as_row(spec))


def _as_row(spec: LayerSpec) -> LayerSpec:
    """Return a shortcut as a row shows it: its norm with the options that differ from its
    defaults."""
    arguments = (each for each in spec.arguments if isinstance(each.value, Kind))
    return spec._replace(
        arguments=tuple(Argument(None, _word_of(each.value)) for each in arguments)
    )


def _word_of(kind: Kind) -> Word:
    plain = ((name, option.default) for name, option in kind.options.items())
    stated = (Argument(name, kind.values[name]) for name, own in plain if kind.values[name] != own)
    return Word(kind.word, tuple(stated))


def _misfit(
    before: Shape, after: Shape, reason: str, help: str, node: tree.LayerNode, scope: Scope
) -> NetError:
    comes = f"the input is {dims(before)} and the output {dims(after)}"
    return scope.fail("N208", f"`res` cannot add: {comes}, and {reason}", node, help)


def _projection(
    before: Shape,
    after: Shape,
    stride: tuple[int, ...] | None,
    made: range,
    scope: Scope,
    graph: GraphBuilder,
) -> LayerSpec:
    """Return a linear layer from F's input to the shape of its end, with F's norm (option B)."""
    arguments = [Argument("act", Word("none"))]
    # The last norm of F is the one before the sum, which the shortcut is to match.
    for index in reversed(made):
        kind = graph.ops[index].kind
        if kind and kind.values.get("norm"):
            arguments.append(Argument("norm", kind.values["norm"]))
            break
    if len(before) == 1:
        return LayerSpec("dense", None, after[-1], None, tuple(arguments), scope.defaults)
    return LayerSpec("conv", (1,), after[-1], stride, tuple(arguments), scope.defaults)


def _stride(x: int, y: int, made: range, graph: GraphBuilder) -> tuple[int, ...] | None:
    """Return the product of the strides on the way from x to y (the first way, where there are
    branches); None for 1.
    """
    rank = len(graph.ops[x].shape) - 1
    product = [1] * rank
    at = y
    while at in made and graph.ops[at].inputs:
        kind = graph.ops[at].kind
        stride = (kind.stride if kind else None) or (1,)
        # A stride of one number goes for all axes.
        own = stride if len(stride) == rank else stride[:1] * rank
        product = [a * b for a, b in zip(product, own, strict=True)]
        # Branches of a merge give the same positions: any of them has the strides of all.
        at = graph.ops[at].inputs[0]
    if set(product) == {1}:
        return None
    return (product[0],) if len(set(product)) == 1 else tuple(product)


def _activation(
    given: Word | None, made: range, node: tree.LayerNode, scope: Scope, graph: GraphBuilder
) -> Kind | None:
    """Return what follows the sum.

    What is given, else `conv`'s default activation where F holds a kind with a default activation.
    """
    if given is None:
        # `res(ln > attention(heads=4))`: a transformer's sum has no activation after it.
        if not any(_has_default_activation(graph.ops[index].kind) for index in made):
            return None
        # A convolution is made only to be asked for its activation under the defaults in force.
        conv = configured(LayerSpec("conv", (1,), 1, None, (), scope.defaults), node, scope, graph)
        act: Kind | None = conv.values["act"]
        return act
    option = KINDS["conv"].options["act"]
    assert isinstance(option, Part)
    try:
        return option.read(given, scope.defaults)
    except LayerError as error:
        own = next((a.value for a in node.arguments or () if a.name and a.name.text == "act"), node)
        error.place = error.place or scope.span(own)
        raise diagnostics.of_layer(error, node, scope) from None


def _has_default_activation(kind: Kind | None) -> bool:
    option = kind.options.get("act") if kind else None
    return isinstance(option, Part) and option.default_word is not None
