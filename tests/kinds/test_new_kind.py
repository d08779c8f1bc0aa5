"""A kind is added by one class, as CONTRIBUTING.md says: in a copy of the project, which asks the
contract of it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

BUMP = '''

class Bump(Activation):
    """exp(-width*x^2)."""

    word, positional, cases = "bump", ("width",), (Case("bump", *_SAME), Case("bump(2)", *_SAME))
    arithmetic, saved_for_backward = "square multiply exp", "inputs"

    width = Real(1, "how narrow it is", min=0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        ops, width = k.keras.ops, float(self.width)
        return [lambda tensor: ops.exp(ops.multiply(-width, ops.square(tensor)))]
'''


def run(project: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_a_new_kind_is_one_class(tmp_path: Path) -> None:
    for folder in ("netdsl", "tests/support", "tests/kinds"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("grammar", "docs", "pyproject.toml", "tests/conftest.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    with (tmp_path / "netdsl/kinds/act.py").open("a", encoding="utf-8") as file:
        file.write(BUMP)
    asked = run(
        tmp_path,
        *("-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", "bump", "-v"),
        *("tests/kinds/test_contract.py", "tests/kinds/test_copies.py"),
    )
    passed = re.search(r"(\d+) passed", asked)
    assert passed
    assert int(passed[1]) > 10
    assert "## bump · activation" in run(tmp_path, "-m", "netdsl.report.kinds_document")
    assert "conv3-4(bump)" in run(tmp_path, "-m", "netdsl", "table", "8x8x1 > conv3-4(bump) > fc-2")
