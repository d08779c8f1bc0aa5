"""Commands in process, and what they print."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

from netdsl.cli.main import main

Print = Callable[[], Any]
"""Pytest's `capsys.readouterr`."""


def printed(readouterr: Print, command: str) -> str:
    """Run a command that succeeds, and return what it writes to standard output."""
    readouterr()
    code = main(shlex.split(command))
    captured = readouterr()
    assert code == 0, captured.err
    text: str = captured.out
    return text


def answered(readouterr: Print, command: str) -> dict[str, Any]:
    """Run a command that succeeds with `--json`, and return what it prints."""
    found: dict[str, Any] = json.loads(printed(readouterr, f"{command} --json"))
    return found
