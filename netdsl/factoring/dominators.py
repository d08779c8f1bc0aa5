"""Where all ways to a node of a graph meet."""

from __future__ import annotations

from collections.abc import Sequence

from netdsl.factoring.items import Node


def immediate_dominators(nodes: Sequence[Node]) -> list[int | None]:
    """Find for each node the last one that all ways to it pass.

    Args:
        nodes: each after its inputs.

    Returns:
        For each node its immediate dominator; None where the ways begin at different inputs.

    Source: Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm" (2001). In an acyclic
    graph one pass in topological order is enough.
    """
    dominators: list[int | None] = []
    depth: list[int] = []
    for node in nodes:
        meeting: int | None = node.inputs[0] if node.inputs else None
        for other in node.inputs[1:]:
            there: int | None = other
            # Only what has depth 0 has no dominator, and of two such the first is left first.
            while meeting != there and meeting is not None and there is not None:
                if depth[meeting] >= depth[there]:
                    meeting = dominators[meeting]
                else:
                    there = dominators[there]
        dominators.append(meeting)
        depth.append(0 if meeting is None else depth[meeting] + 1)
    return dominators
