"""The table of a network as values, before it is written in some format."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.counts import Counts, count_ops
from netdsl.architecture import Architecture
from netdsl.constants import LEVELS
from netdsl.graph import Graph
from netdsl.report.columns import COLUMNS, TableView, rank, unit_base
from netdsl.report.folding import folded
from netdsl.report.lines import LayerRow, TableLine, lines_of, rows_of, totals_of

if TYPE_CHECKING:
    from netdsl.analysis.receptive import Field


class ColumnHead(NamedTuple):
    """How a column is shown.

    Attributes:
        key: its name for programs.
        left: whether its cells are to the left.
        base: of its units.
        signed: whether numbers above 0 have a sign.
    """

    key: str
    title: str
    left: bool = False
    base: int = 1000
    signed: bool = False


SheetLine = tuple[str, int, tuple[Any, ...]]
"""A label, its depth, and a value for each column."""


class TableSheet(NamedTuple):
    """A table as values.

    Attributes:
        title: the network's name; `about`: what its file says of it.
        what: what a line is.
        heads: of the columns after the label.
        lines: each by itself.
        folded: for people: equal ones that follow each other as one, `xN`, and blocks' names
            without those of the blocks around them.
        totals: a value for each column; None where there is no sum.
        notes: what the totals mean, in words.
        label: what programs call the label.
    """

    title: str
    about: str
    what: str
    heads: tuple[ColumnHead, ...]
    lines: tuple[SheetLine, ...]
    folded: tuple[SheetLine, ...]
    totals: tuple[Any, ...]
    notes: tuple[str, ...]
    units: bool = False
    label: str = "layer"

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the columns."""
        return tuple(head.key for head in self.heads)


class TableContent(NamedTuple):
    """What a table is made of.

    Its rows, their sums, and its lines at the level that is asked for, in the network's order.

    `fields` are the receptive fields of all operations, where a column asks for them.
    """

    graph: Graph
    rows: list[LayerRow]
    total: Counts
    lines: list[TableLine]
    fields: "list[Field | None] | None" = None


def content_of(network: Architecture, view: TableView) -> TableContent:
    """Return the lines of a network, with what its columns need."""
    graph, asked = network.graph, {*view.columns, view.sort}
    rows = rows_of(graph)
    lines = lines_of(graph, rows, view.by)
    fields: list[Field | None] | None = None
    if {"rf", "stride"} & asked:
        from netdsl.analysis.receptive import receptive_fields

        fields = receptive_fields(graph)
        lines = [line._replace(field=fields[line.ops[-1]]) for line in lines]
    if "intensity" in asked:
        moved = _moved(graph)
        lines = [line._replace(moved=sum(moved[index] for index in line.ops)) for line in lines]
    return TableContent(graph, rows, totals_of(rows), lines, fields)


def _moved(graph: Graph) -> list[int]:
    """Return the elements of its inputs, weights and output for each operation."""
    sizes = [op.size for op in graph.ops]
    weights = [counts.total for counts in count_ops(graph)]
    return [
        size + weight + sum(sizes[at] for at in op.inputs)
        for op, size, weight in zip(graph.ops, sizes, weights, strict=True)
    ]


def sheet_of(network: Architecture, view: TableView) -> TableSheet:
    """Return the network's table as values."""
    return made_of(network, content_of(network, view), view)


def made_of(
    network: Architecture, found: TableContent, view: TableView, for_people: bool = True
) -> TableSheet:
    """Return the table of a network whose lines are known; folded for people alone."""
    lines, total = found.lines, found.total
    if view.sort is not None:
        by = COLUMNS[view.sort].value
        lines = sorted(
            (line for line in lines if not line.depth),
            key=lambda line: rank(by(line, total, view)),
            reverse=True,
        )
    columns = [COLUMNS[key] for key in view.columns]
    known: dict[int, tuple[Any, ...]] = {}  # by a line's identity: most are folded lines too

    def shown(line: TableLine, label: str) -> SheetLine:
        if id(line) not in known:
            known[id(line)] = tuple(column.value(line, total, view) for column in columns)
        return label, line.depth, known[id(line)]

    several = (
        folded([(line,) for line in lines], (found.graph,), view.sort is None) if for_people else []
    )
    whole = TableLine("total", (), total)
    return TableSheet(
        network.name,
        network.description,
        LEVELS[view.by],
        tuple(
            ColumnHead(key, COLUMNS[key].title, key == "output", unit_base(key))
            for key in view.columns
        ),
        tuple(shown(line, line.label) for line in lines),
        tuple(shown(line, line.short or line.label) for (line,) in several if line),
        tuple(column.value(whole, total, view) if column.sums else None for column in columns),
        tuple(_summary(total)),
        view.units,
    )


def _summary(total: Counts) -> Iterable[str]:
    """Return what the totals mean, in words."""
    moving = f" ({total.total:,} with {total.moving:,} moving statistics)" if total.moving else ""
    return (
        f"params       {total.params:,} trainable{moving}; {total.weights:,} without biases and "
        "norm factors",
        f"macs         {total.macs:,} multiply-accumulates of convolutions and matrix products, "
        "for one example",
        f"activations  {total.activations:,} elements of all rows; {total.acts:,} of convolutions "
        "and dense layers only",
    )
