"""`netdsl table`: the layers of networks with their figures, and where these come from."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from netdsl.architecture import Architecture, titles_of
from netdsl.cli.exit_codes import wrong_usage
from netdsl.cli.inputs import read_several
from netdsl.cli.outputs import show_or_write, target_of
from netdsl.cli.table_options import (
    asks_for_memory,
    contradiction,
    is_of_networks,
    memory_options_of,
    set_up,
    view_of,
)
from netdsl.cli.terminal import width
from netdsl.process import uncollected
from netdsl.report.columns import TableView

EXAMPLES = (
    "table vgg16.net",
    'table "conv3-64 x2 > pool" --input 224x224x3',
    "table resnet50.net --by block --columns output,params,flops,share",
    "table lenet5.net --format latex",
    "table vgg16.net --compare vgg19.net",
    "table resnet18.net resnet34.net resnet50.net --columns params:M,macs:G --format latex",
    "table vgg11.net vgg13.net vgg16.net vgg19.net --by stage",
)

__all__ = ["EXAMPLES", "run", "set_up"]


@uncollected()  # large tables are many small values, none of them garbage
def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if problem := contradiction(options):
        return wrong_usage("table", problem)
    view, target = view_of(options), target_of(options.output, options.force)
    if options.compare:
        from netdsl.cli.table_compare import run_compare

        return run_compare(options, view, target)
    networks = [
        network for each in read_several(options.file, options) for network in each.networks
    ]
    about = ", ".join(titles_of(networks))
    show_or_write(_text(networks, options, view), target, about)
    return 0


def _text(networks: Sequence[Architecture], options: argparse.Namespace, view: TableView) -> str:
    """Write the text that is asked for, for each network."""
    if is_of_networks(options):
        return _of_networks(networks, options, view)
    if options.format == "json":
        return _json(networks, options, view)
    if options.why:
        from netdsl.report.why import why

        return "\n\n".join(why(network, options.why) for network in networks)
    if options.rf is not None:
        from netdsl.report.why import field_drawing

        return "\n\n".join(field_drawing(network, options.rf) for network in networks)
    if options.names:
        from netdsl.report.names import names_text

        return "\n\n".join(map(names_text, networks))
    if options.lecture:
        from netdsl.report.lecture import lecture

        return "\n\n".join(map(lecture, networks))
    return _tables(networks, options, view)


def _of_networks(
    networks: Sequence[Architecture], options: argparse.Namespace, view: TableView
) -> str:
    """Write one table of several networks."""
    from netdsl.report.several import several_text

    return several_text(
        networks,
        view,
        memory_options_of(options).optimizer,
        by=options.by,
        format=options.format,
        width=width(options.output),
    )


def _tables(networks: Sequence[Architecture], options: argparse.Namespace, view: TableView) -> str:
    from netdsl.report.formats import FORMATS, as_text
    from netdsl.report.sheet import sheet_of

    sheets = [sheet_of(network, view) for network in networks]
    if options.format != "text":
        return "\n\n".join(map(FORMATS[options.format], sheets))
    texts = "\n\n".join(as_text(sheet, width(options.output)) for sheet in sheets)
    if not asks_for_memory(options):
        return texts
    from netdsl.report.memory import memory_text

    asked = memory_options_of(options)
    return "\n".join([texts, "", *(memory_text(network, *asked) for network in networks)])


def _json(networks: Sequence[Architecture], options: argparse.Namespace, view: TableView) -> str:
    from netdsl.report.memory import memory_values
    from netdsl.report.table_json import table_values, tables_text

    asked = memory_options_of(options)
    return tables_text(
        [
            {**table_values(network, view), "memory": memory_values(network, *asked)}
            for network in networks
        ]
    )
