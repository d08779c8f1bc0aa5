"""The layers that Keras lacks, for programs that carry them along: their source text, read and
not run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parents[1] / "keras" / "layers"
_IMPORTED = {
    "Any": "from typing import Any",
    "np": "import numpy as np",
    "ops": "from keras import ops",
}


class _Definition(NamedTuple):
    """A class, function or constant of these files: its text, and the names in it."""

    text: str
    names: frozenset[str]


def carried(requested: Iterable[str]) -> tuple[str, set[str]]:
    """Cut out these classes of `netdsl.keras.layers` and all that they use, each after what it
    uses; and give the imported names in that text.
    """
    pieces = _all_definitions()
    found: dict[str, _Definition] = {}

    def add(name: str) -> None:
        if name not in found:
            # In the order of the files, so that one program is written alike each time.
            for other in pieces:
                if other in pieces[name].names:
                    add(other)
            found[name] = pieces[name]

    needed = set(requested)
    for name in pieces:
        if name in needed:
            add(name)
    imported = {name for piece in found.values() for name in piece.names & _IMPORTED.keys()}
    return "\n\n\n".join(piece.text for piece in found.values()), imported


@cache
def _all_definitions() -> dict[str, _Definition]:
    """Return all definitions by their names, in the order of the files and of the lines."""
    found: dict[str, _Definition] = {}
    for path in sorted(_FOLDER.glob("*.py")):
        if path.name != "__init__.py":
            # Read and not imported: `emit` needs no Keras.
            found |= _definitions(path.read_text(encoding="utf-8"))
    return found


def _definitions(text: str) -> dict[str, _Definition]:
    lines = [
        # Comments for mypy mean nothing in a program that is not checked with netdsl.
        line.removesuffix("  # type: ignore[misc]").removesuffix("  # type: ignore[index]")
        for line in text.splitlines()
    ]
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            # `lineno` is the `class` line; its decorators precede it.
            begin = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            name = node.name
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            begin, name = node.lineno, node.targets[0].id
        else:
            continue
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        source = "\n".join(lines[begin - 1 : node.end_lineno])
        found[name] = _Definition(source, frozenset(names - {name}))
    return found
