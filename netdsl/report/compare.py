"""The table of two networks: lines that stand for each other together, for each column the
figures of A and of B and their difference.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.canonical import Keys
from netdsl.constants import LEVELS
from netdsl.report.diff import MARKS, aligned, family, matched, ratio
from netdsl.report.memory import memory_json
from netdsl.report.table import (
    COLUMNS,
    Content,
    Head,
    Line,
    Lines,
    Sheet,
    Shown,
    View,
    base_of,
    content,
    folded,
    plain,
    rank,
    totals_json,
)
from netdsl.wording import bytes_text

if TYPE_CHECKING:
    from netdsl.architecture import Architecture

USUAL = ("output", "params", "macs")
_TOLD = ("params", "macs", "activations")


class Compared(NamedTuple):
    """Two networks, what their tables are made of, and their lines side by side, each with a
    mark; None where one has none.
    """

    networks: tuple[Architecture, Architecture]
    contents: tuple[Content, Content]
    lines: list[Lines]


def compared(a: Architecture, b: Architecture, view: View) -> Compared:
    """Layers are matched as `netdsl diff` matches them, operations, blocks and stages by what
    they hold.
    """
    contents = content(a, view), content(b, view)
    ours, theirs = (each.lines for each in contents)
    if view.by == "layer":
        changes = matched(a, b, (contents[0].rows, contents[1].rows))
        found = [
            _marked(each.what, each.a and ours[each.a.place], each.b and theirs[each.b.place])
            for each in changes
        ]
    else:
        found, keys = [], Keys()
        held = [[_keys(each, line, keys) for line in each.lines] for each in contents]
        for i, j in aligned(*held):
            line, other = None if i is None else ours[i], None if j is None else theirs[j]
            if line is None or other is None:
                what = "added" if line is None else "removed"
            else:
                same = held[0][i or 0][0] == held[1][j or 0][0] and (line.output, line.counts) == (
                    other.output,
                    other.counts,
                )
                what = "same" if same else "changed"
            found.append(_marked(what, line, other))
    if view.sort is not None:
        by = COLUMNS[view.sort].value

        def larger(lines: Lines) -> Any:
            return max(
                rank(by(line, each.total, view))
                for line, each in zip(lines, contents, strict=True)
                if line
            )

        found = sorted(
            (lines for lines in found if not _first(lines).depth), key=larger, reverse=True
        )
    return Compared((a, b), contents, found)


def _marked(what: str, a: Line | None, b: Line | None) -> Lines:
    return a and a._replace(mark=what), b and b._replace(mark=what)


def _keys(found: Content, line: Line, keys: Keys) -> tuple[Hashable, ...]:
    """What a line is matched by: its operations, then what it is called, then, of a block, its
    positions, then what it is of.
    """
    ops = found.graph.ops
    of = (line.output[:-1], "block") if line.stem else family(ops[line.ops[0]].kind)
    alike = (
        tuple(keys.of(ops[index], whole=False) for index in line.ops),
        line.stem or line.label,
        *of,
    )
    return tuple((line.depth, key) for key in alike)


def _first(lines: Lines) -> Line:
    return next(line for line in lines if line is not None)


# --- as tables ------------------------------------------------------------------------------------


def sheet(found: Compared, view: View, for_programs: bool = False) -> Sheet:
    """The comparison as values: for people with marks as `diff` has them, for programs with the
    words in a column.
    """
    heads = [head for key in view.columns for head in _heads(key)]
    a, b = found.networks
    lines: list[Shown] = []
    if for_programs:
        heads = [Head("layer_b", "layer B"), Head("change", "change"), *heads]
        for pair in found.lines:
            ours, theirs = (line.label if line else "" for line in pair)
            lines.append((ours, 0, (theirs, _first(pair).mark, *_values(found, pair, view))))
    else:
        graphs = tuple(each.graph for each in found.contents)
        lines = [
            (_label(pair), 0, _values(found, pair, view))
            for pair in folded(found.lines, graphs, view.sort is None)
        ]
    totals = tuple(Line("total", (), each.total) for each in found.contents)
    return Sheet(
        f"{a.name} and {b.name}",
        "",
        LEVELS[view.by],
        tuple(heads),
        tuple(lines),
        tuple(lines),
        _values(found, totals, view, total=True),
        tuple(_notes(found)),
        view.units,
        "layer_a",
    )


def _heads(key: str) -> list[Head]:
    column, base = COLUMNS[key], base_of(key)
    sides = [
        Head(f"{key}_{side}", f"{column.title} {side.upper()}", key == "output", base)
        for side in "ab"
    ]
    return (
        [*sides, Head(f"{key}_difference", "difference", base=base, signed=True)]
        if column.number
        else sides
    )


def _values(found: Compared, pair: Lines, view: View, total: bool = False) -> tuple[Any, ...]:
    """For each column the values of both, and of numbers their difference; a line that one has
    not counts 0 where columns sum.
    """
    values: list[Any] = []
    for column in (COLUMNS[key] for key in view.columns):
        shown = column.sums or not total
        a, b = (
            column.value(line, each.total, view) if shown and line is not None else None
            for line, each in zip(pair, found.contents, strict=True)
        )
        values += (a, b)
        if column.number:
            values.append(
                (b or 0) - (a or 0)
                if shown and column.sums
                else None
                if a is None or b is None
                else round(b - a, 2)
            )
    return tuple(values)


def _label(pair: Lines) -> str:
    """A mark and the line as it is in A and in B, further in where it stands in a block."""
    first = _first(pair)
    names = [line.short or line.label for line in pair if line is not None]
    stems = {line.stem or line.label for line in pair if line is not None}
    name = " -> ".join(names) if first.mark == "changed" and len(stems) > 1 else names[0]
    return f"{MARKS[first.mark]} {'  ' * first.depth}{name}"


def _notes(found: Compared) -> list[str]:
    """Which network is which, and how the totals change."""
    lines = [
        f"{side}  {each.name}{': ' if each.description else ''}{each.description}"
        for side, each in zip("AB", found.networks, strict=True)
    ]
    lines.append("")
    for name in _TOLD:
        a, b = (getattr(each.total, name) for each in found.contents)
        change = f"  {b - a:+,}" if a != b else "  the same"
        lines.append(
            f"{name:12} {a:,} -> {b:,}{change}{f'  {ratio(b / a)}' if a and b and a != b else ''}"
        )
    return lines


def memory_text(
    found: Compared, batch: int, precision: str, optimizer: str, fit: int | None = None
) -> str:
    """The parts of the memory of both, and with `fit` (bytes) the largest batches that fit."""
    a, b = (memory_json(network, batch, precision, optimizer, fit) for network in found.networks)
    lines = [f"memory, batch {batch:,}, {precision}, {optimizer}", f"  {'':17} {'A':>12} {'B':>12}"]
    for key in (key for key, value in a.items() if isinstance(value, int) and key != "batch"):
        ours, theirs = (
            f"{side[key]:,}" if key == "largest_batch" else bytes_text(side[key]) for side in (a, b)
        )
        change = ratio(b[key] / a[key]) if a[key] and b[key] and a[key] != b[key] else ""
        lines.append(f"  {key.replace('_', ' '):17} {ours:>12} {theirs:>12}  {change}".rstrip())
    return "\n".join(lines)


# --- JSON -----------------------------------------------------------------------------------------


def as_json(found: Compared, view: View) -> dict[str, Any]:
    """The comparison as plain values: every line, with `a`, `b` and, of numbers, their
    `difference` for each column.
    """
    sides = [totals_json(each.total) for each in found.contents]
    return {
        "a": found.networks[0].name,
        "b": found.networks[1].name,
        "rows": [
            {
                "change": _first(pair).mark,
                "layer": {
                    side: _written(found, place, line, view)
                    for side, place, line in zip("ab", (0, 1), pair, strict=True)
                },
                **({"depth": _first(pair).depth} if view.by == "block" else {}),
                **_columns(_values(found, pair, view), view),
            }
            for pair in found.lines
        ],
        "totals": {
            key: {"a": a, "b": sides[1][key], "difference": sides[1][key] - a}
            for key, a in sides[0].items()
        },
    }


def _written(found: Compared, side: int, line: Line | None, view: View) -> str | None:
    """A layer with every default, as the table's JSON has it; a block or an operation by its
    name.
    """
    if line is None or view.by != "layer":
        return line and line.label
    graph = found.contents[side].graph
    return graph.written(graph.layers[graph.ops[line.ops[0]].layer])


def _columns(values: tuple[Any, ...], view: View) -> dict[str, Any]:
    left = iter(values)
    return {
        key: {
            name: plain(next(left))
            for name in (("a", "b", "difference") if COLUMNS[key].number else ("a", "b"))
        }
        for key in view.columns
    }
