"""`netdsl data`: the contents of a data set."""

from __future__ import annotations

import argparse

from netdsl.cli.arguments import DATA_HELP, add_format, add_output
from netdsl.cli.data_options import add_data_options, help_in_options, spec_of
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.outputs import free_path, show_or_write, target_of
from netdsl.cli.terminal import json_lines, note

EXAMPLES = (
    "data digits",
    "data photos/ --sheet photos.png",
    "data digits augmented.yaml --sheet augmented.png",
    "data iris.csv --target species",
    "data spiral --count 200 --noise 0.02",
    'data "sin(3*pi*x)"',
    'data sales.csv --separator ";" --decimal , --encoding latin-1',
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("source", metavar="SOURCE", help=DATA_HELP)
    parser.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE.yaml",
        help="with --sheet: show an image as its `augment` changes it",
    )
    add_data_options(parser)
    parser.add_argument(
        "--sheet", metavar="FILE.png", help="write a contact sheet with some images of each class"
    )
    add_format(parser)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from netdsl.training.data.augmented_sheet import VERSIONS, augmented_sheet
    from netdsl.training.data.contact_sheet import contact_sheet
    from netdsl.training.data.inspect import as_json, survey
    from netdsl.training.data.inspect_text import describe
    from netdsl.training.recipes.recipe import load_recipe

    if options.recipe and not options.sheet:
        return wrong_usage("data", "RECIPE.yaml changes images: give --sheet FILE.png to see them")
    recipe = load_recipe(options.recipe) if options.recipe else None
    # A path that cannot be written is rejected before data is read, which can take minutes.
    sheet = free_path(options.sheet, options.force) if options.sheet else None
    target = target_of(options.output, options.force)
    with help_in_options():
        found = survey(spec_of(options))
    text = json_lines(as_json(found)) if options.format == "json" else describe(found)
    show_or_write(text, target, options.source)
    if sheet is None:
        return 0
    if recipe is None:
        contact_sheet(found.data, sheet)
        note(f"{sheet}: examples of each class")
    else:
        augmented_sheet(found.data, recipe, sheet)
        note(f"{sheet}: an example and {VERSIONS} changed versions of it")
    return 0
