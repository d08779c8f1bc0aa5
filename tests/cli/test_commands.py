"""The registry of commands: each is a file that is imported when it is asked for, and no sooner."""

from __future__ import annotations

import argparse
import inspect
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import netdsl.cli
from netdsl.cli.commands import COMMANDS, GROUPS, load, module_of
from netdsl.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"keras", "tensorflow", "numpy", "rich", "yaml", "PIL", "jax", "torch", "h5py"}
MODULES = [f"netdsl.cli.{path.stem}" for path in Path(netdsl.cli.__file__).parent.glob("*.py")]


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a command line has loaded when it ends."""
    program = (
        "import json, sys\nfrom netdsl.cli.main import main\ntry:\n    main(sys.argv[1:])\n"
        "except SystemExit:\n    pass\nprint()\nprint(json.dumps(sorted(sys.modules)))"
    )
    command = [sys.executable, "-c", program, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    return set(json.loads(result.stdout.splitlines()[-1]))


def commands_in(loaded: set[str]) -> set[str]:
    return {name for name in COMMANDS if module_of(name) in loaded}


def test_each_command_is_a_file_of_its_own() -> None:
    with_commands = [name for name in MODULES if hasattr(import_module(name), "EXAMPLES")]
    assert sorted(map(module_of, COMMANDS)) == sorted(with_commands)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_what_the_registry_promises(name: str) -> None:
    module = load(name)
    assert module.__doc__.startswith(f"`netdsl {name}`")
    assert all(example.split()[0] == name for example in module.EXAMPLES)
    assert list(inspect.signature(module.set_up).parameters) == ["parser"]
    assert list(inspect.signature(module.run).parameters) == ["options"]
    module.set_up(argparse.ArgumentParser())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"examples:\n  netdsl {name}" in capsys.readouterr().out


def test_the_help_lists_every_command_and_imports_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for group, commands in GROUPS.items():
        assert f"\n{group}:\n" in shown
        for name, about in commands.items():
            assert f"\n    {name} " in shown
            assert about in " ".join(shown.split())
    assert not commands_in(loaded_by("--help"))


def test_a_command_imports_itself_alone() -> None:
    assert commands_in(loaded_by("check", "784 > fc-10")) == {"check"}


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_no_help_loads_anything_heavy(name: str) -> None:
    loaded = loaded_by(name, "--help")
    assert commands_in(loaded) == {name}
    assert not {module.partition(".")[0] for module in loaded} & HEAVY
