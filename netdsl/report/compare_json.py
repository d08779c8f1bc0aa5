"""The table of two networks for programs: plain values."""

from __future__ import annotations

from typing import Any

from netdsl.report.columns import COLUMNS, TableView
from netdsl.report.compare import ComparedNetworks, first_of
from netdsl.report.compare_sheet import compared_values
from netdsl.report.lines import TableLine
from netdsl.report.table_json import plain_value, totals_values


def compared_table_values(found: ComparedNetworks, view: TableView) -> dict[str, Any]:
    """Return the comparison as plain values.

    Every line, with `a`, `b` and, of numbers, their `difference` for each column.
    """
    ours, theirs = (totals_values(each, view) for each in found.contents)
    return {
        "a": found.networks[0].name,
        "b": found.networks[1].name,
        "rows": [
            {
                "change": first_of(group).mark,
                "layer": {
                    side: _written(found, place, line, view)
                    for side, place, line in zip("ab", (0, 1), group, strict=True)
                },
                **({"level": first_of(group).depth} if view.by == "block" else {}),
                **_columns(compared_values(found, group, view), view),
            }
            for group in found.lines
        ],
        "totals": {
            key: {"a": a, "b": theirs[key], "difference": theirs[key] - a}
            for key, a in ours.items()
        },
    }


def _written(
    found: ComparedNetworks, side: int, line: TableLine | None, view: TableView
) -> str | None:
    """Return a layer with every default, as the table's JSON has it.

    A block or an operation by its name.
    """
    # A block or an operation has no text of its own.
    if line is None or view.by != "layer":
        return line and line.label
    graph = found.contents[side].graph
    return graph.written(graph.layers[graph.ops[line.ops[0]].layer])


def _columns(values: tuple[Any, ...], view: TableView) -> dict[str, Any]:
    # `compared_values` gives two or three values for each column, in this order.
    left = iter(values)
    sides, with_difference = ("a", "b"), ("a", "b", "difference")
    return {
        key: {
            name: plain_value(next(left))
            for name in (with_difference if COLUMNS[key].number else sides)
        }
        for key in view.columns
    }
