"""How a text is read on after a mistake: what else is wrong with the same step, and what of its
output can be known nevertheless. Imported where there is a mistake.
"""

from __future__ import annotations

from typing import Any

from netdsl.errors import NetError
from netdsl.graph import Layer
from netdsl.kinds import KINDS, Argument, Kind, LayerError, LayerSpec, make
from netdsl.lowering import diagnostics
from netdsl.lowering.builder import GraphBuilder
from netdsl.lowering.faults import UNKNOWN
from netdsl.lowering.layers import resolved
from netdsl.lowering.scopes import Scope
from netdsl.lowering.values import argument, whole
from netdsl.lowering.vocabulary import means_kind
from netdsl.syntax import tree


def after(
    error: NetError, body: tree.Body | None, x: int | None, scope: Scope, graph: GraphBuilder
) -> int:
    """Return what a step with a mistake gives: `UNKNOWN`, or an operation of a known shape.

    Args:
        error: the mistake.
        body: the step; None for several.
        x: the operation that it reads; None where there is none.
        scope: what the step sees.
        graph: what the step would have been added to.

    Raises:
        NetError: where nothing can be read after the mistake.
    """
    graph.faults.add(error)
    # What is made from here on cannot be compared with the first use of a `let`.
    graph.sharing[:] = [None] * len(graph.sharing)
    if isinstance(body, tree.LayerNode) and means_kind(body.word.text, scope):
        return _read_on(body, UNKNOWN if x is None or x < 0 else x, scope, graph)
    return UNKNOWN


def _read_on(node: tree.LayerNode, x: int, scope: Scope, graph: GraphBuilder) -> int:
    """Report what is wrong with a layer whatever its input is, and return what it gives.

    Args:
        node: a layer that could not be added: its input is not known, or it has a mistake.
        x: the operation that it reads, or `UNKNOWN`.
        scope: what the layer sees.
        graph: what it would have been added to.
    """
    recovered = _Recovered(node, x, scope, graph)
    kind = recovered.kind()
    if kind is None or not kind.flattens_input:
        return UNKNOWN
    # `fc-10`, `gap`: the channels are known, so that the steps after it can be checked.
    shape = kind.shape((1,))  # whatever its input
    name = graph.unique(scope.points.layer_name(kind.word))
    row = Layer((len(graph.ops),), kind.head(), name, scope.span(node), ())
    at = graph.add_guessed(shape, row)
    # A shape with an invented 1 must not reach a message or a completion.
    if recovered.invents:
        graph.faults.invented.add(at)
    return at


class _Recovered:
    """A layer read part by part, each mistake by itself."""

    def __init__(self, node: tree.LayerNode, x: int, scope: Scope, graph: GraphBuilder) -> None:
        self._node, self._x, self._scope, self._graph = node, x, scope, graph
        self._complete = True  # whether all arguments could be read
        self.invents = False  # whether a 1 replaces a number

    def kind(self) -> Kind | None:
        """Return the layer without the options that are wrong; None where it cannot be known."""
        node = self._node
        try:
            word, size = resolved(node, self._scope, self._graph)
        except NetError as error:
            self._graph.faults.add(error)
            return None
        if word in self._scope.lost:
            return None  # a block of this name
        if node.size is not None:
            size = (*size, *self._numbers(node.size.items, "a size"))
        amount = None
        if node.amount is not None:
            # 1 and not none: a kind that requires an amount would report that it lacks one.
            (amount,) = self._numbers((node.amount,), "the amount")
        stride = self._numbers(node.stride.items, "the stride") if node.stride else None
        if KINDS[word].merges:
            return None
        arguments = tuple(filter(None, map(self._argument, node.arguments or ())))
        spec = LayerSpec(word, size or None, amount, stride, arguments, self._scope.defaults)
        return self._made(spec)

    def _numbers(self, items: tuple[Any, ...], what: str) -> tuple[int, ...]:
        """Return sizes; 1 for each that is not known."""
        return tuple(self._number(item, what) for item in items)

    def _number(self, item: Any, what: str) -> int:
        try:
            return whole(item, self._scope, self._x, self._graph, what)
        except NetError as error:
            self._graph.faults.add(error)
            self.invents = True
            return 1

    def _argument(self, node: tree.ArgumentNode) -> Argument | None:
        try:
            return argument(node, self._scope, self._x, self._graph)
        except NetError as error:
            self._graph.faults.add(error)
            self._complete = False
            return None

    def _made(self, spec: LayerSpec) -> Kind | None:
        """Return the layer without the options that it does not accept, each reported."""
        # Each round takes away one option, so it ends.
        while True:
            try:
                return make(spec)
            except LayerError as error:
                if error.code == "N106" and not self._complete:
                    return None  # what it requires may be what could not be read
                self._graph.faults.add(diagnostics.of_layer(error, self._node, self._scope))
                rest = tuple(each for each in spec.arguments if not _holds(each, error.place))
                if len(rest) == len(spec.arguments):
                    return None
                self._complete = False
                spec = spec._replace(arguments=rest)


def _holds(argument: Argument, place: Any) -> bool:
    """Return whether a place is within an argument."""
    own = argument.place
    return (
        place is not None and own is not None and own.start <= place.start <= place.end <= own.end
    )
