"""The lines of two networks side by side, those that correspond together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

from netdsl.analysis.canonical import Keys
from netdsl.architecture import Architecture
from netdsl.report.alignment import AlignedPair, aligned
from netdsl.report.columns import COLUMNS, TableView, rank
from netdsl.report.folding import LineGroup
from netdsl.report.lines import TableLine
from netdsl.report.row_changes import family, row_changes, same_structure
from netdsl.report.sheet import TableContent, content_of

DEFAULT_COLUMNS = ("output", "params", "macs")


class ComparedNetworks(NamedTuple):
    """Two networks, what their tables are made of, and their lines side by side, each with a
    mark; None where one has none.
    """

    networks: tuple[Architecture, Architecture]
    contents: tuple[TableContent, TableContent]
    lines: list[LineGroup]


def compare_tables(a: Architecture, b: Architecture, view: TableView) -> ComparedNetworks:
    """Match layers as `netdsl diff` matches them, operations, blocks and stages by what they
    hold.
    """
    contents = content_of(a, view), content_of(b, view)
    lines = _matched_layers(*contents) if view.by == "layer" else _matched_lines(*contents)
    if view.sort is not None:
        by = COLUMNS[view.sort].value

        def largest(group: LineGroup) -> Any:
            return max(
                rank(by(line, each.total, view))
                for line, each in zip(group, contents, strict=True)
                if line
            )

        # Blocks within others are parts of their lines: sorted among them they would count twice.
        outermost = (group for group in lines if not first_of(group).depth)
        lines = sorted(outermost, key=largest, reverse=True)
    return ComparedNetworks((a, b), contents, lines)


def first_of(group: LineGroup) -> TableLine:
    """Return the line of A, or of B where A has none."""
    return next(line for line in group if line is not None)


def _matched_layers(a: TableContent, b: TableContent) -> list[LineGroup]:
    return [
        _marked(
            change.what,
            change.a and a.lines[change.a.place],
            change.b and b.lines[change.b.place],
        )
        for change in row_changes((a.graph, b.graph), (a.rows, b.rows))
    ]


def _matched_lines(a: TableContent, b: TableContent) -> list[LineGroup]:
    keys = Keys()
    ours, theirs = ([_keys(each, line, keys) for line in each.lines] for each in (a, b))
    found = []
    # One network with other sizes: its lines belong together by their places, whatever they say.
    by_place = same_structure(a.graph, b.graph) and (
        [(line.ops, line.depth) for line in a.lines] == [(line.ops, line.depth) for line in b.lines]
    )
    pairs: Iterable[AlignedPair]
    pairs = ((i, i) for i in range(len(ours))) if by_place else aligned(ours, theirs)
    for i, j in pairs:
        line, other = None if i is None else a.lines[i], None if j is None else b.lines[j]
        if line is None or other is None:
            what = "added" if line is None else "removed"
        else:
            same = ours[i or 0][0] == theirs[j or 0][0] and (line.output, line.counts) == (
                other.output,
                other.counts,
            )
            what = "same" if same else "changed"
        found.append(_marked(what, line, other))
    return found


def _marked(what: str, a: TableLine | None, b: TableLine | None) -> LineGroup:
    return a and a._replace(mark=what), b and b._replace(mark=what)


def _keys(found: TableContent, line: TableLine, keys: Keys) -> tuple[Hashable, ...]:
    """Return what a line is matched by, the most exact key first.

    Its operations, then its name, then the positions of a block or the kind of a layer, and at last
    whether it is a block, or the layer's group.
    """
    ops = found.graph.ops
    of = (line.output[:-1], "block") if line.stem else family(ops[line.ops[0]].kind)
    alike = (
        tuple(keys.of(ops[index], whole=False) for index in line.ops),
        line.stem or line.label,
        *of,
    )
    # With the depth: a block is never paired with one that is within another.
    return tuple((line.depth, key) for key in alike)
