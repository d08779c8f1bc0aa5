"""The end of a text: its outputs, and what leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

from netdsl.errors import Diagnostic, Note, Source, Span
from netdsl.graph import CODE_NAMES, Graph, Port
from netdsl.kinds import Kind
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.defaults import Resolved, resolve_defaults
from netdsl.lowering.points import named_operations
from netdsl.lowering.scopes import Points
from netdsl.naming import unique_name


def finished(
    builder: GraphBuilder,
    points: Points,
    source: Source,
    net: Span | None,
    definitions: Sequence[Span],
) -> tuple[Graph | None, list[Diagnostic]]:
    """Return the graph with its defaults resolved, and what is wrong or doubtful about the whole of
    it.

    Args:
        builder: what the text made.
        points: the network's.
        source: the text.
        net: where the network is named.
        definitions: where blocks and shared pieces are defined.

    Returns:
        The graph, or None where an input leads nowhere; and diagnostics.
    """
    resolved = resolve_defaults(
        builder.ops, builder.layers, builder.activations, builder.passages, builder.axes_of
    )
    graph = _with_outputs(builder, points, resolved)
    idle = _idle_flows(builder, graph, resolved)
    # `@a as b` that is not read is one mistake: W720 says more of it than W703.
    names = [each for each in _unused_names(graph, points) if not _is_within(each.span, idle)]
    found = [*resolved.warnings, *idle, *names]
    problems = _without_input(graph, source, net) + _unreached_inputs(graph, resolved, definitions)
    return (None if problems else graph), found + problems


def _with_outputs(builder: GraphBuilder, points: Points, resolved: Resolved) -> Graph:
    """Return the graph with its outputs, in order.

    They are the points that `output` names, and the ends of flows that nothing reads.
    """
    place = resolved.place
    named = {name: place[at] for name, at in named_operations(points).items()}
    inputs = tuple(port._replace(op=place[port.op]) for port in builder.inputs)
    graph = Graph(
        resolved.ops,
        resolved.layers,
        inputs,
        (),
        named,
        tuple(builder.pieces),
        tuple(builder.blocks),
    )
    given = {place[at]: name for at, (name, _) in builder.given_out.items()}
    names = _output_names(named, given)
    numbers = {place[at]: number for at, (_, number) in builder.given_out.items()}
    # A flow's end that `output` names too is in `ends` twice: the place of the `output` counts.
    found = enumerate(place[end] for end in builder.ends)
    ends = dict.fromkeys(end for number, end in found if numbers.get(end, number) == number)
    outputs = (
        _output(graph, end, names)
        for end in ends
        # An input alone (`input a: 8`) is not an output, though nothing reads it.
        if end in given or (not resolved.consumers[end] and graph.ops[end].inputs)
    )
    return graph._replace(outputs=tuple(outputs))


def _output_names(named: dict[str, int], given: dict[int, str]) -> dict[int, str]:
    """Return what operations are called where they are outputs: by the name that `output` says,
    else by their own where it is seen from everywhere.
    """
    # `use.a` is a point within a block: the block may be used twice.
    names = {at: name for name, at in named.items() if "." not in name}
    taken = set(names.values())
    for at, name in given.items():
        names[at] = name if named.get(name) == at else unique_name(name, taken, "_")
    return names


def _output(graph: Graph, end: int, names: dict[int, str]) -> Port:
    """Return a network's output: its name, and the activation that it ends with."""
    at = end
    # `softmax-10 > flatten` still gives probabilities.
    while (
        (kind := graph.ops[at].kind) is not None
        and kind.shape_only
        and len(graph.ops[at].inputs) == 1
    ):
        at = graph.ops[at].inputs[0]
    activation = kind.word if kind is not None and _is_output_activation(kind) else "linear"
    layer = graph.layers[graph.ops[end].layer]
    return Port(names.get(end, layer.name), end, graph.ops[end].shape, activation)


def _is_output_activation(kind: Kind) -> bool:
    """Return whether an output that ends with a layer is read by its word."""
    return kind.group == "activation" and kind.gives == kind.output_meaning


def _idle_flows(builder: GraphBuilder, graph: Graph, resolved: Resolved) -> list[Diagnostic]:
    """Return the warnings of flows that look like outputs and add no layer to what others read."""
    consumers, found = resolved.consumers, []
    for span, end in builder.idle_flows:
        at = resolved.place[end]
        if consumers[at]:
            text = " ".join(span.text.split())
            reader = graph.layers[graph.ops[consumers[at][0]].layer].text
            message = (
                f"`{text}` is not an output: it adds no layer, and `{reader}` reads what it gives"
            )
            help = "name the point and output it: output @NAME"
            found.append(Diagnostic("W720", message, span, help=help))
    return found


def _is_within(span: Span | None, warnings: list[Diagnostic]) -> bool:
    """Return whether a place is within that of one of some warnings."""
    return span is not None and any(
        each.span is not None
        and each.span.source is span.source
        and each.span.start <= span.start
        and span.end <= each.span.end
        for each in warnings
    )


def _unused_names(graph: Graph, points: Points) -> list[Diagnostic]:
    """Return names that nothing refers to, that are not an output's, and that `netdsl sample` does
    not find a code by.
    """
    ends = {output.op for output in graph.outputs}
    found = []
    for name, span in points.places.items():
        at = graph.points.get(name)
        if at is None or name in CODE_NAMES:
            continue
        if name not in points.used and at not in ends:
            found.append(unused_name(name, span))
    return found


def unused_name(name: str, span: Span) -> Diagnostic:
    """Return the warning of a named point that nothing refers to."""
    help = f"remove it, or refer to it with `@{name}`"
    return Diagnostic("W703", f"the name `{name}` is never used", span, help=help)


def _without_input(graph: Graph, source: Source, net: Span | None) -> list[Diagnostic]:
    if graph.inputs:
        return []
    message = "there is no network here: it has no input and no layers"
    help = "write one, such as 32x32x1 > conv5-6 > pool > fc-10"
    # An empty text has no first character to point at.
    span = net or (Span(source, 0, 1) if source.text else None)
    return [Diagnostic("N211", message, span, help=help)]


def _unreached_inputs(
    graph: Graph, resolved: Resolved, definitions: Sequence[Span]
) -> list[Diagnostic]:
    """Return inputs that no output depends on."""
    reached: set[int] = set()
    waiting = [output.op for output in graph.outputs]
    while waiting:
        at = waiting.pop()
        if at not in reached:
            reached.add(at)
            waiting += graph.ops[at].inputs
    found = []
    for port in graph.inputs:
        if port.op not in reached:
            consumed = bool(resolved.consumers[port.op])
            span = graph.layers[graph.ops[port.op].layer].span
            help = "its consumers lead nowhere" if consumed else "continue it with `>`"
            message = f"the input `{port.name}` reaches no output"
            between = _continued_between(span, definitions)
            if between is not None and not consumed:
                name = re.sub(r"^(def|let)\s+", "", between.text)
                word = re.split(r"\W", name)[0]
                message += f": the next `>` continues `{word}`"
                help = "put the definition before the input"
            notes = () if between is None else (Note("defined here", between),)
            found.append(Diagnostic("N212", message, span, help=help, notes=notes))
    return found


def _continued_between(span: Span | None, definitions: Sequence[Span]) -> Span | None:
    """Return the definition after an input that a line beginning with `>` continues."""
    after = (each for each in definitions if span is not None and each.start > span.start)
    # Only the next definition can have taken the `>` that was meant for the input's line.
    first = next(after, None)
    return first if first is not None and re.search(r"\n[ \t]*>", first.text) else None
