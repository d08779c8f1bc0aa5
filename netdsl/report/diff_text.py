"""What two networks do not share, for people: rows that differ in hunks, then the totals."""

from __future__ import annotations

from collections.abc import Sequence

from netdsl.architecture import Architecture
from netdsl.errors.printable import in_one_line, printable
from netdsl.graph import shapes_text
from netdsl.kinds.values import dims
from netdsl.report.diff import WITH_RATIO, ComparedTotal, Difference, FileDifference
from netdsl.report.row_changes import MARKS, WIDEST_LAYER, RowChange, became
from netdsl.text_table import aligned_lines
from netdsl.wording import cut, plural, times_text

_AROUND = 3  # equal rows that are shown before and after a difference
_COLOURS = {"removed": "\033[31m", "added": "\033[32m", "changed": "\033[33m"}

DiffRow = tuple[str, tuple[str, ...]]
"""What became of a row, and its cells; one cell goes across all columns."""


def diff_text(found: FileDifference, names: tuple[str, str], colour: bool = False) -> str:
    """Return the comparison for people: rows that differ with some around them, then the totals.

    `names` are the files'.
    """
    names = in_one_line(names[0]), in_one_line(names[1])
    if found.same:
        same = f"{names[0]} and {names[1]}: the same {plural('network', len(found.both))}"
        return "\n".join([same, *(line for each in found.both for line in _worked(each, colour))])
    parts = [f"--- {names[0]}\n+++ {names[1]}"]
    several = bool(found.only_a or found.only_b or len(found.both) > 1)
    for each in found.both:
        title = [f"net {each.a.name}{': the same' if each.same else ''}"] if several else []
        body = _worked(each, colour) if each.same else _body(each, colour)
        parts.append("\n".join([*title, *body]))
    for what, networks in (("removed", found.only_a), ("added", found.only_b)):
        parts += [
            _painted(f"{MARKS[what]} {_in_a_line(network)}", what, colour) for network in networks
        ]
    return "\n\n".join(parts)


def _body(found: Difference, colour: bool) -> list[str]:
    """Return the rows that differ in hunks, and the totals."""
    if all(change.what == "same" for change in found.changes):
        lines = ["the rows are the same; the inputs or the outputs are in another order"]
    else:
        rows = _hunks(found.changes)
        texts = aligned_lines([cells for _, cells in rows], "llrl")
        lines = [
            _painted(f"{MARKS[what]} {text}".rstrip(), what, colour)
            for (what, _), text in zip(rows, texts, strict=True)
        ]
    return [*lines, "", *_totals(found.totals), *_worked(found, colour)]


def _worked(found: Difference, colour: bool) -> list[str]:
    """Return the statements of worked examples that differ."""
    sides = [
        (what, f"{MARKS[what]} {name} = {cut(text, WIDEST_LAYER)}")
        for name, *texts in found.worked
        for what, text in zip(("removed", "added"), texts, strict=True)
        if text is not None
    ]
    head = ["", "worked examples differ, which are not part of the network"] if sides else []
    return [*head, *(_painted(line, what, colour) for what, line in sides)]


def _hunks(changes: Sequence[RowChange]) -> list[DiffRow]:
    """Return the rows that are shown, and how many were left out between them."""
    rows: list[DiffRow] = [("same", ("layer", "output", "params", ""))]
    run = 0  # of rows that are not shown
    for change, near in zip(changes, _near(changes), strict=True):
        if near:
            rows += _left_out(run)
            rows.append((change.what, (*_cells(change), "; ".join(change.notes))))
        run = 0 if near else run + 1
    return rows + _left_out(run)


def _near(changes: Sequence[RowChange]) -> list[bool]:
    """Return which rows are shown: those that differ, and some before and after them."""
    found = [False] * len(changes)
    for index, change in enumerate(changes):
        if change.what != "same":
            shown_here = range(max(0, index - _AROUND), min(len(changes), index + _AROUND + 1))
            found[shown_here.start : shown_here.stop] = [True] * len(shown_here)
    # To leave one row out takes a line as well; beyond the ends nothing is left out.
    around = zip([True, *found], found, [*found[1:], True], strict=False)
    return [near or (before and after) for before, near, after in around]


def _left_out(run: int) -> list[DiffRow]:
    return [("same", (f"... {run:,} the same",))] if run else []


def _cells(change: RowChange) -> tuple[str, str, str]:
    """Return the layer, its output's shape and its params: of both networks where they differ."""
    sides = [row for row in (change.a, change.b) if row is not None]
    texts = [
        cut(row.text, WIDEST_LAYER)
        # Of a layer that is the same but reads another, the text is written once.
        for row in (sides if sides[0].key != sides[-1].key else sides[-1:])
    ]
    outputs = [dims(row.row.output) for row in sides]
    params = [f"{row.row.counts.params:,}" for row in sides]
    return became(*texts), became(*outputs), became(*params)


def _totals(totals: Sequence[ComparedTotal]) -> list[str]:
    """Return the totals as a table: A, B, the difference and the ratio of B to A."""
    lines = [("", "A", "B", "difference", "ratio")]
    for name, a, b in totals:
        if isinstance(a, int) and isinstance(b, int):
            times = times_text(b / a) if name in WITH_RATIO and a and b and a != b else ""
            lines.append((name, f"{a:,}", f"{b:,}", f"{b - a:+,}" if a != b else "0", times))
        else:
            lines.append((name, str(a), str(b), "" if a == b else "differ", ""))
    return aligned_lines(lines, "lrrrr")


def _in_a_line(network: Architecture) -> str:
    """Return a network that only one file holds."""
    inputs, outputs = shapes_text(network.inputs), shapes_text(network.outputs)
    counts = network.counts
    return (
        f"net {network.name}: {inputs} to {outputs}, {counts.params:,} params, {counts.macs:,} macs"
    )


def _painted(text: str, what: str, colour: bool) -> str:
    text = printable(text)
    return f"{_COLOURS[what]}{text}\033[0m" if colour and what in _COLOURS else text
