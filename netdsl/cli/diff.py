"""`netdsl diff`: the differences between two networks."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from netdsl.architecture import Architecture
from netdsl.cli.arguments import FILE_HELP, add_force, add_format, add_network_options
from netdsl.cli.diff_sides import DiffSide, sides_of, with_places
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.inputs import CommandInput, check_input, read_input, valid
from netdsl.cli.outputs import free_path, show_or_write
from netdsl.cli.streams import print_in_colour
from netdsl.cli.terminal import in_colour, json_lines, note, print_json, show_diagnostics
from netdsl.errors import Diagnostic, NetError, Source
from netdsl.report.diff import FileDifference, compare
from netdsl.report.diff_json import diff_values
from netdsl.report.diff_text import diff_text
from netdsl.sources import stem

_TEXTS = (".txt", ".json")
"""Suffixes of files that hold the differences, not a picture."""

EXAMPLES = (
    "diff vgg16.net vgg19.net",
    'diff lenet5.net "32x32x1 > conv5-6 > pool > fc-10"',
    "diff old.net new.net --format json",
    "diff resnet18.net resnet34.net -o resnets.svg",
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.usage = "netdsl diff [options] A B"
    parser.add_argument(
        "files",
        nargs="+",
        metavar="A B",
        help=f"{FILE_HELP}; two of them, or the arguments that git gives a GIT_EXTERNAL_DIFF",
    )
    add_network_options(parser)
    parser.add_argument(
        "--path",
        metavar="PATH",
        help="where copies made by git belong in the working tree: files that they `use` are read "
        "there",
    )
    add_format(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="draw both in one picture: .svg, .png, .pdf, .tex or .html; or write the differences: "
        ".txt or .json",
    )
    add_force(parser)
    parser.epilog = (
        f"{parser.epilog}\n\nexit codes: 0 the same network, 1 different networks or errors in a "
        "file, 2 wrong usage"
    )


def run(options: argparse.Namespace) -> int:
    """Compare two files, and return the exit code.

    Where git calls the command, that is 0 unless git is set to trust exit codes: git stops at any
    other code.
    """
    asked = sides_of(options.files, options.path, os.environ)
    if asked is None and len(options.files) == 1 and "GIT_DIFF_PATH_COUNTER" in os.environ:
        print(f"{options.files[0]}: not merged yet")
        return 0
    if asked is None:
        return wrong_usage("diff", f"it requires two files, not {len(options.files)}")
    if options.files == ["-", "-"]:
        return wrong_usage("diff", "standard input can be one of the two")
    exit_code_counts = not asked.by_git or os.environ.get(
        "GIT_EXTERNAL_DIFF_TRUST_EXIT_CODE", ""
    ).lower() in (
        "1",
        "true",
        "yes",
        "on",
    )
    networks: list[tuple[Architecture, ...]] = []
    messages: list[Diagnostic] = []
    # Both sides are read before anything is printed, so that mistakes in both are shown at once.
    for side in (asked.a, asked.b):
        try:
            networks.append(_networks_of(side, options))
        except NetError as error:
            messages += with_places(error.diagnostics, side)
    show_diagnostics(messages)
    if messages:
        # Unless it is set to trust the code, git stops where a GIT_EXTERNAL_DIFF returns another
        # code than 0.
        return int(exit_code_counts)
    found, labels = compare(*networks), (asked.a.label, asked.b.label)
    if options.output and Path(options.output).suffix.lower() not in _TEXTS:
        _draw(found, options.output, options.force)
    elif options.output:
        as_json = options.format == "json"
        text = (
            json_lines(diff_values(found, labels)) if as_json else diff_text(found, labels, False)
        )
        target = free_path(options.output, options.force)
        show_or_write(text, target, " and ".join(labels))
    elif options.format == "json":
        print_json(diff_values(found, labels))
    else:
        print_in_colour(diff_text(found, labels, in_colour(sys.stdout)), sys.stdout)
    return int(exit_code_counts and not found.same)


def _draw(found: FileDifference, output: str, force: bool) -> None:
    """Draw the pairs of networks of both files, and the networks that only one file holds."""
    from netdsl.api.difference import drawn_pairs
    from netdsl.drawing.difference import difference_sheet
    from netdsl.drawing.options import Options
    from netdsl.drawing.picture import Picture, checked_suffix
    from netdsl.drawing.styles import sheet_of

    checked_suffix(Path(output))
    target, options = free_path(output, force), Options()
    sheets = [difference_sheet(each.a, each.b, drawn_pairs(each), options) for each in found.both]
    sheets += (sheet_of(network, options) for network in (*found.only_a, *found.only_b))
    Picture.of(sheets, options).save(target)
    note(f"{target}: {', '.join(sheet.title for sheet in sheets)}")


def _networks_of(side: DiffSide, options: argparse.Namespace) -> tuple[Architecture, ...]:
    """Read the networks of a side; there are none in a file that does not exist.

    Raises:
        NetError: where the file has mistakes.
    """
    if side.missing:
        return ()
    given = read_input(side.file)
    if side.place is not None:
        text = given.source.text
        given = CommandInput(Source(side.label, text), side.place, stem(side.place), given.params)
        if remark := side.remark(text):
            note(remark)
    return valid(check_input(given, options)).networks
