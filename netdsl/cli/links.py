"""Links on terminals that support them (OSC 8); others show only the text."""

from __future__ import annotations

from pathlib import Path

from netdsl.errors.printable import printable
from netdsl.training.runs.folder import REPORT


def with_report_link(text: str, folder: Path) -> str:
    """Return a printable text in which the path of a run's report leads to it.

    Args:
        text: may hold the path of the report.
        folder: the run's.
    """
    path = folder / REPORT
    shown = printable(str(path))
    target = path.resolve().as_uri()  # has no control characters
    link = f"\033]8;;{target}\033\\{shown}\033]8;;\033\\"
    return printable(text).replace(shown, link)
