"""Keys of a recipe's `data` as options of `data` and `new`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from netdsl.cli.arguments import add_target, natural, positive
from netdsl.cli.jobs import add_ignore

if TYPE_CHECKING:
    from netdsl.training.recipes.recipe import DataSpec

_KEYS = {
    "separator": ("C", "the character between the cells of a table, or tab or space"),
    "decimal": ("C", "the decimal separator of a table: . or ,"),
    "thousands": ("C", "the thousands separator: . , ' or space, or none"),
    "encoding": ("NAME", "the encoding of a table"),
    "comment": ("C", "the character that begins a comment line of a table"),
    "missing": ("HOW", "how missing numbers are treated: median, drop or error"),
    "missing_values": ("A,B", "texts of cells that are missing, besides the usual ones"),
    "weight": ("NAME", "the column, array or file of the examples' weights"),
    "damaged": ("HOW", "how images that cannot be read are treated: error or skip"),
    "function": ("TEXT", "the function of x that a polynomial learns"),
}
"""Keys of a recipe's `data` that are options too: metavar and help."""

_NUMBERS = ("count", "noise", "seed", "range")
"""Keys of a recipe's `data` that are options with numbers."""


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add the keys of a recipe's `data` that say how a source is read."""
    add_target(parser, "the target column, or a file of targets")
    add_ignore(parser)
    parser.add_argument(
        "--no-header",
        dest="header",
        action="store_false",
        help="the table does not begin with the names of its columns",
    )
    for name, (metavar, help) in _KEYS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, help=help)
    parser.add_argument(
        "--day-first",
        choices=("yes", "no"),
        help="whether dates such as 1/2/2024 have the day first (default: decided by the data)",
    )
    parser.add_argument(
        "--count", type=positive, metavar="N", help="how many examples of generated data to make"
    )
    parser.add_argument(
        "--noise", type=float, metavar="D", help="the standard deviation of generated data's noise"
    )
    parser.add_argument("--seed", type=natural, metavar="N", help="of generated data")
    parser.add_argument(
        "--range",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="the range of a function's x",
    )


def spec_of(options: argparse.Namespace) -> DataSpec:
    """Return the `data` of a recipe that the options state."""
    from netdsl.training.recipes.recipe import DataSpec

    keys = {
        name: getattr(options, name) for name in ("source", "target", "drop", *_KEYS, *_NUMBERS)
    }
    if keys["missing_values"] is not None:
        keys["missing_values"] = tuple(keys["missing_values"].split(","))
    header = None if options.header else False
    day_first = None if options.day_first is None else options.day_first == "yes"
    return DataSpec(header=header, day_first=day_first, **keys)


@contextmanager
def help_in_options() -> Iterator[None]:
    """Within the block, make errors suggest options instead of keys of a recipe, as these commands
    read no recipe.
    """
    from netdsl.errors import NetError

    try:
        yield
    except NetError as error:
        raise NetError(
            *(one._replace(help=_in_options(one.help)) for one in error.diagnostics)
        ) from error


def _in_options(help: str) -> str:
    """Write `data: {encoding: latin-1}` as `--encoding latin-1`."""
    help = help.replace("`header: no`", "`--no-header`")
    keys = "|".join((*_KEYS, "day_first"))
    return re.sub(
        rf"data: {{({keys}): \[?([^{{}}\[\]]+)\]?}}",
        lambda found: f"--{found[1].replace('_', '-')} {_joined(found[2])}",
        help,
    )


def _joined(items: str) -> str:
    """Write the items of a YAML list as an option takes them."""
    return re.sub(r", +", ",", items)
