"""The memory of graphics cards by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from netdsl.analysis.memory.cards import CARDS, card_memory
from netdsl.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
NET = "8x8x1 > fc-10"


@pytest.mark.parametrize(
    ("name", "gigabytes"),
    [
        ("A100-40GB", 40),
        ("a100 80gb", 80),
        ("NVIDIA A100-SXM4-40GB", None),
        ("H100", 80),
        ("nvidia t4", 16),
        ("RTX 4090", 24),
        ("GeForce RTX 3090", 24),
        ("toaster", None),
    ],
)
def test_cards_by_name(name: str, gigabytes: int | None) -> None:
    assert card_memory(name) == (None if gigabytes is None else gigabytes * 10**9)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("A100", "A100 comes with several sizes: A100-40GB or A100-80GB"),
        ("A100-41GB", "did you mean `A100-40GB`?"),
        ("RTX4091", "did you mean `RTX4090`?"),
        ("toaster", "write it like 24GiB or A100-40GB"),
        ("24G", "write 24GiB or 24GB"),
    ],
)
def test_other_names_are_refused(name: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["table", NET, "--fit", name])
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_card_is_a_size(capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for size in ("L4", "24GB"):
        assert main(["table", NET, "--fit", size]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert "largest batch in 22.4 GiB" in shown[0]


def test_the_page_has_every_card_and_each_has_a_source() -> None:
    page = (ROOT / "docs" / "accounting.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in CARDS)
    assert all(
        source.startswith("NVIDIA ") and name.endswith(f"-{size}GB")
        for name, (size, source) in CARDS.items()
    )
