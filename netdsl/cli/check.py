"""`netdsl check`: errors and warnings in files and directories."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence

from netdsl.cli.arguments import FILE_HELP, add_format, add_network_options, add_verbose
from netdsl.cli.check_output import Result, show
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.inputs import check_input, found_files, read_input
from netdsl.cli.streams import print_in_colour
from netdsl.cli.terminal import in_colour
from netdsl.errors import NetError, Source
from netdsl.errors.diagnostics import MAX_OF_A_CODE
from netdsl.reading import Checked

EXAMPLES = (
    "check lenet5.net",
    "check networks/ --watch",
    "check *.net --format sarif > netdsl.sarif",
    'check "28x28x1 > conv3-8 > pool" --equivariant shift',
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help=f"{FILE_HELP}; for a directory, all .net files in it and below",
    )
    add_network_options(parser)
    add_format(parser, "concise", "github", "sarif")
    add_verbose(parser, "also show `expect` statements that could be added")
    parser.add_argument(
        "--all",
        action="store_true",
        help=f"show all messages, not the first {MAX_OF_A_CODE} of each code",
    )
    parser.add_argument(
        "--equivariant",
        choices=("shift", "rotate90", "permute"),
        help="also try whether outputs move with the input, or stay, on random numbers",
    )
    parser.add_argument(
        "--watch", action="store_true", help="check again whenever a file changes, until Ctrl-C"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if not options.watch:
        return _check(options)
    if "-" in options.files:
        return wrong_usage("check", "standard input cannot be watched")
    from netdsl.cli.watching import watch

    return watch(options.files, lambda: _check_again(options))


def _check(options: argparse.Namespace) -> int:
    """Check the files once and show what is found in them."""
    results = found_in(options.files, lambda file: check_input(read_input(file), options))
    if options.equivariant:
        results = [_tried(result, options.equivariant) for result in results]
    limit = None if options.all else MAX_OF_A_CODE
    show(results, options.format, options.verbose, in_colour(sys.stderr), limit)
    return int(any(result.checked.faulty or result.moves_wrongly for result in results))


def _tried(result: Result, change: str) -> Result:
    """Try how the outputs of a file's networks respond to a change of their input."""
    if result.checked.faulty:
        return result
    from netdsl.lab.equivariance import equivariance

    try:
        found = {net.name: equivariance(net, change) for net in result.checked.networks}
    except NetError as error:
        diagnostics = (*result.checked.diagnostics, *error.diagnostics)
        return result._replace(checked=result.checked._replace(diagnostics=diagnostics))
    return result._replace(equivariance=found)


def _check_again(options: argparse.Namespace) -> None:
    """Check the files on an empty screen."""
    if sys.stdout.isatty():
        # Clear the screen, move the cursor to the top left (ECMA-48). `print` would escape control
        # characters.
        print_in_colour("\033[2J\033[H", sys.stdout)
    _check(options)
    sys.stdout.flush()
    if getattr(sys.stdout, "abandoned", False):
        raise KeyboardInterrupt  # the reader of the output is gone


def found_in(names: Sequence[str], check: Callable[[str], Checked]) -> list[Result]:
    """Check each of the files and directories.

    Args:
        names: as they are on the command line.
        check: checks one file; an error that it raises is reported as found in the file.
    """
    try:
        files = found_files(names)
    except NetError as error:
        return [Result(" ".join(names), _unreadable(" ".join(names), error))]
    return [_found_in(file, check) for file in files]


def _found_in(file: str, check: Callable[[str], Checked]) -> Result:
    try:
        checked = check(file)
    except NetError as error:
        checked = _unreadable(file, error)
    blocks = _blocks_alone(checked)
    return Result(file, checked._replace(diagnostics=()) if blocks else checked, blocks)


def _unreadable(names: str, error: NetError) -> Checked:
    """Return what is found in a file that cannot be read."""
    return Checked(Source(names, ""), (), (), error.diagnostics)


def _blocks_alone(checked: Checked) -> int:
    """Count the blocks of a file for others to `use`: one without errors but that of having no
    network.
    """
    # N211 says that there is no network: in a file of blocks that is not a mistake.
    codes = [diagnostic.code for diagnostic in checked.diagnostics]
    span = checked.diagnostics[0].span if codes == ["N211"] else None
    return len(re.findall(r"(?m)^(?:def|let)[ \t]", span.source.text)) if span else 0
