"""Several networks side by side, as papers print configurations: a column each, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from netdsl.architecture import Architecture
from netdsl.graph import Graph
from netdsl.json_text import json_text
from netdsl.report.alignment import aligned
from netdsl.report.columns import TableView
from netdsl.report.lines import LayerRow, rows_of, stage_label
from netdsl.report.networks import figures_of, head_of, labels_of
from netdsl.report.row_text import layer_label
from netdsl.report.sheet import ColumnHead, SheetFoot, SheetLine, TableSheet

DEFAULT_COLUMNS = ("depth", "params", "macs")
_MAX_WRITTEN_OUT = 4
"""Equal layers in a row that have a line each; more are one line with their number."""


class Stage(NamedTuple):
    """Layers in a row whose outputs have the same positions.

    Attributes:
        label: the positions: `56x56`.
        layers: what is in it, blocks as they are used, each on a line: `bottleneck(64) x3`.
    """

    label: str
    layers: tuple[str, ...]


class _Item(NamedTuple):
    """A layer, or a block as it is used, and its output's positions."""

    text: str
    label: str
    is_block: bool


def stages_of(graph: Graph) -> list[Stage]:
    """Return the stages of a network.

    A block is one item, in the stage of its output; but one in which the positions change more than
    once is taken apart.
    """
    items = _items(graph, rows_of(graph), 0)
    return [
        Stage(label, tuple(_lines(list(members))))
        for label, members in groupby(items, key=lambda item: item.label)
    ]


def _items(graph: Graph, rows: Sequence[LayerRow], depth: int) -> Iterator[_Item]:
    for block, members in groupby(rows, key=lambda row: row.layer.blocks[depth : depth + 1]):
        inside = list(members)
        if not block:
            yield from (
                _Item(layer_label(graph, row.layer), stage_label(row.output), False)
                for row in inside
            )
        # A block with several resolutions, such as a whole stage, belongs to none of them.
        elif _changes(inside) > 1:
            yield from _items(graph, inside, depth + 1)
        else:
            text = graph.blocks[block[0]].text
            yield _Item(text, stage_label(inside[-1].output), True)


def _changes(rows: Sequence[LayerRow]) -> int:
    """Count how often the positions change, vectors aside."""
    positions = [row.output[:-1] for row in rows if len(row.output) > 1]
    return sum(a != b for a, b in pairwise(positions))


def _lines(items: Sequence[_Item]) -> Iterator[str]:
    """Write items line by line, as papers do: a block once with its number, layers each."""
    for (text, is_block), members in groupby(items, key=lambda item: (item.text, item.is_block)):
        count = len(list(members))
        if is_block or count > _MAX_WRITTEN_OUT:
            yield text if count == 1 else f"{text} x{count}"
        else:
            yield from [text] * count


def side_by_side(networks: Sequence[Architecture]) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Return the stages of all networks in one order, each with what each network has in it."""
    found: list[tuple[str, list[tuple[str, ...]]]] = []
    for at, network in enumerate(networks):
        own = stages_of(network.graph)
        # In order, as `diff` aligns rows: 7x7 may come twice in one network.
        pairs = aligned([(label,) for label, _ in found], [(stage.label,) for stage in own])
        merged = []
        for i, j in pairs:
            # A stage that the networks before do not have: empty cells for each of them.
            label, cells = found[i] if i is not None else (own[j or 0].label, [()] * at)
            merged.append((label, [*cells, () if j is None else own[j].layers]))
        found = merged
    return found


def stages_sheet(
    networks: Sequence[Architecture], view: TableView, optimizer: str = "adam"
) -> TableSheet:
    """Return the networks side by side as values: a column each, the stages below each other.

    Args:
        networks: in the order of the columns.
        view: the figures below, of `NETWORK_COLUMNS`.
        optimizer: whose slots the training peak holds.
    """
    lines: list[SheetLine] = []
    for label, cells in side_by_side(networks):
        for at in range(max(map(len, cells))):
            texts = tuple(cell[at] if at < len(cell) else "" for cell in cells)
            lines.append(("" if at else label, 0, texts))
    names = labels_of(networks)
    values = [figures_of(network, view, optimizer) for network in networks]
    heads = [head_of(key, view) for key in view.columns]
    return TableSheet(
        "",
        "",
        "stage",
        tuple(ColumnHead(name, name, left=True) for name in names),
        tuple(lines),
        tuple(lines),
        tuple(
            SheetFoot(head.title, tuple(each[head.key] for each in values), head) for head in heads
        ),
        units=view.units,
        label="stage",
        grouped=True,
    )


def stages_json(networks: Sequence[Architecture], view: TableView, optimizer: str = "adam") -> str:
    """Return the same as JSON: the stages of each network, and its figures."""
    return json_text(
        {
            "networks": [
                {
                    "name": label,
                    "stages": [stage._asdict() for stage in stages_of(network.graph)],
                    **figures_of(network, view, optimizer),
                }
                for label, network in zip(labels_of(networks), networks, strict=True)
            ]
        },
        depth=4,
    )
