"""Several networks in one table: a row each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netdsl.analysis.memory import estimate
from netdsl.architecture import Architecture, titles_of
from netdsl.graph import shapes_text
from netdsl.json_text import json_text
from netdsl.naming import unique_name
from netdsl.report.columns import COLUMNS, OF_ROWS, TableView, rank, unit_base
from netdsl.report.sheet import ColumnHead, TableSheet, content_of
from netdsl.report.table_json import plain_value

_SHAPES = ("input", "output")
PEAKS = ("inference_peak", "training_peak")
_OF_MEMORY = ("parameters", *PEAKS)
NETWORK_COLUMNS = (
    "input",
    *(key for key in COLUMNS if key not in OF_ROWS),
    *_OF_MEMORY,
)
"""The columns of a table of networks: those of a table of layers that suit one, and its memory."""
SORTED = tuple(key for key in NETWORK_COLUMNS if key not in _SHAPES)
"""The columns that networks can be sorted by."""
DEFAULT_COLUMNS = ("input", "output", "depth", "params", "macs", "memory")


def labels_of(networks: Sequence[Architecture]) -> list[str]:
    """Return a label for each network: its name.

    Where several share one, the params that were set follow it, or else a number.
    """
    used: set[str] = set()
    return [unique_name(title, used, " ") for title in titles_of(networks)]


def networks_sheet(
    networks: Sequence[Architecture], view: TableView, optimizer: str = "adam"
) -> TableSheet:
    """Return the table of several networks as values, a line for each.

    Args:
        networks: in the order of the lines.
        view: the columns, of `NETWORK_COLUMNS`.
        optimizer: whose slots the training peak holds.
    """
    lines = []
    for label, values in _rows(networks, view, optimizer):
        lines.append((label, 0, tuple(values[key] for key in view.columns)))
    heads = tuple(head_of(key, view) for key in view.columns)
    return TableSheet(
        "", "", "network", heads, tuple(lines), tuple(lines), units=view.units, label="network"
    )


def networks_json(
    networks: Sequence[Architecture], view: TableView, optimizer: str = "adam"
) -> str:
    """Return the same as JSON, a line for each network."""
    rows = _rows(networks, view, optimizer)
    return json_text(
        {
            "networks": [
                {"name": label, **{key: plain_value(values[key]) for key in view.columns}}
                for label, values in rows
            ]
        },
        depth=2,
    )


def _rows(
    networks: Sequence[Architecture], view: TableView, optimizer: str
) -> list[tuple[str, dict[str, Any]]]:
    """Return the networks' labels and values, sorted where that is asked for."""
    rows = [
        (label, figures_of(network, view, optimizer))
        for label, network in zip(labels_of(networks), networks, strict=True)
    ]
    if view.sort is not None:
        by = view.sort
        rows.sort(key=lambda row: rank(row[1][by]), reverse=True)
    return rows


def figures_of(network: Architecture, view: TableView, optimizer: str) -> dict[str, Any]:
    """Return what a network has in each column that is asked for, of `NETWORK_COLUMNS`."""
    # Only what is asked: memory and receptive fields take longer than the rest.
    asked = dict.fromkeys(key for key in (*view.columns, view.sort) if key)
    own: dict[str, Any] = {
        "input": shapes_text(network.inputs),
        "output": shapes_text(network.outputs),
    }
    if asked.keys() & {*_OF_MEMORY}:
        own |= estimate(network.graph, view.batch, view.precision, optimizer)._asdict()
    found = content_of(network, view._replace(by="network"))
    # `by="network"` has exactly one.
    (line,) = found.lines
    return {
        key: own[key] if key in own else COLUMNS[key].value(line, found.total, view)
        for key in asked
    }


def head_of(key: str, view: TableView) -> ColumnHead:
    """Return how a column is shown."""
    shapes, scale = key in _SHAPES, view.scales.get(key, "")
    if key in COLUMNS:
        return ColumnHead(key, COLUMNS[key].title, shapes, unit_base(key), False, scale, shapes)
    title = key if shapes else f"{key.replace('_', ' ')} (bytes)"
    return ColumnHead(key, title, shapes, 1024, False, scale, shapes)
