"""`docs/errors/README.md`, the index of the codes: `make docs`."""

from __future__ import annotations

import re
import sys
from itertools import groupby
from pathlib import Path

INTRO = """# Errors and warnings

<!-- made by `make docs` from the titles of the pages; edit these, not this page -->

Every message has a code. `netdsl explain N204` prints its page: what it means, a wrong and a right
example, the fix. An error (N) ends a command; a warning (W) does not, and
`# netdsl: ignore W703` at the end of a line [silences it](../language.md#warnings) there.
"""
GROUPS = {
    "N0": "Text",
    "N1": "Names, options and params",
    "N2": "Shapes, merges and flows",
    "N3": "Numbers and facts",
    "N4": "Limits",
    "N5": "Recipes and data",
    "N6": "Commands, files and runs",
    "W7": "Warnings",
    "W8": "Warnings of exports",
}
"""What the codes that begin with these letters are about."""


def errors_page(folder: Path) -> str:
    """The index of the pages in a folder, in groups."""
    titles = {page.stem: _title(page) for page in sorted(folder.glob("[NW]*.md"))}
    groups = (
        f"\n## {GROUPS[start]}\n\n| code | |\n|---|---|\n"
        + "".join(f"| [{code}]({code}.md) | {titles[code]} |\n" for code in codes)
        for start, codes in groupby(titles, lambda code: code[:2])
    )
    return INTRO + "".join(groups)


def _title(page: Path) -> str:
    """What a page's heading says after the code, for a cell of a table."""
    heading = page.read_text(encoding="utf-8").partition("\n")[0]
    return re.sub(rf"^# {page.stem}[ ·]*", "", heading).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(errors_page(Path(__file__).parent / "errors"))
