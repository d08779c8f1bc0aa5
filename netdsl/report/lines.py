"""The lines of a network's table, at each level: operations, layers, blocks, stages, the whole.

Annotations are values here, not texts: every start pays for those of named tuples.
"""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.analysis.counts import Counts, added, count_layers, count_ops
from netdsl.graph import Graph, Layer
from netdsl.kinds.values import dims
from netdsl.report.row_text import layer_label

if TYPE_CHECKING:
    from netdsl.analysis.receptive import Field
else:
    Field = Any


class LayerRow(NamedTuple):
    """A layer, its output's shape and its counts."""

    layer: Layer
    output: tuple[int, ...]
    counts: Counts


class TableLine(NamedTuple):
    """A line of the table.

    Attributes:
        label: the layer as it was written, a block, a stage, or an operation.
        output: its output's shape, without the batch.
        depth: how many blocks are around it; lines of depth 0 sum to the totals.
        ops: its operations; the output is the last one's.
        moved: elements that are read and written once each: inputs, weights and outputs, for one
            example; where a column asks for it.
        field: its receptive field; where a column asks for it.
        short: the label within its block; of a use of a block or of a stage, else empty.
        stem: that without its number, the same for all uses of a block; else empty.
        mark: what became of it, where two networks are compared.
        longest: layers that `depth` counts, on the longest path through it; where a column asks
            for it.
        training: FLOPs forward and backward; where a column asks for them.
        type, patch, filters: the block or kind, its window and stride, and the filters of its
            convolutions by their titles (`modules`); where a column asks for them.
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
    longest: int = 0
    training: int = 0
    type: str = ""
    patch: str = ""
    filters: tuple[tuple[str, int], ...] = ()

    @property
    def content(self) -> tuple[Any, ...]:
        """Equal for lines that say the same, whatever the number of the block."""
        return (
            self.stem or self.label,
            self.output,
            self.counts,
            self.depth,
            self.moved,
            self.field,
            self.mark,
            self.longest,
            self.training,
        )

    def repeated(self, count: int) -> "TableLine":
        """Return one line for this many of them, one after the other."""
        label = f"{self.stem or self.label} x{count}"
        return self.multiplied(count)._replace(label=label, short=label)

    def multiplied(self, count: int) -> "TableLine":
        """Return the line with what this many of them hold."""
        return self._replace(
            counts=Counts(*(count * number for number in self.counts)),
            moved=count * self.moved,
            longest=count * self.longest,
            training=count * self.training,
        )


def rows_of(graph: Graph) -> list[LayerRow]:
    """Return the layers in order: inputs, merges and pools are rows, repeats are not folded."""
    return [
        LayerRow(layer, graph.ops[layer.ops[-1]].shape, count)
        for layer, count in zip(graph.layers, count_layers(graph), strict=True)
    ]


def totals_of(rows: Sequence[LayerRow]) -> Counts:
    """Return the sums over the rows."""
    return added(row.counts for row in rows)


def lines_of(graph: Graph, rows: Sequence[LayerRow], by: str) -> list[TableLine]:
    """Return the lines at a level of `LEVELS`, in the network's order."""
    return _LINES[by](graph, rows)


def _layer_lines(graph: Graph, rows: Sequence[LayerRow]) -> list[TableLine]:
    labels = (layer_label(graph, row.layer) for row in rows)
    return [
        TableLine(label, row.output, row.counts, 0, row.layer.ops)
        for label, row in zip(labels, rows, strict=True)
    ]


def _op_lines(graph: Graph, rows: Sequence[LayerRow]) -> list[TableLine]:
    """Return a line for each operation.

    Their activations are what the layers' last operations give, so that sums agree.
    """
    lines = []
    counted = count_ops(graph)
    for row in rows:
        for index in row.layer.ops:
            op, counts = graph.ops[index], counted[index]
            if index != row.layer.ops[-1]:
                counts = counts._replace(activations=0)
            label = op.kind.head() if op.kind else row.layer.text
            lines.append(TableLine(label, op.shape, counts, 0, (index,)))
    return lines


def _block_lines(graph: Graph, rows: Sequence[LayerRow]) -> list[TableLine]:
    """Return a line for each use of a block, those within it below, and one for each layer that is
    in none.
    """
    paths = [row.layer.path for row in rows]
    layers = _layer_lines(graph, rows)
    lines: list[TableLine] = []
    start = 0
    while start < len(rows):
        if paths[start]:
            stop = _end_of_run(paths, start, len(rows), 1)
            lines += _tree(layers, paths, start, stop, 0)
        else:
            stop = start + 1
            lines.append(layers[start])
        start = stop
    return lines


def _tree(
    layers: Sequence[TableLine], paths: Sequence[tuple[str, ...]], start: int, stop: int, depth: int
) -> list[TableLine]:
    """Return the block that holds the layers from start to stop, and the blocks within it."""
    label = paths[start][depth]
    # Layers' names hold the whole path: `stage_2_bottleneck_1`.
    short = label.removeprefix(f"{paths[start][depth - 1]}_") if depth else label
    # The stem without its number: `bottleneck_2` and `bottleneck_3` fold into one line.
    lines = [_sum(label, layers[start:stop], depth, short, re.sub(r"_[0-9]+$", "", short))]
    at = start
    while at < stop:
        if len(paths[at]) <= depth + 1:
            at += 1
            continue
        end = _end_of_run(paths, at, stop, depth + 2)
        lines += _tree(layers, paths, at, end, depth + 1)
        at = end
    return lines


def _end_of_run(paths: Sequence[tuple[str, ...]], start: int, stop: int, length: int) -> int:
    """Return where the paths end to begin as the one at `start` does, `stop` at the latest."""
    end = start
    while end < stop and paths[end][:length] == paths[start][:length]:
        end += 1
    return end


def _stage_lines(graph: Graph, rows: Sequence[LayerRow]) -> list[TableLine]:
    """Return a line for each run of layers whose outputs have the same positions."""
    lines: list[TableLine] = []
    layers = _layer_lines(graph, rows)
    start = 0
    for at in range(1, len(layers) + 1):
        # A run, not a group: a U-Net comes back to 56x56, which is another stage then.
        if at == len(layers) or layers[at].output[:-1] != layers[start].output[:-1]:
            label = stage_label(layers[start].output)
            lines.append(_sum(label, layers[start:at], 0, label, label))
            start = at
    return lines


def stage_label(output: tuple[int, ...]) -> str:
    """Return what the stage of an output is called: by its positions."""
    return dims(output[:-1]) if len(output) > 1 else "vectors"


def _network_line(graph: Graph, rows: Sequence[LayerRow]) -> list[TableLine]:
    """Return one line for the whole network; its name is in the table's title."""
    return [_sum("network", _layer_lines(graph, rows), 0, "", "")]


def _sum(label: str, lines: Sequence[TableLine], depth: int, short: str, stem: str) -> TableLine:
    ops = tuple(index for line in lines for index in line.ops)
    counts = added(line.counts for line in lines)
    return TableLine(label, lines[-1].output, counts, depth, ops, short=short, stem=stem)


_LINES: dict[str, Callable[[Graph, Sequence[LayerRow]], list[TableLine]]] = {
    "op": _op_lines,
    "layer": _layer_lines,
    "block": _block_lines,
    "stage": _stage_lines,
    "network": _network_line,
}
