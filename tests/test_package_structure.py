"""How the package is built: no import goes in a circle or up a floor, and no file, class or
function grows too large.

The floors are those of docs/architecture.md.
"""

from __future__ import annotations

import ast
import re
import statistics
import tomllib
from itertools import chain
from typing import Any

import pytest
from support.sources import PACKAGE, ROOT, circles, import_graph, libraries, modules

MODULES = modules()
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
CONTRACTS: list[dict[str, Any]] = SETTINGS["importlinter"]["contracts"]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

# --- circles and floors ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    """For each module the modules of the package that it imports."""
    return import_graph(MODULES)


@pytest.mark.slow
def test_no_imports_go_in_a_circle(graph: dict[str, set[str]]) -> None:
    assert not circles(graph)


def test_circles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": {"e"}, "e": set(), "f": {"f"}}
    assert circles(graph) == [frozenset("abc")]
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def floors(title: str = "Floors") -> list[list[str]]:
    """The rooms on each floor, from the top, as a table of docs/architecture.md has them."""
    table = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| [^|]+ \| ((?:`\w+`(?:, )?)+) \|", table, re.MULTILINE)
    return [re.findall(r"`(\w+)`", row) for row in rows]


def room(module: str) -> str:
    """The file or folder of the package in which a module lies; `netdsl` is the package's face."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else PACKAGE


def test_each_module_is_on_exactly_one_floor() -> None:
    assert sorted(chain(*floors())) == sorted(set(map(room, MODULES)))


@pytest.mark.slow
def test_every_import_goes_down_or_stays_in_its_room(graph: dict[str, set[str]]) -> None:
    height = {name: -floor for floor, names in enumerate(floors()) for name in names}
    wrong = [
        f"{module} imports {imported}"
        for module, others in graph.items()
        for imported in others
        if room(module) != room(imported) and height[room(module)] <= height[room(imported)]
    ]
    assert not wrong


def test_the_contracts_have_the_floors_of_the_page() -> None:
    whole, training = (contract for contract in CONTRACTS if contract["type"] == "layers")
    for contract, title in ((whole, "Floors"), (training, "Floors of training")):
        assert contract["exhaustive"]
        listed = [layer.split(" | ") for layer in contract["layers"]]
        shown = [sorted(floor) for floor in floors(title) if floor != [PACKAGE]]
        assert list(map(sorted, listed)) == shown


def test_no_contract_ignores_an_import() -> None:
    assert not [contract["name"] for contract in CONTRACTS if "ignore_imports" in contract]


@pytest.mark.slow
def test_every_library_has_those_who_may_import_it() -> None:
    """And no module is allowed a library that it does not use."""
    importers = libraries(MODULES)
    protected = [contract for contract in CONTRACTS if contract["type"] == "protected"]
    of_libraries = [c for c in protected if not c["protected_modules"][0].startswith(PACKAGE)]
    assert sorted(chain(*(c["protected_modules"] for c in of_libraries))) == sorted(importers)
    for contract in of_libraries:
        using = set(chain(*(importers[library] for library in contract["protected_modules"])))
        for allowed in contract["allowed_importers"]:
            assert any(f"{module}.".startswith(f"{allowed}.") for module in using), allowed


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:netdsl|grammar|docs|examples|benchmarks|tests)/[\w/.]*)`", PAGE)
    assert named
    assert not [path for path in named if not (ROOT / path).exists()]


# --- sizes ----------------------------------------------------------------------------------------


def test_no_file_is_over_500_lines() -> None:
    assert not [name for name, module in MODULES.items() if module.lines > 500]


@pytest.mark.slow
def test_no_class_is_over_300_lines() -> None:
    assert not [
        f"{name}.{class_name}"
        for name, module in MODULES.items()
        for class_name, lines in module.classes.items()
        if lines > 300
    ]


def test_the_median_file_is_at_most_150_lines() -> None:
    assert statistics.median(module.lines for module in MODULES.values()) <= 150


def test_functions_are_held_to_a_complexity_of_20() -> None:
    lint = SETTINGS["ruff"]["lint"]
    assert "C901" in lint["select"]
    assert lint["mccabe"]["max-complexity"] == 20
    assert "C901" not in str([lint["ignore"], lint.get("per-file-ignores")])


@pytest.mark.slow
def test_a_public_class_name_is_defined_once() -> None:
    """A name means one thing in the package."""
    places: dict[str, list[str]] = {}
    for name, module in MODULES.items():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(name)
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
