"""What two networks do not share, for programs: plain values."""

from __future__ import annotations

from typing import Any

from netdsl.architecture import Architecture
from netdsl.report.diff import Difference, FileDifference
from netdsl.report.row_changes import ComparedRow


def diff_values(found: FileDifference, names: tuple[str, str]) -> dict[str, Any]:
    """Return the comparison as plain values.

    Rows that are the same are left out; `row` counts from 0.
    """
    return {
        "a": names[0],
        "b": names[1],
        "same": found.same,
        "networks": [_difference(each) for each in found.both],
        "only_a": [_alone(network) for network in found.only_a],
        "only_b": [_alone(network) for network in found.only_b],
    }


def _difference(found: Difference) -> dict[str, Any]:
    changed = [
        {
            "change": change.what,
            "a": None if change.a is None else _row(change.a, found.a),
            "b": None if change.b is None else _row(change.b, found.b),
            "notes": list(change.notes),
        }
        for change in found.changes
        if change.what != "same"
    ]
    return {
        "name": {"a": found.a.name, "b": found.b.name},
        "same": found.same,
        "rows": changed,
        "totals": {
            name: {"a": a, "b": b, "difference": b - a}
            for name, a, b in found.totals
            # Shapes have no difference; they follow as lists.
            if isinstance(a, int) and isinstance(b, int)
        },
        **{
            name: {
                "a": [list(port.shape) for port in getattr(found.a, name)],
                "b": [list(port.shape) for port in getattr(found.b, name)],
            }
            for name in ("inputs", "outputs")
        },
        "worked": [change._asdict() for change in found.worked],
    }


def _row(row: ComparedRow, network: Architecture) -> dict[str, Any]:
    return {
        "row": row.place,
        "layer": network.graph.written(row.row.layer),
        "output": list(row.row.output),
        "params": row.row.counts.params,
    }


def _alone(network: Architecture) -> dict[str, Any]:
    return {"name": network.name, "params": network.counts.params, "macs": network.counts.macs}
