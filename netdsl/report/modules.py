"""What a line of a table is made of, as papers list modules: its type, its window, its filters.

GoogLeNet's table has a row for each module, and columns for the filters of the convolutions in its
branches: #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool proj.
"""

from __future__ import annotations

from collections.abc import Iterable

from netdsl.graph import Graph, consumers_of
from netdsl.kinds.conv import Convolution
from netdsl.kinds.pool import Pooling
from netdsl.kinds.values import dims
from netdsl.kinds.window import Windowed
from netdsl.report.alignment import aligned
from netdsl.report.lines import TableLine
from netdsl.wording import axes_text

_BETWEEN = ("norm", "activation", "noise")
"""Groups of kinds that may be between two layers of a chain: they change no filters."""


def with_modules(graph: Graph, lines: Iterable[TableLine], by: str) -> list[TableLine]:
    """Return the lines of a network with their types, windows and filters.

    Stages, and the network as a whole, are neither a block nor a layer and have no type.
    """
    readers = consumers_of(graph.ops)
    found = []
    for line in lines:
        module = _Module(graph, line, readers)
        type = module.type() if by in ("op", "layer", "block") else ""
        found.append(line._replace(type=type, patch=module.patch(), filters=module.filters()))
    return found


def titles_of(lines: Iterable[TableLine]) -> list[str]:
    """Return what the filters of all lines are called, in the order that the lines have them in."""
    titles: list[str] = []
    for filters in dict.fromkeys(line.filters for line in lines):
        own = [title for title, _ in filters]
        # Merged as sequences, so that `#3x3 reduce` is before `#3x3` in the columns as in each row.
        pairs = aligned([(title,) for title in titles], [(title,) for title in own])
        titles = [titles[i] if i is not None else own[j or 0] for i, j in pairs]
    return list(dict.fromkeys(titles))


class _Module:
    """The operations of one line."""

    def __init__(self, graph: Graph, line: TableLine, readers: list[list[int]]) -> None:
        self._graph, self._ops, self._line = graph, graph.ops, line
        self._inside = inside = set(line.ops)
        # Also what is read from before: the branches of a module part at a layer outside it.
        sources = {source for index in line.ops for source in graph.ops[index].inputs}
        self._next = {
            index: [reader for reader in readers[index] if reader in inside]
            for index in inside | sources
        }

    def type(self) -> str:
        """Return the name of the line's block, or the word of its layer."""
        first = self._ops[self._line.ops[0]]
        if self._line.stem:
            block = self._graph.layers[first.layer].blocks[self._line.depth]
            return self._graph.blocks[block].word
        return first.kind.word if first.kind else "input"

    def patch(self) -> str:
        """Return the last window and stride of a chain, `7x7/2`; nothing where it branches."""
        if any(len(readers) > 1 for readers in self._next.values()):
            return ""
        windows = [
            (op.kind, len(op.shape) - 1)
            for op in map(self._ops.__getitem__, self._line.ops)
            if isinstance(op.kind, Windowed)
        ]
        if not windows:
            return ""
        kind, rank = windows[-1]
        return f"{dims(kind.window(rank))}/{axes_text(kind.strides(rank))}"

    def filters(self) -> tuple[tuple[str, int], ...]:
        """Return the filters of each convolution by what its place in its branch is called.

        Nothing where there are not several. Equal ones in a row are one.
        """
        convolutions = [index for index in self._line.ops if self._window(index)]
        # One convolution's filters are the channels of the output, a column of its own.
        if len(convolutions) < 2:
            return ()
        found: list[tuple[str, int]] = []
        numbers: dict[str, int] = {}
        for index in convolutions:
            before = self._before(index)
            # Equal convolutions in a row are one entry, `double #3x3`.
            if before is not None and self._alike(before, index):
                continue
            title = self._title(index)
            numbers[title] = number = numbers.get(title, 0) + 1
            found.append((title if number == 1 else f"{title} ({number})", self._amount(index)))
        return tuple(found)

    def _title(self, index: int) -> str:
        if set(self._window(index)) != {1}:
            return self._run(index)
        after, before = self._after(index), self._before(index)
        # A 1x1 convolution before a larger one has fewer channels for that one's sake.
        if after is not None and max(self._window(after), default=1) > 1:
            return f"{self._run(after)} reduce"
        pooled = before is not None and isinstance(self._ops[before].kind, Pooling)
        return "pool proj" if pooled else "#1x1"

    def _run(self, index: int) -> str:
        """Name a window by the number of equal convolutions in a row: `double #3x3`."""
        count, after = 1, self._after(index)
        while after is not None and self._alike(index, after):
            count, after = count + 1, self._after(after)
        times = {1: "", 2: "double "}.get(count, f"{count} times ")
        return f"{times}#{dims(self._window(index))}"

    def _alike(self, a: int, b: int) -> bool:
        return self._window(a) == self._window(b) and self._amount(a) == self._amount(b)

    def _window(self, index: int) -> tuple[int, ...]:
        """Return a convolution's window; nothing for any other layer."""
        op = self._ops[index]
        return op.kind.window(len(op.shape) - 1) if isinstance(op.kind, Convolution) else ()

    def _amount(self, index: int) -> int:
        return self._ops[index].shape[-1]

    def _passes(self, index: int) -> bool:
        kind = self._ops[index].kind
        return kind is not None and kind.group in _BETWEEN

    def _after(self, index: int) -> int | None:
        """Return what alone reads an output, norms and activations aside."""
        readers = self._next[index]
        while len(readers) == 1 and self._passes(readers[0]):
            readers = self._next[readers[0]]
        return readers[0] if len(readers) == 1 else None

    def _before(self, index: int) -> int | None:
        """Return what a layer reads within the line, norms and activations aside."""
        sources = self._ops[index].inputs
        while len(sources) == 1 and self._passes(sources[0]):
            sources = self._ops[sources[0]].inputs
        known = len(sources) == 1 and sources[0] in self._inside
        return sources[0] if known else None
