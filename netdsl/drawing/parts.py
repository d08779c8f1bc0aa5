"""The parts of a network: chains, branches, arcs, tangles, and the wires between nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

START, END = -1, -2  # the ends of a wire that come from outside, and that go there


class Wire(NamedTuple):
    """One node reads another.

    Attributes:
        source: a node, or START.
        target: a node, or END.
        key: the box whose output it carries.
    """

    source: int
    target: int
    key: int


class Arc(NamedTuple):
    """A wire next to a chain: from after one of its parts to another.

    -1 is what precedes the chain, and the number of its parts what follows it.
    """

    start: int
    end: int
    wire: Wire


class Side(NamedTuple):
    """A chain that hangs on one part of another.

    It leaves it and ends (`leaves`), or begins by itself and ends in it.
    """

    at: int
    chain: PartChain
    leaves: bool


class PartChain:
    """Parts one after the other, arcs over them, and chains that hang on them."""

    __slots__ = ("arcs", "parts", "sides")

    def __init__(self, parts: list[Part]) -> None:
        self.parts = parts
        self.arcs: list[Arc] = []
        self.sides: list[Side] = []


class Fork(NamedTuple):
    """Chains side by side, each with at least one node."""

    branches: tuple[PartChain, ...]


class Tangle(NamedTuple):
    """Nodes that are neither a chain nor branches, in an order in which each follows what it
    reads; `mirrored` has what would be to the left to the right.
    """

    nodes: tuple[int, ...]
    mirrored: bool = False


Part: TypeAlias = "int | Fork | Tangle"


def nodes_of(part: Part) -> Iterator[int]:
    """Yield all nodes of a part."""
    if isinstance(part, int):
        yield part
    elif isinstance(part, Tangle):
        yield from part.nodes
    else:
        for branch in part.branches:
            for inner in branch.parts:
                yield from nodes_of(inner)


def chains_of(chain: PartChain) -> Iterator[PartChain]:
    """Yield a chain, those of its branches, and those that hang on it."""
    yield chain
    for part in chain.parts:
        if isinstance(part, Fork):
            for branch in part.branches:
                yield from chains_of(branch)
    for side in chain.sides:
        yield from chains_of(side.chain)
