"""`netdsl table --compare`: a table with the figures of a second file's network alongside."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from netdsl.architecture import titles_of
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.inputs import read_several
from netdsl.cli.outputs import show_or_write
from netdsl.cli.table_options import asks_for_memory, memory_options_of
from netdsl.cli.terminal import note, width
from netdsl.reading import only
from netdsl.report.columns import TableView
from netdsl.report.compare import DEFAULT_COLUMNS, ComparedNetworks, compare_tables
from netdsl.report.compare_json import compared_table_values
from netdsl.report.compare_sheet import compared_sheet
from netdsl.report.formats import FORMATS, as_text
from netdsl.report.memory import compared_memory_text, memory_values
from netdsl.report.table_json import tables_text

if TYPE_CHECKING:
    from pathlib import Path


def run_compare(options: argparse.Namespace, view: TableView, target: Path | None) -> int:
    """Compare one network with another; of files with several, those with the same name.

    Args:
        options: of the command.
        view: which lines and columns are asked for.
        target: where the table is written; None for standard output.
    """
    (file,) = options.file
    if file == options.compare == "-":
        return wrong_usage("table", "standard input can be one of the two")
    if options.format != "json" and not options.columns:
        view = view._replace(columns=DEFAULT_COLUMNS)
    ours, theirs = read_several((file, options.compare), options)
    alone = len(ours.networks) == len(theirs.networks) == 1
    found = [
        compare_tables(a, theirs.networks[0] if alone else only(theirs, a.name), view)
        for a in ours.networks
    ]
    if all(a == b for a, b in (each.networks for each in found)):
        both = " (-p goes for both sides)" if options.params else ""
        note(f"note: both are the same network{both}")
    about = ", ".join(" and ".join(titles_of(each.networks)) for each in found)
    show_or_write(_text(found, options, view), target, about)
    return 0


def _text(found: Sequence[ComparedNetworks], options: argparse.Namespace, view: TableView) -> str:
    """Write what was found in the format that is asked for."""
    if options.format == "json":
        return tables_text([_as_json(each, options, view) for each in found])
    if options.format != "text":
        sheets = (
            compared_sheet(each, view, for_programs=options.format == "csv") for each in found
        )
        return "\n\n".join(map(FORMATS[options.format], sheets))
    text = "\n\n".join(as_text(compared_sheet(each, view), width(options.output)) for each in found)
    if not asks_for_memory(options):
        return text
    asked = memory_options_of(options)
    return "\n".join([text, "", *(compared_memory_text(each.networks, *asked) for each in found)])


def _as_json(
    found: ComparedNetworks, options: argparse.Namespace, view: TableView
) -> dict[str, object]:
    asked = memory_options_of(options)
    sides = zip("ab", found.networks, strict=True)
    memory = {side: memory_values(network, *asked) for side, network in sides}
    return {**compared_table_values(found, view), "memory": memory}
