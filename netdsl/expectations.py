"""What `expect` statements say of a network, held against what its graph gives."""

from __future__ import annotations

from typing import Any

from netdsl.analysis.counts import count_network, depth
from netdsl.errors import Diagnostic, NetError, Source, Span, did_you_mean, fail
from netdsl.expressions import evaluate
from netdsl.graph import Graph
from netdsl.kinds.values import dims
from netdsl.limits import DEFAULT_LIMITS
from netdsl.lowering.expand import Expanded
from netdsl.syntax import tree


def unmet(expanded: Expanded, graph: Graph) -> list[Diagnostic]:
    """The `expect` statements that do not hold."""
    found = []
    for statement, source in expanded.expectations:
        found += _compare(statement, source, expanded, graph)
    return found


def _compare(
    statement: tree.Expect, source: Source, expanded: Expanded, graph: Graph
) -> list[Diagnostic]:
    def lookup(name: str, span: Span) -> Any:
        if name in expanded.params:
            return expanded.params[name]
        raise fail(
            "N110", f"there is no `{name}` here", span, help=did_you_mean(name, expanded.params)
        )

    try:
        wanted: tuple[Any, ...] = tuple(
            item.value
            if isinstance(item, tree.Number)
            else evaluate(item, source, lookup, DEFAULT_LIMITS)
            for item in statement.fact.items
        )
        is_shape, reached = _reached(statement, source, graph)
    except NetError as error:
        return list(error.diagnostics)
    if wanted == reached:
        return []
    what = (
        statement.what.text if isinstance(statement.what, tree.Name) else f"@{statement.what.name}"
    )
    span = Span(source, statement.fact.start, statement.fact.end)
    if is_shape:
        return [
            Diagnostic(
                "N301",
                f"{what} is {dims(reached)}, not {dims(wanted)}",
                span,
                help=f"expect {what} = {dims(reached)}",
            )
        ]
    difference = (
        f" ({reached[0] - wanted[0]:+,})" if len(wanted) == 1 and isinstance(wanted[0], int) else ""
    )
    message = f"{what} is {reached[0]:,}, not {dims(wanted)}{difference}"
    return [Diagnostic("N301", message, span, help=f"expect {what} = {reached[0]:_}")]


def _reached(statement: tree.Expect, source: Source, graph: Graph) -> tuple[bool, tuple[int, ...]]:
    """Whether the fact is a shape, and what it is in the graph."""
    if isinstance(statement.what, tree.Reference):
        point = graph.points.get(statement.what.name)
        span = Span(source, statement.what.start, statement.what.end)
        if point is None:
            raise fail(
                "N101",
                f"`@{statement.what.name}` names no point",
                span,
                help=did_you_mean(statement.what.name, graph.points),
            )
        return True, graph.ops[point].shape
    what = statement.what.text
    counts = count_network(graph)
    facts = {
        "params": counts.params,
        "total": counts.total,
        "weights": counts.weights,
        "macs": counts.macs,
        "depth": depth(graph),
    }
    if what in facts:
        return False, (facts[what],)
    span = Span(source, statement.what.start, statement.what.end)
    if what != "output":
        help = (
            did_you_mean(what, [*facts, "output"])
            or f"facts are {', '.join(facts)}, output and @NAME"
        )
        raise fail("N302", f"`expect` knows no `{what}`", span, help=help)
    if len(graph.outputs) > 1:
        names = ", ".join(f"@{output.name}" for output in graph.outputs)
        raise fail(
            "N302",
            f"the network has {len(graph.outputs)} outputs",
            span,
            help=f"expect the shape of one: {names}",
        )
    return True, graph.outputs[0].shape
