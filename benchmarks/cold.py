"""What a command takes in a process of its own: seconds of CPU time and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

LAUNCHER = """
import os, sys
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
"""Runs a command and prints its exit code, CPU seconds and peak memory.

A process inherits the peak memory of the process that starts it. So this one is as small as Python
can be: it imports next to nothing, and whatever it measures is larger.
"""


class Figures(NamedTuple):
    """What a process took: seconds of CPU time (user and system), and its peak memory in MB
    (10^6 bytes).
    """

    seconds: float
    megabytes: float


def measured(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] = os.environ,
    expected: int = 0,
) -> Figures:
    """Run a command, whose output goes nowhere.

    Args:
        command: a program by its path, and its arguments.
        folder: where it runs.
        environment: its environment variables.
        expected: the exit code that it ends with.

    Raises:
        SystemExit: where it ends with another, with what it wrote to standard error.
    """
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LAUNCHER, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    code, seconds, kilobytes = result.stdout.split() or ("no exit code", 0, 0)
    if code != str(expected):
        raise SystemExit(f"{' '.join(command)} ended with {code}\n{result.stderr.rstrip()}")
    return Figures(float(seconds), int(kilobytes) * 1024 / 1e6)
