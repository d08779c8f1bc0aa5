"""What is one step where a network is written out."""

from collections.abc import Sequence
from typing import NamedTuple

from netdsl.graph import Graph, Op, Piece
from netdsl.kinds.kind import Kind
from netdsl.kinds.values import Shape

ENTRY = -1
"""The unit in the place of a `let`'s input."""


class WrittenUnit(NamedTuple):
    """A layer, or a use of a `let`.

    Attributes:
        first: its first layer; `stop`: the one after its last.
        end: the layer whose output it gives.
        piece: the name of the `let`; of a layer empty.
        axes: of the elements that a `let` works on within `each`.
    """

    first: int
    stop: int
    end: int
    piece: str
    axes: Shape = ()


class UnitGraph:
    """Some layers of a graph as units.

    Attributes:
        unit_of: the unit whose output is a layer's.
        sources: for each unit those that it reads.
        uses: how often a unit is read.
    """

    def __init__(self, graph: Graph, layers: range, pieces: Sequence[Piece]) -> None:
        self.graph = graph
        self.units = _units(layers, pieces)
        self.unit_of = {unit.end: index for index, unit in enumerate(self.units)}
        self.sources = [self._sources_of(unit) for unit in self.units]
        self.uses: dict[int, int] = {}
        for sources in self.sources:
            for source in sources:
                self.uses[source] = self.uses.get(source, 0) + 1

    def kind(self, index: int) -> Kind | None:
        """Return the kind of a layer; None of an input, and of a `let`."""
        unit = self.units[index]
        if unit.piece:
            return None
        return self.graph.ops[self.graph.layers[unit.first].ops[0]].kind

    def is_source(self, index: int) -> bool:
        """Return whether a unit is a statement of its own: a tensor of the network's own."""
        kind = self.kind(index)
        return kind is not None and kind.is_source

    def axes(self, index: int) -> Shape:
        """Return the axes of the elements that a unit works on within `each`."""
        kind = self.kind(index)
        return self.units[index].axes if kind is None else kind.each_axes

    def is_merge(self, index: int) -> bool:
        """Return whether an operation is a merge."""
        kind = self.kind(index)
        return kind is not None and kind.merges

    def referred(self, index: int) -> list[int]:
        """Return the units that a layer's options refer to: `unpool(@p)`."""
        kind = self.kind(index)
        references = kind.references().values() if kind is not None else ()
        return [self.unit_of[self.graph.ops[ref.op].layer] for ref in references]

    def _sources_of(self, unit: WrittenUnit) -> tuple[int, ...]:
        ops = self.graph.ops
        last = unit.stop if unit.piece else unit.first + 1
        heads = (ops[self.graph.layers[layer].ops[0]] for layer in range(unit.first, last))
        before = (ops[source].layer for head in heads for source in _coming_in(head))
        outside = [
            self.unit_of.get(layer, ENTRY)
            for layer in before
            if not unit.first <= layer < unit.stop
        ]
        # A `let` has one input however often its layers read it; `add[ id | id ]` reads one twice.
        return tuple(dict.fromkeys(outside)) if unit.piece else tuple(outside)


def _units(layers: range, pieces: Sequence[Piece]) -> list[WrittenUnit]:
    """Return the layers as units: of the uses of `let`s within each other, the outermost."""
    outermost = {
        # Smallest first: the outermost that begins at a layer overwrites those within it.
        piece.first: piece
        for piece in sorted(pieces, key=lambda piece: piece.stop - piece.first)
    }
    units = []
    at = layers.start
    while at < layers.stop:
        piece = outermost.get(at)
        units.append(
            WrittenUnit(at, piece.stop, piece.end, piece.name, piece.axes)
            if piece
            else WrittenUnit(at, at + 1, at, "")
        )
        at = units[-1].stop
    return units


def _coming_in(op: Op) -> tuple[int, ...]:
    """Return the operations that come in through the chain or the branches.

    Those that options refer to are named there.
    """
    return op.inputs if op.kind is None or op.kind.merges else op.inputs[:1]
