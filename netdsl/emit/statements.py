"""A Keras program as values: its functions and their statements, before they are written as
Python.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from netdsl.emit.calls import Arguments


class Variable(NamedTuple):
    """A variable: of a tensor, of layers, or a parameter of a function."""

    name: str


class NewLayer(NamedTuple):
    """A layer that is made: `layers.Conv2D(64, 3)`.

    Arguments are plain values, `PythonText`, `Formula`s of a function's parameters, or variables.
    """

    made: str
    arguments: Arguments


class NewLayers(NamedTuple):
    """Layers that are made once: one, or several that are used one after the other.

    Where they are `tied`, a layer and those that go back through it.
    """

    layers: tuple[NewLayer, ...]
    tied: bool = False


class ApplyLayer(NamedTuple):
    """A layer on tensors; of an operation `layer` is None, and `applied` all of it.

    Attributes:
        applied: the call, in which `{0}`, `{1}` ... are the inputs.
        inputs: variables.
    """

    layer: NewLayer | Variable | None
    applied: str
    inputs: tuple[str, ...]


class CallFunction(NamedTuple):
    """A block on a tensor, or on its arguments alone.

    These have names where they could be left out.
    """

    function: str
    inputs: tuple[str, ...]
    arguments: Arguments


class NewInput(NamedTuple):
    """An input of the model; its name is None where there are no others."""

    arguments: Arguments
    name: str | None


class NewModel(NamedTuple):
    """The model, from the variables of its inputs to those of its outputs."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    name: str


Expression = Variable | NewLayers | ApplyLayer | CallFunction | NewInput | NewModel


class Assign(NamedTuple):
    """`target = value`."""

    target: str
    value: Expression


class Return(NamedTuple):
    """`return value`."""

    value: Expression


class Repeat(NamedTuple):
    """Statements, this many times."""

    times: Any
    body: tuple[Assign | Repeat | ThroughLayers, ...]


class ThroughLayers(NamedTuple):
    """A variable through layers that were made before, one after the other."""

    layers: str
    target: str


Statement = Assign | Return | Repeat | ThroughLayers


class FunctionParameter(NamedTuple):
    """A parameter of a function, and its default value: None where it must be given."""

    name: str
    default: Any = None


class Function(NamedTuple):
    """A function of the program."""

    name: str
    parameters: tuple[FunctionParameter, ...]
    body: tuple[Statement, ...]
