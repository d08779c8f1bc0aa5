"""A checkout's changed grammar is read at once; the kept tables serve until then."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from netdsl.syntax import grammar

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
import netdsl
print([layer.text for layer in netdsl.parse("8 > fc-2 ~ relu").graph.layers])
print("lark" in sys.modules)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose grammar writes `~` for `>` too, in the tables not yet."""
    folder = tmp_path_factory.mktemp("checkout")
    for part in ("netdsl", "grammar"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "grammar" / grammar.GRAMMAR
    text = path.read_text(encoding="utf-8")
    changed = text.replace('(">" step)*', '((">" | "~") step)*')
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    return folder


def printed(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    return ran(folder, "-c", program)


def ran(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, check=False
    )


@pytest.mark.slow
def test_a_changed_grammar_is_read_at_once(checkout: Path) -> None:
    found = printed(checkout, PROGRAM)
    assert found.stdout.splitlines() == ["['input 8', 'fc-2', 'relu']", "True"], found.stderr
    assert "N001" in printed(ROOT, PROGRAM).stderr or "N003" in printed(ROOT, PROGRAM).stderr


@pytest.mark.slow
def test_new_tables_need_no_lark(checkout: Path) -> None:
    made = ran(checkout, "-m", "netdsl.syntax.make_tables")
    assert made.returncode == 0, made.stderr
    assert printed(checkout, PROGRAM).stdout.splitlines() == [
        "['input 8', 'fc-2', 'relu']",
        "False",
    ]


def test_an_installed_grammar_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "grammar", tmp_path / "grammar")
    (tmp_path / "grammar" / grammar.GRAMMAR).write_text("changed", encoding="utf-8")
    monkeypatch.setattr(grammar, "_PACKAGE", str(tmp_path))
    kept = json.loads((ROOT / "grammar" / grammar.TABLES).read_text(encoding="utf-8"))
    assert grammar.load_tables() == kept
