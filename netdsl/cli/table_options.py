"""The options of `netdsl table`, and what they select of a network."""

import argparse
import sys
from collections.abc import Collection
from typing import Any, NamedTuple

from netdsl.cli.arguments import (
    FILE_HELP,
    add_format,
    add_network_options,
    add_output,
    memory_size,
    positive,
)
from netdsl.constants import FORMATS, LEVELS, PRECISIONS, SLOTS
from netdsl.report.columns import (
    COLUMNS,
    DEFAULT_COLUMNS,
    SORTED,
    TableView,
    column_key,
    columns_and_scales,
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="+",
        help=f"{FILE_HELP}; several are shown next to each other, each with params of its "
        "own: NAME.net:width=32 sets a param of that file alone",
    )
    add_network_options(parser)
    add_format(parser, *(format for format in FORMATS if format != "text"))
    parser.set_defaults(only_text=lambda options: bool(_shown_instead(options)))
    add_output(parser)
    parser.add_argument(
        "--compare",
        metavar="FILE",
        help="another network, whose figures are shown next to those of the first",
    )
    parser.add_argument(
        "--by",
        choices=tuple(LEVELS),
        help="what each row shows (default: a layer; of several files a network); several files by "
        "stage are columns, as papers print configurations",
    )
    parser.add_argument(
        "--columns",
        metavar="NAMES",
        help=f"{', '.join(COLUMNS)}; of networks also input, parameters, inference_peak, "
        "training_peak: the columns to show, separated by commas; with units: params:M,weights:Ki",
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
        "--names",
        action="store_true",
        help="list the layers with weights by the names that `freeze`, `rates` and files of "
        "weights know them by",
    )
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
        "--memory-batch",
        dest="batch",
        type=positive,
        metavar="N",
        help="batch size for the memory (default: 1); shows all memory figures",
    )
    parser.add_argument(
        "--batch", type=positive, dest="batch", action=_EarlierName, help=argparse.SUPPRESS
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
        metavar="SIZE|CARD",
        help="the largest batch that can be trained in this much memory: 24GiB, or that of a card: "
        "A100-40GB",
    )


class _EarlierName(argparse.Action):
    """An option under its name in 0.1.0, which is no longer in the help."""

    def __call__(self, parser: Any, options: Any, value: Any, flag: Any = None) -> None:
        print(f"warning: {flag} is now --memory-batch", file=sys.stderr)
        setattr(options, self.dest, value)


def view_of(options: argparse.Namespace) -> TableView:
    """Gather which lines and columns are asked for.

    Raises:
        NetError: where no column has a name that was given.
    """
    known, sorts, usual = _columns(options)
    columns, scales = columns_and_scales(_names(options.columns), known)
    return TableView(
        options.by or "layer",
        columns or usual,
        options.batch or 1,
        options.precision,
        None if options.sort is None else column_key(options.sort, sorts),
        not options.no_bias,
        options.units,
        scales,
    )


def _names(text: str | None) -> list[str]:
    return [part for part in (text or "").split(",") if part.strip()]


def _columns(
    options: argparse.Namespace,
) -> tuple[Collection[str], Collection[str], tuple[str, ...]]:
    """Return the known columns, those to sort by, and those that are shown if none is named."""
    in_json = options.format == "json"
    if not is_of_networks(options):
        return COLUMNS, SORTED, tuple(COLUMNS) if in_json else DEFAULT_COLUMNS
    from netdsl.report import networks, stages

    usual = stages.DEFAULT_COLUMNS if options.by == "stage" else networks.DEFAULT_COLUMNS
    if asks_for_memory(options):
        usual = (*usual, *networks.PEAKS)
    known = networks.NETWORK_COLUMNS
    return known, networks.SORTED, known if in_json else usual


def is_of_networks(options: argparse.Namespace) -> bool:
    """Return whether the table is of several networks, and not of one network's layers."""
    return len(options.file) > 1 or (options.by == "network" and not options.compare)


def contradiction(options: argparse.Namespace) -> str:
    """Say which options do not go together; nothing where all do."""
    shown = _shown_instead(options)
    if shown and options.compare:
        return "--compare cannot be combined with --why, --rf, --lecture and --names"
    if problem := _of_several_files(options, shown):
        return problem
    if len(shown) > 1:
        return f"{shown[0]} cannot be combined with {shown[1]}: each is shown in place of the table"
    of_tables = {
        f"--format {options.format}": options.format != "text",
        "--by": options.by is not None,
        "--columns": options.columns is not None,
        "--sort": options.sort is not None,
        "--units": options.units,
        "--no-bias": options.no_bias,
        "--memory-batch": options.batch is not None,
        "--optimizer": options.optimizer is not None,
        "--fit": options.fit is not None,
    }
    for flag, given in of_tables.items():
        if shown and given:
            return f"{flag} is for tables, and {shown[0]} shows none"
    if options.fit is not None and options.format not in ("text", "json"):
        return f"--fit is shown in text and JSON, not in {options.format}"
    return ""


def _shown_instead(options: argparse.Namespace) -> list[str]:
    """Return the options that show something in place of the table, always as text."""
    instead = {
        "--why": options.why is not None,
        "--rf": options.rf is not None,
        "--lecture": options.lecture,
        "--names": options.names,
    }
    return [flag for flag, given in instead.items() if given]


def _of_several_files(options: argparse.Namespace, instead: list[str]) -> str:
    """Say what does not go together with several files."""
    if not is_of_networks(options):
        return ""
    if options.file.count("-") > 1:
        return "standard input can be one of the files"
    if instead:
        return f"{instead[0]} is of one FILE"
    if options.compare:
        return "--compare is of one FILE and another: table A --compare B"
    if options.by not in (None, "network", "stage"):
        return f"--by {options.by} is of one FILE, or of two: table A --compare B"
    if options.by == "stage" and options.sort:
        return "--sort is of rows, and of several files --by stage shows networks as columns"
    if options.fit is not None:
        return "--fit is of one FILE, or of two: table A --compare B"
    return ""


class MemoryOptions(NamedTuple):
    """What the memory is counted for.

    It is the examples in a batch, the activations' precision, the optimizer, and the bytes that the
    largest batch must fit in, if that is asked for.
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
    """Return whether a table as text is followed by all memory figures."""
    return bool(options.batch or options.optimizer or options.fit is not None)
