"""The options that all commands have, before and after the command's name."""

from __future__ import annotations

import argparse
from typing import Any

COLORS = ("auto", "always", "never")
COMMON_DEFAULTS: dict[str, Any] = {"quiet": None, "color": None, "pager": None, "config": True}
"""The default of each option; None where a settings file may set it (`netdsl.cli.config`)."""
VALUED = ("--color",)
"""The common options that are followed by a value."""


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options of all commands.

    Their defaults are set once, by the parser of the whole command line: set here, they would
    replace what was given before the command's name.
    """
    group = parser.add_argument_group("options of all commands")
    group.add_argument(
        "-q",
        "--quiet",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help="print results and errors only: no progress, no notes",
    )
    group.add_argument(
        "--color",
        choices=COLORS,
        default=argparse.SUPPRESS,
        help="when to print in colour (default: auto, on a terminal, unless NO_COLOR is set)",
    )
    group.add_argument(
        "--pager",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help="show long texts on a terminal through $PAGER, or not (default: --pager)",
    )
    group.add_argument(
        "--no-config",
        dest="config",
        action="store_false",
        default=argparse.SUPPRESS,
        help="read no netdsl.toml and no pyproject.toml",
    )
