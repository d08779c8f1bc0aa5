"""The `netdsl` command: from its arguments to the command that they name, and its exit code.

Data goes to standard output, messages to standard error. Little is imported here; the rest is
imported where Ctrl-C already ends in a single line.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # as `typing` has it, which is not imported yet
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn


def run() -> NoReturn:
    """Run the `netdsl` command in this process, which is its own."""
    try:
        from netdsl import process

        process.own = True
        # Before any file is opened, which would get the number of a closed standard stream.
        process.open_missing_descriptors()
        try:
            code = main()
        except SystemExit as end:  # argparse has printed its help, or what is wrong
            code = end.code if isinstance(end.code, int) else 1
        process.end(code)
    except KeyboardInterrupt:
        import os

        # Without Python's own end, which Ctrl-C may interrupt again, with a traceback.
        os._exit(130)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: what follows `netdsl`; by default those of this process.

    Returns:
        The exit code.
    """
    from netdsl.cli.exit_codes import exit_code_of
    from netdsl.cli.streams import printable_streams

    given = list(sys.argv[1:] if arguments is None else arguments)
    with printable_streams():
        return exit_code_of(lambda: _run(given))


def _run(given: list[str]) -> int:
    from netdsl import process

    with process.uncollected():  # nothing that is imported here is garbage
        from netdsl.cli.config import WITHOUT, fill_in, nearest_config
        from netdsl.cli.exit_codes import WRONG_USAGE, wrong_usage
        from netdsl.cli.parser import command_in, parser_for
        from netdsl.cli.streams import shown_as

        command = command_in(given)
        parser = parser_for(command, first=given[:1] == [command])
        options = parser.parse_args(given)
    if options.command is None:
        parser.print_help()
        return WRONG_USAGE
    verbose = getattr(options, "verbose", False)
    if options.quiet and verbose:
        return wrong_usage(options.command, "--quiet cannot be combined with --verbose")
    path = nearest_config() if options.config and options.command not in WITHOUT else None
    settings: Mapping[str, Any] = {}
    if path is not None:
        from netdsl.cli.config_file import as_environment, read_config

        settings = read_config(path)
    fill_in(options, settings)
    shown_as(options.quiet, options.color, options.pager, verbose)
    if hasattr(options, "formats"):
        _choose_format(options, settings.get("format", "text"))
    # Without settings nothing is set, and so nothing is imported to restore it.
    if not settings:
        return int(options.run(options))
    with as_environment(settings):
        return int(options.run(options))


def _choose_format(options: Namespace, usual: str) -> None:
    """Choose the format where `--format` does not: by the suffix of `-o`, else by the settings.

    Where the command can do what it is asked for only as text, the settings' format is ignored.
    """
    if options.format is None and _shows_only_text(options):
        usual = "text"
    if getattr(options, "output", None) is not None:
        from netdsl.cli.formats import format_of

        options.format = format_of(options, usual)
    elif options.format is None:
        options.format = usual


def _shows_only_text(options: Namespace) -> bool:
    """Return whether a command is asked for something that it shows only as text."""
    only_text = getattr(options, "only_text", None)
    return only_text is not None and bool(only_text(options))
