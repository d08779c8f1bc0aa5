"""Who reads whom, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from netdsl.graph import Graph


class Wiring(NamedTuple):
    """For each layer the layers that it reads, and those that read it, each once, in order."""

    sources: tuple[tuple[int, ...], ...]
    readers: tuple[tuple[int, ...], ...]


def wiring(graph: Graph) -> Wiring:
    """Return the wires between a graph's layers, none into a constant, which reads nothing."""
    ops = graph.ops
    sources = []
    readers: list[list[int]] = [[] for _ in graph.layers]
    for index, layer in enumerate(graph.layers):
        found: dict[int, None] = {}
        for part in layer.ops:
            kind = ops[part].kind
            if kind is not None and kind.reach == "nothing":
                continue
            for source in ops[part].inputs:
                other = ops[source].layer
                if other != index:
                    found[other] = None
        sources.append(tuple(found))
        for other in found:
            readers[other].append(index)
    return Wiring(tuple(sources), tuple(map(tuple, readers)))
