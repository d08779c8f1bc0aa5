"""benchmarks/against.py: its rows, ratios and exit codes on one round, and which files it leaves.

How long anything takes is not looked at.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "benchmarks"))
import against  # noqa: E402
from cold import Figures  # noqa: E402


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "against.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def worktrees() -> list[str]:
    command = ["git", "-C", str(ROOT), "worktree", "list"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_each_row_has_both_sides_and_their_ratios() -> None:
    names = ["import netdsl", "fmt"]
    result = run(str(ROOT), str(ROOT), "--rounds", "1", "--only", *names, "--limit", "1000")
    assert (result.returncode, result.stderr) == (0, "")
    _, *rows = result.stdout.splitlines()
    assert [re.split("  +", row)[0] for row in rows] == names
    for row in rows:
        assert re.search(r" \d+\.\d{3} +\d+\.\d{3} +\d+\.\d{3} \[\d+\.\d{3}, \d+\.\d{3}\] ", row)


def test_over_the_limit_it_ends_with_1() -> None:
    one = ("--rounds", "1", "--only", "import netdsl", "--limit", "0.000001")
    result = run(str(ROOT), str(ROOT), *one)
    assert (result.returncode, result.stderr) == (1, "over 1e-06: import netdsl\n")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="commits are those of a git checkout")
def test_a_commit_is_looked_at_in_a_worktree_that_goes_again() -> None:
    before = worktrees()
    result = run("HEAD", str(ROOT), "--rounds", "1", "--only", "import netdsl")
    assert (result.returncode, result.stderr) == (0, "")
    assert worktrees() == before


def test_what_is_neither_folder_nor_commit_is_refused() -> None:
    result = run("no-such-thing", str(ROOT))
    assert result.returncode == 1
    assert "no-such-thing is neither a folder that holds netdsl nor a commit" in result.stderr


def test_a_command_that_fails_is_named(tmp_path: Path) -> None:
    package = tmp_path / "netdsl"
    package.mkdir()
    (package / "__init__.py").write_text("raise ValueError('broken')\n", encoding="utf-8")
    result = run(str(ROOT), str(tmp_path), "--rounds", "1", "--only", "import netdsl")
    assert result.returncode == 1
    assert f"NEW: {sys.executable} -c import netdsl ended with 1" in result.stderr
    assert "ValueError: broken" in result.stderr


def test_ratios_are_of_the_rounds_each() -> None:
    pairs = [(1.0, 2.0), (2.0, 2.0), (4.0, 2.0), (1.0, 3.0), (2.0, 3.0)]
    assert against.Ratio.of(pairs) == (1.5, 1.0, 2.0)
    assert against.Ratio.of([(2.0, 3.0)]) == (1.5, 1.5, 1.5)


def test_sides_take_turns_and_the_first_round_warms_up() -> None:
    order: list[str] = []

    def measure(side: against.Side) -> Figures:
        order.append(side.name)
        return Figures(len(order), 1.0)

    sides = [against.Side(name, ROOT) for name in ("OLD", "NEW")]
    found = against.in_turns(against.Row("row", 2, measure), sides)
    assert order == ["NEW", "OLD", "OLD", "NEW", "NEW", "OLD"]
    assert [[figures.seconds for figures in pair] for pair in found] == [[3, 4], [6, 5]]


@pytest.mark.keras
@pytest.mark.zoo
def test_an_epoch_is_what_many_take_longer_than_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = against.Training("mlp50.net", 200, 1, 40, ("--input", "64"))
    monkeypatch.setattr(against, "TRAININGS", {"digits": {"tiny": tiny}})
    (row,) = against.training_rows(ROOT / "examples", tmp_path, 1, "digits")
    figures = row.measure(against.Side("OLD", ROOT))
    assert figures.megabytes > 100
    assert [path.name for path in tmp_path.iterdir()] == ["mlp50.net.yaml"]


def test_the_epochs_between_are_counted(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    class Side(against.Side):
        def run(self, arguments: Sequence[str], folder: Path) -> Figures:
            asked.append(list(arguments))
            return Figures(10.0 + 0.5 * int(arguments[-1]), 100.0 + len(asked))

    training = against.Training("mlp50.net", 200, few=2, many=12)
    assert against.epoch(Side("OLD", ROOT), training, ["train"], tmp_path) == (0.5, 102.0)
    assert asked == [["train", "--epochs", "2"], ["train", "--epochs", "12"]]
