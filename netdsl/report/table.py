"""The table of a network: a row a layer, and the totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.counts import Counts, added, count_layers
from netdsl.kinds.base import dims

if TYPE_CHECKING:
    from netdsl.graph import Layer
    from netdsl.network import Network

_NUMBERS = ("params", "macs", "activations")
_WIDEST_LAYER = 48


class Row(NamedTuple):
    """A layer, its output's shape and its counts."""

    layer: Layer
    output: tuple[int, ...]
    counts: Counts


def rows(network: Network) -> list[Row]:
    """The layers in order: inputs, merges and pools are rows, repeats are not folded."""
    graph = network.graph
    counts = count_layers(graph)
    return [Row(layer, graph.ops[layer.ops[-1]].shape, count) for layer, count in zip(graph.layers, counts, strict=True)]


def totals(table: list[Row]) -> Counts:
    """The sums over the rows."""
    return added(row.counts for row in table)


def as_json(network: Network) -> dict[str, Any]:
    """The table as plain values, whole numbers all."""
    table = rows(network)
    total = totals(table)
    return {
        "name": network.name,
        "rows": [
            {
                "layer": network.graph.written(row.layer),
                "output": list(row.output),
                "params": row.counts.params,
                "macs": row.counts.macs,
                "activations": row.counts.activations,
            }
            for row in table
        ],
        "totals": {
            "params": total.params,
            "total": total.total,
            "weights": total.weights,
            "macs": total.macs,
            "activations": total.activations,
            "acts": total.acts,
        },
    }


def text_table(network: Network) -> str:
    """The table for people: aligned columns, thousands set apart, the totals below."""
    table = rows(network)
    total = totals(table)
    lines: list[tuple[str, ...]] = [("layer", "output", *_NUMBERS)]
    lines += [(_shortened(row.layer.text), dims(row.output), *(f"{getattr(row.counts, name):,}" for name in _NUMBERS)) for row in table]
    lines.append(("total", "", *(f"{getattr(total, name):,}" for name in _NUMBERS)))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    body = [_aligned(line, widths) for line in lines]
    shown = [network.name, *([network.description] if network.description else []), "", body[0], rule, *body[1:-1], rule, body[-1], ""]
    return "\n".join([*shown, *_summary(total)])


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    """A line with its first two cells to the left and its numbers to the right."""
    cells = [cell.ljust(width) if column < 2 else cell.rjust(width) for column, (cell, width) in enumerate(zip(line, widths, strict=True))]
    return "  ".join(cells).rstrip()


def _shortened(text: str) -> str:
    return text if len(text) <= _WIDEST_LAYER else text[: _WIDEST_LAYER - 3] + "..."


def _summary(total: Counts) -> list[str]:
    """What the totals mean, in words."""
    moving = f" ({total.total:,} with {total.moving:,} moving statistics)" if total.moving else ""
    return [
        f"params       {total.params:,} trainable{moving}; {total.weights:,} without biases and norm factors",
        f"macs         {total.macs:,} multiply-accumulates of convolutions and matrix products, for one example",
        f"activations  {total.activations:,} elements of all rows; {total.acts:,} of convolutions and dense layers only",
    ]
