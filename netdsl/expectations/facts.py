"""What `expect` statements say of a network, compared with what its graph gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from numbers import Rational
from typing import Any

from netdsl.analysis.counts import count_network, depth
from netdsl.errors import Diagnostic, NetError, Source, Span, did_you_mean, fail
from netdsl.expressions import evaluate
from netdsl.graph import Graph
from netdsl.kinds.values import Shape, dims
from netdsl.limits import DEFAULT_LIMITS
from netdsl.lowering.expand import Expanded
from netdsl.lowering.points import named_operations
from netdsl.params import param_text
from netdsl.syntax import tree

NUMBERS: dict[str, Callable[[Graph], int]] = {
    "params": lambda graph: count_network(graph).params,
    "total": lambda graph: count_network(graph).total,
    "weights": lambda graph: count_network(graph).weights,
    "macs": lambda graph: count_network(graph).macs,
    "depth": depth,
}
"""The facts that are numbers."""


def unmet(expanded: Expanded, graph: Graph) -> list[Diagnostic]:
    """Return the `expect` statements that do not hold."""
    found: list[Diagnostic] = []
    for statement, source in expanded.expectations:
        try:
            found += _compare(statement, source, expanded.params, graph)
        except NetError as error:
            found += error.diagnostics
    return found


def unmet_among_errors(expanded: Expanded, as_written: bool) -> list[Diagnostic]:
    """Return the `expect` statements of facts that no network has, of points that this one does not
    have, and of points that are known not to have the shape, for a text with errors.

    Args:
        expanded: the text's network.
        as_written: whether its params and input are the text's own, which the facts are of.
    """
    found: list[Diagnostic] = []
    points = named_operations(expanded.points)
    for statement, source in expanded.expectations:
        what = statement.what
        if isinstance(what, tree.Name):
            # Numbers are not compared: without the faulty layer each of them differs.
            if what.text not in (*NUMBERS, "output"):
                found += _unknown(what, source).diagnostics
        elif what.name in points:
            shape = _shape_of(expanded, what.name, points[what.name])
            if as_written and shape is not None:
                found += _compare_known(statement, source, expanded, shape)
        # A point of a statement that has a mistake is not unknown: that mistake is said already.
        elif what.name.split(".")[0] not in expanded.lost:
            found += _unknown_point(what, source, points).diagnostics
    return found


def _shape_of(expanded: Expanded, name: str, place: int) -> Shape | None:
    """Return the shape of a point, as far as it is known."""
    if expanded.graph is None:
        return expanded.shapes.get(place)
    at = expanded.graph.points.get(name)  # places are others in a graph that is whole
    return None if at is None else expanded.graph.ops[at].shape


def _compare_known(
    statement: tree.Expect, source: Source, expanded: Expanded, shape: Shape
) -> list[Diagnostic]:
    """Compare a point's shape with what a statement says, as far as its numbers are known."""
    assert isinstance(statement.fact, tree.Sizes)
    assert isinstance(statement.what, tree.Reference)
    try:
        expected = _expected(statement.fact, source, expanded.params)
    except NetError as error:
        # A name that is not known may be that of a param with a mistake.
        return [each for each in error.diagnostics if each.code != "N110"]
    span = Span(source, statement.fact.start, statement.fact.end)
    return _compare_shape(f"@{statement.what.name}", expected, shape, span)


def _unknown_point(what: tree.Reference, source: Source, points: Iterable[str]) -> NetError:
    span, help = Span(source, what.start, what.end), did_you_mean(what.name, points)
    return fail("N101", f"there is no point `@{what.name}`", span, help=help)


def _unknown(what: tree.Name, source: Source) -> NetError:
    help = did_you_mean(what.text, [*NUMBERS, "output"]) or (
        f"facts are {', '.join(NUMBERS)} and output; of a point: expect @{what.text} = ..."
    )
    span = Span(source, what.start, what.end)
    return fail("N302", f"`expect` does not know `{what.text}`", span, help=help)


def _compare(
    statement: tree.Expect, source: Source, params: Mapping[str, Any], graph: Graph
) -> list[Diagnostic]:
    assert isinstance(statement.fact, tree.Sizes)
    expected = _expected(statement.fact, source, params)
    what, span = statement.what, Span(source, statement.fact.start, statement.fact.end)
    if isinstance(what, tree.Name) and what.text in NUMBERS:
        return _compare_number(what.text, expected, NUMBERS[what.text](graph), span)
    name = what.text if isinstance(what, tree.Name) else f"@{what.name}"
    shape = graph.ops[place_of(what, source, graph)].shape
    return _compare_shape(name, expected, shape, span)


def _compare_shape(
    name: str, expected: tuple[Any, ...], shape: Shape, span: Span
) -> list[Diagnostic]:
    if expected == shape:
        return []
    message = f"{name} is {dims(shape)}, not {dims(expected)}"
    help = f"expect {name} = {dims(shape)}"
    if len(expected) == 1 and (shape == (1,) or expected[0] < 1):  # a value may be meant
        message = f"the shape of {message}"
        help += f"; a number that comes out is in brackets: expect {name} = [{dims(expected)}]"
    return [Diagnostic("N301", message, span, help=help)]


def _expected(fact: tree.Sizes, source: Source, params: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the numbers that a statement states."""

    def lookup(name: str, span: Span) -> Any:
        if name in params:
            return params[name]
        help = did_you_mean(name, params)
        raise fail("N110", f"there is no `{name}` here", span, help=help)

    return tuple(
        item.value if isinstance(item, tree.Number) else _number(item, source, lookup)
        for item in fact.items
    )


def _number(item: Any, source: Source, lookup: Callable[[str, Span], Any]) -> Any:
    """Return the number that an expression gives."""
    value = evaluate(item, source, lookup, DEFAULT_LIMITS)
    if not isinstance(value, Rational) or isinstance(value, bool):
        span = Span(source, item.start, item.end)
        what = f"{param_text(value)} is not a number"
        raise fail("N301", f"{what}: facts and shapes are compared with numbers", span)
    return value


def _compare_number(
    name: str, expected: tuple[Any, ...], number: int, span: Span
) -> list[Diagnostic]:
    if expected == (number,):
        return []
    difference = ""
    if len(expected) == 1 and isinstance(expected[0], int):
        difference = f" ({number - expected[0]:+,})"
    message = f"{name} is {number:,}, not {dims(expected)}{difference}"
    # As the language writes it, with `_` between thousands.
    return [Diagnostic("N301", message, span, help=f"expect {name} = {number:_}")]


def place_of(what: tree.Name | tree.Reference, source: Source, graph: Graph) -> int:
    """Find the operation that `output` or a named point is.

    Raises:
        NetError: N101 for a point that there is not, N302 for another word, and for `output` where
            there are several.
    """
    span = Span(source, what.start, what.end)
    if isinstance(what, tree.Reference):
        at = graph.points.get(what.name)
        if at is None:
            raise _unknown_point(what, source, graph.points)
        return at
    if what.text != "output":
        raise _unknown(what, source)
    if len(graph.outputs) > 1:
        names = ", ".join(f"@{output.name}" for output in graph.outputs)
        message = f"the network has {len(graph.outputs)} outputs"
        raise fail("N302", message, span, help=f"expect the shape of one: {names}")
    return graph.outputs[0].op
