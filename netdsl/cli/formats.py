"""The format that the suffix of `-o` implies."""

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

NO_TEXT = (".png", ".svg", ".pdf", ".npy", ".npz", ".keras", ".parquet")
"""Suffixes of files into which a command cannot write text."""

PLAIN = (".txt", ".text", ".log")
"""Suffixes of files that hold plain text whatever the settings say."""


def format_of(options: argparse.Namespace, usual: str) -> str:
    """Return the format that `--format` names, else that of the suffix of `-o`, else the usual one.

    Raises:
        NetError: N604 where the two contradict each other, or the command, which writes text,
            writes no file with this suffix.
    """
    suffix = Path(options.output or "").suffix.lower()
    form = SUFFIXES.get(suffix, "")
    if form not in options.formats:
        if getattr(options, "writes_text", False) and (form or suffix in NO_TEXT):
            message = f"`netdsl {options.command}` does not write {suffix} files"
            raise fail("N604", message, help=f"its formats are {', '.join(options.formats)}")
        form = ""
    if form and options.format not in (None, form):
        message = f"{options.output} ends in {suffix}, but --format says {options.format}"
        raise fail("N604", message, help="leave out one of them")
    return form or options.format or ("text" if suffix in PLAIN else usual)
