"""Keras source text: a Keras that writes down what is asked of it, for `Kind.source`."""

from __future__ import annotations

import math
from typing import Any, NamedTuple


class Code:
    """A piece of Python. An attribute, a call and an index of it are pieces of Python too:
    `layers.Conv2D(64, 3)(x)`.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

    def __getattr__(self, name: str) -> Code:
        # Else `copy` and `pickle` would be given text where they ask for a protocol.
        if name.startswith("__"):
            raise AttributeError(name)
        return Code(f"{self._text}.{name}" if self._text else name)

    def __call__(self, *arguments: Any, **named: Any) -> Code:
        inside = [
            *map(written, arguments),
            *(f"{name}={written(value)}" for name, value in named.items()),
        ]
        return Code(f"{self._text}({', '.join(inside)})")

    def __getitem__(self, index: Any) -> Code:
        parts = index if isinstance(index, tuple) else (index,)
        return Code(f"{self._text}[{', '.join(map(_part, parts))}]")


def _part(index: Any) -> str:
    if isinstance(index, slice):
        start, stop = ("" if end is None else end for end in (index.start, index.stop))
        return f"{start}:{stop}"
    return "..." if index is Ellipsis else written(index)


def written(value: Any) -> str:
    """Return a plain value as Python writes it, strings in double quotes."""
    if isinstance(value, str):
        # Names of layers, words of Keras, equations: none holds a quote or a backslash.
        return f'"{value}"'
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, list | tuple):
        inside = ", ".join(map(written, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' * (len(value) == 1)})"
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{written(key)}: {written(item)}" for key, item in value.items()) + "}"
        )
    return repr(value)


class Written(NamedTuple):
    """What kinds build with, on paper.

    `keras` writes down Keras's `layers`, `ops` and `initializers`, `custom` netdsl's own layers.
    """

    keras: Code
    custom: Code

    @staticmethod
    def array(numbers: Any) -> Any:
        """Numbers as lists of lists."""
        return numbers


WRITTEN = Written(Code(""), Code("custom"))
