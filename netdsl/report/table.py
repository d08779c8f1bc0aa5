"""The table of a network: its lines at the level that is asked for, the columns, and the totals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.counts import Counts, added, count_layers, count_op
from netdsl.errors import did_you_mean, fail
from netdsl.kinds.base import dims

if TYPE_CHECKING:
    from netdsl.analysis.receptive import Field
    from netdsl.graph import Graph, Layer
    from netdsl.network import Network

LEVELS = ("op", "layer", "block", "stage")
USUAL = ("output", "params", "macs", "activations")
BYTES = {"float32": 4, "bfloat16": 2, "mixed": 2}


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
        moved: elements that are read and written once each: inputs, weights and outputs, for one example; where a column asks for it.
        field: what of the input the output sees; where a column asks for it.
    """

    label: str
    output: tuple[int, ...]
    counts: Counts
    depth: int = 0
    ops: tuple[int, ...] = ()
    moved: int = 0
    field: Field | None = None


class View(NamedTuple):
    """What of a network is shown, and how.

    Attributes:
        by: a level of `LEVELS`.
        columns: keys of `COLUMNS`.
        batch: examples that `memory` is for.
        precision: a key of `BYTES`, for `memory` and `intensity`.
        sort: a column by which the lines are sorted, the largest first; none for the network's order.
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
    """A column: its title, the value of a line (with the totals and the view at hand), and whether the values sum to the total's."""

    title: str
    value: Callable[[Line, Counts, View], Any]
    sums: bool = True


def _field(line: Line, total: Counts, view: View) -> str:
    """The receptive field's size; `all` where the whole input is seen."""
    if line.field is None:
        return ""
    return "all" if line.field.whole else _each_axis(line.field.size)


def _stride(line: Line, total: Counts, view: View) -> str:
    return _each_axis(line.field.stride) if line.field and line.field.stride else ""


def _each_axis(numbers: Sequence[Any]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else "x".join(map(str, numbers))


def _per_byte(line: Line, total: Counts, view: View) -> float:
    return round(line.counts.flops / max(1, line.moved * BYTES[view.precision]), 2)


COLUMNS: dict[str, Column] = {
    "output": Column("output", lambda line, total, view: line.output, sums=False),
    "params": Column("params", lambda line, total, view: line.counts.params if view.bias else line.counts.weights),
    "moving": Column("moving", lambda line, total, view: line.counts.moving),
    "weights": Column("weights", lambda line, total, view: line.counts.weights),
    "macs": Column("macs", lambda line, total, view: line.counts.macs),
    "flops": Column("flops", lambda line, total, view: line.counts.flops),
    "activations": Column("activations", lambda line, total, view: line.counts.activations),
    "acts": Column("acts", lambda line, total, view: line.counts.acts),
    "memory": Column("memory (bytes)", lambda line, total, view: line.counts.activations * view.batch * BYTES[view.precision]),
    "rf": Column("receptive field", _field, sums=False),
    "stride": Column("stride", _stride, sums=False),
    "intensity": Column("flops/byte", _per_byte, sums=False),
    "share": Column("share of macs (%)", lambda line, total, view: round(100 * line.counts.macs / max(1, total.macs), 2), sums=False),
}


class Sheet(NamedTuple):
    """A table as values, before it is written in some format.

    Attributes:
        title: the network's name; `about`: what its file says of it.
        keys: of the columns behind the label.
        lines: a label, its depth, and a value for each column.
        totals: a value for each column; None where there is no sum.
        notes: what the totals mean, in words.
    """

    title: str
    about: str
    keys: tuple[str, ...]
    lines: tuple[tuple[str, int, tuple[Any, ...]], ...]
    totals: tuple[Any, ...]
    notes: tuple[str, ...]
    units: bool = False


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
        raise fail("N625", f"the table has no column `{key}`", help=did_you_mean(key, COLUMNS) or f"it has {', '.join(COLUMNS)}")
    return key


def rows(network: Network) -> list[Row]:
    """The layers in order: inputs, merges and pools are rows, repeats are not folded."""
    graph = network.graph
    counts = count_layers(graph)
    return [Row(layer, graph.ops[layer.ops[-1]].shape, count) for layer, count in zip(graph.layers, counts, strict=True)]


def totals(table: list[Row]) -> Counts:
    """The sums over the rows."""
    return added(row.counts for row in table)


def sheet(network: Network, view: View) -> Sheet:
    """The network's table as values."""
    table = rows(network)
    total = totals(table)
    lines = _LINES[view.by](network.graph, table)
    if {"rf", "stride"} & {*view.columns, view.sort}:
        from netdsl.analysis.receptive import receptive_fields

        fields = receptive_fields(network.graph)
        lines = [line._replace(field=fields[line.ops[-1]]) for line in lines]
    if "intensity" in {*view.columns, view.sort}:
        lines = [line._replace(moved=sum(_moved(network.graph, index) for index in line.ops)) for line in lines]
    if view.sort is not None:
        by = COLUMNS[view.sort].value
        lines = sorted((line for line in lines if not line.depth), key=lambda line: _rank(by(line, total, view)), reverse=True)
    columns = [COLUMNS[key] for key in view.columns]
    whole = Line("total", (), total)
    return Sheet(
        network.name,
        network.description,
        view.columns,
        tuple((line.label, line.depth, tuple(column.value(line, total, view) for column in columns)) for line in lines),
        tuple(column.value(whole, total, view) if column.sums else None for column in columns),
        tuple(_summary(total)),
        view.units,
    )


def _rank(value: Any) -> Any:
    """What a value is sorted by: a receptive field by its positions, one of all of them last."""
    if not isinstance(value, str):
        return value
    from fractions import Fraction

    return math.inf if value == "all" else math.prod(map(Fraction, value.split("x"))) if value else 0


# --- levels -----------------------------------------------------------------------------------------------------------------


def _moved(graph: Graph, index: int) -> int:
    op = graph.ops[index]
    return op.size + sum(graph.ops[source].size for source in op.inputs) + sum(array.size for array in graph.weights(op))


def _layer_lines(graph: Graph, table: Sequence[Row]) -> list[Line]:
    return [Line(row.layer.text, row.output, row.counts, 0, row.layer.ops) for row in table]


def _op_lines(graph: Graph, table: Sequence[Row]) -> list[Line]:
    """One for each operation. Their activations are what the layers' last operations give, so that sums agree."""
    lines = []
    for row in table:
        for index in row.layer.ops:
            op = graph.ops[index]
            counts = count_op(graph, op)
            if index != row.layer.ops[-1]:
                counts = counts._replace(activations=0)
            lines.append(Line(op.kind.head() if op.kind else row.layer.text, op.shape, counts, 0, (index,)))
    return lines


def _block_lines(graph: Graph, table: Sequence[Row]) -> list[Line]:
    """A line for each use of a block, those within it below, and one for each layer that stands in none."""
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


def _tree(layers: Sequence[Line], paths: Sequence[tuple[str, ...]], start: int, stop: int, depth: int) -> list[Line]:
    """The block that holds the layers from start to stop, and the blocks within it."""
    lines = [_sum(paths[start][depth], layers[start:stop], depth)]
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
            lines.append(_sum(dims(layers[start].output[:-1]) if len(layers[start].output) > 1 else "vectors", layers[start:at], 0))
            start = at
    return lines


def _sum(label: str, lines: Sequence[Line], depth: int) -> Line:
    return Line(label, lines[-1].output, added(line.counts for line in lines), depth, tuple(index for line in lines for index in line.ops))


_LINES: dict[str, Callable[[Graph, Sequence[Row]], list[Line]]] = {
    "op": _op_lines,
    "layer": _layer_lines,
    "block": _block_lines,
    "stage": _stage_lines,
}


# --- JSON -------------------------------------------------------------------------------------------------------------------


def as_json(network: Network, view: View | None = None) -> dict[str, Any]:
    """The table as plain values, whole numbers all but for `intensity` and `share`."""
    view = view or View()
    table = rows(network)
    total = totals(table)
    names = [network.graph.written(row.layer) for row in table] if view.by == "layer" and view.sort is None else None
    found = sheet(network, view)
    return {
        "name": network.name,
        "rows": [
            {
                "layer": names[at] if names else label,
                **({"depth": depth} if view.by == "block" else {}),
                **{key: list(value) if isinstance(value, tuple) else value for key, value in zip(found.keys, values, strict=True)},
            }
            for at, (label, depth, values) in enumerate(found.lines)
        ],
        "totals": {
            "params": total.params,
            "total": total.total,
            "weights": total.weights,
            "macs": total.macs,
            "flops": total.flops,
            "activations": total.activations,
            "acts": total.acts,
        },
        **_receptive(network),
    }


def _receptive(network: Network) -> dict[str, Any]:
    """The receptive field of the last operation with positions, an entry for each axis; nothing where there is none."""
    from netdsl.analysis.receptive import network_field

    field = network_field(network.graph)
    if field is None:
        return {}
    axes = zip(field.size, field.stride, field.start, strict=True)
    return {"receptive_field": [{"size": size, "stride": _plain(stride), "start": start} for size, stride, start in axes]}


def _plain(number: Any) -> int | float:
    return int(number) if number == int(number) else float(number)


def text_table(network: Network) -> str:
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
