"""What neither `import netdsl` nor the commands that only read networks may load."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("keras", "tensorflow", "numpy", "rich", "yaml", "PIL", "jax", "torch", "h5py")
PROGRAM = """
import json, sys
{}
print()
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def loaded_by(code: str) -> set[str]:
    """The packages that a fresh Python has loaded at the end of some code."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(code)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_the_import_loads_nothing_heavy() -> None:
    loaded = loaded_by("import netdsl\nnetdsl.Network")
    assert "netdsl" in loaded
    assert not loaded & {*HEAVY, "lark"}


def test_the_import_alone_loads_nothing_of_the_package() -> None:
    code = "import sys, netdsl\nprint([name for name in sys.modules if 'netdsl.' in name])"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert result.stdout == "[]\n"


def test_every_public_name_is_there_when_it_is_asked_for() -> None:
    import netdsl

    assert set(netdsl.__all__) <= set(dir(netdsl))
    assert all(getattr(netdsl, name) is vars(netdsl)[name] for name in netdsl.__all__)
    with pytest.raises(AttributeError, match="module 'netdsl' has no attribute 'lode'"):
        netdsl.lode  # noqa: B018


class Interrupted(ModuleType):
    """A module whose import is interrupted by Ctrl-C."""

    def __getattr__(self, name: str) -> Any:
        raise KeyboardInterrupt


@pytest.mark.parametrize(("name", "runs"), [("__main__", 1), ("netdsl.__main__", 0)])
def test_the_program_runs_where_it_is_the_program(
    name: str, runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[int] = []
    main = ModuleType("netdsl.cli.main")
    monkeypatch.setattr(main, "run", lambda: ran.append(1), raising=False)
    monkeypatch.setitem(sys.modules, main.__name__, main)
    runpy.run_module("netdsl.__main__", run_name=name)
    assert len(ran) == runs


def test_ctrl_c_while_the_program_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "netdsl.cli.main", Interrupted("netdsl.cli.main"))
    monkeypatch.setattr(os, "_exit", sys.exit)
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("netdsl", run_name="__main__")
    assert caught.value.code == 130


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "examples/lenet5.net"],
        ["check", "4x4x1 > pol"],
        ["table", "examples/resnet50.net"],
        ["table", "examples/resnet50.net", "--json"],
        ["expand", "examples/resnet18.net"],
        ["emit", "examples/resnet18.net"],
        ["fmt", "--diff", "examples/lenet5.net"],
        ["explain", "N204"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_commands_that_read_networks_load_nothing_heavy(arguments: list[str]) -> None:
    code = (
        f"from netdsl.cli.main import main\ntry:\n    main({arguments})\nexcept SystemExit:\n"
        "    pass"
    )
    loaded = loaded_by(code)
    assert "netdsl" in loaded
    assert not loaded & set(HEAVY)


def test_a_parsed_network_needs_the_standard_library_alone() -> None:
    loaded = loaded_by(
        'import netdsl\nnetdsl.parse("32x32x1 > conv5-6(pad=0) > pool > fc-10").table()'
    )
    assert not loaded & {*HEAVY, "lark"}


def test_the_training_room_opens_without_keras() -> None:
    loaded = loaded_by(
        "import netdsl.training, netdsl.training.loop.train, netdsl.training.recipes.recipe"
    )
    assert not loaded & {"keras", "tensorflow", "jax", "torch"}
