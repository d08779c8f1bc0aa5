"""The package as its sources show it: modules, imports, circles, lengths. Nothing is imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "netdsl"


@dataclass(frozen=True)
class Module:
    """A module: its name and its file, which is parsed when its tree is asked for."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @property
    def lines(self) -> int:
        return len(self.path.read_text(encoding="utf-8").splitlines())

    @property
    def classes(self) -> dict[str, int]:
        """The lines of each class."""
        return {
            node.name: (node.end_lineno or 0) - node.lineno + 1
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ClassDef)
        }

    @cached_property
    def imports(self) -> set[str]:
        """What is imported, wherever the statement is: also in functions and for types alone."""
        return {name for node in ast.walk(self.tree) for name in _imported(node)}


def _imported(node: ast.AST) -> Iterator[str]:
    """The modules that a node may mean: of `from a import b` both `a.b` and, after it, `a`."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.module
        assert not node.level, "imports are absolute"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules() -> dict[str, Module]:
    """Every module of the package by its name."""
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        *folders, stem = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join([*folders, stem] if stem != "__init__" else folders)
        found[name] = Module(name, path)
    return found


def import_graph(known: Mapping[str, Module]) -> dict[str, set[str]]:
    """For each module the modules of the package that it imports."""
    return {
        name: {_inside(imported, known) for imported in module.imports if _is_own(imported)}
        - {name}
        for name, module in known.items()
    }


def libraries(known: Mapping[str, Module]) -> dict[str, set[str]]:
    """For each library that is neither Python's nor the package the modules that import it."""
    found: dict[str, set[str]] = {}
    for module in known.values():
        for imported in module.imports:
            library = imported.partition(".")[0]
            if library != PACKAGE and library not in sys.stdlib_module_names:
                found.setdefault(library, set()).add(module.name)
    return found


def _is_own(imported: str) -> bool:
    return imported.partition(".")[0] == PACKAGE


def _inside(imported: str, known: Mapping[str, Module]) -> str:
    """The module that an import names, itself or something in it."""
    while imported not in known:
        imported = imported.rpartition(".")[0]
    return imported


def circles(graph: Mapping[str, Iterable[str]]) -> list[frozenset[str]]:
    """The strongly connected parts of more than one node: each reaches every other by imports."""
    reached = {name: _reached(name, graph) for name in graph}
    found = {
        frozenset({name, *(other for other in others if name in reached[other])})
        for name, others in reached.items()
    }
    return [circle for circle in found if len(circle) > 1]


def _reached(start: str, graph: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = set(graph[waiting.pop()]) - found
        found |= new
        waiting += new
    return found
