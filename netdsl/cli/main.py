"""The `netdsl` command: from its arguments to the command that they name, and its exit code.

Data goes to standard output, messages to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from netdsl import process


def run() -> NoReturn:
    """Run the `netdsl` command in this process, which is its own."""
    process.own = True
    process.end(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: what follows `netdsl`; by default those of this process.

    Returns:
        The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    with process.uncollected():  # what is imported here stays
        from netdsl.cli.exit_codes import WRONG_USAGE, exit_code_of
        from netdsl.cli.parser import parser_for

        parser = parser_for(given[0] if given else None)
        options = parser.parse_args(given)
    if options.command is None:
        parser.print_help()
        return WRONG_USAGE
    return exit_code_of(lambda: options.run(options))
