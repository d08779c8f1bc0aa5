"""The rows of two networks side by side, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from netdsl.analysis.canonical import Keys
from netdsl.graph import Graph
from netdsl.kinds.kind import Kind
from netdsl.kinds.values import Ref, shown
from netdsl.report.alignment import AlignedPair, aligned
from netdsl.report.lines import LayerRow
from netdsl.wording import cut

WIDEST_LAYER = 48  # characters of a row's text that are shown
MARKS = {"removed": "-", "added": "+", "changed": "~", "same": " "}


class ComparedRow(NamedTuple):
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
    row: LayerRow
    kind: Kind | None
    key: str
    sources: tuple[int, ...]
    owners: tuple[int, ...]

    @property
    def text(self) -> str:
        """The layer as it was written."""
        return self.row.layer.text


class RowChange(NamedTuple):
    """A row of A, of B, or of both.

    Attributes:
        what: a key of `MARKS`.
        notes: what its cells do not show.
    """

    what: str
    a: ComparedRow | None
    b: ComparedRow | None
    notes: tuple[str, ...] = ()


def row_changes(
    graphs: tuple[Graph, Graph], rows: tuple[list[LayerRow], list[LayerRow]]
) -> tuple[RowChange, ...]:
    """Pair all rows of two networks in order, also where the networks are the same."""
    a, b = (_compared(graph, own) for graph, own in zip(graphs, rows, strict=True))
    pairs: Sequence[AlignedPair]
    if same_structure(*graphs):
        pairs = [(place, place) for place in range(len(a))]
    else:
        keys = ([(row.key, row.text, *family(row.kind)) for row in each] for each in (a, b))
        pairs = aligned(*keys)
    place = {i: j for i, j in pairs if i is not None and j is not None}
    kept = set(place.values())
    return tuple(_change(a, b, i, j, place, kept) for i, j in pairs)


def same_structure(a: Graph, b: Graph) -> bool:
    """Return whether two graphs are one with other sizes and options: as many operations, of the
    same kinds, which read the same ones and lie in the same rows.
    """
    return len(a.ops) == len(b.ops) and all(
        (ours.inputs, ours.layer, family(ours.kind))
        == (theirs.inputs, theirs.layer, family(theirs.kind))
        for ours, theirs in zip(a.ops, b.ops, strict=True)
    )


def family(kind: Kind | None) -> tuple[str, str]:
    """Return a layer's kind and its group: `relu` and `activation`."""
    return (kind.word, kind.group) if kind else ("input", "input")


def became(old: str, new: str | None = None) -> str:
    """Write `old -> new`; the text alone where both are the same."""
    return old if new is None or new == old else f"{old} -> {new}"


def _compared(graph: Graph, rows: Sequence[LayerRow]) -> list[ComparedRow]:
    ops, keys = graph.ops, Keys()
    found = []
    for index, row in enumerate(rows):
        parts = [ops[at] for at in row.layer.ops]
        sources = (ops[source].layer for op in parts for source in op.inputs)
        owners = (
            -1 if other is None else ops[other].layer
            for op in parts
            for other in (op.shares, op.tied)
        )
        outside = tuple(source for source in sources if source != index)
        found.append(
            ComparedRow(index, row, parts[0].kind, keys.of(parts[0]), outside, tuple(owners))
        )
    return found


def _change(
    a: Sequence[ComparedRow],
    b: Sequence[ComparedRow],
    i: int | None,
    j: int | None,
    place: Mapping[int, int],
    kept: set[int],
) -> RowChange:
    """Return what became of a row.

    Args:
        a: the rows of A.
        b: the rows of B.
        i: the row of A; None where it has none.
        j: the row of B; None where it has none.
        place: for the rows of A that are kept, where they are in B.
        kept: these places in B.
    """
    if i is None or j is None:
        return (
            RowChange("removed", a[i], None)
            if i is not None
            else RowChange("added", None, b[j or 0])
        )
    ours, theirs = a[i], b[j]
    moved = [
        (one, other)
        for one, other in zip(ours.sources, theirs.sources, strict=False)
        if one in place
        and other in kept
        and place[one] != other  # rows that came or went in between do not count as a move
    ]
    notes = _options(ours, theirs)
    if len(ours.sources) != len(theirs.sources):
        notes.append(f"inputs {len(ours.sources)} -> {len(theirs.sources)}")
    notes += [
        f"reads {became(a[one].row.layer.name, b[other].row.layer.name)}" for one, other in moved
    ]
    if (
        ours.key == theirs.key
        # -1, none, is in no pair and stays itself.
        and tuple(place.get(owner, owner) for owner in ours.owners) != theirs.owners
    ):
        notes.append(f"weights {became(_owned(a, ours), _owned(b, theirs))}")
    shared = (ours.key, ours.row.output, ours.row.counts.params) == (
        theirs.key,
        theirs.row.output,
        theirs.row.counts.params,
    )
    what = "same" if shared and not notes else "changed"
    return RowChange(what, ours, theirs, tuple(notes))


def _options(a: ComparedRow, b: ComparedRow) -> list[str]:
    """Return the options that differ, of rows whose texts look alike.

    A `default` has changed, or one at the end of a long row.
    """
    alike = cut(a.text, WIDEST_LAYER) == cut(b.text, WIDEST_LAYER)
    ours, theirs = (row.kind.values if row.kind and alike else {} for row in (a, b))
    return sorted(
        f"{name} {became(*_differing(ours[name], theirs[name]))}"
        for name in ours.keys() & theirs.keys()
        # What they refer to is compared as what the row reads.
        if not isinstance(ours[name], Ref) and shown(ours[name]) != shown(theirs[name])
    )


def _differing(a: Any, b: Any) -> tuple[str, str]:
    """Return what differs of two values: `bn` and `gn`, `bn(eps=0.1)` and `bn(eps=0.2)`."""
    texts = shown(a), shown(b)
    words = texts[0].partition("(")[0], texts[1].partition("(")[0]
    if words[0] != words[1]:
        return words
    if not isinstance(a, Kind) or not isinstance(b, Kind):
        return texts
    names = [name for name in a.options if shown(a.values[name]) != shown(b.values[name])]
    first, second = (
        f"{words[0]}({', '.join(f'{name}={shown(each.values[name])}' for name in names)})"
        for each in (a, b)
    )
    return first, second


def _owned(rows: Sequence[ComparedRow], row: ComparedRow) -> str:
    """Say whose weights a row has: `its own`, or `of NAME`."""
    others = dict.fromkeys(rows[owner].row.layer.name for owner in row.owners if owner >= 0)
    return f"of {', '.join(others)}" if others else "its own"
