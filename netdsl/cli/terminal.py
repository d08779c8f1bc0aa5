"""What is shown to people: diagnostics, in colour where somebody looks, and how wide it may be."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from netdsl.errors import Diagnostic, render


def show_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """Print diagnostics, if any, on standard error."""
    if diagnostics:
        print(render(diagnostics, in_colour(sys.stderr)) + "\n", file=sys.stderr)


def in_colour(stream: TextIO) -> bool:
    """Whether a stream is a terminal, and NO_COLOR is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def width() -> int | None:
    """The columns of the terminal that standard output is; None where it is none."""
    return os.get_terminal_size().columns if sys.stdout.isatty() else None
