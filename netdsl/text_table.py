"""Tables of text: cells in columns."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], sides: str, rule: bool = False) -> str:
    """Return the lines of a table, one below the other (see `aligned_lines`)."""
    return "\n".join(aligned_lines(rows, sides, rule))


def aligned_lines(rows: Sequence[Sequence[str]], sides: str, rule: bool = False) -> list[str]:
    """Set rows of cells in columns with two spaces between them.

    Args:
        rows: of as many cells as there are sides; one of a single cell goes across all columns,
            where there are several.
        sides: for each column the side that its cells are at, `l` or `r`.
        rule: whether a line is drawn below the first.
    """
    full = [row for row in rows if len(row) == len(sides)]
    widths = [max(map(len, column)) for column in zip(*full, strict=True)]
    lines = []
    for row in rows:
        cells = (
            cell.ljust(width) if side == "l" else cell.rjust(width)
            for cell, width, side in zip(row, widths, sides, strict=True)
        )
        lines.append(row[0] if len(row) == 1 < len(sides) else "  ".join(cells).rstrip())
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]] if rule else lines
