"""The second half of `docs/cli.md`, made from the help of the commands: `make docs`."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from netdsl.cli.commands import COMMANDS, GROUPS
from netdsl.cli.parser import help_of

PAGE = Path(__file__).with_name("cli.md")
MARK = "<!-- from here on made by `make docs` from the help of the commands -->\n"
COMMON = re.compile(r"options of all commands:\n(?:  .*\n)+\n")
WIDTH = "90"
"""Columns of the help."""


def cli_page() -> str:
    """Write the page: what is before the mark as it is, and the help of each command."""
    os.environ["COLUMNS"] = WIDTH
    written, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert mark, f"{PAGE} has no line {MARK}"
    common = COMMON.search(help_of("check"))
    assert common
    index = (
        f"- {group}: " + ", ".join(f"[{name}](#netdsl-{name})" for name in commands)
        for group, commands in GROUPS.items()
    )
    sections = (
        f"## netdsl {name}\n\n```text\n{COMMON.sub('', help_of(name))}```\n" for name in COMMANDS
    )
    parts = [
        "## Commands\n",
        "\n".join(index),
        "",
        f"```text\n{common[0].strip()}\n```\n",
        *sections,
    ]
    return f"{written}{MARK}\n" + "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(cli_page())
