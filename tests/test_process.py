"""The `netdsl` command's own process: what it does not import, and how it ends.

The process of a Python program is left alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = """
import atexit, sys, threading, time
from netdsl.cli.main import main as cli
from netdsl import process
if {own}:
    process.own = True
from netdsl.keras.quiet import quiet_keras
quiet_keras()
print("keras")
for name in ("sklearn", "jax"):
    try:
        __import__(name)
    except ImportError:
        pass
atexit.register(print, "at exit")
threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
process.end(7)
"""


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """A folder with packages of these names, which tell when they are imported."""
    for name in ("sklearn", "jax"):
        (tmp_path / f"{name}.py").write_text(f"print({name!r})\nraise ImportError\n")
    return tmp_path


def run(folder: Path, own: bool, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    program = [sys.executable, "-c", COMMAND.format(own=own)]
    given = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    return subprocess.run(program, env=given | paths | environment, capture_output=True, text=True)


def imported(ended: subprocess.CompletedProcess[str]) -> set[str]:
    """Which of the two Keras imported."""
    lines = ended.stdout.splitlines()
    return set(lines[: lines.index("keras")])


@pytest.mark.keras
def test_own_process_leaves_out_what_it_has_no_use_for(hidden: Path) -> None:
    """It can be imported later as ever.

    Threads are waited for, functions registered for the exit run, and the code is the command's.
    """
    ended = run(hidden, own=True, KERAS_BACKEND="tensorflow")
    assert ended.returncode == 7
    assert ended.stdout.splitlines() == ["keras", "sklearn", "jax", "thread", "at exit"]


@pytest.mark.parametrize(
    ("written", "own"),
    [
        ({"backend": "tensorflow"}, set()),
        ({"backend": "jax"}, {"jax"}),
        ({}, set()),
        ([], set()),
        ({"backend": "none"}, {"sklearn", "jax"}),
    ],
)
def test_the_backend_is_no_part_of_it(tmp_path: Path, written: object, own: set[str]) -> None:
    """The backend is named in Keras's own file; with an unknown one nothing can be left out."""
    (tmp_path / "keras.json").write_text(json.dumps(written))
    program = (
        "import sys\nfrom netdsl import process\nprocess.own = True\n"
        "with process.without_unused(): "
    )
    program += "print(*(name for name in ('sklearn', 'jax') if name not in sys.modules))"
    environment = os.environ | {"KERAS_BACKEND": "", "KERAS_HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert set(ended.stdout.split()) == own


def test_a_python_program_hides_nothing() -> None:
    program = (
        "import sys\nimport netdsl\nfrom netdsl import process\n"
        "with process.without_unused(): print('sklearn' in sys.modules, process.own)"
    )
    environment = os.environ | {"KERAS_BACKEND": "tensorflow"}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert ended.stdout.split() == ["False", "False"]


@pytest.mark.keras
def test_python_programs_are_left_alone(hidden: Path) -> None:
    assert imported(run(hidden, own=False, KERAS_BACKEND="tensorflow")) == {"sklearn", "jax"}


END = """
import atexit, os, sys, threading, time
from netdsl import process

class Kept:
    def __del__(self): os.write(1, b"taken down\\n")

kept = Kept()
kept.itself = kept
print("printed")
atexit.register(print, "at exit")
threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
process.end(7)
"""


def test_the_end_waits_for_what_is_to_be_done_and_takes_nothing_down() -> None:
    ended = subprocess.run([sys.executable, "-c", END], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (7, "")
    assert ended.stdout == "printed\nthread\nat exit\n"


UNCOLLECTED = """
import gc
from netdsl import process
process.own = {own}
with process.uncollected():
    print(gc.isenabled())
    kept = [[] for _ in range(1000)]
print(gc.isenabled(), gc.get_freeze_count() >= 1000)
"""


@pytest.mark.parametrize("own", [False, True])
def test_what_is_made_uncollected_is_looked_at_later_only_in_python_programs(own: bool) -> None:
    program = [sys.executable, "-c", UNCOLLECTED.format(own=own)]
    ended = subprocess.run(program, capture_output=True, text=True, check=True)
    assert ended.stdout == f"False\nTrue {own}\n"
