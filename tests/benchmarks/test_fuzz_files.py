"""benchmarks/fuzz_files.py on a few seeds of each kind of file: none fails."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from random import Random

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("fuzz_files", ROOT / "benchmarks" / "fuzz_files.py")
assert spec is not None
assert spec.loader is not None
fuzz_files = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fuzz_files)

SEEDS = 12


@pytest.mark.slow
@pytest.mark.parametrize("what", fuzz_files.WHAT)
def test_changed_files_end_in_diagnostics(what: str) -> None:
    found = [fuzz_files.tried(what, f"test-{what}-{number}") for number in range(SEEDS)]
    assert found == [""] * SEEDS


def test_a_failure_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def written(rng: Random, folder: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(fuzz_files.WHAT, "links", written)
    assert "ZeroDivisionError" in fuzz_files.tried("links", "0")
