"""A graph as the Keras calls that its kinds write."""

from __future__ import annotations

import ast
from typing import Any

from netdsl.emit.calls import Arguments, KerasCall, KerasCalls, KernelTie, PythonText
from netdsl.emit.signatures import can_hold_weights
from netdsl.emit.source import layer_source, template
from netdsl.graph import Graph, Op
from netdsl.kinds.code import written
from netdsl.kinds.each import element_of
from netdsl.kinds.values import Indices, Shape


def plain_calls(graph: Graph) -> KerasCalls:
    """Return the Keras calls that make the model that `netdsl.keras.build` makes, a layer each."""
    return _Reader(graph).read()


class _Reader:
    """Operations to calls.

    Attributes:
        ends: for each operation the call whose output is its own.
        folded: the calls with an operation's output, its elements along some axes in the batch.
        named: the call of an operation's layer by the layer's name.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.calls: list[KerasCall] = []
        self.ends: dict[int, int] = {}
        self.folded: dict[tuple[int, Shape], int] = {}
        self.named: dict[tuple[int, str], int] = {}

    def read(self) -> KerasCalls:
        # The penalty on a layer's output comes after its activation, where Keras applies it.
        penalised = {layer.ops[-1]: layer.ops[0] for layer in self.graph.layers}
        for index, op in self.graph.with_an_input_first():
            self.ends[index] = self._input(index, op) if op.kind is None else self._op(index, op)
            first = self.graph.ops[penalised[index]].kind if index in penalised else None
            strength = first.values.get("act_l1") if first else None
            if strength:
                self.ends[index] = self._penalty(index, op, float(strength))
                self.folded[index, ()] = self.ends[index]
        ties = self._ties()
        for port in self.graph.outputs:
            self.ends[port.op] = self._seen(port.op)
        inputs, outputs = (
            tuple(self.ends[port.op] for port in ports)
            for ports in (self.graph.inputs, self.graph.outputs)
        )
        return KerasCalls(tuple(self.calls), inputs, outputs, self.ends, ties)

    def _add(
        self,
        made: str,
        arguments: Arguments,
        applied: str,
        inputs: tuple[int, ...],
        shape: Shape,
        op: int,
        **of_layer: bool,
    ) -> int:
        place = len(self.calls)
        call = KerasCall(made, arguments, applied, inputs, shape, op, place, **of_layer)
        self.calls.append(call)
        return place

    def _input(self, index: int, op: Op) -> int:
        kind = (("dtype", "int32"),) if isinstance(op.shape, Indices) else ()
        arguments = (("", tuple(op.shape)), *kind)
        return self._add("keras.Input", arguments, "", (), op.shape, index)

    def _penalty(self, index: int, op: Op, strength: float) -> int:
        made, inputs = "layers.ActivityRegularization", (self._seen(index),)
        return self._add(made, (("l1", strength),), "({0})", inputs, op.shape, index)

    def _op(self, index: int, op: Op) -> int:
        """Add the calls of an operation, and return the last of them."""
        assert op.kind is not None
        axes = op.kind.each_axes
        output, *shapes = (
            element_of(x, len(axes)) for x in (op.shape, *self.graph.input_shapes(op))
        )
        has_weights = bool(op.kind.element.weights(*shapes))
        sources = [self._seen(source, axes) for source in self.graph.read_by(op)]
        last = sources[0]
        begin = len(self.calls)
        reads = tuple(f"t{source}" for source in sources)
        # The same rule that builds the model, asked to write: the two cannot differ.
        for line in op.kind.element.source(op.name, output, *shapes, reads=reads, writes="t"):
            last = self._call(ast.parse(line, mode="eval").body, index, last, has_weights)
        if op.shares is not None:
            self._share(op.shares, begin)
        return last

    def _seen(self, index: int, axes: Shape = ()) -> int:
        """Return the call with an operation's output, the elements of `each` along these axes
        folded into the batch.
        """
        op = self.graph.ops[index]
        own = op.kind.each_axes if op.kind is not None else ()
        self.folded.setdefault((index, own), self.ends[index])
        if (index, axes) not in self.folded:
            # From one fold to another by way of the whole array.
            whole = self._seen(index) if axes and own else self.ends[index]
            shape = written((-1, *element_of(op.shape, len(axes))))
            applied = f"ops.reshape({{0}}, {shape})"
            known = self._shape(whole)
            self.folded[index, axes] = self._add("", (), applied, (whole,), known, index)
        return self.folded[index, axes]

    def _share(self, owner: int, begin: int) -> None:
        """Let the calls from `begin` on use the layers of another operation's, one for one."""
        # Only layers: operations (`ops.pad`) have nothing to share.
        theirs = [at for at in range(begin) if self.calls[at].op == owner and self.calls[at].made]
        mine = [at for at in range(begin, len(self.calls)) if self.calls[at].made]
        for at, other in zip(mine, theirs, strict=True):
            # Sharing a layer without weights changes nothing, and would need a variable.
            if self.calls[at].has_weights:
                self.calls[at] = self.calls[at]._replace(layer=self.calls[other].layer)

    def _call(self, node: ast.expr, op: int, last: int, has_weights: bool) -> int:
        """Add the call that an expression is, those within it first, and return its place.

        `last` is the tensor `t`.
        """
        inputs: list[int] = []

        def place(tensor: ast.expr) -> str:
            if isinstance(tensor, ast.Name):
                found = last if tensor.id == "t" else int(tensor.id[1:])
            else:
                found = self._call(tensor, op, last, has_weights)
            # `{0} + {0}` reads one input twice.
            if found not in inputs:
                inputs.append(found)
            return f"{{{inputs.index(found)}}}"

        layer = layer_source(node)
        applied = template(node if layer is None else layer.application, place)
        shape = self._shape(inputs[0])
        if layer is None:
            return self._add("", (), applied, tuple(inputs), shape, op)
        made = layer.made
        holds = has_weights and can_hold_weights(made)
        kind = self.graph.ops[op].kind
        takes_activation = (
            holds and made.startswith("layers.") and kind is not None and kind.keras_activation
        )
        arguments = tuple((key, _of_input(made, value, shape)) for key, value in layer.arguments)
        flags = {"has_weights": holds, "takes_activation": takes_activation}
        added = self._add(made, arguments, applied, tuple(inputs), shape, op, **flags)
        self.named[op, layer.name] = added
        return added

    def _shape(self, call: int) -> Shape:
        """Return the shape of a call's output, known where it is an operation's last."""
        op = self.graph.ops[self.calls[call].op]
        axes = op.kind.each_axes if op.kind is not None else ()
        known = self.ends.get(self.calls[call].op) == call
        return element_of(op.shape, len(axes)) if known else ()

    def _ties(self) -> tuple[KernelTie, ...]:
        tied: dict[int, list[int]] = {}
        for index, op in enumerate(self.graph.ops):
            if op.tied is not None:
                tied.setdefault(op.tied, []).append(self.named[index, op.name])
        ties = tuple(
            KernelTie(self.named[owner, self.graph.ops[owner].name], tuple(others))
            for owner, others in tied.items()
        )
        for tie in ties:
            for other in tie.backward:
                self.calls[other] = self.calls[other]._replace(layer=tie.forward)
        return ties


def _of_input(made: str, value: Any, shape: Shape) -> Any:
    """Return a shape as one that is made from the input's, where it is the same, or the input's
    channels alone.
    """
    if not isinstance(value, tuple) or not shape:
        return value
    if made == "layers.EinsumDense" and value == shape:
        return PythonText("{0}.shape[1:]" if len(value) > 1 else "{0}.shape[-1]")
    if (
        made == "layers.Reshape"
        and len(shape) == 1
        and value[-1] == shape[0]
        and set(value[:-1]) == {1}
    ):
        return PythonText(f"({'1, ' * (len(value) - 1)}{{0}}.shape[-1])")
    return value
