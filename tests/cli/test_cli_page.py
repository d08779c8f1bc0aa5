"""`docs/cli.md` is what the commands say of themselves, and names all settings and variables."""

from __future__ import annotations

import ast
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from netdsl.cli.config_file import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
sys.path.insert(0, str(ROOT / "docs"))
cli_page = import_module("cli_page").cli_page


def test_the_page_is_made_of_the_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "")  # is set meanwhile
    assert cli_page() == PAGE, "run `make docs`"


def test_the_page_lists_every_setting_with_what_it_accepts() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", PAGE, re.MULTILINE))
    assert rows.keys() == SETTINGS.keys()
    for name, words in SETTINGS.items():
        assert not words or rows[name] == ", ".join(f"`{word}`" for word in words)


READ = re.compile(r"environ(?:ment)?(?:\.get\(|\.setdefault\(|\[)([^,)\]]+)")


def read_variables() -> set[str]:
    """The environment variables that the package reads or sets, according to its source."""
    found = set()
    for path in (ROOT / "netdsl").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "environ" not in text:
            continue
        names = {
            target.id: node.value.value
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for given in re.findall(
            r"""environ(?:ment)?(?:\.get\(|\.setdefault\(|\[)([^,)\]]+)""", text
        ):
            name = given.strip().strip("\"'")
            found.add(str(names.get(name, name)))
        found |= set(re.findall(r'"([A-Z_]+)" in (?:os\.)?environ', text))
    return found


def test_the_page_lists_every_variable_of_the_environment() -> None:
    section = PAGE.partition("## Environment")[2].partition("\n## ")[0]
    listed = set(re.findall(r"`([A-Z][A-Z_]+)`", section)) - {"NAME", "FRX"}
    read = {name for name in read_variables() if re.fullmatch(r"[A-Z_]+", name)}
    assert {"NETDSL_DATA", "NETDSL_HOST", "PAGER", "NO_COLOR"} <= read
    assert read <= listed
    assert listed - read <= {"LESS", "LV", "CUDA_VISIBLE_DEVICES"}  # other programs' own
