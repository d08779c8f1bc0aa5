"""Layers: from what is written to operations of the graph."""

from __future__ import annotations

import math
from typing import Any

from netdsl.errors import Diagnostic, NetError
from netdsl.kinds import KINDS, Kind, LayerError, LayerSpec, Word, layer_kind, make
from netdsl.kinds.arguments import default_argument
from netdsl.kinds.initial_kernels import PCA
from netdsl.kinds.initial_lists import check_lists
from netdsl.kinds.lists import shape_of
from netdsl.kinds.values import Indices, Shape, dims, is_number, shown
from netdsl.lowering import diagnostics
from netdsl.lowering.builder import GraphBuilder, PlannedLayer
from netdsl.lowering.faults import UNKNOWN
from netdsl.lowering.resolve import resolve_kind
from netdsl.lowering.scopes import Scope, lost_defaults
from netdsl.lowering.values import argument, whole
from netdsl.syntax import tree
from netdsl.syntax.walks import bare_word

_MAX_SHOWN = 16
"""Numbers of a list that a layer's row shows."""


def lower_layer(
    node: tree.LayerNode, x: int | None, scope: Scope, graph: GraphBuilder, name: str | None
) -> int:
    """Add a layer as it is written.

    Args:
        node: of the tree.
        x: the operation that it reads; None where there is none.
        scope: what the node sees.
        graph: what the layer is added to.
        name: the one given by `as`, if any.

    Returns:
        The last of its operations; x for `id`, which makes none.

    Raises:
        NetError: for mistakes in it; one that is not reported where its input is not known.
    """
    if x is None:
        # An unknown word is reported rather than the input that is missing.
        resolved(node, scope, graph)
        raise diagnostics.nothing_comes_in(node, scope, graph)
    # Without diagnostics: what made it unknown is reported; `recovery` reads the layer's options.
    if x == UNKNOWN:
        raise NetError()
    key = _key(node, x, scope, graph)
    planned = graph.planned.get(key)
    if planned is None:
        planned = _planned_as_written(node, x, scope, graph)
        # A layer that refers to a point depends on where that point leads here.
        if key is not None and not planned.kind.references():
            graph.planned[key] = planned
    kind = planned.kind
    if kind.is_identity:
        return x
    return _place(planned, _inputs(x, kind), node, scope, graph, name)


def resolved(
    node: tree.LayerNode, scope: Scope, graph: GraphBuilder
) -> tuple[str, tuple[int, ...]]:
    """Return the kind that a layer's word means, and the size in it.

    Raises:
        NetError: N101, N404; one that is not reported where the word is reported already.
    """
    if scope.span(node.word) in graph.faults.silent:
        raise NetError()
    return resolve_kind(node.word.text, node, scope)


def _key(node: tree.LayerNode, x: int, scope: Scope, graph: GraphBuilder) -> Any:
    """Return what a layer's outcome depends on, where it is written in plain numbers and words.

    None where it is not.

    Deep networks repeat the same layer at the same shape: each is computed once.
    """
    shape = graph.ops[x].shape
    # Indices equal a plain shape of the same sizes, and would be looked up as one.
    if (
        node.size is not None
        or isinstance(node.amount, tree.Expression)
        or isinstance(shape, Indices)
    ):
        return None
    if node.stride is not None and any(
        isinstance(item, tree.Expression) for item in node.stride.items
    ):
        return None
    for each in node.arguments or ():
        # A name of the scope may have another value at the next use of the block.
        word = bare_word(each.value) if isinstance(each.value, tree.Chain) else None
        if not (
            isinstance(each.value, tree.Number)
            or (word is not None and word.text not in scope.values)
        ):
            return None
    # By text, not by node: `conv3-64` written ten times is planned once. The defaults are known by
    # identity, and kept alive by `PlannedLayer.defaults`.
    text = scope.source.text[node.start : node.end]
    return text, id(scope.defaults), shape, graph.axes


def _planned_as_written(
    node: tree.LayerNode, x: int, scope: Scope, graph: GraphBuilder
) -> PlannedLayer:
    word, size = resolved(node, scope, graph)
    if not scope.lost.isdisjoint((word, *lost_defaults(word))):
        raise NetError()  # a block of this name, or its defaults, are not known
    if node.size is not None:
        size = (*size, *(whole(item, scope, x, graph, "a size") for item in node.size.items))
    amount = None if node.amount is None else whole(node.amount, scope, x, graph, "the amount")
    stride = (
        None
        if node.stride is None
        else tuple(whole(item, scope, x, graph, "the stride") for item in node.stride.items)
    )
    # `max[ a | b ]` merges, `max(over=h)` is a layer; `add` alone is neither.
    if layer_kind(word).merges or (KINDS[word].merges and not node.arguments):
        also = "" if layer_kind(word).merges else f", or {layer_kind(word).example()}"
        help = f"write {word}[ a | b ]{also}"
        raise scope.fail("N106", f"`{word}` merges branches", node, help)
    arguments = tuple(argument(each, scope, x, graph) for each in node.arguments or ())
    spec = LayerSpec(word, size or None, amount, stride, arguments, scope.defaults)
    shape = graph.ops[x].shape
    of_spec = None if isinstance(shape, Indices) else _spec_key(spec)
    # Looked up again, by values: `conv3-{c}` and `conv3-64` are one layer where c is 64.
    key = of_spec and (of_spec, shape, graph.axes)
    if key in graph.planned:
        return graph.planned[key]
    kind = configured(spec, node, scope, graph)
    planned = _planned(kind, _inputs(x, kind), node, scope, graph, compact(spec))
    planned = planned._replace(spec=spec)
    if KINDS[word].group == "activation" and amount is not None and len(shape) == 2:
        message = f"`{word}-{amount}` flattens the incoming sequence {dims(shape)}"
        help = f"one for each position is dense-{amount}({word})"
        warning = LayerError("W705", message, help=help)
        planned = planned._replace(warnings=(warning, *planned.warnings))
    if key is not None and not planned.kind.references():
        graph.planned[key] = planned
    return planned


def _spec_key(spec: LayerSpec) -> tuple[Any, ...] | None:
    """Return what a configured layer depends on; None where it is more than numbers and words.

    Networks of many blocks have the same few layers, each written with its block's parameters.
    """
    # With the type: True, 1 and 1.0 are equal and have one hash.
    values = [(name, type(value), value) for name, value, _ in spec.arguments]
    if not all(
        is_number(value) or (kind is Word and not value.arguments) for _, kind, value in values
    ):
        return None
    return spec.word, spec.size, spec.amount, spec.stride, *values, id(spec.defaults)


def compact(spec: LayerSpec) -> str:
    """Return a layer as it is written, with the numbers put in: `conv3-64/2(bn)`."""
    size = dims(spec.size) if spec.size else ""
    amount = f"-{spec.amount}" if spec.amount is not None else ""
    stride = f"/{dims(spec.stride)}" if spec.stride else ""
    arguments = tuple(each._replace(value=_brief(each.value)) for each in spec.arguments)
    return f"{spec.word}{size}{amount}{stride}{shown(Word('', arguments))}"


def _brief(value: Any) -> Any:
    """Return a value as a row shows it: a long list by its shape, `[7x7]`."""
    shape = shape_of(value)
    return Word(f"[{dims(shape)}]") if shape and math.prod(shape) > _MAX_SHOWN else value


def _inputs(x: int, kind: Kind) -> tuple[int, ...]:
    """Return what comes into a layer: the chain, and what its options refer to."""
    return (x, *(at for at, _ in kind.referenced_inputs())) if kind.point_options else (x,)


def configured(spec: LayerSpec, node: Any, scope: Scope, graph: GraphBuilder) -> Kind:
    """Return the configured layer of a spec, the same one for the same spec.

    Args:
        spec: the layer, evaluated.
        node: that errors point at.
        scope: what it sees.
        graph: keeps what was configured.

    Raises:
        NetError: for what its kind does not accept.
    """
    key = _spec_key(spec)
    if key in graph.kinds:
        return graph.kinds[key][0]
    try:
        kind = make(spec)
    except LayerError as error:
        raise diagnostics.of_layer(error, node, scope) from None
    if key is not None:
        graph.kinds[key] = kind, spec.defaults
    return kind


def add_kind(
    kind: Kind,
    inputs: tuple[int, ...],
    node: Any,
    scope: Scope,
    graph: GraphBuilder,
    text: str = "",
    spec: LayerSpec | None = None,
) -> int:
    """Add a configured layer.

    Args:
        kind: the layer.
        inputs: the operations that it reads.
        node: what it is made of.
        scope: what it sees.
        graph: what the layer is added to.
        text: as it is written; by default with every option.
        spec: what its row shows, where that is not the text.

    Returns:
        The last of its operations.

    Raises:
        NetError: where the inputs do not fit.
    """
    shapes = tuple(graph.ops[index].shape for index in inputs)
    plain = not any(isinstance(shape, Indices) for shape in shapes)
    key = (id(kind), text, id(scope.defaults), shapes, graph.axes) if plain else None
    planned = graph.planned.get(key)
    if planned is None:
        planned = _planned(kind, inputs, node, scope, graph, text or kind.written())
        planned = planned._replace(spec=spec)
        if plain:
            graph.planned[key] = planned
    return _place(planned, inputs, node, scope, graph)


def _planned(
    kind: Kind,
    inputs: tuple[int, ...],
    node: Any,
    scope: Scope,
    graph: GraphBuilder,
    text: str,
) -> PlannedLayer:
    """Return a layer on its inputs, its shape known and its arrays within the limits."""
    shapes = tuple(graph.ops[index].shape for index in inputs)
    parts = tuple(
        # Only an activation that nobody wrote may be dropped: `conv3-8(relu)` keeps its own.
        (inner, part == "act" and "act" not in kind.explicit)
        for part in ("norm", "act")
        if (inner := kind.values.get(part))
    )
    try:
        _check_indices(kind, shapes)
        shape = kind.shape(*shapes)
        check_lists(kind, *shapes)
        for inner, _ in parts:
            # A norm may reject what its layer gives: `gn(groups=3)` on 64 channels.
            inner.shape(shape)
    except LayerError as error:
        if error.code == "N203":  # the input is wrong for each of its consumers
            if not graph.faults.misfits.isdisjoint(inputs):
                raise NetError() from None
            graph.faults.misfits.update(inputs)
        shrinking = diagnostics.shrinking(inputs[0], graph) if error.code == "N204" else ""
        error.help = _of_constants(kind, inputs, graph) or error.help
        raise diagnostics.of_layer(error, node, scope, shrinking) from None
    span = scope.span(node)
    # Arrays too: fc-10000000 on 1000x1000x3000 gives little, and its kernel is beyond 2^53.
    for each in ((*graph.axes, *shape), *(weight.shape for weight in kind.weights(*shapes))):
        graph.check_elements(each, span)
    stated = (
        default_argument(kind.signature, "act", scope.defaults)
        if any(is_default for _, is_default in parts)
        else None
    )
    place = stated.place if stated else None
    warnings = tuple(kind.warnings(shape, *shapes))
    return PlannedLayer(kind, shape, text, parts, warnings, place, scope.defaults)


def _of_constants(kind: Kind, inputs: tuple[int, ...], graph: GraphBuilder) -> str:
    """Say how many numbers a constant in a merge must give to fit the other branches."""
    ops = [graph.ops[index] for index in inputs]
    constants = [op for op in ops if op.kind is not None and op.kind.reach == "nothing"]
    channels = {op.shape[-1] for op in ops if op not in constants}
    misfits = [op for op in constants if {op.shape[-1]} not in ({1}, channels)]
    if not kind.merges or kind.reach != "position" or len(channels) != 1 or not misfits:
        return ""
    word = graph.layers[misfits[0].layer].text
    return f"`{word}` gives {misfits[0].shape[-1]} numbers: give {channels.pop()}, or one for all"


def _check_indices(kind: Kind, shapes: tuple[Shape, ...]) -> None:
    """Reject indices where numbers are needed."""
    x = next((x for x in shapes if isinstance(x, Indices)), None)
    if x is not None and not (kind.takes_indices or kind.is_identity):
        message = f"`{kind.head()}` requires numbers, and {dims(x)} are indices"
        help, label = "embed-64 turns them into vectors", f"the input is {dims(x)}"
        raise LayerError("N203", message, help=help, label=label)


def _holds_input(graph: GraphBuilder, index: int) -> bool:
    """Return whether an operation gives the numbers of an input of the network, in their order."""
    op = graph.ops[index]
    while op.kind is not None and op.kind.is_view and not op.kind.each_axes:
        op = graph.ops[op.inputs[0]]
    return op.kind is None


def _place(
    planned: PlannedLayer,
    inputs: tuple[int, ...],
    node: Any,
    scope: Scope,
    graph: GraphBuilder,
    name: str | None = None,
) -> int:
    """Add a planned layer, and what its kind warns of; gives the last of its operations."""
    span = scope.span(node)
    # Not in the plan, which is shared by layers at other places of the network.
    if planned.kind.values.get("init") == PCA and not _holds_input(graph, inputs[0]):
        message = (
            "`pca` takes the components of the training data:"
            " this layer does not read the network's input"
        )
        raise diagnostics.of_layer(LayerError("N216", message, "init"), node, scope)
    for warning in planned.warnings:
        graph.warnings.append(
            Diagnostic(warning.code, str(warning), span, help=warning.help, notes=scope.notes())
        )
    points = scope.points
    label = points.named(name) if name else points.layer_name(planned.kind.word)
    uses = scope.path, scope.uses, scope.use_numbers
    return graph.add_layer(planned, inputs, label, span, *uses)
