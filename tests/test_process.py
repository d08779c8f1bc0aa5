"""The `netdsl` command's own process: what it does not import, and how it ends.

The process of a Python program is left alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from netdsl import process

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
def test_the_backend_is_not_part_of_it(tmp_path: Path, written: object, own: set[str]) -> None:
    """The backend is named in Keras's own file; with an unknown one nothing can be left out."""
    (tmp_path / "keras.json").write_text(json.dumps(written))
    program = (
        "import sys\nfrom netdsl import process\nprocess.own = True\n"
        "with process.without_unused(): "
    )
    program += "print(*(name for name in ('sklearn', 'jax') if name not in sys.modules))\n"
    program += "print(*(name for name in ('sklearn', 'jax') if name in sys.modules))"
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


@pytest.mark.parametrize(
    ("environment", "settings", "expected"),
    [
        ({"KERAS_BACKEND": "jax"}, '{"backend": "torch"}', "jax"),
        ({"KERAS_BACKEND": ""}, '{"backend": "torch"}', "torch"),
        ({}, '{"backend": "torch"}', "torch"),
        ({}, "no JSON", "tensorflow"),
        ({}, None, "tensorflow"),
    ],
)
def test_the_backend_that_keras_will_take(
    environment: dict[str, str],
    settings: str | None,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("KERAS_BACKEND", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (environment | {"HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".keras").mkdir()
    if settings is not None:
        (tmp_path / ".keras" / "keras.json").write_text(settings)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    assert process.backend() == expected
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "elsewhere"))
    assert process.backend() == (environment.get("KERAS_BACKEND") or "tensorflow")
    has = SimpleNamespace(config=SimpleNamespace(backend=lambda: "openvino"))
    monkeypatch.setitem(sys.modules, "keras", has)
    assert process.backend() == "openvino"


def test_settings_of_a_home_that_cannot_be_written_are_in_tmp(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Keras does, which would write its settings there."""
    opened: list[str] = []

    def recorded(path: str, encoding: str) -> None:
        opened.append(path)
        raise OSError

    for name in ("KERAS_BACKEND", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/no/such/folder")
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(process, "open", recorded, raising=False)
    assert process.backend() == "tensorflow"
    assert opened == ["/tmp/.keras/keras.json"]


DESCRIPTORS = """
import os
from netdsl import process

for descriptor in {closed}:
    os.close(descriptor)
os.closerange(3, 10)
process.open_missing_descriptors()
found = [at for at in range(5) if os.path.exists(f"/proc/self/fd/{{at}}")]
null = [at for at in found if os.fstat(at).st_rdev == os.stat(os.devnull).st_rdev]
with open({path!r}, "w") as file:
    print(found, null, file=file)
"""


@pytest.mark.parametrize("closed", [[], [1], [0, 1, 2]])
def test_only_the_three_streams_are_opened(closed: list[int], tmp_path: Path) -> None:
    path = tmp_path / "found"
    program = DESCRIPTORS.format(closed=closed, path=str(path))
    subprocess.run([sys.executable, "-c", program], input=b"", capture_output=True, check=True)
    assert path.read_text() == f"[0, 1, 2] {closed}\n"


def test_the_end_waits_for_what_must_be_done_and_takes_nothing_down() -> None:
    ended = subprocess.run([sys.executable, "-c", END], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (7, "")
    assert ended.stdout == "printed\nthread\nat exit\n"


def test_the_end_of_a_process_without_threads() -> None:
    program = "import sys\nfrom netdsl import process\n"
    program += "print('threading' in sys.modules)\nprocess.end(7)"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, "False\n", "")


UNCOLLECTED = """
import gc
from netdsl import process
process.own = {own}
with process.uncollected():
    print(gc.isenabled())
    kept = [[] for _ in range(1000)]
print(gc.isenabled(), gc.get_freeze_count() >= 1000)
gc.disable()
with process.uncollected():
    pass
print(gc.isenabled())
"""


@pytest.mark.parametrize("own", [False, True])
def test_what_is_made_uncollected_is_looked_at_later_only_in_python_programs(own: bool) -> None:
    program = [sys.executable, "-c", UNCOLLECTED.format(own=own)]
    ended = subprocess.run(program, capture_output=True, text=True, check=True)
    assert ended.stdout == f"False\nTrue {own}\nFalse\n"
