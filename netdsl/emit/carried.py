"""The layers that Keras lacks, for programs that carry them along: their source text, read and
not run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parents[1] / "keras" / "layers.py"
_IMPORTED = {
    "Any": "from typing import Any",
    "np": "import numpy as np",
    "ops": "from keras import ops",
}


def carried(wanted: Iterable[str]) -> tuple[str, set[str]]:
    """The text of these classes and functions of `netdsl.keras.layers` and of those that they
    use, and the imported names in it.
    """
    pieces = _pieces()
    needed: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += pieces[name][1] & pieces.keys()
    text = "\n\n\n".join(piece for name, (piece, _) in pieces.items() if name in needed)
    imported = {name for each in needed for name in pieces[each][1] & _IMPORTED.keys()}
    return text, imported


@cache
def _pieces() -> dict[str, tuple[str, set[str]]]:
    """The file's definitions in their order: the text of each, and the names in it."""
    text = _FILE.read_text(encoding="utf-8")
    lines = [
        line.removesuffix("  # type: ignore[misc]").removesuffix("  # type: ignore[index]")
        for line in text.splitlines()
    ]
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            begin = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            name = node.name
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            begin, name = node.lineno, node.targets[0].id
        else:
            continue
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        found[name] = ("\n".join(lines[begin - 1 : node.end_lineno]), names - {name})
    return found
