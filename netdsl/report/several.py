"""Several networks in one table, a row or a column each, in any of its formats."""

from __future__ import annotations

from collections.abc import Sequence

from netdsl.architecture import Architecture
from netdsl.report.columns import TableView
from netdsl.report.formats import FORMATS, as_text
from netdsl.report.networks import networks_json, networks_sheet
from netdsl.report.stages import stages_json, stages_sheet


def several_text(
    networks: Sequence[Architecture],
    view: TableView,
    optimizer: str,
    *,
    by: str,
    format: str,
    width: int | None = None,
) -> str:
    """Return the table of several networks.

    Args:
        networks: in the order of the rows or columns.
        view: the columns, of `NETWORK_COLUMNS`; by stage they are the rows below.
        optimizer: whose slots the training peak holds.
        by: network for a row each, stage for a column each.
        format: of `FORMATS`, or json.
        width: of the terminal, for text.
    """
    by_stage = by == "stage"
    if format == "json":
        return (stages_json if by_stage else networks_json)(networks, view, optimizer)
    sheet = (stages_sheet if by_stage else networks_sheet)(networks, view, optimizer)
    return FORMATS[format](sheet) if format != "text" else as_text(sheet, width)
