"""`netdsl data`: what a data set holds."""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.arguments import DATA_HELP, add_force, add_format
from netdsl.cli.outputs import free_path
from netdsl.cli.terminal import print_json

EXAMPLES = ("data digits", "data photos/ --sheet photos.png", "data iris.csv --target species")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("source", metavar="SOURCE", help=DATA_HELP)
    parser.add_argument("--target", metavar="NAME", help="the target column, or a file of targets")
    parser.add_argument(
        "--no-header",
        dest="header",
        action="store_false",
        help="the table does not begin with the names of its columns",
    )
    parser.add_argument(
        "--sheet", metavar="FILE.png", help="write a contact sheet with some images of each class"
    )
    add_force(parser)
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.data.contact_sheet import contact_sheet
    from netdsl.training.data.inspect import as_json, survey
    from netdsl.training.data.inspect_text import describe
    from netdsl.training.recipes.recipe import DataSpec

    sheet = free_path(options.sheet, options.force) if options.sheet else None
    header = None if options.header else False
    found = survey(DataSpec(source=options.source, target=options.target, header=header))
    if options.format == "json":
        print_json(as_json(found))
    else:
        print(describe(found))
    if sheet is not None:
        contact_sheet(found.data, sheet)
        print(f"{sheet}: examples of each class", file=sys.stderr)
    return 0
