"""What of a network `netdsl table` shows: its options, and what they ask for."""

from __future__ import annotations

import argparse
from typing import NamedTuple

from netdsl.cli.arguments import add_file, add_format, memory_size, positive
from netdsl.constants import FORMATS, LEVELS, PRECISIONS, SLOTS
from netdsl.report.columns import COLUMNS, DEFAULT_COLUMNS, TableView, column_key, column_keys


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_file(parser)
    add_format(parser, *(format for format in FORMATS if format != "text"))
    parser.add_argument(
        "--compare",
        metavar="FILE",
        help="another network, whose figures are shown next to those of the first",
    )
    parser.add_argument(
        "--by",
        choices=tuple(LEVELS),
        default="layer",
        help="what each row shows (default: a layer)",
    )
    parser.add_argument(
        "--columns",
        metavar="NAMES",
        help="output, params, moving, weights, macs, flops, activations, acts, memory, rf, stride, "
        "intensity, share: the columns to show, separated by commas",
    )
    parser.add_argument(
        "--sort", metavar="NAME", help="sort the rows by this column, the largest first"
    )
    _add_memory_options(parser)
    parser.add_argument(
        "--no-bias", action="store_true", help="count params without biases and norm factors"
    )
    parser.add_argument("--units", action="store_true", help="shorten numbers: 138.4 M")
    parser.add_argument(
        "--why",
        metavar="LAYER",
        help="show how the figures of a layer are computed: its name, a point's, or the layer as "
        "written",
    )
    parser.add_argument(
        "--rf",
        nargs="?",
        const="",
        metavar="LAYER",
        help="draw which part of the input the centre of a layer's output sees",
    )
    parser.add_argument(
        "--lecture",
        action="store_true",
        help="each row's memory and params as products, as on lecture slides",
    )


def _add_memory_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--batch",
        type=positive,
        metavar="N",
        help="batch size for the memory (default: 1); shows all memory figures",
    )
    parser.add_argument(
        "--precision",
        choices=tuple(PRECISIONS),
        default="float32",
        help="precision of the activations (default: float32)",
    )
    parser.add_argument(
        "--optimizer",
        choices=tuple(SLOTS),
        help="optimizer whose slots count (default: adam); shows all memory figures",
    )
    parser.add_argument(
        "--fit",
        type=memory_size,
        metavar="SIZE",
        help="the largest batch that can be trained in this much memory: 24GiB",
    )


def view_of(options: argparse.Namespace) -> TableView:
    """Gather which lines and columns are asked for.

    Raises:
        NetError: where no column has a name that was given.
    """
    usual = tuple(COLUMNS) if options.format == "json" else DEFAULT_COLUMNS
    return TableView(
        options.by,
        column_keys(options.columns) if options.columns else usual,
        options.batch or 1,
        options.precision,
        None if options.sort is None else column_key(options.sort),
        not options.no_bias,
        options.units,
    )


def contradiction(options: argparse.Namespace) -> str:
    """Say which options do not go together; nothing where all do."""
    instead = {
        "--why": options.why is not None,
        "--rf": options.rf is not None,
        "--lecture": options.lecture,
    }
    shown = [flag for flag, given in instead.items() if given]
    if shown and options.compare:
        return "--compare cannot be combined with --why, --rf and --lecture"
    if len(shown) > 1:
        return f"{shown[0]} cannot be combined with {shown[1]}: each is shown in place of the table"
    of_tables = {
        f"--format {options.format}": options.format != "text",
        "--by": options.by != "layer",
        "--columns": options.columns is not None,
        "--sort": options.sort is not None,
        "--units": options.units,
        "--no-bias": options.no_bias,
        "--batch": options.batch is not None,
        "--optimizer": options.optimizer is not None,
        "--fit": options.fit is not None,
    }
    for flag, given in of_tables.items():
        if shown and given:
            return f"{flag} is for tables, and {shown[0]} shows none"
    if options.fit is not None and options.format not in ("text", "json"):
        return f"--fit is shown in text and JSON, not in {options.format}"
    return ""


class MemoryOptions(NamedTuple):
    """What the memory is counted for.

    Examples in a batch, the activations' precision, the optimizer; and the bytes that the largest
    batch is to fit in, if any.
    """

    batch: int
    precision: str
    optimizer: str
    fit: int | None


def memory_options_of(options: argparse.Namespace) -> MemoryOptions:
    """Gather what the memory is counted for."""
    return MemoryOptions(
        options.batch or 1, options.precision, options.optimizer or "adam", options.fit
    )


def asks_for_memory(options: argparse.Namespace) -> bool:
    """Return whether a table as text has all memory below it."""
    return bool(options.batch or options.optimizer or options.fit is not None)
