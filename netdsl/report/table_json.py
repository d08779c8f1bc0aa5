"""The table of a network for programs: plain values, and their JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netdsl.analysis.receptive import last_with_positions, receptive_fields
from netdsl.architecture import Architecture
from netdsl.json_text import json_text
from netdsl.report.columns import TableView
from netdsl.report.lines import TableLine
from netdsl.report.sheet import TableContent, content_of, in_order, made_of


def table_values(network: Architecture, view: TableView) -> dict[str, Any]:
    """Return the table as plain values, integers all but for `intensity` and `share`."""
    found = content_of(network, view)
    sheet = made_of(network, found, view, for_people=False)
    lines, known = in_order(found, view), dict[int, str]()
    return {
        "name": network.name,
        "rows": [
            {
                "layer": label,
                **_layer_of(found, lines[at], view.by, known),
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


def _layer_of(
    found: TableContent, line: TableLine, by: str, known: dict[int, str]
) -> dict[str, str]:
    """Return the name and the kind of a line that is one layer or operation, and the layer with
    every default.

    Args:
        found: what the table is made of.
        line: one of it.
        by: the table's level.
        known: kinds that were written before, by their identity: layers share them.
    """
    if by not in ("layer", "op"):
        return {}
    graph = found.graph
    op = graph.ops[line.ops[0]]
    layer = graph.layers[op.layer]
    name = layer.name if by == "layer" else op.name
    if op.kind is None:
        return {"name": name, "kind": "input", "written": layer.text}
    if id(op.kind) not in known:
        known[id(op.kind)] = op.kind.written()
    return {"name": name, "kind": op.kind.word, "written": known[id(op.kind)]}


def _receptive_field(found: TableContent) -> dict[str, Any]:
    """Return the receptive field of the last operation with positions, an entry for each axis.

    Nothing where there is none.
    """
    # Whatever the columns are: it is the network's own figure, as the totals are.
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
