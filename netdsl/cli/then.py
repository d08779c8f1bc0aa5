"""`netdsl train --then`: another command on the run when the training has ended."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.outputs import target_of
from netdsl.cli.terminal import is_quiet

COMMANDS = ("show", "attack", "sample", "evaluate", "predict", "export", "runs", "backward")
"""The commands that may follow: those whose first argument is a run."""

PLACE = "RUN"
"""The placeholder for the run while there is none yet."""


def following(text: str) -> list[str]:
    """Read a command without its run: `show --filters -o f.svg`.

    Raises:
        argparse.ArgumentTypeError: where it is not one of `COMMANDS`.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
    if not words or words[0] not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise argparse.ArgumentTypeError(f"{text!r} does not begin with one of {known}")
    return words


def check_following(words: Sequence[str]) -> None:
    """Find mistakes before anything is trained: options, and a file that is there already.

    Raises:
        NetError: as `target_of` does.
        SystemExit: 2 for wrong options, after the message that names them.
    """
    from netdsl.cli.commands import load
    from netdsl.cli.parser import parser_for

    # Parsed now: the training before the command may take a night.
    options = parser_for(words[0]).parse_args([words[0], PLACE, *words[1:]])
    problem = getattr(load(words[0]), "problem", None)
    if problem is not None and (found := problem(options)) is not None:
        raise SystemExit(wrong_usage(words[0], found))
    for name in ("output", "curve"):
        target_of(getattr(options, name, None), getattr(options, "force", False))


def follow(words: Sequence[str], folders: Sequence[Path]) -> int:
    """Run the command on these runs.

    Returns:
        Its exit code.
    """
    from netdsl.cli.main import main

    quietly = ["--quiet"] if is_quiet() else []
    return main([*quietly, words[0], *map(str, folders), *words[1:]])
