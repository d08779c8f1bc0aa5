"""How commands print: JSON, diagnostics, in colour on a terminal, and how wide."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from netdsl.cli.streams import print_in_colour
from netdsl.errors import Diagnostic


def print_json(values: Any) -> None:
    """Print values as indented JSON on standard output."""
    print(json_lines(values))


def json_lines(values: Any) -> str:
    """Write values as indented JSON."""
    return json.dumps(values, indent=2)


def show_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """Print diagnostics, if any, on standard error."""
    if diagnostics:
        from netdsl.errors.terminal import render  # late: start-up is short

        print_in_colour(render(diagnostics, in_colour(sys.stderr)) + "\n", sys.stderr)


def in_colour(stream: TextIO) -> bool:
    """Return whether a stream shows colours: as `--color` says, or by default if it is a terminal
    and NO_COLOR is not set.
    """
    color = getattr(stream, "color", "auto")
    if color != "auto":
        return bool(color == "always")
    return stream.isatty() and not os.environ.get("NO_COLOR")


def note(text: str) -> None:
    """Print on standard error what was done, unless `--quiet` is given."""
    if not is_quiet():
        print(text, file=sys.stderr)


def is_quiet() -> bool:
    """Return whether `--quiet` is given."""
    return bool(getattr(sys.stderr, "quiet", False))


def show_text(text: str, coloured: bool = False) -> None:
    """Print a text on standard output; on a terminal a long one goes through a pager.

    Args:
        text: without the end of its last line.
        coloured: whether it holds colours, and is printable otherwise.
    """
    if getattr(sys.stdout, "pager", False) and sys.stdout.isatty():
        from netdsl.cli.pager import through_pager

        if through_pager(text, sys.stdout, coloured):
            return
    if coloured:
        print_in_colour(text, sys.stdout)
    else:
        print(text)


def width(output: str | None = None) -> int | None:
    """Return the columns of the terminal that a text is printed on; None where there is none.

    Args:
        output: the file that it is written into instead, if any.
    """
    if output not in (None, "-") or not sys.stdout.isatty():
        return None
    return os.get_terminal_size(sys.stdout.fileno()).columns
