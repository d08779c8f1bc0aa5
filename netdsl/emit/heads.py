"""Keras calls as nodes for `factoring`: what is alike of them, apart from the values that may
differ.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from netdsl.emit.calls import KerasCall, PythonText
from netdsl.emit.signatures import BY_NAME, DEFAULTS_OF, POSITIONAL, layer_of
from netdsl.kinds.code import written


class LayerHead(NamedTuple):
    """The head of a call that makes its layer.

    Attributes:
        made: see `KerasCall`; so is `applied`.
        names: of the arguments.
        texts: the arguments as Python; None is in the place of each of the node's values.
    """

    made: str
    names: tuple[str, ...]
    texts: tuple[str | None, ...]
    applied: str


class SharedHead(NamedTuple):
    """The head of a use of what was made before: one layer, or several (`run`).

    Its one value is their name.
    """

    run: bool
    applied: str = "({0})"


def head_of(call: KerasCall) -> tuple[LayerHead, tuple[Any, ...], tuple[str, ...]]:
    """Take a call apart: its head, its values and their roles."""
    layer = layer_of(call.made)
    positional = iter(POSITIONAL.get(layer, ()))
    given = list(call.arguments)
    # Defaults are written in: strides=1 in one use and 2 in another are one parameter then.
    if defaults := DEFAULTS_OF.get(layer):
        named = dict(pair for pair in given if pair[0])
        given = [*(pair for pair in given if not pair[0]), *({**defaults, **named}).items()]
    texts: list[str | None] = []
    values: list[Any] = []
    roles: list[str] = []
    for name, value in given:
        # Only arguments with a role may differ among uses of a block; others are part of its head.
        role = name if name in BY_NAME else "" if name else next(positional, "")
        if role and not isinstance(value, PythonText):
            texts.append(None)
            values.append(value)
            roles.append(role)
        else:
            texts.append(value.text if isinstance(value, PythonText) else written(value))
    names = tuple(name for name, _ in given)
    return LayerHead(call.made, names, tuple(texts), call.applied), tuple(values), tuple(roles)
