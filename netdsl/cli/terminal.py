"""How commands print: JSON, diagnostics, in colour where somebody looks, and how wide."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from netdsl.cli.streams import print_in_colour
from netdsl.errors import Diagnostic


def print_json(values: Any) -> None:
    """Print values as JSON on standard output, a line for each."""
    print(json.dumps(values, indent=2))


def show_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """Print diagnostics, if any, on standard error."""
    if diagnostics:
        from netdsl.errors.terminal import render  # late: start-up is short

        print_in_colour(render(diagnostics, in_colour(sys.stderr)) + "\n", sys.stderr)


def in_colour(stream: TextIO) -> bool:
    """Return whether a stream is a terminal, and NO_COLOR is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def width() -> int | None:
    """Return the columns of the terminal that standard output is; None where it is none."""
    return os.get_terminal_size().columns if sys.stdout.isatty() else None
