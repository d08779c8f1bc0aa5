"""What imports Keras says nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import netdsl

pytestmark = pytest.mark.keras

PROGRAM = """
import sys
from netdsl.keras.opening import load_model
print(load_model(sys.argv[1]).count_params())
"""


def test_opening_a_model_first_of_all_is_quiet(tmp_path: Path) -> None:
    """In a process that has not imported Keras."""
    path = tmp_path / "model.keras"
    netdsl.parse("2 > fc-2").keras().save(path)
    settings = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env=settings,
    )
    assert (done.stdout, done.stderr) == ("6\n", "")
