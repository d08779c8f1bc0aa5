"""The index of `docs/lab.md`, from the lectures' slides to commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from netdsl.cli.main import main
from netdsl.cli.parser import parser_for

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "lab.md").read_text(encoding="utf-8")
INDEX = PAGE.split("\n## From the lectures' slides to commands\n")[1].split("\n## ")[0]
COMMANDS = re.findall(r"^\| .* \| `netdsl (.*)` \|$", INDEX, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_these_arguments(command: str) -> None:
    words = shlex.split(command)
    parser_for(words[0]).parse_args(words)
    files = [word for word in words if word.startswith(("examples/", "docs/"))]
    assert all((ROOT / file).is_file() for file in files)


QUICK = ("check", "table", "matrix", "explain", "forward")
PLACEHOLDERS = ("FILE", "RUN", "photo.png", "digit.npy", "-o")


@pytest.mark.keras
@pytest.mark.parametrize(
    "command",
    [
        each
        for each in COMMANDS
        if each.startswith(QUICK) and not any(word in each.split() for word in PLACEHOLDERS)
    ],
)
def test_those_that_need_no_data_run(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(command)) == 0
    assert capsys.readouterr().out.strip()


def test_every_row_names_a_command() -> None:
    rows = [line for line in INDEX.splitlines() if line.startswith("| ")]
    assert len(COMMANDS) == len(rows) - 1 > 60  # but the head


def test_every_file_of_the_experiments_is_named() -> None:
    table = PAGE.split("\n## The lectures' experiments\n")[1]
    named = set(re.findall(r"`(\w+)`", table))
    assert named == {path.stem for path in (ROOT / "examples" / "lectures").iterdir()}
