"""The Python expressions that kinds write (`Kind.source`), taken apart."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, NamedTuple

from netdsl.emit.calls import PythonText
from netdsl.kinds.code import written
from netdsl.kinds.initial import KERAS_INITIALIZERS

# Keras takes these as texts: `kernel_initializer="he_normal"` needs no import.
_SHORT = {
    "initializers.Zeros()": "zeros",
    **{f"initializers.{name}()": word for word, name in KERAS_INITIALIZERS.items()},
}


class LayerSource(NamedTuple):
    """A layer that is made and applied at once: `layers.Dense(8, name="fc")(t)`.

    Attributes:
        made: `layers.Dense`.
        name: the layer's name; empty where it has none.
        arguments: what makes it, the name left out.
        application: the call on the inputs alone.
    """

    made: str
    name: str
    arguments: list[tuple[str, Any]]
    application: ast.expr


def layer_source(node: ast.expr) -> LayerSource | None:
    """Take the call of a layer apart; None for the call of an operation."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Call)):
        return None
    making = node.func
    given = [("", argument) for argument in making.args]
    given += [(key.arg or "", key.value) for key in making.keywords]
    names = (
        str(value.value)
        for key, value in given
        if key == "name" and isinstance(value, ast.Constant)
    )
    return LayerSource(
        ast.unparse(making.func).removeprefix("custom."),
        next(names, ""),
        [(key, _value(value)) for key, value in given if key != "name"],
        ast.Call(ast.Name(""), node.args, node.keywords),
    )


def template(node: ast.expr, place: Callable[[ast.expr], str], whole: bool = True) -> str:
    """Write an expression as text, each tensor within it as `place` says.

    `whole` says that the expression itself is none of them.
    """
    if is_tensor(node) and not whole:
        return place(node)
    if isinstance(node, ast.Call):
        arguments = [template(argument, place, False) for argument in node.args]
        arguments += [
            f"{keyword.arg}={template(keyword.value, place, False)}" for keyword in node.keywords
        ]
        return f"{template(node.func, place, False)}({', '.join(arguments)})"
    if isinstance(node, ast.List):
        return f"[{', '.join(template(item, place, False) for item in node.elts)}]"
    if isinstance(node, ast.Subscript):
        # `ast.unparse` puts brackets around the tuple of an index.
        index = ast.unparse(node.slice).strip("()")
        return f"{template(node.value, place, False)}[{index}]"
    return _plain(node)


def is_tensor(node: ast.expr) -> bool:
    """Return whether an expression is a tensor.

    `t`, `t3`, a part of one, or what a call makes of one.
    """
    if isinstance(node, ast.Name):
        return node.id[:1] == "t" and (node.id == "t" or node.id[1:].isdigit())
    if isinstance(node, ast.Subscript):
        return is_tensor(node.value)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Call) or any(
            is_tensor(item)
            for argument in node.args
            for item in (argument.elts if isinstance(argument, ast.List) else (argument,))
        )
    return False


def _plain(node: ast.expr) -> str:
    return ast.unparse(node).replace("'", '"')


def _value(node: ast.expr) -> Any:
    """Return a plain value, or text."""
    node = _Brief().visit(node)
    try:
        value = ast.literal_eval(node)
        # Values of a node are hashed and compared: lists cannot be.
        return PythonText(written(value)) if isinstance(value, list | dict) else value
    except ValueError:
        return PythonText(_plain(node))


class _Brief(ast.NodeTransformer):
    """Layers without names; initializers and regularizers as short as Keras takes them."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        node.keywords = [key for key in node.keywords if key.arg != "name" and not _is_default(key)]
        text = ast.unparse(node)
        if text in _SHORT:
            return ast.Constant(_SHORT[text])
        if text.startswith(("initializers.", "regularizers.")):
            node.func = ast.Name(f"keras.{ast.unparse(node.func)}")
        return node


def _is_default(keyword: ast.keyword) -> bool:
    """Return whether an argument of a regularizer is Keras's own default: `l1=0.0`."""
    return (
        keyword.arg in ("l1", "l2")
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value == 0
    )
