"""`netdsl data`: what a data set holds."""

from __future__ import annotations

import argparse
import sys

from netdsl.cli.arguments import DATA_HELP, add_force, add_format, natural, positive
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.outputs import free_path
from netdsl.cli.terminal import print_json

EXAMPLES = (
    "data digits",
    "data photos/ --sheet photos.png",
    "data digits augmented.yaml --sheet augmented.png",
    "data iris.csv --target species",
    "data spiral --count 200 --noise 0.02",
    'data "sin(3*pi*x)"',
    'data sales.csv --separator ";" --decimal , --encoding latin-1',
)

_KEYS = {
    "separator": ("C", "what is between the cells of a table, or tab or space"),
    "decimal": ("C", "the decimal separator of a table: . or ,"),
    "thousands": ("C", "the thousands separator: . , ' or space, or none"),
    "encoding": ("NAME", "the encoding of a table"),
    "comment": ("C", "what begins a line that is not read"),
    "missing": ("HOW", "what becomes of missing numbers: median, drop or error"),
    "missing_values": ("A,B", "texts of cells that are missing, besides the usual ones"),
    "weight": ("NAME", "the column, array or file of the examples' weights"),
    "damaged": ("HOW", "what becomes of images that cannot be read: error or skip"),
    "function": ("TEXT", "the function of x that a polynomial learns"),
}
"""Keys of a recipe's `data` that are options too: metavar and help."""

_NUMBERS = ("count", "noise", "seed", "range")
"""Keys of a recipe's `data` that are options of numbers."""


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("source", metavar="SOURCE", help=DATA_HELP)
    parser.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE.yaml",
        help="with --sheet: show an image as its `augment` changes it",
    )
    parser.add_argument("--target", metavar="NAME", help="the target column, or a file of targets")
    parser.add_argument(
        "--no-header",
        dest="header",
        action="store_false",
        help="the table does not begin with the names of its columns",
    )
    for name, (metavar, help) in _KEYS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, help=help)
    parser.add_argument("--count", type=positive, metavar="N", help="examples that are made")
    parser.add_argument(
        "--noise", type=float, metavar="D", help="the deviation of the noise of data that is made"
    )
    parser.add_argument("--seed", type=natural, metavar="N", help="of data that is made")
    parser.add_argument(
        "--range", type=float, nargs=2, metavar=("LOW", "HIGH"), help="of the x of a function"
    )
    parser.add_argument(
        "--sheet", metavar="FILE.png", help="write a contact sheet with some images of each class"
    )
    add_force(parser)
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.data.augmented_sheet import VERSIONS, augmented_sheet
    from netdsl.training.data.contact_sheet import contact_sheet
    from netdsl.training.data.inspect import as_json, survey
    from netdsl.training.data.inspect_text import describe
    from netdsl.training.recipes.recipe import DataSpec, load_recipe

    if options.recipe and not options.sheet:
        return wrong_usage("data", "RECIPE.yaml changes images: give --sheet FILE.png to see them")
    recipe = load_recipe(options.recipe) if options.recipe else None
    sheet = free_path(options.sheet, options.force) if options.sheet else None
    keys = {name: getattr(options, name) for name in ("source", "target", *_KEYS, *_NUMBERS)}
    if keys["missing_values"] is not None:
        keys["missing_values"] = tuple(keys["missing_values"].split(","))
    found = survey(DataSpec(header=None if options.header else False, **keys))
    if options.format == "json":
        print_json(as_json(found))
    else:
        print(describe(found))
    if sheet is None:
        return 0
    if recipe is None:
        contact_sheet(found.data, sheet)
        print(f"{sheet}: examples of each class", file=sys.stderr)
    else:
        augmented_sheet(found.data, recipe, sheet)
        print(f"{sheet}: an example and {VERSIONS} changed versions of it", file=sys.stderr)
    return 0
