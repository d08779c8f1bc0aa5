"""The table of a network as values, before it is written in some format."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.counts import Counts, count_ops, depth_within
from netdsl.architecture import Architecture
from netdsl.constants import LEVELS
from netdsl.graph import Graph
from netdsl.report.columns import COLUMNS, TableColumn, TableView, rank, unit_base
from netdsl.report.folding import folded
from netdsl.report.lines import LayerRow, TableLine, lines_of, rows_of, totals_of

if TYPE_CHECKING:
    from netdsl.analysis.receptive import Field
else:
    Field = Any


class ColumnHead(NamedTuple):
    """How a column is shown.

    Attributes:
        key: its name for programs.
        left: whether its cells are to the left.
        base: of its units.
        signed: whether numbers above 0 have a sign.
        scale: the unit of `UNITS` that its numbers are in; none for one that suits each.
        shapes: whether its cells are shapes.
    """

    key: str
    title: str
    left: bool = False
    base: int = 1000
    signed: bool = False
    scale: str = ""
    shapes: bool = False


SheetLine = tuple[str, int, tuple[Any, ...]]
"""A label, its depth, and a value for each column."""


class SheetFoot(NamedTuple):
    """A line below the others.

    Attributes:
        label: what it is called.
        values: one for each column; None where there is none.
        head: how its values are shown, where not as those of their columns.
    """

    label: str
    values: tuple[Any, ...]
    head: ColumnHead | None = None


class TableSheet(NamedTuple):
    """A table as values.

    Attributes:
        title: the network's name; `about`: what its file says of it.
        what: what a line is.
        heads: of the columns after the label.
        lines: each by itself.
        folded: for people: equal ones that follow each other as one, `xN`, and blocks' names
            without those of the blocks around them.
        feet: lines below the others, such as the totals.
        notes: what the totals mean, in words.
        label: what programs call the label.
        grouped: whether lines without a label belong to the one above them.
    """

    title: str
    about: str
    what: str
    heads: tuple[ColumnHead, ...]
    lines: tuple[SheetLine, ...]
    folded: tuple[SheetLine, ...]
    feet: tuple[SheetFoot, ...] = ()
    notes: tuple[str, ...] = ()
    units: bool = False
    label: str = "layer"
    grouped: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the columns."""
        return tuple(head.key for head in self.heads)

    @property
    def totals(self) -> tuple[Any, ...]:
        """Return the sum of each column; None where there is none."""
        return self.feet[0].values


class TableContent(NamedTuple):
    """What a table is made of.

    Its rows, their sums, and its lines at the level that is asked for, in the network's order.

    `fields` are the receptive fields of all operations, where a column asks for them.
    """

    graph: Graph
    rows: list[LayerRow]
    total: Counts
    lines: list[TableLine]
    fields: list[Field | None] | None = None

    @property
    def whole(self) -> TableLine:
        """Return the line of the totals."""
        # Deeper lines are parts of those around them.
        training = sum(line.training for line in self.lines if not line.depth)
        return TableLine("total", (), self.total, training=training)


def content_of(network: Architecture, view: TableView) -> TableContent:
    """Return the lines of a network, with what its columns need."""
    graph, asked = network.graph, {*view.columns, view.sort}
    rows = rows_of(graph)
    lines = lines_of(graph, rows, view.by)
    if view.by == "network":
        lines = [line._replace(label=network.name) for line in lines]
    fields: list[Field | None] | None = None
    # Costly columns are computed where they are asked for, their modules imported then.
    if {"rf", "stride"} & asked:
        from netdsl.analysis.receptive import last_with_positions, receptive_fields

        fields = receptive_fields(graph)
        # A classifier's last operation has no positions: its field is that of its last map.
        last = last_with_positions(fields) if view.by == "network" else None
        lines = [
            line._replace(field=fields[line.ops[-1] if last is None else last]) for line in lines
        ]
    if "depth" in asked:
        lines = [line._replace(longest=depth_within(graph, line.ops)) for line in lines]
    if "training" in asked:
        from netdsl.analysis.training_flops import training_flops

        flops = training_flops(graph)
        lines = [line._replace(training=sum(flops[index] for index in line.ops)) for line in lines]
    if {"type", "patch", "branches"} & asked:
        from netdsl.report.modules import with_modules

        lines = with_modules(graph, lines, view.by)
    if "intensity" in asked:
        moved = _moved(graph)
        lines = [line._replace(moved=sum(moved[index] for index in line.ops)) for line in lines]
    return TableContent(graph, rows, totals_of(rows), lines, fields)


def _moved(graph: Graph) -> list[int]:
    """Return for each operation the elements of its inputs, weights and output."""
    sizes = [op.size for op in graph.ops]
    weights = [counts.total for counts in count_ops(graph)]
    return [
        size + weight + sum(sizes[at] for at in op.inputs)
        for op, size, weight in zip(graph.ops, sizes, weights, strict=True)
    ]


def sheet_of(network: Architecture, view: TableView) -> TableSheet:
    """Return the network's table as values."""
    return made_of(network, content_of(network, view), view)


def in_order(found: TableContent, view: TableView) -> list[TableLine]:
    """Return the lines in the order that is asked for: the network's, or the largest first."""
    if view.sort is None:
        return found.lines
    by = COLUMNS[view.sort].value
    return sorted(
        (line for line in found.lines if not line.depth),
        key=lambda line: rank(by(line, found.total, view)),
        reverse=True,
    )


def made_of(
    network: Architecture, found: TableContent, view: TableView, for_people: bool = True
) -> TableSheet:
    """Return the table of a network whose lines are known; folded for people alone.

    Args:
        network: the table's.
        found: its lines.
        view: the columns and the order.
        for_people: whether equal lines are folded, and the filters of branches in columns.
    """
    lines, total = in_order(found, view), found.total
    pairs = list(_columns(lines, view, for_people))
    columns = [column for _, column in pairs]
    known: dict[int, tuple[Any, ...]] = {}  # by a line's identity: most are folded lines too

    def shown(line: TableLine, label: str) -> SheetLine:
        if id(line) not in known:
            known[id(line)] = tuple(column.value(line, total, view) for column in columns)
        return label, line.depth, known[id(line)]

    several = (
        folded([(line,) for line in lines], (found.graph,), view.sort is None) if for_people else []
    )
    whole = found.whole
    return TableSheet(
        network.name,
        network.description,
        LEVELS[view.by],
        tuple(head for head, _ in pairs),
        tuple(shown(line, line.label) for line in lines),
        tuple(shown(line, line.short or line.label) for (line,) in several if line),
        (
            SheetFoot(
                "total",
                tuple(
                    column.value(whole, total, view) if column.sums else None for column in columns
                ),
            ),
        ),
        tuple(_summary(total, whole.training, view.columns)),
        view.units,
    )


def _columns(
    lines: Sequence[TableLine], view: TableView, apart: bool
) -> Iterator[tuple[ColumnHead, TableColumn]]:
    """Yield the columns with their heads; the filters of branches `apart`, in a column each."""
    for key in view.columns:
        column, shapes = COLUMNS[key], key == "output"
        if key != "branches" or not apart:
            left, scale = key in ("output", "type", "patch"), view.scales.get(key, "")
            yield ColumnHead(key, column.title, left, unit_base(key), False, scale, shapes), column
            continue
        from netdsl.report.modules import titles_of

        for title in titles_of(lines):
            yield ColumnHead(title, title), TableColumn(title, partial(_filters_of, title))


def _filters_of(title: str, line: TableLine, total: Counts, view: TableView) -> int | None:
    return dict(line.filters).get(title)


def _summary(total: Counts, training: int, columns: Collection[str]) -> Iterable[str]:
    """Return what the totals of the columns mean, in words."""
    if not {"params", "weights", "moving"}.isdisjoint(columns):
        yield _params_in_words(total)
    if not {"macs", "flops", "intensity", "share"}.isdisjoint(columns):
        yield (
            f"macs         {total.macs:,} multiply-accumulates of convolutions and matrix "
            "products, for one example"
        )
    if "training" in columns:
        yield (
            f"training     {training:,} floating-point operations forward and backward, for one "
            f"example: {training / max(1, total.flops):.2f} times those in use"
        )
    if not {"activations", "acts", "memory"}.isdisjoint(columns):
        yield (
            f"activations  {total.activations:,} elements of all rows; {total.acts:,} of "
            "convolutions and dense layers only"
        )


def _params_in_words(total: Counts) -> str:
    moving = f" ({total.total:,} with {total.moving:,} moving statistics)" if total.moving else ""
    return (
        f"params       {total.params:,} trainable{moving}; {total.weights:,} without biases and "
        "norm factors"
    )
