"""Which style draws a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from netdsl.drawing import neurons, u
from netdsl.drawing.graph_sheet import graph_sheet
from netdsl.drawing.marks import Sheet
from netdsl.drawing.neurons import neurons_sheet
from netdsl.drawing.options import Options
from netdsl.drawing.u import u_sheet
from netdsl.drawing.volumes import volumes_sheet

if TYPE_CHECKING:
    from netdsl.architecture import Architecture

_SHEETS: dict[str, Callable[[Architecture, Options, str], Sheet]] = {
    "graph": graph_sheet,
    "neurons": neurons_sheet,
    "volumes": volumes_sheet,
    "u": u_sheet,
}


def sheet_of(network: Architecture, options: Options, prefix: str = "") -> Sheet:
    """Draw a network in the style that the options name, or in what suits it.

    Raises:
        NetError: N660 where it would be too large, N661 where the style does not suit it, N663
            where there is no block of a name that should be open.
    """
    style = options.style if options.style != "auto" else _suitable(network, options)
    return _SHEETS[style](network, options, prefix)


def _suitable(network: Architecture, options: Options) -> str:
    """Choose circles for dense layers alone, a U for a U, boxes for the others."""
    # Who asks for blocks and repeats asks for boxes.
    if options.fold != "all" or options.depth is not None or options.opened:
        return "graph"
    if neurons.suits(network):
        return "neurons"
    return "u" if u.suits(network, options) else "graph"
