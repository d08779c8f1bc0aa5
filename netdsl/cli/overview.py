"""The commands in groups, as `netdsl --help` shows them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from netdsl.cli.commands import COMMANDS, GROUPS

ABOUT = "A language for neural networks: describe, count and train them."


def overview(width: int) -> str:
    """Write what netdsl is, and its commands by what they are for.

    Args:
        width: the columns of the terminal.
    """
    return "\n".join([ABOUT, *_lines(width)])


def _lines(width: int) -> Iterator[str]:
    column = max(map(len, COMMANDS)) + 6
    for group, commands in GROUPS.items():
        yield f"\n{group}:"
        for name, about in commands.items():
            head = f"    {name}".ljust(column)
            rest = " " * column
            yield textwrap.fill(
                about,
                width,
                initial_indent=head,
                subsequent_indent=rest,
                break_on_hyphens=False,
            )
