"""A network's layers by the names that a recipe's `freeze` and `rates`, and files of weights, know
them by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.text_table import aligned_lines
from netdsl.wording import shape_text

if TYPE_CHECKING:
    from netdsl.architecture import Architecture


def names_text(network: Architecture) -> str:
    """List each operation with weights: its name, the layer as written, its arrays, its numbers."""
    rows = [["name", "layer", "arrays", "numbers"]]
    graph = network.graph
    for op in graph.ops:
        weights = graph.weights(op)
        if weights:
            arrays = ", ".join(f"{each.name} {shape_text(each.shape)}" for each in weights)
            numbers = sum(each.size for each in weights)
            rows.append([op.name, graph.layers[op.layer].text, arrays, f"{numbers:,}"])
    return "\n".join([network.name, "", *aligned_lines(rows, "lllr", rule=True)])
