"""What two networks do not share: their rows aligned in order, and their totals side by side.

Two networks are the same where their operations are, in the order of their inputs and outputs:
spelling, rows and names do not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from netdsl.analysis.canonical import canonical
from netdsl.analysis.counts import depth
from netdsl.analysis.worked import input_called
from netdsl.architecture import Architecture
from netdsl.graph import shapes_text
from netdsl.report.lines import LayerRow, rows_of, totals_of
from netdsl.report.row_changes import RowChange, row_changes

WITH_RATIO = ("params", "moving", "weights", "macs", "acts")


class ComparedTotal(NamedTuple):
    """One figure of both networks: an integer, or the shapes of inputs or outputs."""

    name: str
    a: int | str
    b: int | str


class WorkedChange(NamedTuple):
    """A `given` or `expect` of numbers, as both networks have it; None where one has none."""

    name: str
    a: str | None
    b: str | None


class Difference(NamedTuple):
    """What two networks do not share; where they are the same, `changes` is empty.

    `worked` are the statements of worked examples that differ; they do not count: a network
    is the same with other examples.
    """

    a: Architecture
    b: Architecture
    same: bool
    changes: tuple[RowChange, ...]
    totals: tuple[ComparedTotal, ...]
    worked: tuple[WorkedChange, ...]


class FileDifference(NamedTuple):
    """The networks of two files: those that both hold, and those that one holds."""

    both: tuple[Difference, ...]
    only_a: tuple[Architecture, ...]
    only_b: tuple[Architecture, ...]

    @property
    def same(self) -> bool:
        """Return whether both networks are the same."""
        return (
            not self.only_a and not self.only_b and all(difference.same for difference in self.both)
        )


def compare(a: Sequence[Architecture], b: Sequence[Architecture]) -> FileDifference:
    """Compare the networks of two files: one with one, whatever they are called.

    Of several, those of one name.
    """
    # Most often the same network in two versions, whose names may differ.
    if len(a) == len(b) == 1:
        return FileDifference((difference(a[0], b[0]),), (), ())
    ours, theirs = {network.name for network in a}, {network.name: network for network in b}
    both = tuple(
        difference(network, theirs[network.name]) for network in a if network.name in theirs
    )
    only_a = tuple(network for network in a if network.name not in theirs)
    return FileDifference(both, only_a, tuple(network for network in b if network.name not in ours))


def difference(a: Architecture, b: Architecture) -> Difference:
    """Find what two networks do not share."""
    rows = rows_of(a.graph), rows_of(b.graph)
    # By the operations: rows may differ in spelling where the networks are one.
    same = canonical(a.graph) == canonical(b.graph)
    changes = () if same else row_changes((a.graph, b.graph), rows)
    facts = zip(_facts(a, rows[0]).items(), _facts(b, rows[1]).values(), strict=True)
    totals = tuple(ComparedTotal(name, value, other) for (name, value), other in facts)
    return Difference(a, b, same, changes, totals, tuple(_worked_changes(a, b)))


def _worked_changes(a: Architecture, b: Architecture) -> Iterator[WorkedChange]:
    ours, theirs = _worked(a), _worked(b)
    for name in dict.fromkeys((*ours, *theirs)):
        if ours.get(name) != theirs.get(name):
            yield WorkedChange(name, ours.get(name), theirs.get(name))


def _worked(network: Architecture) -> dict[str, str]:
    """Return the statements of a worked example, by what they are about."""
    inputs = [port.name for port in network.inputs]
    given = {f"given {input_called(each.name, inputs)}": each.text for each in network.given}
    return given | {f"expect {each.name}": each.text for each in network.expected}


def _facts(network: Architecture, rows: Sequence[LayerRow]) -> dict[str, int | str]:
    total = totals_of(rows)
    return {
        **{name: getattr(total, name) for name in WITH_RATIO},
        "depth": depth(network.graph),
        "inputs": shapes_text(network.inputs),
        "outputs": shapes_text(network.outputs),
    }
