"""Repeat something whenever a file changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn

from netdsl.cli.inputs import found_files, split_params
from netdsl.errors import NetError

_POLL = 0.3  # seconds between two checks of the files


def watch(
    names: Sequence[str], run: Callable[[], None], wait: Callable[[float], None] = time.sleep
) -> NoReturn:
    """Call `run` now, and again whenever one of the files or a `.net` file next to it has changed.

    Args:
        names: files and directories.
        run: called without arguments.
        wait: called with the seconds between two checks of the files.

    Raises:
        KeyboardInterrupt: on Ctrl-C; there is no other end.
    """
    seen = None
    while True:
        now = stamps(names)
        if now != seen:
            seen = now
            run()
        wait(_POLL)


def stamps(names: Iterable[str]) -> dict[str, tuple[int, int] | None]:
    """Return when each file was last changed, in nanoseconds, and its size in bytes.

    None for a file that cannot be read.
    """
    return {file: _stamp(file) for name in names for file in _watched(name)}


def _watched(name: str) -> Iterable[str]:
    """Return the files of a directory, or a file and the `.net` files next to it, which it may
    `use`.
    """
    try:
        name = split_params(name)[0]
        if os.path.isdir(name):
            return found_files([name])
        folder = os.path.dirname(name)
        # Listed again each time: a new file next to it may be one that it uses.
        siblings = [file for file in os.listdir(folder or ".") if file.endswith(".net")]
        return [name, *(os.path.join(folder, file) for file in siblings)]
    except (NetError, OSError):
        return [name]


def _stamp(file: str) -> tuple[int, int] | None:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
