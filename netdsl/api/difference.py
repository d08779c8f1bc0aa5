"""The differences between two networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.architecture import Architecture, titles_of
from netdsl.report.diff import ComparedTotal, Difference, FileDifference, difference
from netdsl.report.lines import rows_of
from netdsl.report.row_changes import RowChange, row_changes

if TYPE_CHECKING:
    from netdsl.drawing.difference import Pair
    from netdsl.drawing.picture import Picture


class NetworkDifference:
    """The differences between two networks; `print` shows them as `netdsl diff` does.

    Attributes:
        a: the first network.
        b: the second one.
    """

    def __init__(self, a: Architecture, b: Architecture) -> None:
        self.a, self.b = a, b
        self._found = difference(a, b)

    @property
    def same(self) -> bool:
        """Whether both are the same operations on the same inputs."""
        return self._found.same

    @property
    def changes(self) -> tuple[RowChange, ...]:
        """The rows of both in order, each with how it changed; empty where both are the same."""
        return self._found.changes

    @property
    def totals(self) -> tuple[ComparedTotal, ...]:
        """The figures of both, side by side."""
        return self._found.totals

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values that `netdsl diff --json` prints: the totals of both, and the
        rows that differ.
        """
        from netdsl.report.diff_json import diff_values

        return diff_values(*self._with_names())

    def draw(self) -> Picture:
        """Draw both networks in one picture.

        Returns:
            A picture like that of `Network.draw`, with what only the first has (−), what only the
            second has (+), and what changed (~).

        Raises:
            NetError: N660 where the picture would be too large.
        """
        from netdsl.drawing.difference import difference_sheet
        from netdsl.drawing.options import Options
        from netdsl.drawing.picture import Picture

        options = Options()
        return Picture.of(
            [difference_sheet(self.a, self.b, drawn_pairs(self._found), options)], options
        )

    def __str__(self) -> str:
        from netdsl.report.diff_text import diff_text

        return diff_text(*self._with_names())

    def __repr__(self) -> str:
        names = " and ".join(titles_of((self.a, self.b)))
        return f"<NetworkDifference of {names}: {_summary(self._found)}>"

    def _with_names(self) -> tuple[FileDifference, tuple[str, str]]:
        a, b = (network.path or network.name for network in (self.a, self.b))
        # The columns of two networks with the same name need different names.
        return FileDifference((self._found,), (), ()), (a, b) if a != b else ("a", "b")


def _summary(found: Difference) -> str:
    changed = sum(change.what != "same" for change in found.changes)
    return "the same" if found.same else f"{changed:,} of {len(found.changes):,} rows differ"


def drawn_pairs(found: Difference) -> list[Pair]:
    """Return the pairs of rows that a picture of both networks shows; all if both are the same."""
    from netdsl.drawing.difference import Pair

    graphs = found.a.graph, found.b.graph
    changes = found.changes or row_changes(graphs, (rows_of(graphs[0]), rows_of(graphs[1])))
    return [
        Pair(
            change.what,
            change.a and change.a.place,
            change.b and change.b.place,
            "; ".join(change.notes),
        )
        for change in changes
    ]
