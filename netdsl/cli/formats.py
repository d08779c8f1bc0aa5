"""The format that the suffix of `-o` says."""

from __future__ import annotations

import argparse
from pathlib import Path

from netdsl.errors import fail

SUFFIXES = {
    ".json": "json",
    ".csv": "csv",
    ".md": "markdown",
    ".tex": "latex",
    ".html": "html",
    ".sarif": "sarif",
}
"""Formats by a file's suffix."""


def format_of(options: argparse.Namespace, usual: str) -> str:
    """Return the format that `--format` names, else the one of the suffix of `-o`, else the usual.

    Raises:
        NetError: N604 where the two contradict each other.
    """
    suffix = Path(options.output or "").suffix.lower()
    form = SUFFIXES.get(suffix, "")
    if form not in options.formats:
        form = ""
    if form and options.format not in (None, form):
        message = f"{options.output} ends in {suffix}, but --format says {options.format}"
        raise fail("N604", message, help="leave out one of them")
    return form or options.format or usual
