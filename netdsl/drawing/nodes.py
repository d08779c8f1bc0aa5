"""Parts of a chain that hold no chain: single nodes, and nodes in ranks, with their measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netdsl.drawing.geometry import Size
from netdsl.drawing.layered import BOTTOM, TOP, Layered, layered
from netdsl.drawing.parts import Tangle, Wire

GAP = 22.0  # between two parts of a chain
TURN = 28.0  # the same where lines turn in it
ALONGSIDE = 26.0  # between two branches
LANE = 16.0  # from what an arc passes to the arc
LANES = 12.0  # between two arcs
_BAR = 14.0  # of a bar next to the outermost line that ends in it


class LaidNode:
    """What the arrangement must know of a box, a glyph or a frame.

    Attributes:
        size: its room along and across.
        shape: `box`, `circle` (lines from the side end in it), `bar` (it is as wide as the lines
            that end in it are apart) or `frame`.
        entries, exits: of a frame, where the outputs of outside and inside boxes come in and go
            out, across from its axis.
        label: room to the right that a bar's text takes.
    """

    __slots__ = ("entries", "exits", "label", "shape", "size")

    def __init__(self, size: Size, shape: str = "box", label: float = 0.0) -> None:
        self.size, self.shape, self.label = size, shape, label
        self.entries: dict[int, float] = {}
        self.exits: dict[int, float] = {}

    def enters_left(self, key: int) -> bool:
        """Return whether one output comes into a frame to the left of all others that do."""
        others = [v for other, v in self.entries.items() if other != key]
        return key in self.entries and bool(others) and self.entries[key] < min(others)


class NodeBox:
    """A single node."""

    def __init__(self, number: int, node: LaidNode) -> None:
        self.number, self.node = number, node

    @property
    def length(self) -> float:
        return self.node.size.length

    @property
    def left(self) -> float:
        return self.node.size.left

    @property
    def right(self) -> float:
        return self.node.size.right + self.node.label

    def widen(self, low: float, high: float) -> None:
        """Make a bar reach both, with some more next to them."""
        length, left, right = self.node.size
        self.node.size = Size(length, max(_BAR - low, left), max(high + _BAR, right))

    def columns(self, nodes: Sequence[LaidNode], last: bool = True) -> Iterator[tuple[int, float]]:
        yield self.number, 0.0


class TangleBox:
    """Nodes in ranks."""

    def __init__(self, tangle: Tangle, nodes: Sequence[LaidNode], wires: Sequence[Wire]) -> None:
        self.nodes = tangle.nodes
        place = {node: at for at, node in enumerate(tangle.nodes)}
        self.wires: list[Wire] = []
        pairs: list[tuple[int, int, int]] = []
        for wire in wires:
            if wire.source in place or wire.target in place:
                self.wires.append(wire)
                ends = place.get(wire.source, TOP), place.get(wire.target, BOTTOM)
                pairs.append((*ends, wire.key))
        reads = [sum(pair[1] == at for pair in pairs) for at in range(len(self.nodes))]
        for at, node in enumerate(self.nodes):
            if nodes[node].shape == "bar":  # as wide as the lines that end in it need
                half = max(16.0, 8.0 * reads[at])
                size = nodes[node].size
                nodes[node].size = Size(size.length, half, half)
        sizes = []
        for node in self.nodes:
            each = nodes[node]
            # The ranks know nothing of labels: they are room to the right while they are laid out.
            sizes.append(each.size._replace(right=each.size.right + each.label))
        spread = [nodes[node].shape in ("bar", "box") for node in self.nodes]
        bars = [nodes[node].label if nodes[node].shape == "bar" else None for node in self.nodes]
        ports = [
            (
                nodes[wire.source].exits.get(wire.key, 0.0) if wire.source in place else 0.0,
                nodes[wire.target].entries.get(wire.key, 0.0) if wire.target in place else 0.0,
            )
            for wire in self.wires
        ]
        self.laid: Layered = layered(sizes, pairs, ports, spread, bars, tangle.mirrored)
        for node, size in zip(self.nodes, self.laid.sizes, strict=True):
            if nodes[node].shape == "bar":
                nodes[node].size = size._replace(right=size.right - nodes[node].label)
        self.length, self.left, self.right = self.laid.size

    def inverted(self, nodes: Sequence[LaidNode]) -> Iterator[int]:
        """Yield the frames into which wires come in another order than that of their places."""
        for node in self.nodes:
            entries = nodes[node].entries
            came = {
                # Before the last bend: from where it comes, not where it goes in.
                wire.key: route[-3][1] if len(route) > 2 else route[-1][1]
                for wire, route in zip(self.wires, self.laid.routes, strict=True)
                if wire.target == node
            }
            order = sorted(came, key=lambda key: came[key])
            places = [entries[key] for key in order if key in entries]
            if len(places) > 1 and places[0] > places[-1]:
                yield node

    def columns(self, nodes: Sequence[LaidNode], last: bool = True) -> Iterator[tuple[int, float]]:
        for wire, route in zip(self.wires, self.laid.routes, strict=True):
            if last and wire.target not in self.nodes:
                yield wire.source, route[-1][1]
            elif not last and wire.source not in self.nodes:
                yield wire.target, route[0][1]
