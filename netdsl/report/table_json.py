"""The table of a network for programs: plain values, and their JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netdsl.analysis.receptive import last_with_positions, receptive_fields
from netdsl.architecture import Architecture
from netdsl.json_text import json_text
from netdsl.report.columns import TableView
from netdsl.report.sheet import TableContent, content_of, made_of


def table_values(network: Architecture, view: TableView) -> dict[str, Any]:
    """Return the table as plain values, integers all but for `intensity` and `share`."""
    found = content_of(network, view)
    sheet = made_of(network, found, view, for_people=False)
    names = _written(found) if view.by == "layer" and view.sort is None else None
    return {
        "name": network.name,
        "rows": [
            {
                "layer": names[at] if names else label,
                **({"level": depth} if view.by == "block" else {}),
                **{
                    key: plain_value(value) for key, value in zip(view.columns, values, strict=True)
                },
            }
            for at, (label, depth, values) in enumerate(sheet.lines)
        ],
        "totals": totals_values(found, view),
        **_receptive_field(found),
    }


def tables_text(tables: Sequence[dict[str, Any]]) -> str:
    """Return a table as a JSON object, several under `networks`.

    Each key and each row is a line: a line for each value takes far longer.
    """
    if len(tables) == 1:
        return json_text(tables[0], depth=2)
    return json_text({"networks": list(tables)}, depth=4)


def totals_values(found: TableContent, view: TableView) -> dict[str, int]:
    """Return the totals by their names."""
    names = ("params", "total", "weights", "macs", "flops", "activations", "acts")
    values = {name: getattr(found.total, name) for name in names}
    return {**values, "training": found.whole.training} if "training" in view.columns else values


def plain_value(value: Any) -> Any:
    """Return a value as JSON has it."""
    return list(value) if isinstance(value, tuple) else value


def _written(found: TableContent) -> list[str]:
    """Return the layers with every default. Kinds that layers share are written once."""
    known: dict[int, str] = {}
    names = []
    for row in found.rows:
        kind = found.graph.ops[row.layer.ops[0]].kind
        if kind is None or id(kind) not in known:
            known[id(kind)] = found.graph.written(row.layer)
        names.append(known[id(kind)])
    return names


def _receptive_field(found: TableContent) -> dict[str, Any]:
    """Return the receptive field of the last operation with positions, an entry for each axis.

    Nothing where there is none.
    """
    fields = found.fields or receptive_fields(found.graph)
    index = last_with_positions(fields)
    field = None if index is None else fields[index]
    if field is None:
        return {}
    axes = zip(field.size, field.stride, field.start, strict=True)
    return {
        "receptive_field": [
            {"size": size, "stride": _plain_number(stride), "start": start}
            for size, stride, start in axes
        ]
    }


def _plain_number(number: Any) -> int | float:
    return int(number) if number == int(number) else float(number)
