"""What two networks do not share: their rows aligned in order, and their totals side by side.

Two networks are the same where their operations are, in the order of their inputs and outputs:
spelling, rows and names do not count.
"""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from math import isqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.canonical import Keys, canonical
from netdsl.analysis.counts import depth
from netdsl.kinds.kind import Kind
from netdsl.kinds.values import Ref, dims, shown
from netdsl.report.table import Row, rows, totals
from netdsl.text_table import aligned_lines
from netdsl.wording import cut, plural

if TYPE_CHECKING:
    from netdsl.architecture import Architecture
    from netdsl.errors import Diagnostic
    from netdsl.graph import Graph

Pair = tuple[
    int | None, int | None
]  # indices into A and B of what belongs together; None where one has nothing for the other

_AROUND = 3  # equal rows that are shown before and behind a difference
_WIDEST_LAYER = 48
_WITH_RATIO = ("params", "moving", "weights", "macs", "acts")
_NO_FILE = ("/dev/null", os.devnull)  # git says /dev/null on every system
MARKS = {"removed": "-", "added": "+", "changed": "~", "same": " "}
_COLOURS = {"removed": "\033[31m", "added": "\033[32m", "changed": "\033[33m"}


class Line(NamedTuple):
    """A row as it is compared.

    Attributes:
        place: its number among the rows, from 0.
        row: the table's row.
        kind: its layer's kind; None of an input.
        key: the layer with every default, without the names of points.
        sources: indices of the rows that it reads.
        owners: for each of its operations, the rows whose weights it shares and whose kernel it is
            tied to; -1 where there is none.
    """

    place: int
    row: Row
    kind: Kind | None
    key: str
    sources: tuple[int, ...]
    owners: tuple[int, ...]

    @property
    def text(self) -> str:
        return self.row.layer.text


class Change(NamedTuple):
    """A row of A, of B, or of both. `what` is removed, added, changed or same; `notes` tell what
    its cells do not.
    """

    what: str
    a: Line | None
    b: Line | None
    notes: tuple[str, ...] = ()


class Total(NamedTuple):
    """One figure of both networks: a whole number, or the shapes of inputs or outputs."""

    name: str
    a: int | str
    b: int | str


class Difference(NamedTuple):
    """What two networks do not share; where they are the same, `changes` is empty."""

    a: Architecture
    b: Architecture
    same: bool
    changes: tuple[Change, ...]
    totals: tuple[Total, ...]


class Comparison(NamedTuple):
    """The networks of two files: those that both hold, and those that one holds."""

    both: tuple[Difference, ...]
    only_a: tuple[Architecture, ...]
    only_b: tuple[Architecture, ...]

    @property
    def same(self) -> bool:
        return (
            not self.only_a and not self.only_b and all(difference.same for difference in self.both)
        )


def compare(a: Sequence[Architecture], b: Sequence[Architecture]) -> Comparison:
    """The networks of two files: one with one, whatever they are called; of several, those of
    one name.
    """
    if len(a) == len(b) == 1:
        return Comparison((difference(a[0], b[0]),), (), ())
    ours, theirs = {network.name for network in a}, {network.name: network for network in b}
    both = tuple(
        difference(network, theirs[network.name]) for network in a if network.name in theirs
    )
    only_a = tuple(network for network in a if network.name not in theirs)
    return Comparison(both, only_a, tuple(network for network in b if network.name not in ours))


def difference(a: Architecture, b: Architecture) -> Difference:
    """What two networks do not share."""
    tables = rows(a), rows(b)
    same = canonical(a.graph) == canonical(b.graph)
    changes = () if same else matched(a, b, tables)
    facts = zip(_facts(a, tables[0]).items(), _facts(b, tables[1]).values(), strict=True)
    return Difference(
        a, b, same, changes, tuple(Total(name, value, other) for (name, value), other in facts)
    )


def _facts(network: Architecture, table: list[Row]) -> dict[str, int | str]:
    total = totals(table)
    return {
        **{name: getattr(total, name) for name in _WITH_RATIO},
        "depth": depth(network.graph),
        "inputs": " and ".join(dims(point.shape) for point in network.inputs),
        "outputs": " and ".join(dims(point.shape) for point in network.outputs),
    }


# --- rows ---------------------------------------------------------------------------------------


def _lines(graph: Graph, table: list[Row]) -> list[Line]:
    ops, keys = graph.ops, Keys()
    found = []
    for index, row in enumerate(table):
        parts = [ops[at] for at in row.layer.ops]
        sources = (ops[source].layer for op in parts for source in op.inputs)
        owners = (
            -1 if other is None else ops[other].layer
            for op in parts
            for other in (op.shares, op.tied)
        )
        outside = tuple(source for source in sources if source != index)
        found.append(Line(index, row, parts[0].kind, keys.of(parts[0]), outside, tuple(owners)))
    return found


# --- rows side by side ----------------------------------------------------------------------------


def _changes(a: Sequence[Line], b: Sequence[Line]) -> tuple[Change, ...]:
    """All rows in order, those that stand for each other together."""
    pairs = aligned(
        *([(line.key, line.text, *family(line.kind)) for line in lines] for lines in (a, b))
    )
    place = {i: j for i, j in pairs if i is not None and j is not None}
    kept = set(place.values())
    return tuple(_change(a, b, i, j, place, kept) for i, j in pairs)


def matched(
    a: Architecture, b: Architecture, tables: tuple[list[Row], list[Row]]
) -> tuple[Change, ...]:
    """All rows of two networks side by side, also where the networks are the same."""
    return _changes(_lines(a.graph, tables[0]), _lines(b.graph, tables[1]))


def family(kind: Kind | None) -> tuple[str, str]:
    """A layer's kind and its group: `relu` and `activation`."""
    return (kind.word, kind.group) if kind else ("input", "input")


def _change(
    a: Sequence[Line],
    b: Sequence[Line],
    i: int | None,
    j: int | None,
    place: Mapping[int, int],
    kept: set[int],
) -> Change:
    """What became of a row. `place` says where the rows of A that stay are in B; `kept` are
    these places.
    """
    if i is None or j is None:
        return Change("removed", a[i], None) if i is not None else Change("added", None, b[j or 0])
    ours, theirs = a[i], b[j]
    moved = [
        (one, other)
        for one, other in zip(ours.sources, theirs.sources, strict=False)
        if one in place
        and other in kept
        and place[one] != other  # that rows between came or went moves nothing
    ]
    notes = _options(ours, theirs)
    if len(ours.sources) != len(theirs.sources):
        notes.append(f"inputs {len(ours.sources)} -> {len(theirs.sources)}")
    notes += [
        f"reads {_became(a[one].row.layer.name, b[other].row.layer.name)}" for one, other in moved
    ]
    if (
        ours.key == theirs.key
        and tuple(place.get(owner, owner) for owner in ours.owners) != theirs.owners
    ):
        notes.append(f"weights {_became(_owned(a, ours), _owned(b, theirs))}")
    shared = (ours.key, ours.row.output, ours.row.counts.params) == (
        theirs.key,
        theirs.row.output,
        theirs.row.counts.params,
    )
    return Change("same" if shared and not notes else "changed", ours, theirs, tuple(notes))


def _options(a: Line, b: Line) -> list[str]:
    """The options that differ, of rows whose texts look alike: a `default` has changed, or one
    far behind in a long row.
    """
    if (
        a.kind is None
        or b.kind is None
        or a.key == b.key
        or cut(a.text, _WIDEST_LAYER) != cut(b.text, _WIDEST_LAYER)
    ):
        return []
    found = []
    for name in a.kind.options.keys() & b.kind.options.keys():
        ours, theirs = a.kind.values[name], b.kind.values[name]
        if not (isinstance(ours, Ref) and isinstance(theirs, Ref)) and shown(ours) != shown(theirs):
            words = [shown(value).partition("(")[0] for value in (ours, theirs)]
            found.append(
                f"{name} {_became(*(words if words[0] != words[1] else (shown(ours), shown(theirs))))}"
            )
    return sorted(found)


def _owned(lines: Sequence[Line], line: Line) -> str:
    """Whose weights a row has: `its own`, or `of NAME`."""
    others = dict.fromkeys(lines[owner].row.layer.name for owner in line.owners if owner >= 0)
    return f"of {', '.join(others)}" if others else "its own"


def aligned(a: Sequence[tuple[Hashable, ...]], b: Sequence[tuple[Hashable, ...]]) -> list[Pair]:
    """Two sequences of tuples of keys side by side.

    As many as can be are paired by their first keys; what stands between two pairs is paired by the
    second keys, and so on.
    """
    pairs: list[tuple[int, int]] = []
    for level in range(len(a[0]) if a else 0):
        finer: list[tuple[int, int]] = []
        for ours, theirs, pair in _between(pairs, len(a), len(b)):
            inside = common([a[i][level] for i in ours], [b[j][level] for j in theirs])
            finer += ((ours.start + i, theirs.start + j) for i, j in inside)
            finer += pair
        pairs = finer
    found: list[Pair] = []
    for ours, theirs, pair in _between(pairs, len(a), len(b)):
        found += ((i, None) for i in ours)
        found += ((None, j) for j in theirs)
        found += pair
    return found


def _between(
    pairs: Sequence[tuple[int, int]], a: int, b: int
) -> Iterator[tuple[range, range, list[tuple[int, int]]]]:
    """What stands before each pair and is in none, with the pair; at last what stands behind
    them all, with none.
    """
    i = j = 0
    for pair in pairs:
        yield range(i, pair[0]), range(j, pair[1]), [pair]
        i, j = pair[0] + 1, pair[1] + 1
    yield range(i, a), range(j, b), []


def common(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """A longest common subsequence, as pairs of indices; of several the one that pairs what stands
    first.

    The table of lengths is kept in bits, a row a whole number (Hyyrö 2004): bit j of a row is 0
    where b[: j + 1] has one more in common with a[:i] than b[:j] has. Of the rows every r-th is
    kept (r is the square root of their number), the others are made again on the way back. 20,000
    elements that have little in common take a tenth of a second; difflib took two minutes for 4,000
    of which every third differed.
    """
    start = next(
        (i for i, (ours, theirs) in enumerate(zip(a, b, strict=False)) if ours != theirs),
        min(len(a), len(b)),
    )
    a, b = a[start:], b[start:]
    hits = _places(b)
    every = (1 << len(b)) - 1

    def after(row: int, key: Hashable) -> int:
        hit = row & hits.get(key, 0)
        return ((row + hit) | (row - hit)) & every

    stride = isqrt(len(a)) + 1
    kept, row = [], every
    for i, key in enumerate(a):
        if i % stride == 0:
            kept.append(row)
        row = after(row, key)
    found: list[tuple[int, int]] = []
    j = len(b)
    for block in reversed(range(len(kept))):
        first = block * stride
        table = [kept[block]]
        for key in a[first : first + stride]:
            table.append(after(table[-1], key))
        i = len(table) - 1
        while i and j:
            if table[i] >> (j - 1) & 1:
                j -= 1
                continue
            i -= 1
            if table[i] >> (j - 1) & 1:
                j -= 1
                found.append((start + first + i, start + j))
    return [(i, i) for i in range(start)] + found[::-1]


def _places(sequence: Sequence[Hashable]) -> dict[Hashable, int]:
    """For each key the whole number whose bits are set where it stands."""
    bits: dict[Hashable, bytearray] = {}
    for place, key in enumerate(sequence):
        if key not in bits:
            bits[key] = bytearray(len(sequence) // 8 + 1)
        bits[key][place >> 3] |= 1 << (place & 7)
    return {key: int.from_bytes(each, "little") for key, each in bits.items()}


# --- shown ----------------------------------------------------------------------------------------


def text_difference(found: Comparison, names: tuple[str, str], colour: bool = False) -> str:
    """The comparison for people: rows that differ with some around them, then the totals.

    `names` are the files'.
    """
    if found.same:
        return f"{names[0]} and {names[1]}: the same {plural('network', len(found.both))}"
    parts = [f"--- {names[0]}\n+++ {names[1]}"]
    several = bool(found.only_a or found.only_b or len(found.both) > 1)
    for each in found.both:
        title = [f"net {each.a.name}{': the same' if each.same else ''}"] if several else []
        parts.append("\n".join([*title, *([] if each.same else _body(each, colour))]))
    for what, networks in (("removed", found.only_a), ("added", found.only_b)):
        parts += [
            _painted(f"{MARKS[what]} {_in_a_line(network)}", what, colour) for network in networks
        ]
    return "\n\n".join(parts)


def _body(found: Difference, colour: bool) -> list[str]:
    """The rows that differ in hunks, and the totals."""
    cells: list[tuple[str, tuple[str, ...]]] = [("same", ("layer", "output", "params", ""))]
    run = 0  # of rows that are not shown
    for change, near in zip(found.changes, _near(found.changes), strict=True):
        if near:
            cells += _left_out(run)
            cells.append((change.what, (*_cells(change), "; ".join(change.notes))))
        run = 0 if near else run + 1
    cells += _left_out(run)
    texts = aligned_lines([row for _, row in cells], "llrl")
    lines = [
        _painted(f"{MARKS[what]} {text}".rstrip(), what, colour)
        for (what, _), text in zip(cells, texts, strict=True)
    ]
    if all(change.what == "same" for change in found.changes):
        lines = ["the rows are the same; the inputs or the outputs come in another order"]
    return [*lines, "", *_totals(found.totals)]


def _near(changes: Sequence[Change]) -> list[bool]:
    """Which rows are shown: those that differ, and some before and behind them."""
    found = [False] * len(changes)
    for index, change in enumerate(changes):
        if change.what != "same":
            shown_here = range(max(0, index - _AROUND), min(len(changes), index + _AROUND + 1))
            found[shown_here.start : shown_here.stop] = [True] * len(shown_here)
    for index in range(1, len(found) - 1):  # to leave one row out takes a line as well
        found[index] |= found[index - 1] and found[index + 1]
    return found


def _left_out(run: int) -> list[tuple[str, tuple[str, ...]]]:
    return [("same", (f"... {run:,} the same",))] if run else []


def _cells(change: Change) -> tuple[str, str, str]:
    """The layer, its output's shape and its params: of both networks where they differ."""
    sides = [line for line in (change.a, change.b) if line is not None]
    texts = [
        cut(line.text, _WIDEST_LAYER)
        for line in (sides if sides[0].key != sides[-1].key else sides[-1:])
    ]
    outputs = [dims(line.row.output) for line in sides]
    params = [f"{line.row.counts.params:,}" for line in sides]
    return _became(*texts), _became(*outputs), _became(*params)


def _became(old: str, new: str | None = None) -> str:
    return old if new is None or new == old else f"{old} -> {new}"


def _totals(figures: Sequence[Total]) -> list[str]:
    """The totals as a table: A, B, the difference and the ratio of B to A."""
    lines = [("", "A", "B", "difference", "ratio")]
    for name, a, b in figures:
        if isinstance(a, int) and isinstance(b, int):
            times = ratio(b / a) if name in _WITH_RATIO and a and b and a != b else ""
            lines.append((name, f"{a:,}", f"{b:,}", f"{b - a:+,}" if a != b else "0", times))
        else:
            lines.append((name, str(a), str(b), "" if a == b else "differ", ""))
    return aligned_lines(lines, "lrrrr")


def ratio(times: float) -> str:
    """How many times as much: `x1.04`."""
    return f"x{times:,.2f}" if times >= 0.1 else f"x{times:.2g}"


def _in_a_line(network: Architecture) -> str:
    """A network that only one file holds."""
    inputs, outputs = (
        " and ".join(dims(point.shape) for point in points)
        for points in (network.inputs, network.outputs)
    )
    counts = network.counts
    return (
        f"net {network.name}: {inputs} to {outputs}, {counts.params:,} params, {counts.macs:,} macs"
    )


def _painted(text: str, what: str, colour: bool) -> str:
    return f"{_COLOURS[what]}{text}\033[0m" if colour and what in _COLOURS else text


def as_json(found: Comparison, names: tuple[str, str]) -> dict[str, Any]:
    """The comparison as plain values. Rows that are the same are left out; `row` counts from 0."""
    return {
        "a": names[0],
        "b": names[1],
        "same": found.same,
        "networks": [_json_of(each) for each in found.both],
        "only_a": [_json_alone(network) for network in found.only_a],
        "only_b": [_json_alone(network) for network in found.only_b],
    }


def _json_of(found: Difference) -> dict[str, Any]:
    changed = [
        {
            "change": change.what,
            "a": None if change.a is None else _json_row(change.a, found.a),
            "b": None if change.b is None else _json_row(change.b, found.b),
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
            if isinstance(a, int) and isinstance(b, int)
        },
        **{
            name: {
                "a": [list(p.shape) for p in getattr(found.a, name)],
                "b": [list(p.shape) for p in getattr(found.b, name)],
            }
            for name in ("inputs", "outputs")
        },
    }


def _json_row(line: Line, network: Architecture) -> dict[str, Any]:
    layer = network.graph.written(line.row.layer)
    return {
        "row": line.place,
        "layer": layer,
        "output": list(line.row.output),
        "params": line.row.counts.params,
    }


def _json_alone(network: Architecture) -> dict[str, Any]:
    return {"name": network.name, "params": network.counts.params, "macs": network.counts.macs}


# --- what is compared -----------------------------------------------------------------------------


class Side(NamedTuple):
    """One of the two files.

    Attributes:
        file: where its text is, or what stands on the command line in its place.
        place: where the text belongs in the working tree, of a copy that git made; the files that
            it uses are looked for there.
        label: what messages call it.
    """

    file: str
    place: str | None
    label: str

    def remark(self, text: str) -> str:
        """What a reader of an older version should know; nothing where its text uses no file."""
        if self.place is None or not re.search(r'(?m)^[ \t]*use[ \t]+"', text):
            return ""
        return (
            f"note: the files that {self.label} uses are read as they stand in the working tree now"
        )

    @property
    def missing(self) -> bool:
        """Whether git says with it that there is no such file: it was added, or deleted."""
        return self.file in _NO_FILE


class Asked(NamedTuple):
    """What is compared, and whether git asks: then the exit code says only that it can go on."""

    a: Side
    b: Side
    by_git: bool = False


def asked(files: Sequence[str], place: str | None, environment: Mapping[str, str]) -> Asked | None:
    """The two files of a command line: two names, or the seven arguments of GIT_EXTERNAL_DIFF (nine
    of a renamed file); else None.

    `git difftool --extcmd` says in BASE where the file belongs.
    """
    if len(files) in (7, 9):
        return Asked(
            _side(files[1], files[0], "old"),
            _side(files[4], files[7] if len(files) == 9 else files[0], "new"),
            by_git=True,
        )
    if len(files) != 2:
        return None
    if place is None and "GIT_DIFFTOOL_EXTCMD" in environment:
        place = environment.get("BASE")
    return Asked(_side(files[0], place, "old"), _side(files[1], place, "new"))


def _side(file: str, place: str | None, age: str) -> Side:
    """A file; one that stands in its place in the working tree already is called by its name
    alone.
    """
    if (
        place is None
        or file in (*_NO_FILE, "-")
        or os.path.realpath(file) == os.path.realpath(place)
    ):
        return Side(
            file,
            None,
            {"-": "<stdin>"}.get(
                file, "<text>" if ">" in file and not os.path.exists(file) else file
            ),
        )
    return Side(file, place, f"{place} ({age})")


def with_places(messages: Iterable[Diagnostic], side: Side) -> tuple[Diagnostic, ...]:
    """The messages about a side; where a used file was not found, with what decides where it is
    looked for.
    """
    if side.place is None:
        mend = (
            "of a copy elsewhere, say with --path where it belongs: used files are looked for there"
        )
    else:
        mend = f"used files are looked for beside {side.place} in the working tree, as they stand there now"
    return tuple(
        m._replace(help=mend) if m.code == "N601" and m.span is not None and not m.help else m
        for m in messages
    )
