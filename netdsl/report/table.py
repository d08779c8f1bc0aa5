"""The table of a network: its lines at the level that is asked for, the columns, and the totals."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.counts import Counts, added, count_layers, count_ops
from netdsl.constants import LEVELS, PRECISIONS
from netdsl.errors import did_you_mean, fail
from netdsl.kinds.values import dims
from netdsl.wording import axes_text

if TYPE_CHECKING:
    from netdsl.analysis.receptive import Field
    from netdsl.architecture import Architecture
    from netdsl.graph import Graph, Layer

USUAL = ("output", "params", "macs", "activations")
BYTES = {name: precision.activations for name, precision in PRECISIONS.items()}


class Row(NamedTuple):
    """A layer, its output's shape and its counts."""

    layer: Layer
    output: tuple[int, ...]
    counts: Counts


class Line(NamedTuple):
    """A line of the table.

    Attributes:
        label: the layer as it was written, a block, a stage, or an operation.
        output: its output's shape, without the batch.
        depth: how many blocks stand around it; lines of depth 0 sum to the totals.
        ops: its operations; the output is the last one's.
        moved: elements that are read and written once each: inputs, weights and outputs, for one
            example; where a column asks for it.
        field: what of the input the output sees; where a column asks for it.
        short: the label within its block; of a use of a block or of a stage, else empty.
        stem: that without its number, the same for all uses of a block; else empty.
        mark: what became of it, where two networks are compared.
    """

    label: str
    output: tuple[int, ...]
    counts: Counts
    depth: int = 0
    ops: tuple[int, ...] = ()
    moved: int = 0
    field: Field | None = None
    short: str = ""
    stem: str = ""
    mark: str = ""

    @property
    def alike(self) -> tuple[Any, ...]:
        """Equal for lines that say the same, whatever the number of the block."""
        return (
            self.stem or self.label,
            self.output,
            self.counts,
            self.depth,
            self.moved,
            self.field,
            self.mark,
        )

    def times(self, count: int) -> Line:
        """So many of them, one after the other."""
        label = f"{self.stem or self.label} x{count}"
        return self.of(count)._replace(label=label, short=label)

    def of(self, count: int) -> Line:
        """What so many of them hold."""
        return self._replace(
            counts=Counts(*(count * number for number in self.counts)), moved=count * self.moved
        )


class View(NamedTuple):
    """What of a network is shown, and how.

    Attributes:
        by: a level of `LEVELS`.
        columns: keys of `COLUMNS`.
        batch: examples that `memory` is for.
        precision: a key of `BYTES`, for `memory` and `intensity`.
        sort: a column by which the lines are sorted, the largest first; none for the network's
            order.
        bias: whether `params` counts biases and norm factors; else it is `weights`.
        units: whether numbers are shortened: 138.4 M.
    """

    by: str = "layer"
    columns: tuple[str, ...] = USUAL
    batch: int = 1
    precision: str = "float32"
    sort: str | None = None
    bias: bool = True
    units: bool = False


class Column(NamedTuple):
    """A column: its title, the value of a line (with the totals and the view at hand), whether the
    values sum to the total's, and whether they are numbers.
    """

    title: str
    value: Callable[[Line, Counts, View], Any]
    sums: bool = True
    number: bool = True


def _field(line: Line, total: Counts, view: View) -> str:
    """The receptive field's size; `all` where the whole input is seen."""
    if line.field is None:
        return ""
    return "all" if line.field.whole else axes_text(line.field.size)


def _stride(line: Line, total: Counts, view: View) -> str:
    return axes_text(line.field.stride) if line.field and line.field.stride else ""


def _per_byte(line: Line, total: Counts, view: View) -> float:
    return round(line.counts.flops / max(1, line.moved * BYTES[view.precision]), 2)


COLUMNS: dict[str, Column] = {
    "output": Column("output", lambda line, total, view: line.output, sums=False, number=False),
    "params": Column(
        "params", lambda line, total, view: line.counts.params if view.bias else line.counts.weights
    ),
    "moving": Column("moving", lambda line, total, view: line.counts.moving),
    "weights": Column("weights", lambda line, total, view: line.counts.weights),
    "macs": Column("macs", lambda line, total, view: line.counts.macs),
    "flops": Column("flops", lambda line, total, view: line.counts.flops),
    "activations": Column("activations", lambda line, total, view: line.counts.activations),
    "acts": Column("acts", lambda line, total, view: line.counts.acts),
    "memory": Column(
        "memory (bytes)",
        lambda line, total, view: line.counts.activations * view.batch * BYTES[view.precision],
    ),
    "rf": Column("receptive field", _field, sums=False, number=False),
    "stride": Column("stride", _stride, sums=False, number=False),
    "intensity": Column("flops/byte", _per_byte, sums=False),
    "share": Column(
        "share of macs (%)",
        lambda line, total, view: round(100 * line.counts.macs / max(1, total.macs), 2),
        sums=False,
    ),
}


class Head(NamedTuple):
    """How a column is shown: its name for programs, its title, whether to the left, the base of
    its units, whether with a sign.
    """

    key: str
    title: str
    left: bool = False
    base: int = 1000
    signed: bool = False


Shown = tuple[
    str, int, tuple[Any, ...]
]  # a line of a sheet: a label, its depth, and a value for each column


class Sheet(NamedTuple):
    """A table as values, before it is written in some format.

    Attributes:
        title: the network's name; `about`: what its file says of it.
        what: what a line is.
        heads: of the columns behind the label.
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
    heads: tuple[Head, ...]
    lines: tuple[Shown, ...]
    folded: tuple[Shown, ...]
    totals: tuple[Any, ...]
    notes: tuple[str, ...]
    units: bool = False
    label: str = "layer"

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(head.key for head in self.heads)


def column_keys(text: str) -> tuple[str, ...]:
    """The keys of `output,params,macs`.

    Raises:
        NetError: N625 for one that is no column.
    """
    return tuple(column_key(part.strip()) for part in text.split(",") if part.strip())


def column_key(key: str) -> str:
    """The key itself.

    Raises:
        NetError: N625 where it is no column.
    """
    if key not in COLUMNS:
        raise fail(
            "N625",
            f"the table has no column `{key}`",
            help=did_you_mean(key, COLUMNS) or f"it has {', '.join(COLUMNS)}",
        )
    return key


def rows(network: Architecture) -> list[Row]:
    """The layers in order: inputs, merges and pools are rows, repeats are not folded."""
    graph = network.graph
    counts = count_layers(graph)
    return [
        Row(layer, graph.ops[layer.ops[-1]].shape, count)
        for layer, count in zip(graph.layers, counts, strict=True)
    ]


def totals(table: list[Row]) -> Counts:
    """The sums over the rows."""
    return added(row.counts for row in table)


class Content(NamedTuple):
    """What a table is made of: its rows, their sums, and its lines at the level that is asked for,
    in the network's order.

    `fields` are the receptive fields of all operations, where a column asks for them.
    """

    graph: Graph
    rows: list[Row]
    total: Counts
    lines: list[Line]
    fields: list[Field | None] | None = None


def content(network: Architecture, view: View) -> Content:
    """The lines of a network, with what its columns need."""
    graph, table, asked = network.graph, rows(network), {*view.columns, view.sort}
    lines = _LINES[view.by](graph, table)
    fields = None
    if {"rf", "stride"} & asked:
        from netdsl.analysis.receptive import receptive_fields

        fields = receptive_fields(graph)
        lines = [line._replace(field=fields[line.ops[-1]]) for line in lines]
    if "intensity" in asked:
        moved = _moved(graph)
        lines = [line._replace(moved=sum(moved[index] for index in line.ops)) for line in lines]
    return Content(graph, table, totals(table), lines, fields)


def sheet(network: Architecture, view: View) -> Sheet:
    """The network's table as values."""
    return sheet_of(network, content(network, view), view)


def sheet_of(network: Architecture, found: Content, view: View, for_people: bool = True) -> Sheet:
    """The table of a network whose lines are known; folded for people alone."""
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

    def shown(line: Line, label: str) -> Shown:
        if id(line) not in known:
            known[id(line)] = tuple(column.value(line, total, view) for column in columns)
        return label, line.depth, known[id(line)]

    several = (
        folded([(line,) for line in lines], (found.graph,), view.sort is None) if for_people else []
    )
    return Sheet(
        network.name,
        network.description,
        LEVELS[view.by],
        tuple(Head(key, COLUMNS[key].title, key == "output", base_of(key)) for key in view.columns),
        tuple(shown(line, line.label) for line in lines),
        tuple(shown(line, line.short or line.label) for (line,) in several if line),
        tuple(
            column.value(Line("total", (), total), total, view) if column.sums else None
            for column in columns
        ),
        tuple(_summary(total)),
        view.units,
    )


def base_of(key: str) -> int:
    """Bytes are shortened by powers of 1024, all else by powers of 1000."""
    return 1024 if key == "memory" else 1000


Lines = tuple[
    Line | None, ...
]  # a line of each network that is shown: of one, or of two that are compared; None where one has none


def folded(table: Sequence[Lines], graphs: Sequence[Graph], in_order: bool = True) -> list[Lines]:
    """Equal neighbours as one, `xN` behind the label and the sums of their numbers; blocks with all
    that is in them.

    Where the lines are `in_order`, each must read the one before: branches beside each other are no
    repeat.
    """
    found: list[tuple[int, list[Lines]]] = []  # how often, and a line with those that are within it
    before: Lines = ()
    for start, stop in _trees(table):
        own = [table[start], *folded(table[start + 1 : stop], graphs, in_order)]
        if (
            found
            and _alike(found[-1][1], own)
            and (not in_order or _follows(table[start], before, graphs))
        ):
            found[-1] = (found[-1][0] + 1, found[-1][1])
        else:
            found.append((1, own))
        before = table[start]
    return [
        lines for count, own in found for lines in (own if count == 1 else _repeated(own, count))
    ]


def _trees(table: Sequence[Lines]) -> Iterator[tuple[int, int]]:
    """The first of each line and those that are within it, and the one behind them."""
    start = 0
    while start < len(table):
        stop = start + 1
        while stop < len(table) and _depth(table[stop]) > _depth(table[start]):
            stop += 1
        yield start, stop
        start = stop


def _depth(lines: Lines) -> int:
    return max(line.depth for line in lines if line is not None)


def _alike(a: Sequence[Lines], b: Sequence[Lines]) -> bool:
    return len(a) == len(b) and all(
        (one is None) == (other is None)
        and (one is None or other is None or one.alike == other.alike)
        for ours, theirs in zip(a, b, strict=True)
        for one, other in zip(ours, theirs, strict=True)
    )


def _follows(lines: Lines, before: Lines, graphs: Sequence[Graph]) -> bool:
    """Whether lines read what those before them give."""
    return all(
        any(earlier.ops[-1] in graph.ops[index].inputs for index in line.ops)
        for graph, line, earlier in zip(graphs, lines, before, strict=True)
        if line is not None and earlier is not None
    )


def _repeated(own: Sequence[Lines], count: int) -> Iterator[Lines]:
    """A line so many times, and what so many of those within it hold."""
    yield tuple(line and line.times(count) for line in own[0])
    for within in own[1:]:
        yield tuple(line and line.of(count) for line in within)


def rank(value: Any) -> Any:
    """What a value is sorted by: a receptive field by its positions, one of all of them last."""
    if not isinstance(value, str):
        return value
    from fractions import Fraction

    return (
        math.inf if value == "all" else math.prod(map(Fraction, value.split("x"))) if value else 0
    )


# --- levels ---------------------------------------------------------------------------------------


def _moved(graph: Graph) -> list[int]:
    """For each operation, the elements of its inputs, weights and output."""
    sizes = [op.size for op in graph.ops]
    weights = [counts.total for counts in count_ops(graph)]
    return [
        size + weight + sum(sizes[at] for at in op.inputs)
        for op, size, weight in zip(graph.ops, sizes, weights, strict=True)
    ]


def _layer_lines(graph: Graph, table: Sequence[Row]) -> list[Line]:
    return [Line(row.layer.text, row.output, row.counts, 0, row.layer.ops) for row in table]


def _op_lines(graph: Graph, table: Sequence[Row]) -> list[Line]:
    """One for each operation.

    Their activations are what the layers' last operations give, so that sums agree.
    """
    lines = []
    counted = count_ops(graph)
    for row in table:
        for index in row.layer.ops:
            op, counts = graph.ops[index], counted[index]
            if index != row.layer.ops[-1]:
                counts = counts._replace(activations=0)
            lines.append(
                Line(op.kind.head() if op.kind else row.layer.text, op.shape, counts, 0, (index,))
            )
    return lines


def _block_lines(graph: Graph, table: Sequence[Row]) -> list[Line]:
    """A line for each use of a block, those within it below, and one for each layer that stands
    in none.
    """
    lines: list[Line] = []
    layers = _layer_lines(graph, table)
    at = 0
    while at < len(table):
        path = table[at].layer.path
        if not path:
            lines.append(layers[at])
            at += 1
            continue
        stop = at
        while stop < len(table) and table[stop].layer.path[:1] == path[:1]:
            stop += 1
        lines += _tree(layers, [row.layer.path for row in table], at, stop, 0)
        at = stop
    return lines


def _tree(
    layers: Sequence[Line], paths: Sequence[tuple[str, ...]], start: int, stop: int, depth: int
) -> list[Line]:
    """The block that holds the layers from start to stop, and the blocks within it."""
    label = paths[start][depth]
    short = label.removeprefix(f"{paths[start][depth - 1]}_") if depth else label
    lines = [_sum(label, layers[start:stop], depth, short, re.sub(r"_[0-9]+$", "", short))]
    at = start
    while at < stop:
        if len(paths[at]) <= depth + 1:
            at += 1
            continue
        end = at
        while end < stop and paths[end][: depth + 2] == paths[at][: depth + 2]:
            end += 1
        lines += _tree(layers, paths, at, end, depth + 1)
        at = end
    return lines


def _stage_lines(graph: Graph, table: Sequence[Row]) -> list[Line]:
    """A line for each run of layers whose outputs have the same positions."""
    lines: list[Line] = []
    layers = _layer_lines(graph, table)
    start = 0
    for at in range(1, len(layers) + 1):
        if at == len(layers) or layers[at].output[:-1] != layers[start].output[:-1]:
            label = dims(layers[start].output[:-1]) if len(layers[start].output) > 1 else "vectors"
            lines.append(_sum(label, layers[start:at], 0, label, label))
            start = at
    return lines


def _sum(label: str, lines: Sequence[Line], depth: int, short: str, stem: str) -> Line:
    ops = tuple(index for line in lines for index in line.ops)
    return Line(
        label,
        lines[-1].output,
        added(line.counts for line in lines),
        depth,
        ops,
        short=short,
        stem=stem,
    )


_LINES: dict[str, Callable[[Graph, Sequence[Row]], list[Line]]] = {
    "op": _op_lines,
    "layer": _layer_lines,
    "block": _block_lines,
    "stage": _stage_lines,
}


# --- JSON -----------------------------------------------------------------------------------------


def as_json(network: Architecture, view: View | None = None) -> dict[str, Any]:
    """The table as plain values, whole numbers all but for `intensity` and `share`."""
    view = view or View()
    made = content(network, view)
    found = sheet_of(network, made, view, for_people=False)
    names = _written(made) if view.by == "layer" and view.sort is None else None
    return {
        "name": network.name,
        "rows": [
            {
                "layer": names[at] if names else label,
                **({"depth": depth} if view.by == "block" else {}),
                **{key: plain(value) for key, value in zip(view.columns, values, strict=True)},
            }
            for at, (label, depth, values) in enumerate(found.lines)
        ],
        "totals": totals_json(made.total),
        **_receptive(made),
    }


def _written(found: Content) -> list[str]:
    """The layers with every default. Kinds that layers share are written once."""
    known: dict[int, str] = {}
    names = []
    for row in found.rows:
        kind = found.graph.ops[row.layer.ops[0]].kind
        if kind is None or id(kind) not in known:
            known[id(kind)] = found.graph.written(row.layer)
        names.append(known[id(kind)])
    return names


def totals_json(total: Counts) -> dict[str, int]:
    """The totals by their names."""
    return {
        name: getattr(total, name)
        for name in ("params", "total", "weights", "macs", "flops", "activations", "acts")
    }


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    return list(value) if isinstance(value, tuple) else value


def _receptive(found: Content) -> dict[str, Any]:
    """The receptive field of the last operation with positions, an entry for each axis; nothing
    where there is none.
    """
    from netdsl.analysis.receptive import last_with_positions, receptive_fields

    fields = found.fields or receptive_fields(found.graph)
    index = last_with_positions(fields)
    field = None if index is None else fields[index]
    if field is None:
        return {}
    axes = zip(field.size, field.stride, field.start, strict=True)
    return {
        "receptive_field": [
            {"size": size, "stride": _plain(stride), "start": start} for size, stride, start in axes
        ]
    }


def _plain(number: Any) -> int | float:
    return int(number) if number == int(number) else float(number)


def text_table(network: Architecture) -> str:
    """The table for people, as `netdsl table` prints it."""
    from netdsl.report.formats import as_text

    return as_text(sheet(network, View()))


def _summary(total: Counts) -> Iterable[str]:
    """What the totals mean, in words."""
    moving = f" ({total.total:,} with {total.moving:,} moving statistics)" if total.moving else ""
    return (
        f"params       {total.params:,} trainable{moving}; {total.weights:,} without biases and norm factors",
        f"macs         {total.macs:,} multiply-accumulates of convolutions and matrix products, for one example",
        f"activations  {total.activations:,} elements of all rows; {total.acts:,} of convolutions and dense layers only",
    )
