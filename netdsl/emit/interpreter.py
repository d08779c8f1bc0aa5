"""Runs the small part of Python that emitted programs consist of, on names of tensors alone."""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from netdsl.emit.signatures import FUNCTIONS
from netdsl.emit.trace import CallTrace, Disproved, MadeLayer, Symbol, Tensor, arguments_text

_LAYERS = {function: made for made, function in FUNCTIONS.items()}
_ARITHMETIC = {ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv}


class TracedModel(NamedTuple):
    """What `keras.Model` is made of."""

    inputs: list[Tensor]
    outputs: list[Tensor]
    name: str


class _Returned(Exception):
    """A function's value, on the way out of its statements."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Interpreter:
    """Runs functions of a program, and traces the Keras calls that they make.

    Attributes:
        functions: of the program, by their names.
        classes: the names of the layers that it defines.
    """

    def __init__(self, module: ast.Module, trace: CallTrace) -> None:
        self.trace = trace
        self.functions = {
            node.name: node for node in module.body if isinstance(node, ast.FunctionDef)
        }
        self.classes = {node.name for node in module.body if isinstance(node, ast.ClassDef)}
        self.names: dict[str, Any] = {}

    def call(
        self, function: ast.FunctionDef, values: Sequence[Any], named: Mapping[str, Any]
    ) -> Any:
        """Call a function of the program.

        Raises:
            Disproved: for anything that emitted programs do not do.
        """
        parameters = [argument.arg for argument in function.args.args]
        defaults = function.args.defaults
        # Python's defaults belong to the last parameters.
        own = dict(zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True))
        given = {name: self.value(node) for name, node in own.items()}
        given |= {**dict(zip(parameters, values, strict=False)), **named}
        if len(values) > len(parameters) or {*given} != {*parameters}:
            raise Disproved(f"{function.name} is called with other arguments than it has")
        # A function sees its own names alone: programs have no globals but functions and classes.
        outer, self.names = self.names, given
        try:
            self._run(function.body)
        except _Returned as returned:
            return returned.value
        finally:
            self.names = outer
        raise Disproved(f"{function.name} returns nothing")

    # --- statements ---

    def _run(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                self.names[statement.targets[0].id] = self.value(statement.value)
            elif isinstance(statement, ast.Return) and statement.value is not None:
                raise _Returned(self.value(statement.value))
            elif isinstance(statement, ast.For) and isinstance(statement.target, ast.Name):
                for each in self._turns(statement.iter):
                    self.names[statement.target.id] = each
                    self._run(statement.body)
            else:
                # Whatever is not expected disproves: nothing is passed over.
                raise Disproved(f"the program has the statement {ast.unparse(statement)}")

    def _turns(self, node: ast.expr) -> Iterable[Any]:
        """Return what a loop goes through: numbers, or layers."""
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "range"
        ):
            return range(self.value(node.args[0]))
        layers = self.value(node)
        if not isinstance(layers, list):
            raise Disproved(f"the program goes through {ast.unparse(node)}")
        return layers

    # --- expressions ---

    def value(self, node: ast.expr) -> Any:
        """Return what an expression is."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.List):
            return [self.value(item) for item in node.elts]
        if isinstance(node, ast.Tuple):
            return tuple(self.value(item) for item in node.elts)
        if isinstance(node, ast.Dict):
            keys = (self.value(key) for key in node.keys if key is not None)
            return dict(zip(keys, map(self.value, node.values), strict=True))
        if isinstance(node, ast.Attribute):
            return self._attribute(self.value(node.value), node.attr)
        if isinstance(node, ast.Subscript):
            return self._part(self.value(node.value), node.slice)
        if isinstance(node, ast.Call):
            return self._call(node)
        return self._computed(node)

    def _name(self, name: str) -> Any:
        if name in self.names:
            return self.names[name]
        if name in self.functions:
            return self.functions[name]
        if name in self.classes or name in ("keras", "layers", "ops", "float"):
            return Symbol(name)
        raise Disproved(f"the program uses {name} before it has a value")

    def _attribute(self, value: Any, name: str) -> Any:
        if isinstance(value, Tensor) and name == "shape":
            return (None, *self.trace.shape(value))
        if isinstance(value, Symbol):
            return Symbol(f"{value.text}.{name}")
        if isinstance(value, MadeLayer) and name == "get_config":
            return value
        raise Disproved(f"the program asks for .{name}")

    def _part(self, value: Any, index: ast.expr) -> Any:
        if isinstance(value, Tensor):
            return self.trace.add(f"{{0}}[{ast.unparse(index).strip('()')}]", [value])
        if isinstance(value, tuple) and isinstance(index, ast.Slice):
            start = 0 if index.lower is None else self.value(index.lower)
            return value[start:]
        if isinstance(value, tuple):
            return value[self.value(index)]
        raise Disproved(f"the program takes a part [{ast.unparse(index)}]")

    def _computed(self, node: ast.expr) -> Any:
        """Compute arithmetic of numbers."""
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            left, right = self.value(node.left), self.value(node.right)
            if isinstance(left, int) and isinstance(right, int):
                return _ARITHMETIC[type(node.op)](left, right)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self.value(node.operand)
            if isinstance(value, int | float):
                return -value
        raise Disproved(f"the program computes {ast.unparse(node)}")

    # --- calls ---

    def _call(self, node: ast.Call) -> Any:
        called = self.value(node.func)
        values = [self.value(argument) for argument in node.args]
        named = {key.arg or "**": self.value(key.value) for key in node.keywords}
        if isinstance(called, ast.FunctionDef):
            return self.call(called, values, named)
        if isinstance(called, MadeLayer):
            # `layer.get_config()`: the layer itself, as `Tied` makes its layers of these.
            return called if not (values or named) else self.trace.apply(called, values, named)
        if isinstance(called, _Tied):
            return self.trace.apply(called.layer(named.pop("back", None)), values, named)
        if isinstance(called, Symbol):
            return self.named_call(called.text, values, named)
        raise Disproved(f"the program calls {ast.unparse(node.func)}")

    def named_call(self, name: str, values: list[Any], named: dict[str, Any]) -> Any:
        """Call what is Keras's, or a class of the program."""
        if name == "keras.Input":
            return self.trace.add(f"keras.Input({arguments_text(values, named, [])})", [])
        if name == "keras.Model":
            return TracedModel(_listed(values[0]), _listed(values[1]), named["name"])
        if name == "Tied":
            return _Tied(values[0], values[1])
        # `layers.add([a, b])` is `layers.Add()([a, b])`.
        if name in _LAYERS:
            return self.trace.apply(self.trace.layer(_LAYERS[name], []), values, named)
        if name in self.classes or (name.startswith("layers.") and name[7:8].isupper()):
            arguments = [("", value) for value in values]
            return self.trace.layer(name, [*arguments, *named.items()])
        tensors: list[Tensor] = []
        text = f"{name}({arguments_text(values, named, tensors)})"
        # Without tensors it is a value, such as an initializer.
        return self.trace.add(text, tensors) if tensors else Symbol(text)


class _Tied(NamedTuple):
    """A layer with one kernel for both ways, and those that go back through it."""

    forward: MadeLayer
    backward: list[MadeLayer]

    def layer(self, back: int | None) -> MadeLayer:
        """Return the layer of one way, with the number of the one that holds the kernel."""
        chosen = self.forward if back is None else self.backward[back]
        return chosen._replace(number=self.forward.number)


def _listed(value: Any) -> list[Tensor]:
    return value if isinstance(value, list) else [value]
