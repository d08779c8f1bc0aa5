"""No message of Keras and its backends reaches the user, whichever command imports it first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import netdsl

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.keras

PROGRAM = """
import os, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "keras":
            frames, frame = set(), sys._getframe()
            while frame:
                frames.add(frame.f_code.co_name)
                frame = frame.f_back
            os.write(1, b"quiet" if "quiet_keras" in frames else b"loud")
            os._exit(0)

sys.meta_path.insert(0, Finder())
from netdsl.cli.main import main
main(sys.argv[1:])
"""
"""Says whether the first import of Keras is one that shuts standard error, and ends there."""

LEVEL = """
import logging, sys
from netdsl.cli.main import main
code = main(sys.argv[1:])
print(logging.getLevelName(logging.getLogger("tensorflow").level))
sys.exit(code)
"""
"""Runs a command, and says below what level TensorFlow is silent then."""

COMMANDS = [
    "train a.net --data digits",
    "train a.net --data digits --dry-run",
    "train a.net --data digits --overfit-one-batch",
    "train a.net --data digits --epochs 1 --grid seed=1,2",
    "resume stopped",
    "evaluate run",
    "predict run one.npy",
    "predict run one.npy --at fc_1",
    "export run tflite",
    "show run --filters",
    "show run --report",
    "attack run",
    "compile a.net -o a.keras",
    "import run/best.keras",
    "import keras:MobileNet",
    "forward a.net one.npy --engine keras",
    "forward run one.npy",
    "backward a.net --data digits --norms",
    "gradcheck a.net",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network, an input, a run, and one that was stopped."""
    import numpy as np

    where = tmp_path_factory.mktemp("quiet")
    (where / "a.net").write_text("64 > fc-4 > softmax-10\n")
    np.save(where / "one.npy", np.zeros((1, 64), np.float32))
    network = netdsl.load(where / "a.net")
    run = netdsl.train(network, {"data": "digits", "epochs": 1}, where=where / "runs", quiet=True)
    run.folder.rename(where / "run")
    shutil.copytree(where / "run", where / "stopped")
    for name in ("result.json", "last.keras"):
        (where / "stopped" / name).unlink()
    (where / "stopped" / "checkpoint.npz").touch()
    return where


@pytest.mark.parametrize("command", COMMANDS)
def test_the_first_import_of_keras_is_quiet(folder: Path, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command.split()],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "quiet", done.stderr


def test_a_training_prints_its_own_lines_alone(tmp_path: Path) -> None:
    """What TensorFlow writes of itself does not reach standard error: neither its C++ code, nor its
    warnings of several models.
    """
    settings = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", LEVEL, "train", "64 > fc-4 > softmax-10", "--epochs", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=settings | {"PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout.split()[-1]) == (0, "ERROR"), done.stderr
    first = [line.split()[0] for line in done.stderr.splitlines()]
    assert first == ["digits:", "epoch"], done.stderr
