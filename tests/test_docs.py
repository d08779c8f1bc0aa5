"""README and docs are run: every network in them checks, every command prints what stands below
it, every program runs.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from netdsl.cli.main import main
from netdsl.errors import Source
from netdsl.errors.terminal import render
from netdsl.reading import ReadOptions, check_source

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMPUTES = re.compile(
    r"^\$ netdsl (backward|gradcheck|forward .*--training|train|show|attack)\b", re.MULTILINE
)


def blocks(language: str) -> list[Any]:
    found = []
    for page in PAGES:
        if language == "net" and page.parent.name == "errors":
            continue  # half of these are wrong on purpose: tests/test_explain.py checks them
        for number, (word, text) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1):
            if word == language:
                name = f"{page.relative_to(ROOT)}:{number}"
                marks = [pytest.mark.keras] if COMPUTES.search(text) else []
                found.append(pytest.param(text, id=name, marks=marks))
    return found


@pytest.mark.parametrize("text", blocks("net"))
def test_networks_check_without_a_word(text: str) -> None:
    shape = (32, 32, 3) if not re.search(r"^(input|[0-9])", text, re.MULTILINE) else None
    checked = check_source(Source("docs", text), ReadOptions(input_shape=shape), "example")
    assert not checked.diagnostics, render(checked.diagnostics)


@pytest.mark.parametrize("text", blocks("console"))
def test_commands_print_what_is_shown(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    for command, shown in re.findall(r"^\$ netdsl (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
        main(shlex.split(command))
        captured = capsys.readouterr()
        assert (captured.out + captured.err).rstrip() == shown.rstrip(), command


@pytest.mark.keras
@pytest.mark.parametrize("text", blocks("python"))
def test_programs_run(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(text, "docs", "exec"), {})


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
