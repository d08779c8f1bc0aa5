"""The figures of boxes: shapes, params, MACs, memory, receptive fields, and shares of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.analysis.counts import Counts, added, count_layers
from netdsl.drawing.labels import Labels, merged, shape_text
from netdsl.drawing.shown import Box
from netdsl.wording import axes_text, bytes_text, counted, shortened

if TYPE_CHECKING:
    from netdsl.graph import Graph

SHARED = ("params", "macs", "memory")  # of which boxes have shares
STEPS = (0.0, 0.01, 0.03, 0.08, 0.2)  # where the colours of shares change
_BYTES = 4  # of an activation in float32


class Amount(NamedTuple):
    """A column that can be summed: its value of some counts, as text, and what it counts."""

    value: Callable[[Counts], int]
    text: Callable[[int], str]
    unit: str = ""


AMOUNTS = {
    "params": Amount(lambda counts: counts.params, shortened, " params"),
    "macs": Amount(lambda counts: counts.macs, shortened, " MACs"),
    "memory": Amount(lambda counts: _BYTES * counts.activations, bytes_text),
}


class Figures:
    """The figures of a network's layers, and of boxes that represent some of them."""

    def __init__(
        self, graph: Graph, labels: Labels, columns: Sequence[str], units: bool = True
    ) -> None:
        """Count the layers of a graph.

        Args:
            graph: of a network.
            labels: what its layers are called.
            columns: what is in the boxes.
            units: whether figures say what they count, as in `156 params`.
        """
        self.graph, self.labels, self.columns, self.units = graph, labels, tuple(columns), units
        self.counts = count_layers(graph)
        read = {source for op in graph.ops for source in op.inputs}
        # An output that nothing reads is the end of a flow, and is seen as that.
        self._given = {graph.ops[port.op].layer for port in graph.outputs if port.op in read}
        self.total = added(self.counts)
        self._fields: list[str] | None = None

    def note(self, box: Box, shared: str = "") -> str:
        """Return what is in a box below its label: `56×56×64 · 4.1 k`.

        Of a column that is `shared` the part of the network's, too.
        """
        parts = self.notes(box)
        if shared in AMOUNTS:
            share = self.share(shared, box)
            # Below half a percent it would say 0%.
            parts.append(f"{share:.0%}" if share >= 0.005 else "")
        return " · ".join(filter(None, (*parts, self._output(box))))

    def notes(self, box: Box) -> list[str]:
        """Return a text for each column; an empty one where there is nothing to say."""
        return [self._of(column, box) for column in self.columns]

    def short_note(self, box: Box, inputs: Iterable[int]) -> str:
        """Return the same of a small box: its shape only where that is another than its input's."""
        shapes = {self.labels.shape(layer) for layer in inputs}
        same = shapes == {self.labels.shape(box.first)}
        columns = (
            name for name in self.columns if not (same and name in ("output", "memory", "rf"))
        )
        parts = (self._of(column, box) for column in columns)
        return " · ".join(filter(None, (*parts, self._output(box))))

    def _output(self, box: Box) -> str:
        """Return `output` where an output of the network is read by others too: no end shows it
        then."""
        return "output" if any(layer in self._given for layer in box.every_layer) else ""

    def shape_note(self, box: Box) -> str:
        """Return the shape of a box's output, where shapes are shown."""
        return self._of("output", box) if "output" in self.columns else ""

    def _of(self, column: str, box: Box) -> str:
        if column == "output":
            return merged([shape_text(self.labels.shape(turn[-1])) for turn in box.turns])
        if column == "rf":
            field = self._field(box.turns[0][-1])
            return f"rf {field}" if field else ""
        amount = AMOUNTS[column]
        unit = amount.unit if self.units else ""
        values = [amount.value(self.of(turn)) for turn in box.turns]
        if column == "params" and self._borrows(box.turns[0]):
            own = amount.text(values[0]) if values[0] else ""
            return " ".join(filter(None, (own, self._borrows(box.turns[0])))) + unit
        if not any(values):
            return ""
        if len(set(values)) == 1:
            return _amount_of(amount.text(values[0]), unit) + " each" * (box.times > 1)
        return f"{amount.text(sum(values))}{unit} in all"

    def _borrows(self, layers: Iterable[int]) -> str:
        """Return whether layers use weights that are held elsewhere, and how."""
        ops = [self.graph.ops[at] for layer in layers for at in self.graph.layers[layer].ops]
        if any(op.shares is not None for op in ops):
            return "shared"
        return "tied" if any(op.tied is not None for op in ops) else ""

    def of(self, layers: Iterable[int]) -> Counts:
        """Return the counts of some layers together."""
        return added([Counts(), *(self.counts[layer] for layer in layers)])

    def share(self, column: str, box: Box) -> float:
        """Return the part that a box has of the whole network's."""
        value = AMOUNTS[column].value
        # A network without params has no shares, and must not divide by 0.
        return value(self.of(box.every_layer)) / max(1, value(self.total))

    def look(self, box: Box, colour: str) -> str:
        """Return the colours of a box where they say its share, or nothing; else an empty text."""
        if colour == "none":
            return "plain"
        return f"share{step_of(self.share(colour, box))}" if colour in AMOUNTS else ""

    def _field(self, layer: int) -> str:
        # Only where a column asks: receptive fields take longer than all other figures.
        if self._fields is None:
            from netdsl.analysis.receptive import receptive_fields

            self._fields = [
                "" if field is None else "all" if field.whole else axes_text(field.size)
                for field in receptive_fields(self.graph)
            ]
        return self._fields[self.graph.layers[layer].ops[-1]]

    def title(self, box: Box) -> str:
        """Return all about a box: what it is, with every default, and its row in the table."""
        turn = box.turns[0]
        if box.block is not None:
            head = f"{box.block.title}: {len(turn)} layers"
        else:
            head = self.graph.written(self.graph.layers[turn[0]])
        counts = self.of(turn)
        rows = [f"output {shape_text(self.labels.shape(turn[-1]))}"]
        rows += [counted(counts.params, "param")] * bool(counts.params)
        rows += [counted(counts.macs, "MAC")] * bool(counts.macs)
        times = f"×{len(box.turns)}, the first of them: " if len(box.turns) > 1 else ""
        return f"{head}\n{times}{' · '.join(rows)}"


def _amount_of(text: str, unit: str) -> str:
    """Return an amount with its unit: `1 param`, `4.1 k params`."""
    return text + (unit.removesuffix("s") if text == "1" else unit)


def step_of(share: float) -> int:
    """Return the colour of a share."""
    return sum(share > step for step in STEPS)
