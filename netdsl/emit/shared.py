"""Layers that are made once and used several times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from netdsl.emit.calls import KerasCall, KerasCalls, PythonText
from netdsl.graph import Graph, consumers_of
from netdsl.naming import unique_name


class SharedRun(NamedTuple):
    """Layers that are used one after the other in each place.

    The calls of their first use, and a name.
    """

    name: str
    calls: tuple[int, ...]


def shared_runs(calls: KerasCalls, graph: Graph) -> dict[int, tuple[SharedRun, int]]:
    """Find the layers that several calls share, in runs as long as all uses are alike.

    Returns:
        For each call in a run, the run and the place in it.
    """
    uses, tied = calls.uses, calls.tied
    consumers = consumers_of(calls.calls)
    found: dict[int, tuple[SharedRun, int]] = {}
    names: set[str] = set()
    for layer, places in uses.items():
        if len(places) == 1 or layer in found or layer in tied:
            continue
        rows = _rows(places, calls, consumers)
        name = unique_name(_piece_name(graph, calls.calls[layer].op), names, "_")
        run = SharedRun(name, tuple(row[0] for row in rows))
        for at, row in enumerate(rows):
            found.update(dict.fromkeys(row, (run, at)))
    return found


def _rows(
    places: Sequence[int], calls: KerasCalls, consumers: Sequence[Sequence[int]]
) -> list[Sequence[int]]:
    """Return the calls of a layer, and those of the layers that follow in all uses alike.

    The last row has weights.
    """
    uses, tied, closed = calls.uses, calls.tied, {*calls.outputs}
    rows = [places]
    while calls.calls[places[0]].applied == "({0})":  # a loop calls each layer on one tensor
        row = rows[-1]
        after = [consumers[at][0] for at in row if len(consumers[at]) == 1 and at not in closed]
        if len(after) < len(row) or not _alike(after, calls.calls, uses) or {*after} & tied:
            break
        rows.append(after)
    # Activations at the end are made where they are used, as elsewhere.
    while not calls.calls[rows[-1][0]].has_weights:
        rows.pop()
    return rows


def _alike(
    places: Sequence[int], calls: Sequence[KerasCall], uses: Mapping[int, Sequence[int]]
) -> bool:
    """Return whether calls use one layer, or layers without weights that could be one."""
    first = calls[places[0]]
    # An operation is applied otherwise: `ops.abs({0})`.
    if first.applied != "({0})" or any(_unlike(calls[at], first) for at in places):
        return False
    # It asks its input for a shape, which a layer that is made beforehand cannot.
    if any("{0}" in value.text for _, value in first.arguments if isinstance(value, PythonText)):
        return False
    shared = list(uses[first.layer])
    return (
        shared == list(places)
        if len(shared) > 1
        else not any(calls[at].has_weights for at in places)
    )


def _unlike(call: KerasCall, other: KerasCall) -> bool:
    return (call.made, call.arguments, call.applied) != (other.made, other.arguments, other.applied)


def _piece_name(graph: Graph, op: int) -> str:
    """Return the name of the `let` that an operation came from."""
    layer = graph.ops[op].layer
    pieces = [piece for piece in graph.pieces if piece.first <= layer < piece.stop]
    # The outermost `let`: pieces within pieces lie in its rows.
    return max(pieces, key=lambda piece: piece.stop - piece.first).name
