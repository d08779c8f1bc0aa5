"""Tree to graph: blocks, repeats, defaults, references and shapes, in one pass over the text.

`in` needs the shape at hand, so expansion and shape inference cannot be two passes.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import Diagnostic, Source, Span
from netdsl.graph import Graph
from netdsl.kinds.values import Shape
from netdsl.library import Library
from netdsl.limits import Limits
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.draft import Draft, Report
from netdsl.lowering.faults import Faults
from netdsl.lowering.outputs import finished
from netdsl.lowering.points import named_operations
from netdsl.lowering.scopes import NamesView, Points, Scope
from netdsl.lowering.statements import DEFINITIONS, lower_statements
from netdsl.syntax import tree
from netdsl.syntax.lost import ANY_BLOCK

if TYPE_CHECKING:
    from netdsl.lowering.worked import WorkedStatement
else:
    WorkedStatement = Any


class Expanded(NamedTuple):
    """A network read to the end.

    Attributes:
        name: the network's.
        graph: None where there are errors.
        diagnostics: errors and warnings, in the order of the text; one for each use of a block.
        params: the values that its params have.
        expectations: its `expect` statements of facts, and where they are written.
        worked: its worked examples: what is given, and the numbers that are expected.
        points: its named points.
        shapes: of named points by their operations, as far as they are known; only where there are
            errors, else the graph has them.
        lost: names that statements with mistakes would have brought in.
    """

    name: str
    graph: Graph | None
    diagnostics: tuple[Diagnostic, ...]
    params: Mapping[str, Any]
    expectations: tuple[tuple[tree.Expect, Source], ...]
    worked: tuple[WorkedStatement, ...]
    points: Points
    shapes: Mapping[int, Shape]
    lost: Set[str]


class Common(NamedTuple):
    """The definitions before the first `net` of a text, which each of its networks sees.

    Attributes:
        scope: after them.
        draft: what came with the text, and what is wrong with them.
        rest: the statements before the first `net`, from the first one on that is not a definition:
            each network makes its own of them.
    """

    scope: Scope
    draft: Draft
    rest: tuple[tree.Statement, ...]


def lower_common(
    statements: tuple[tree.Statement, ...],
    source: Source,
    *,
    params: Mapping[str, Any],
    input_shape: Shape | None,
    lost_names: frozenset[str],
    limits: Limits,
    library: Library,
) -> Common:
    """Read what all networks of a text share. Raises nothing that the text can cause.

    Args:
        statements: those before the first `net`.
        source: the text.
        params: values from outside.
        input_shape: of its one input, from outside.
        lost_names: of statements that could not be parsed: not knowing them is not a further
            mistake.
        limits: how much the text may ask for.
        library: finds the files that it uses.
    """
    # Definitions alone can be shared: a flow before the first `net` makes layers in each network.
    count = next(
        (at for at, each in enumerate(statements) if type(each) not in DEFINITIONS), len(statements)
    )
    graph, report = GraphBuilder(limits, library, Faults()), Report(set(lost_names))
    report.lost_library = ANY_BLOCK in lost_names
    definitions = _definitions(statements, source)
    draft = Draft(graph, report, params, input_shape, library, definitions, (source.name,), {}, [])
    scope = Scope(source, NamesView(), NamesView(), {}, Points(), report.lost)
    scope = lower_statements(statements[:count], scope, draft)
    return Common(scope, draft, statements[count:])


def expand(
    name: str, statements: tuple[tree.Statement, ...], common: Common, *, first: bool
) -> Expanded:
    """Return the graph of one network's statements. Raises nothing that the text can cause.

    Args:
        name: the network's.
        statements: its own.
        common: what it shares with the other networks of the text.
        first: whether it is the first of them, with which the mistakes in what they share are
            reported.
    """
    scope, source, shared = common.scope, common.scope.source, common.draft.report
    before = common.draft.graph
    # A builder for each network, so that none sees another's layers, points or mistakes.
    graph = GraphBuilder(before.limits, before.library, Faults(before.faults.silent))
    report = Report(set(shared.lost), shared.lost_library)
    report.failed, report.problems = shared.failed, list(shared.problems) if first else []
    own = (*common.rest, *statements)
    # Known ahead, to say that a definition comes too late rather than that there is none.
    definitions = ChainMap(_definitions(own, source), common.draft.definitions)
    brought = dict(common.draft.brought)
    draft = common.draft._replace(
        graph=graph, report=report, definitions=definitions, brought=brought, worked=[]
    )
    scope = scope._replace(
        # Forks: what one network defines is not known in the next one.
        values=NamesView(base=_view(scope.values)),
        blocks=scope.blocks.fork(),
        points=Points(),
        lost=report.lost,
    )
    scope = lower_statements(own, scope, draft)
    nets = (scope.span(each.name) for each in own if isinstance(each, tree.Net))
    defined = [scope.span(each) for each in own if isinstance(each, tree.Def | tree.Let)]
    whole, doubts = (
        (None, [])
        if report.failed
        else finished(graph, scope.points, source, next(nets, None), defined)
    )
    diagnostics = [*report.problems, *graph.warnings, *doubts]
    # What W707 and W708 have in common; most inputs lack it, and then the module is not imported.
    if any(port.shape[0] in (1, 3, port.shape[-1]) for port in graph.inputs):
        from netdsl.lowering.input_shapes import doubtful_inputs  # late: start-up is short

        diagnostics += doubtful_inputs(graph)
    diagnostics.sort(key=_order)
    facts = tuple(
        (each, source)
        for each in own
        if isinstance(each, tree.Expect) and isinstance(each.fact, tree.Sizes)
    )
    return Expanded(
        name,
        whole,
        tuple(diagnostics),
        scope.values,
        facts,
        tuple(draft.worked),
        scope.points,
        {} if whole else _shapes_of_points(scope.points, graph),
        report.lost,
    )


def _shapes_of_points(points: Points, graph: GraphBuilder) -> dict[int, Shape]:
    """Return the shapes of named points that are known, of each `each` only what is outside it."""
    invented = set(graph.faults.invented)
    for at, op in enumerate(graph.ops):
        # What is invented spreads to the end of the flow, but for layers that give a fixed size.
        if not invented.isdisjoint(op.inputs) and not (op.kind and op.kind.flattens_input):
            invented.add(at)
    named = set(named_operations(points).values()) - invented
    return {at: graph.ops[at].shape for at in named if at >= 0 and not graph.axes_of.get(at)}


def _view(values: Mapping[str, Any]) -> NamesView:
    assert isinstance(values, NamesView)  # outside all blocks
    return values


def _definitions(statements: Sequence[tree.Statement], source: Source) -> dict[str, Span]:
    """Return where blocks and shared pieces are defined."""
    return {
        each.name.text: Span(source, each.name.start, each.name.end)
        for each in statements
        if isinstance(each, tree.Def | tree.Let)
    }


def _order(diagnostic: Diagnostic) -> tuple[int, bool]:
    """Sort in the order of the text, errors before warnings."""
    start = diagnostic.span.start if diagnostic.span else -1
    return start, diagnostic.severity == "warning"
