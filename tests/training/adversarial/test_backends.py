"""GANs under JAX: the same losses as under TensorFlow, and resumed bit for bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


def steps(backend: str, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    script = ROOT / "tests" / "support" / "gan_steps.py"
    done = subprocess.run(
        [sys.executable, script, folder],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.keras
@pytest.mark.zoo
@pytest.mark.extra
def test_jax_takes_the_same_steps(tmp_path: Path) -> None:
    jax, tensorflow = (steps(backend, tmp_path / backend) for backend in ("jax", "tensorflow"))
    assert jax["same"]
    assert tensorflow["same"]
    for name, figures in jax["losses"].items():
        assert figures == pytest.approx(tensorflow["losses"][name], rel=1e-3), name
