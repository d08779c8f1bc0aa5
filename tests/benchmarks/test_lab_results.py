"""The experiments of the lectures as `results.py lab` knows them: files, commands, lines."""

from __future__ import annotations

import importlib
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LECTURES = ROOT / "examples" / "lectures"


@pytest.fixture(scope="module")
def lab() -> Any:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return importlib.import_module("lab_results")
    finally:
        sys.path.pop(0)


def test_each_file_is_an_experiment_and_names_its_command(lab: Any) -> None:
    for one in lab.EXPERIMENTS:
        path = ROOT / shlex.split(one.command)[2]
        assert path.is_file(), one.name
        comment = path.read_text("utf-8").replace('"', "'").replace("\n# ", " ")
        if path.parent == LECTURES:
            assert one.command in " ".join(comment.split()), one.name
    for path in LECTURES.glob("*.net"):
        assert "\n#   netdsl " in path.read_text("utf-8"), path.stem


def test_commands_are_read(lab: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Their options are those that the commands have, also of what follows a training."""
    from netdsl.cli.parser import parser_for
    from netdsl.cli.then import check_following

    monkeypatch.chdir(tmp_path)
    for one in lab.EXPERIMENTS:
        words = shlex.split(one.command)[1:]
        options = parser_for(words[0]).parse_args([*words, "--seed", "0"])
        if getattr(options, "then", None):
            check_following(options.then)


def test_a_line_replaces_its_earlier_one(lab: Any) -> None:
    one = lab.BY_NAME["random_labels"]
    found = {0: {"figures": "training 1.0, test 0.1", "reached": True, "seconds": 12.3}}
    page = "a\n<!-- lab -->\n| experiment |\n| --- |\n<!-- end -->\nb\n"
    first = lab.with_row(page, "lab", one.what, lab.row(one, found))
    assert first.count("| random labels |") == 1
    found[1] = {"figures": "training 0.5, test 0.2", "reached": False, "seconds": 13.1}
    made = lab.with_row(first, "lab", one.what, lab.row(one, found))
    assert made.count("| random labels |") == 1
    assert (
        "seed 0: training 1.0, test 0.1; seed 1: training 0.5, test 0.2 **(missed)** | 13" in made
    )
    assert made.startswith("a\n<!-- lab -->\n")
    assert made.endswith("<!-- end -->\nb\n")
