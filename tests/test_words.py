"""The words of the project: those of the glossary's lists are used nowhere, and are found."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
words = import_module("words")


@pytest.mark.slow
def test_no_listed_word_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert words.main([]) == 0, capsys.readouterr().out


FOUND = [
    ("a.py", '"""Mend it."""', [(1, "mend")]),
    ("a.py", "x = 1\n# what a text\n# stands for\n", [(3, "stands")]),
    ("a.py", 'raise ValueError(f"{x} is no number")', [(1, "is no")]),
    ("a.py", "\nmost_wide = toldOff = 1", [(2, "most"), (2, "told")]),
    ("a.py", "def test_it_is_told() -> None: ...", [(1, "told")]),
    ("a.md", "# A\n\nIt goes\non.\n", [(3, "goes on")]),
    ("a.net", "input 8 # told\n> fc-2", [(1, "told")]),
]


@pytest.mark.parametrize(("name", "text", "expected"), FOUND)
def test_a_word_is_found_at_its_line(
    name: str, text: str, expected: list[tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert [(hit.line, hit.word) for hit in words.in_file(tmp_path / name)] == expected


FINE = [
    ("a.py", '"""There is no file; it is no longer there."""'),
    ("a.py", "counter.most_common(1)"),
    ("a.py", "def test_the_most_frequent() -> None: ..."),
    ("a.md", "`told` is code, and so is\n\n    told\n\n```\ntold\n```\n"),
    ("a.net", "net told\ninput 8 > fc-2"),
]


@pytest.mark.parametrize(("name", "text"), FINE)
def test_what_is_fine(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert not words.in_file(tmp_path / name)


def test_a_hit_is_printed_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    file = ROOT / "docs" / "unwritten.md"
    file.write_text("One\n\nIt is told.\n", encoding="utf-8")
    try:
        assert words.main([str(file)]) == 1
    finally:
        file.unlink()
    assert (
        capsys.readouterr().out == "docs/unwritten.md:3: `told`: write reported, says, explains\n"
    )
