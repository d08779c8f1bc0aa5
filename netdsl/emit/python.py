"""A program's statements as Python text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from netdsl.emit.calls import PythonText
from netdsl.emit.naming import parameter_name
from netdsl.emit.signatures import DEFAULTS_OF, FUNCTIONS, layer_of
from netdsl.emit.statements import (
    ApplyLayer,
    Assign,
    CallFunction,
    Expression,
    Function,
    FunctionParameter,
    NewInput,
    NewLayer,
    NewLayers,
    Repeat,
    Return,
    Statement,
    Variable,
)
from netdsl.emit.text import laid_out
from netdsl.factoring.items import Formula
from netdsl.kinds.code import written


def function_text(function: Function) -> str:
    """Write a function."""
    parameters = ", ".join(map(_parameter, function.parameters))
    head = laid_out(f"def {function.name}({parameters}):", 0)
    return "\n".join([*head, *_lines(function.body, 4)])


def _parameter(parameter: FunctionParameter) -> str:
    if parameter.default is None:
        return parameter.name
    return f"{parameter.name}={written(parameter.default)}"


def _lines(body: Iterable[Statement], indent: int) -> Iterator[str]:
    pad = " " * indent
    for statement in body:
        if isinstance(statement, Assign):
            yield from laid_out(f"{statement.target} = {_text(statement.value)}", indent)
        elif isinstance(statement, Return):
            yield from laid_out(f"return {_text(statement.value)}", indent)
        elif isinstance(statement, Repeat):
            # Not laid out in several lines: a count is a number or a parameter.
            yield f"{pad}for _ in range({_value(statement.times, '')}):"
            yield from _lines(statement.body, indent + 4)
        else:
            yield f"{pad}for layer in {statement.layers}:"
            yield from laid_out(f"{statement.target} = layer({statement.target})", indent + 4)


def _text(value: Expression) -> str:
    """Return an expression in one line."""
    if isinstance(value, Variable):
        return value.name
    if isinstance(value, NewLayers):
        return _layers(value)
    if isinstance(value, ApplyLayer):
        return _applied(value)
    if isinstance(value, CallFunction):
        given = [*value.inputs, *_named(value.arguments, "".join(value.inputs))]
        return f"{value.function}({', '.join(given)})"
    if isinstance(value, NewInput):
        name = [] if value.name is None else [f'name="{value.name}"']
        return f"keras.Input({', '.join([*_named(value.arguments, ''), *name])})"
    inputs, outputs = map(_one_or_list, (value.inputs, value.outputs))
    return f"keras.Model({inputs}, {outputs}, name={json.dumps(value.name)})"


def _layers(value: NewLayers) -> str:
    texts = [f"{layer.made}({', '.join(_making(layer, ''))})" for layer in value.layers]
    if value.tied:
        forward, *backward = (f"{text}.get_config()" for text in texts)
        return f"Tied({forward}, [{', '.join(backward)}])"
    return _one_or_list(texts)


def _applied(value: ApplyLayer) -> str:
    """Return a layer or an operation on variables.

    A merge without arguments by Keras's function.
    """
    applied = _put(value.applied, value.inputs)
    if value.layer is None:
        return applied
    if isinstance(value.layer, Variable):
        return value.layer.name + applied
    made = value.layer.made
    arguments = [_put(text, value.inputs) for text in _making(value.layer, value.inputs[0])]
    # `layers.add([a, b])` for `layers.Add()([a, b])`, as Keras's own examples have it.
    if made in FUNCTIONS and not arguments:
        return FUNCTIONS[made] + applied
    return f"{made}({', '.join(arguments)}){applied}"


def _making(layer: NewLayer, current: str) -> list[str]:
    """Return the arguments that make a layer, but for those that are Keras's own."""
    defaults = DEFAULTS_OF.get(layer_of(layer.made), {})
    arguments = (
        (name, value)
        for name, value in layer.arguments
        # By text: a value may be a formula of the block's parameters.
        if name not in defaults or _value(value, current) != written(defaults[name])
    )
    return _named(arguments, current)


def _named(arguments: Iterable[tuple[str, Any]], current: str) -> list[str]:
    return [
        f"{name}={_value(value, current)}" if name else _value(value, current)
        for name, value in arguments
    ]


def _value(value: Any, current: str) -> str:
    """Return an argument; `current` is the variable whose channels come in."""
    if isinstance(value, PythonText):
        return value.text
    if isinstance(value, Variable):
        return value.name
    if isinstance(value, Formula):
        name = f"{current}.shape[-1]" if value.of_width else parameter_name(value.parameter)
        factor = f"{value.factor} * " if value.factor > 1 else ""
        divisor = f" // {value.divisor}" if value.divisor > 1 else ""
        return f"{factor}{name}{divisor}"
    return written(value)


def _put(text: str, inputs: Sequence[str]) -> str:
    """Return text with variables in the places of the inputs."""
    for number, name in enumerate(inputs):
        text = text.replace(f"{{{number}}}", name)
    return text


def _one_or_list(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
