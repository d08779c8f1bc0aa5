"""Which pieces of a network become functions of its program."""

from __future__ import annotations

import re

from netdsl.emit.heads import LayerHead
from netdsl.emit.plan import ProgramPlan
from netdsl.factoring.blocks import BlockRules
from netdsl.factoring.items import INPUT_WIDTH, ItemChain, all_items
from netdsl.graph import Graph
from netdsl.naming import identifier

# The roles that are numbers of channels: `4*filters` is sensible, `4*strides` is not.
_WIDTHS = ("filters", "units", "output_dim", "key_dim", INPUT_WIDTH)


class WrittenBlocks:
    """The uses of the `.net` file's own blocks among the nodes.

    Attributes:
        names: what the block of each use is called, by the first and the last node of the use.
    """

    def __init__(self, plan: ProgramPlan, graph: Graph) -> None:
        layers = [graph.layers[graph.ops[op].layer] for op in plan.ops]
        paths = [layer.path for layer in layers]
        spans: dict[tuple[str, ...], tuple[int, int]] = {}
        for node, path in enumerate(paths):
            for end in range(1, len(path) + 1):
                # The first node is kept, the last one moves on.
                spans[path[:end]] = (spans.get(path[:end], (node, node))[0], node)
        self.names: dict[tuple[int, int], str] = {}
        for layer in layers:
            path, uses = layer.path, layer.uses[-len(layer.path) :] if layer.path else ()
            for end, use in enumerate(uses, len(path) - len(uses) + 1):
                # of several uses with one span the innermost has the name
                if match := re.match(r"[\w.]+", use.source.text[use.start : use.end]):
                    self.names[spans[path[:end]]] = identifier(match[0].rpartition(".")[2])
        self._around: list[list[tuple[int, int]]] = [
            [spans[path[:end]] for end in range(1, len(path) + 1)] for path in paths
        ]

    def rules(self) -> BlockRules:
        """Return what a program asks of its functions: the file's own blocks come first."""
        return BlockRules(_length, self._rank, _alike)

    def _rank(self, chain: ItemChain) -> int:
        """Return 2 for a whole use, 0 for what cuts one in two or holds one after another."""
        first, last = chain[0].span[0], chain[-1].span[1]
        # References have no span.
        if first < 0 or last < 0:
            return 0
        if (first, last) in self.names:
            return 2
        near = {*self._around[first], *self._around[last]}
        # Half of `bottleneck` with half of the next one may repeat as well, and says nothing.
        if any((a < first <= b < last) or (first < a <= last < b) for a, b in near):
            return 0
        # Two uses in a row are a loop over the block, not a block of their own.
        return int(sum(self._holds_use(*item.span) for item in chain) < 2)

    def _holds_use(self, first: int, last: int) -> bool:
        """Return whether a whole use lies between two nodes."""
        return first >= 0 and any(
            b <= last for node in range(first, last + 1) for a, b in self._around[node] if a == node
        )


def _alike(role: str, other: str) -> bool:
    """Return whether one value can be written as a multiple of another.

    Widths, and values of one role.
    """
    return role == other or (role in _WIDTHS and other in _WIDTHS)


def _length(chain: ItemChain) -> int:
    """Estimate how many characters a chain takes as Python."""
    total = -40 if len(chain) == 1 else -20
    for item in all_items(chain):
        if not isinstance(item.head, LayerHead):
            total += 20
            continue
        names, texts = item.head.names, item.head.texts
        total += 8 + len(item.head.made) + sum(map(len, names))
        total += sum(len(text or "...") + 2 for text in texts)
    return total
