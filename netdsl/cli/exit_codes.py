"""How a command ends: 0 fine; 1 mistakes in what was given; 2 wrong usage; 3 a run failed;
130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from netdsl.cli.terminal import show_diagnostics
from netdsl.errors import NetError

WRONG_USAGE = 2
RUN_FAILED = 3
INTERRUPTED = 130


def exit_code_of(work: Callable[[], int]) -> int:
    """Do the work of a command, and show the error that ends it, if any.

    Returns:
        Its exit code.
    """
    try:
        try:
            return int(work())
        finally:
            # Flush here, where a full disk or a closed pipe still ends in a message.
            sys.stdout.flush()
    except NetError as error:
        show_diagnostics(error.diagnostics)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def wrong_usage(command: str, message: str) -> int:
    """Print what is wrong with a command's arguments where argparse cannot know it.

    Returns:
        The exit code.
    """
    print(f"netdsl {command}: {message}", file=sys.stderr)
    return WRONG_USAGE
