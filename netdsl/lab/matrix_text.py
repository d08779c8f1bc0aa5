"""A layer's matrix as text, and as plain values."""

from __future__ import annotations

from typing import Any

from netdsl.json_text import json_number
from netdsl.lab.matrix import LayerMatrix
from netdsl.lab.show_arrays import json_array, number_text
from netdsl.text_table import aligned_lines

COLUMNS, ROWS = 40, 60
"""The most columns and rows that are written."""


def matrix_text(found: LayerMatrix) -> str:
    """Write the matrix below its title; `.` where there is no weight."""
    array = found.array
    filled = array != 0 if found.shared is None else found.shared != 0
    rows = [
        [
            number_text(number) if there else "."
            for number, there in zip(line[:COLUMNS], known[:COLUMNS], strict=True)
        ]
        for line, known in zip(array[:ROWS], filled[:ROWS], strict=True)
    ]
    if array.shape[1] > COLUMNS:
        for row in rows:
            row.append(f"... {array.shape[1] - COLUMNS:,} more")
    lines = [found.title, "", *aligned_lines(rows, "r" * len(rows[0]))]
    more = len(array) - ROWS
    return "\n".join([*lines, *([f"... {more:,} rows more"] if more > 0 else [])])


def matrix_json(found: LayerMatrix) -> dict[str, Any]:
    """Return the matrix as plain values."""
    return {
        "name": found.name,
        "layer": found.text,
        "input": list(found.input),
        "output": list(found.output),
        "matrix": json_array(found.array),
        "shared": None if found.shared is None else found.shared.tolist(),
        "weights": json_number(found.weights),
    }
