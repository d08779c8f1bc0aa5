"""Equal neighbours among the lines of a table, folded into one."""

from collections.abc import Iterator, Sequence

from netdsl.graph import Graph
from netdsl.report.lines import TableLine

LineGroup = tuple[TableLine | None, ...]
"""A line of each network that is shown: of one, or of two that are compared; None where one has
none.
"""


def folded(groups: Sequence[LineGroup], graphs: Sequence[Graph], in_order: bool) -> list[LineGroup]:
    """Fold equal neighbours, `xN` after the label and the sums of their numbers.

    Blocks with all that is in them.

    Args:
        groups: the lines, in the order in which they are shown.
        graphs: of the networks.
        in_order: whether that is the network's order. Then each line must read the one before:
            branches next to each other are not repeats.
    """
    found: list[tuple[int, list[LineGroup]]] = []  # how often, and a line with those within it
    before: LineGroup = ()
    for start, stop in _trees(groups):
        # From the inside: blocks whose repeats were folded alike are alike themselves.
        own = [groups[start], *folded(groups[start + 1 : stop], graphs, in_order)]
        if (
            found
            and _alike(found[-1][1], own)
            and (not in_order or _follows(groups[start], before, graphs))
        ):
            found[-1] = (found[-1][0] + 1, found[-1][1])
        else:
            found.append((1, own))
        before = groups[start]
    return [
        group for count, own in found for group in (own if count == 1 else _repeated(own, count))
    ]


def _trees(groups: Sequence[LineGroup]) -> Iterator[tuple[int, int]]:
    """Yield the first of each line and those that are within it, and the one after them."""
    start = 0
    while start < len(groups):
        stop = start + 1
        # A deeper line is part of the block above it.
        while stop < len(groups) and _depth(groups[stop]) > _depth(groups[start]):
            stop += 1
        yield start, stop
        start = stop


def _depth(group: LineGroup) -> int:
    return max(line.depth for line in group if line is not None)


def _alike(a: Sequence[LineGroup], b: Sequence[LineGroup]) -> bool:
    return len(a) == len(b) and all(
        (one is None) == (other is None)
        and (one is None or other is None or one.content == other.content)
        for ours, theirs in zip(a, b, strict=True)
        for one, other in zip(ours, theirs, strict=True)
    )


def _follows(group: LineGroup, before: LineGroup, graphs: Sequence[Graph]) -> bool:
    """Return whether lines read what those before them give."""
    return all(
        any(earlier.ops[-1] in graph.ops[index].inputs for index in line.ops)
        for graph, line, earlier in zip(graphs, group, before, strict=True)
        if line is not None and earlier is not None
    )


def _repeated(own: Sequence[LineGroup], count: int) -> Iterator[LineGroup]:
    """Yield a line this many times, and what this many of those within it hold."""
    yield tuple(line and line.repeated(count) for line in own[0])
    for within in own[1:]:
        yield tuple(line and line.multiplied(count) for line in within)
