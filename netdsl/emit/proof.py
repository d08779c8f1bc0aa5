"""The proof that a program makes its networks: its calls, computed from its text, are
compared with those of the graphs node by node. No Keras is needed.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import Any

from netdsl.emit.calls import Arguments, KerasCall, KerasCalls, PythonText
from netdsl.emit.interpreter import Interpreter, TracedModel
from netdsl.emit.read import plain_calls
from netdsl.emit.trace import CallTrace, Disproved, Histories, MadeLayer, Tensor
from netdsl.graph import Graph
from netdsl.kinds.values import Shape


def disproof(text: str, function: str, model: str, graph: Graph) -> str:
    """Return where a program is not a network; empty if it is proven to be one.

    Args:
        text: the program.
        function: the one that makes the model.
        model: the name that the model must have.
        graph: the network.
    """
    expected = _ExpectedCalls(plain_calls(graph), graph)
    try:
        module = ast.parse(text)
        # The histories are shared: equal numbers then mean equal calls on equal inputs.
        program = Interpreter(module, CallTrace(expected.trace.histories, expected.trace.activated))
        made = program.call(program.functions[function], (), {})
        if not isinstance(made, TracedModel) or made.name != model:
            raise Disproved(f"{function} makes no model called {model}")
        _Comparison(program.trace, expected).compare(made)
    except Disproved as reason:
        return str(reason)
    except SyntaxError as error:
        return f"the program is not Python: {error.msg}"
    return ""


class _ExpectedCalls:
    """The calls that the kinds of a graph ask for, traced.

    Attributes:
        weighted: the numbers of the layers that have weights.
        inputs: the outputs of the model's inputs; `outputs` likewise.
    """

    def __init__(self, calls: KerasCalls, graph: Graph) -> None:
        activated = frozenset(call.made for call in calls.calls if call.takes_activation)
        self.trace = CallTrace(Histories(), activated)
        self.weighted: set[int] = set()
        custom = {call.made for call in calls.calls if call.made and "." not in call.made}
        # Expectations pass through the same interpreter, so that spelling makes no difference.
        self._interpreter = Interpreter(ast.Module([], []), self.trace)
        self._interpreter.classes = custom
        self._layers: dict[int, MadeLayer] = {}
        self._tensors: list[Tensor] = []
        several = len(calls.inputs) > 1
        names = {
            place: port.name
            for place, port in zip(calls.inputs, graph.inputs, strict=True)
            if several
        }
        shapes = _shapes(calls, graph)
        for place, call in enumerate(calls.calls):
            tensor = self._traced(place, call, names.get(place))
            self._tensors.append(tensor)
            history = self.trace.calls[tensor.place].history
            self.trace.histories.shapes[history] = shapes.get(place)
        self.inputs = [self._tensors[place] for place in calls.inputs]
        self.outputs = [self._tensors[place] for place in calls.outputs]
        # From here on a call that the network lacks is refused where the program first makes it.
        self.trace.histories.closed = True

    def _traced(self, place: int, call: KerasCall, name: str | None) -> Tensor:
        names: dict[str, Any] = {
            f"_{at}": self._tensors[source] for at, source in enumerate(call.inputs)
        }
        self._interpreter.names = names
        if call.made == "keras.Input":
            given = call.arguments if name is None else (*call.arguments, ("name", name))
            tensor = self._interpreter.named_call(call.made, *self._given(given))
        elif not call.made:
            tensor = self._interpreter.value(_parsed(call.applied))
        else:
            names["_f"] = self._layer(place, call)
            tensor = self._interpreter.value(_parsed(f"_f{call.applied}"))
        assert isinstance(tensor, Tensor)
        return tensor

    def _layer(self, place: int, call: KerasCall) -> MadeLayer:
        values, named = self._given(call.arguments)
        made = self.trace.layer(call.made, [*(("", value) for value in values), *named.items()])
        if call.layer != place:
            made = made._replace(number=self._layers[call.layer].number)
        self._layers[place] = made
        if call.has_weights:
            self.weighted.add(made.number)
        return made

    def _given(self, arguments: Arguments) -> tuple[list[Any], dict[str, Any]]:
        """Return the values without names, and those with names."""
        values = [
            (name, self._interpreter.value(_parsed(value.text)))
            if isinstance(value, PythonText)
            else (name, value)
            for name, value in arguments
        ]
        return [value for name, value in values if not name], {
            name: value for name, value in values if name
        }


@cache
def _parsed(template: str) -> ast.expr:
    """Return an expression in which inputs are called `_0`, `_1` ..."""
    text = template
    for number in range(template.count("{")):
        text = text.replace(f"{{{number}}}", f"_{number}")
    return ast.parse(text, mode="eval").body


def _shapes(calls: KerasCalls, graph: Graph) -> dict[int, Shape]:
    """Return the shapes of the calls' outputs, of those that are an operation's own."""
    return {place: graph.ops[op].shape for op, place in calls.ends.items()}


class _Comparison:
    """Goes through both from their outputs, and pairs what is alike."""

    def __init__(self, program: CallTrace, expected: _ExpectedCalls) -> None:
        self.program, self.expected = program, expected
        self.pairs: dict[int, int] = {}
        self.paired: set[int] = set()
        self.layers: dict[int, int] = {}
        self.waiting: list[tuple[int, int]] = []

    def compare(self, made: TracedModel) -> None:
        """Compare a model with what is expected.

        Raises:
            Disproved: where they differ.
        """
        for what, ours, theirs in (
            ("inputs", made.inputs, self.expected.inputs),
            ("outputs", made.outputs, self.expected.outputs),
        ):
            if len(ours) != len(theirs):
                raise Disproved(f"the program has {len(ours)} {what}, not {len(theirs)}")
            self.waiting += ((a.place, b.place) for a, b in zip(ours, theirs, strict=True))
            while self.waiting:
                self._pair(*self.waiting.pop())
        # Two layers for one: the program would have its weights twice.
        if len({*self.layers.values()}) < len(self.layers):
            raise Disproved("the program makes a layer twice that is shared")

    def _pair(self, place: int, other: int) -> None:
        call, theirs = self.program.calls[place], self.expected.trace.calls[other]
        # Each call has one partner, in both directions.
        if place in self.pairs or other in self.paired:
            if self.pairs.get(place) != other:
                raise Disproved(f"the program joins or parts ways at {call.described}")
            return
        if call.described != theirs.described or len(call.inputs) != len(theirs.inputs):
            raise Disproved(f"the program has {call.described} for {theirs.described}")
        if theirs.layer in self.expected.weighted and (
            self.layers.setdefault(call.layer, theirs.layer) != theirs.layer
        ):
            raise Disproved(f"the program shares {call.described}, which is not shared")
        self.pairs[place] = other
        self.paired.add(other)
        self.waiting += zip(call.inputs, theirs.inputs, strict=True)
