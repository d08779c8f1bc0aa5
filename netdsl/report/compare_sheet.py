"""The table of two networks: for each column the figures of A and of B and their difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netdsl.architecture import titles_of
from netdsl.constants import LEVELS
from netdsl.report.columns import COLUMNS, TableView, unit_base
from netdsl.report.compare import ComparedNetworks, first_of
from netdsl.report.folding import LineGroup, folded
from netdsl.report.row_changes import MARKS
from netdsl.report.sheet import ColumnHead, SheetFoot, SheetLine, TableSheet
from netdsl.wording import times_text

_IN_NOTES = ("params", "macs", "activations")


def compared_sheet(
    found: ComparedNetworks, view: TableView, for_programs: bool = False
) -> TableSheet:
    """Return the comparison as values.

    For people with marks as `diff` has them, for programs with the words in a column.
    """
    heads = [head for key in view.columns for head in _heads(key, view.scales)]
    lines: list[SheetLine] = []
    if for_programs:
        # Not folded, and no marks in the labels: a program joins rows by their names.
        heads = [ColumnHead("layer_b", "layer B"), ColumnHead("change", "change"), *heads]
        for group in found.lines:
            ours, theirs = (line.label if line else "" for line in group)
            values = compared_values(found, group, view)
            lines.append((ours, 0, (theirs, first_of(group).mark, *values)))
    else:
        graphs = tuple(each.graph for each in found.contents)
        lines = [
            (_label(group), 0, compared_values(found, group, view))
            for group in folded(found.lines, graphs, view.sort is None)
        ]
    totals = tuple(each.whole for each in found.contents)
    return TableSheet(
        " and ".join(titles_of(found.networks)),
        "",
        LEVELS[view.by],
        tuple(heads),
        tuple(lines),
        tuple(lines),
        (SheetFoot("total", compared_values(found, totals, view, total=True)),),
        tuple(_notes(found)),
        view.units,
        "layer_a",
    )


def compared_values(
    found: ComparedNetworks, group: LineGroup, view: TableView, total: bool = False
) -> tuple[Any, ...]:
    """Return the values of both for each column, and for numbers their difference.

    A line that one of them lacks counts 0 where columns sum.

    Args:
        found: both networks.
        group: a line of each; None where one has none.
        view: the columns.
        total: whether it is the line of the totals, where only columns that sum have values.
    """
    values: list[Any] = []
    for column in (COLUMNS[key] for key in view.columns):
        shown = column.sums or not total
        a, b = (
            column.value(line, each.total, view) if shown and line is not None else None
            for line, each in zip(group, found.contents, strict=True)
        )
        values += (a, b)
        if not column.number:
            continue
        if column.sums:
            # A row that one network lacks has 0 params there, but no stride or field.
            values.append((b or 0) - (a or 0))
        else:
            values.append(None if a is None or b is None else round(b - a, 2))
    return tuple(values)


def _heads(key: str, scales: Mapping[str, str]) -> list[ColumnHead]:
    column, base, scale = COLUMNS[key], unit_base(key), scales.get(key, "")
    sides = [
        ColumnHead(
            f"{key}_{side}",
            f"{column.title} {side.upper()}",
            key == "output",
            base,
            False,
            scale,
            key == "output",
        )
        for side in "ab"
    ]
    if not column.number:
        return sides
    return [
        *sides,
        ColumnHead(f"{key}_difference", "difference", base=base, signed=True, scale=scale),
    ]


def _label(group: LineGroup) -> str:
    """Return a mark and the line as it is in A and in B, indented where it is in a block."""
    first = first_of(group)
    names = [line.short or line.label for line in group if line is not None]
    # `bottleneck_3` and `bottleneck_4` are one block at another place: no change of name.
    stems = {line.stem or line.label for line in group if line is not None}
    name = " -> ".join(names) if first.mark == "changed" and len(stems) > 1 else names[0]
    return f"{MARKS[first.mark]} {'  ' * first.depth}{name}"


def _notes(found: ComparedNetworks) -> list[str]:
    """Return which network is which, and how the totals change."""
    lines = [
        f"{side}  {title}{': ' if each.description else ''}{each.description}"
        for side, title, each in zip("AB", titles_of(found.networks), found.networks, strict=True)
    ]
    lines.append("")
    for name in _IN_NOTES:
        a, b = (getattr(each.total, name) for each in found.contents)
        change = f"{b - a:+,}" if a != b else "the same"
        times = f"  {times_text(b / a)}" if a and b and a != b else ""
        lines.append(f"{name:12} {a:,} -> {b:,}  {change}{times}")
    return lines
