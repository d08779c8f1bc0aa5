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

    word, positional = "bump", ("width",)
    cases = (Case("bump", *SAME, 3 * 256), Case("bump(2)", *SAME))
    arithmetic, saved_for_backward = "square multiply exp", "inputs"

    width = Real(1, "how narrow it is", min=0)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        return np.exp(-float(self.width) * inputs[0] ** 2)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        ops, width = k.keras.ops, float(self.width)
        return [lambda tensor: ops.exp(ops.multiply(-width, ops.square(tensor)))]
'''

SOFT_POOL = '''

class SoftPool(Pooling):
    """Soft pooling: the mean of each window, weighted by exp(x); padded cells are 0
    (Stergiou et al. 2021).
    """

    word = "softpool"
    saved_for_backward = "inputs output"
    keras_layers = ("SoftPooling",)
    cases = (
        Case("softpool", (28, 28, 6), (14, 14, 6), 0, 14 * 14 * 6 * (4 * 2 + 2 * 3 + 1)),
        Case("softpool3/2(pad=same)", (9, 9, 2), (5, 5, 2), 0),
        Case("softpool2", (10, 3), (5, 3), 0),
        Case("softpool2", (4, 4, 4, 2), (2, 2, 2, 2), 0),
    )

    def elementwise_ops(self, output: Shape, *inputs: Shape) -> int:
        """For each number of the output: an exp and a product for each cell of its window, two
        sums, a division.
        """
        return math.prod(output) * (4 * self._cells(inputs[0]) - 1)

    def forward(self, np: Any, weights: Arrays, *inputs: Any) -> Any:
        seen = self._windows(np, inputs[0])
        shares = np.exp(seen - seen.max(0))
        return (shares * seen).sum(0) / shares.sum(0)

    def layers(self, k: Any, name: str, output: Shape, *inputs: Shape) -> list[Any]:
        rank = len(inputs[0]) - 1
        layer = k.custom.SoftPooling(self.window(rank), self.strides(rank), name=name)
        return [*pad_layers(k, name, self.whole_pads(output, inputs[0])), layer]

    @classmethod
    def from_keras(cls, call: CallView) -> Meaning | None:
        return cls.padded_in_keras(call, zeros_before(call) or ((0, 0),) * call.rank)
'''

SOFT_POOLING = '''

@_serializable
class SoftPooling(_Window):
    """The mean of each window, weighted by exp(x) (Stergiou et al. 2021)."""

    def call(self, x: Any) -> Any:
        cells = ops.stack(_cells(x, self.window, self.strides), axis=-1)
        shares = ops.exp(cells - ops.max(cells, axis=-1, keepdims=True))
        return ops.sum(shares * cells, axis=-1) / ops.sum(shares, axis=-1)
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


def added(project: Path, **classes: str) -> Path:
    """A copy of the project, with classes written at the ends of files of the package, and
    their words where `make docs` writes them.
    """
    for folder in ("netdsl", "tests/support", "tests/kinds", "tests/keras"):
        shutil.copytree(
            ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("grammar", "docs", "pyproject.toml", "tests/conftest.py"):
        (project / name).symlink_to(ROOT / name)
    for module, text in classes.items():
        with (project / "netdsl" / f"{module.replace('__', '/')}.py").open("a") as file:
            file.write(text)
    run(project, "-m", "netdsl.kinds.make_words")
    return project


def asked(project: Path, word: str, *tests: str) -> int:
    """Run the tests of the kind of a word, and return how many pass."""
    command = ("-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", word, "-v", *tests)
    passed = re.search(r"(\d+) passed", run(project, *command))
    assert passed
    return int(passed[1])


@pytest.mark.slow
def test_a_new_kind_is_one_class(tmp_path: Path) -> None:
    project = added(tmp_path, kinds__act=BUMP)
    tests = ("test_contract.py", "test_copies.py", "test_flops.py")
    assert asked(project, "bump or figure", *(f"tests/kinds/{test}" for test in tests)) > 10
    assert "## bump · activation" in run(project, "-m", "netdsl.report.kinds_document")
    assert "conv3-4(bump)" in run(project, "-m", "netdsl", "table", "8x8x1 > conv3-4(bump) > fc-2")


@pytest.mark.keras
def test_a_new_kind_that_keras_lacks_is_one_more_class(tmp_path: Path) -> None:
    """It is tested in Keras, in programs that contain its layer's class, and in imports."""
    project = added(tmp_path, kinds__pool=SOFT_POOL, keras__layers__pooling=SOFT_POOLING)
    tests = (
        "kinds/test_contract.py",
        "kinds/test_contract_keras.py",
        "kinds/test_contract_numpy.py",
        "keras/test_round_trip.py",
    )
    assert asked(project, "softpool", *(f"tests/{test}" for test in tests)) > 20
    text = "9x9x2 > softpool3/2 > flatten > fc-2"
    assert "class SoftPooling(" in run(project, "-m", "netdsl", "emit", text)
