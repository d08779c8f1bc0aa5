"""`netdsl fmt`: format network files."""

from __future__ import annotations

import argparse
from pathlib import Path

from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.inputs import found_files, read_standard_input
from netdsl.cli.terminal import note, show_diagnostics
from netdsl.errors import NetError, fail
from netdsl.files import write
from netdsl.limits import DEFAULT_LIMITS
from netdsl.sources import decoded, read_bytes, refuse_other_files
from netdsl.syntax.format import diff, format_text

EXAMPLES = ("fmt *.net", "fmt --check networks/", "fmt --diff lenet5.net", "fmt -")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="files or folders of .net files, or - for standard input",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; the exit code is 1 if a file would change",
    )
    parser.add_argument("--diff", action="store_true", help="write nothing; print the changes")
    parser.add_argument(
        "--stdin-filename",
        metavar="NAME",
        default="<stdin>",
        help="the name of standard input in messages",
    )


def run(options: argparse.Namespace) -> int:
    """Format each file, and return the exit code.

    A file with mistakes is reported and not changed; the others are formatted nonetheless.
    """
    if options.files == ["-"]:
        return _format(read_standard_input(), options.stdin_filename, None, options)
    if "-" in options.files:
        return wrong_usage("fmt", "standard input cannot be combined with files")
    code = 0
    for file in found_files(options.files):
        try:
            code = max(code, _format(read_bytes(file), file, Path(file), options))
        except NetError as error:
            show_diagnostics(error.diagnostics)
            code = max(code, error.exit_code)
    return code


def _format(data: bytes, name: str, path: Path | None, options: argparse.Namespace) -> int:
    """Format one text, also its line ends and byte order mark; without a path it goes to standard
    output.
    Raises:
        NetError: where the text has mistakes, N604 where the path is a link.
    """
    if path is not None and path.is_symlink() and name not in options.files:
        message = f"{name} is a link, which is not followed for writing unless it is named itself"
        raise fail("N604", message, help=f"netdsl fmt {name}")
    refuse_other_files(name)
    source = decoded(data, name)
    text = format_text(source, DEFAULT_LIMITS)
    # Bytes are compared, not texts: formatting also changes line ends and a byte order mark.
    changed = text.encode() != data
    if options.diff:
        print(diff(source.text, text, name), end="")
    if options.check and changed:
        note(f"{name}: would be formatted")
    if options.check or options.diff:
        return int(options.check and changed)
    if path is None:
        print(text, end="")
    elif changed:
        # Where a link itself is named, its target is written, and the link stays.
        write(path.resolve(), text)
        note(f"{name}: formatted")
    return 0
