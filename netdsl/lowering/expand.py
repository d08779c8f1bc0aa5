"""Tree to graph: blocks, repeats, defaults, references and shapes, in one pass over the text.

`in` needs the shape at hand, so expansion and shape inference cannot be two passes.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from netdsl.errors import Diagnostic, Source, Span
from netdsl.graph import Graph
from netdsl.kinds.values import Shape
from netdsl.library import Library
from netdsl.limits import Limits
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.draft import Draft, Report
from netdsl.lowering.outputs import finished
from netdsl.lowering.scopes import NamesView, Points, Scope
from netdsl.lowering.statements import lower_statements
from netdsl.syntax import tree


class Expanded(NamedTuple):
    """A network read to the end.

    Attributes:
        name: the network's.
        graph: None where there are errors.
        diagnostics: errors and warnings, in the order of the text; one for each use of a block.
        params: the values that its params have.
        expectations: its `expect` statements, and where they are written.
    """

    name: str
    graph: Graph | None
    diagnostics: tuple[Diagnostic, ...]
    params: dict[str, Any]
    expectations: tuple[tuple[tree.Expect, Source], ...]


def expand(
    name: str,
    statements: tuple[tree.Statement, ...],
    source: Source,
    *,
    params: Mapping[str, Any],
    input_shape: Shape | None,
    lost_names: frozenset[str],
    limits: Limits,
    library: Library,
) -> Expanded:
    """Return the graph of one network's statements. Raises nothing that the text can cause.

    Args:
        name: the network's.
        statements: of the text, for this network.
        source: the text.
        params: values from outside.
        input_shape: of its one input, from outside.
        lost_names: of statements that could not be parsed: not knowing them is not a further
            mistake.
        limits: how much the text may ask for.
        library: finds the files that it uses.
    """
    graph, report = GraphBuilder(limits), Report(set(lost_names))
    definitions = {
        statement.name.text: Span(source, statement.name.start, statement.name.end)
        for statement in statements
        if isinstance(statement, tree.Def | tree.Let)
    }
    draft = Draft(graph, report, params, input_shape, library, definitions, (source.name,), {})
    scope = Scope(source, NamesView(), NamesView(), {}, Points(), report.lost)
    scope = lower_statements(statements, scope, draft)
    nets = (scope.span(each.name) for each in statements if isinstance(each, tree.Net))
    whole, doubts = (
        (None, []) if report.failed else finished(graph, scope.points, source, next(nets, None))
    )
    diagnostics = [*report.problems, *graph.warnings, *doubts]
    diagnostics.sort(key=_order)
    expectations = tuple((each, source) for each in statements if isinstance(each, tree.Expect))
    values = dict(scope.values)
    return Expanded(name, whole, tuple(diagnostics), values, expectations)


def _order(diagnostic: Diagnostic) -> tuple[int, bool]:
    """In the order of the text, errors before warnings."""
    start = diagnostic.span.start if diagnostic.span else -1
    return start, diagnostic.severity == "warning"
