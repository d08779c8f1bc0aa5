"""A pager for long texts on a terminal: the program that PAGER names, `less` if it names none."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TextIO

from netdsl.errors.printable import printable

_NOT_FOUND = (126, 127)
"""Exit codes of programs like `env` that could not start another program."""


def through_pager(text: str, stream: TextIO, coloured: bool) -> bool:
    """Show a text in a pager.

    PAGER is the user's own variable, as for git; it is split as a shell would, but no shell runs.

    Args:
        text: without the end of its last line.
        stream: the terminal.
        coloured: whether the text holds colours, and is printable otherwise.

    Returns:
        Whether it was shown: not if it fits the terminal, PAGER is empty, or its program is not
        found.
    """
    command = _command()
    # Strictly fewer: the prompt takes a line too.
    if not command or text.count("\n") + 1 < _lines(stream):
        return False
    stream.flush()
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}  # as git sets them, for colours
    try:
        pager = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stream, env=environment)
    except (OSError, ValueError):
        return False
    shown = (text if coloured else printable(text)) + "\n"
    encoded = shown.encode(stream.encoding, "replace")
    while True:
        try:
            pager.communicate(encoded)
            return pager.returncode not in _NOT_FOUND
        except KeyboardInterrupt:  # is meant for the pager
            # `communicate` keeps what it has not written yet, and must not be given it again.
            encoded = b""


def _command() -> list[str]:
    """Return the pager's command line as words; empty where no pager should be used."""
    if os.environ.get("TERM") == "dumb":
        return []
    try:
        return shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:  # a quote that does not end
        return []


def _lines(stream: TextIO) -> int:
    """Return the lines of a terminal; if they are not known, more than any text has."""
    try:
        lines = os.get_terminal_size(stream.fileno()).lines
    except (OSError, ValueError):
        lines = 0
    return lines or sys.maxsize
