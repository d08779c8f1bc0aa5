"""benchmarks/gpu.py at its tiny sizes: each figure of its table is there.

None is looked at for its size.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUICK = "--xla_backend_optimization_level=0"  # what is compiled runs but a few times


def gpu(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu.py"), *arguments]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": QUICK, "NETDSL_DATA": ""}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.keras
@pytest.mark.zoo
def test_every_figure_is_there(tmp_path: Path) -> None:
    kept = tmp_path / "figures.json"
    ended = gpu("--tiny", "--rows", "lenet5", "resnet20", "--backends", "jax", "--json", str(kept))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.startswith("No GPU is at hand")
    rows = [
        row.split(" | ") for row in re.findall(r"^\| (\w+Net.*) \|$", ended.stdout, re.MULTILINE)
    ]
    assert [(row[0], row[2]) for row in rows] == [
        (network, by)
        for network in ("LeNet-5, MNIST", "ResNet-20, Fashion-MNIST")
        for by in ("by hand", "netdsl, Keras on jax")
    ]
    for _, batch, _, speed, ratio, share, peak, predicted, examples in rows:
        for figure in (batch, speed, ratio, share, predicted, examples):
            assert float(figure.split()[0].replace(",", "")) > 0, rows
        assert peak == "-", "the memory of a CPU is not reported"
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    refused = gpu("--kept", "--json", str(kept), "--write")
    assert refused.returncode == 2
    assert "a GPU at the full sizes" in refused.stderr
    assert (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8") == page
    assert json.loads(kept.read_text(encoding="utf-8"))["machine"]["platform"] == "cpu"
