"""Which style draws a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.drawing.graph_sheet import graph_sheet
from netdsl.drawing.marks import Sheet
from netdsl.drawing.options import Options

if TYPE_CHECKING:
    from netdsl.architecture import Architecture


def sheet_of(network: Architecture, options: Options, prefix: str = "") -> Sheet:
    """Draw a network in the style that the options name, or in what suits it."""
    return graph_sheet(network, options, prefix)
