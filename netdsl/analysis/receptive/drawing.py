"""Pictures of receptive fields."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from netdsl.analysis.receptive.fields import (
    Field,
    last_with_positions,
    middle_of,
    receptive_fields,
    seen_by,
)
from netdsl.analysis.receptive.traces import positions_of
from netdsl.graph import Graph
from netdsl.kinds.values import Shape, dims
from netdsl.kinds.window import AXIS_NAMES

COLUMNS = 60


def drawing(
    graph: Graph, index: int | None = None, columns: int = COLUMNS, point: str | None = None
) -> str:
    """Return a picture of the input with what the middle output of an operation sees.

    `#` seen, `+` seen in part, `.` not seen.

    By default the operation is the last one with positions. A letter represents one position, or a
    block of them where the input is wider than `columns`; letters are twice as high as wide, and so
    are blocks. A sequence is one line, a volume its middle slice seen.

    Args:
        graph: the network.
        index: of the operation.
        columns: letters of a row, at most.
        point: the name of the input; by default the first that the operation depends on.

    Raises:
        KeyError: where the graph has no input `point`.
    """
    fields = receptive_fields(graph, point)
    index = last_with_positions(fields) if index is None else index
    field = None if index is None else fields[index]
    if index is None or field is None:
        return "it sees no input with positions\n"
    point = graph.inputs[field.source].name
    ends = seen_by(graph, index, point=point) or ()
    positions = positions_of(graph.inputs[field.source].shape)
    lines = [
        _caption(graph, index, field, ends, positions),
        "",
        *_picture(positions[-2:], ends[-2:], columns),
    ]
    return "\n".join(lines) + "\n"


def _caption(
    graph: Graph, index: int, field: Field, ends: Sequence[tuple[int, int]], positions: Shape
) -> str:
    op, name = graph.ops[index], graph.inputs[field.source].name
    rank = len(field.stride)
    middle = (
        f", position {dims(middle_of(op.shape, rank))} of {dims(op.shape[:rank])}," if rank else ""
    )
    if field.whole:
        return f"{op.name}{middle} sees all of {name}, {dims(positions)}"
    if any(last < first for first, last in ends):
        return f"{op.name}{middle} sees nothing of {name}, {dims(positions)}"
    names = AXIS_NAMES.get(len(ends), ("positions",) * len(ends))
    said = ", ".join(
        f"{what} {first} to {last}" for what, (first, last) in zip(names, ends, strict=True)
    )
    return f"{op.name}{middle} sees {said} of {name}, {dims(positions)}"


def _picture(positions: Shape, ends: Sequence[tuple[int, int]], columns: int) -> list[str]:
    """Draw rows of letters; a sequence is one row, and each letter is at least a position."""
    (height, width), (rows, cells) = (
        ((1, *positions), ((0, 0), *ends)) if len(positions) == 1 else (positions, ends)
    )
    # Two letters for a position look square, as letters are twice as high as wide.
    letters = 2 if len(positions) > 1 and 2 * width <= columns and height <= columns else 1
    block = max(-(-width // columns), -(-height // (2 * columns)))
    across = _shares(width, block, *cells)
    down = _shares(height, block * (2 // letters) if len(positions) > 1 else 1, *rows)
    return ["".join(_letter(row * share) * letters for share in across) for row in down]


def _shares(size: int, block: int, first: int, last: int) -> list[Fraction]:
    """Return which part of each block of positions is seen."""
    blocks = [(begin, min(begin + block, size)) for begin in range(0, size, block)]
    return [
        Fraction(max(0, min(end, last + 1) - max(begin, first)), end - begin)
        for begin, end in blocks
    ]


def _letter(share: Fraction) -> str:
    return "#" if share == 1 else "+" if share else "."
