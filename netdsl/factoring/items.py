"""A plain graph's nodes, and the chains of items that are made of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

REFERENCE = "@"
"""The head of a reference to a node; its one value is the node's name."""
REPEAT = "x"
"""The head of a repeat: its one value says how often, its one child what is repeated."""
INPUT_WIDTH = "in"
"""The parameter that every block has: the channels that come in."""


class Node(NamedTuple):
    """A layer of the graph.

    Attributes:
        head: what it is, numbers left out; layers of the same head differ in their values alone.
        values: its numbers.
        roles: for each value what a parameter would be called.
        inputs: the nodes that go in; several for a merge.
        width: its input's channels.
        merges: whether it joins branches.
    """

    head: Hashable
    values: tuple[Any, ...] = ()
    roles: tuple[str, ...] = ()
    inputs: tuple[int, ...] = ()
    width: int | None = None
    merges: bool = False


class Item(NamedTuple):
    """A step of a chain.

    A layer, a merge of branches, a repeat, a call of a block, or a reference to a node
    (`REFERENCE`).

    Attributes:
        width: the channels that come in; in a block, where they differ from call to call, a formula
            or one value in place of all of them.
        children: the chains within it.
        node: the node whose output the step gives.
        span: the first and the last node that it was made of; in a block or a repeat, those of one
            of its places.
    """

    head: Hashable
    values: tuple[Any, ...] = ()
    roles: tuple[str, ...] = ()
    width: Any = None
    children: tuple[ItemChain, ...] = ()
    node: int = -1
    span: tuple[int, int] = (-1, -1)


ItemChain = tuple[Item, ...]


class RootedChain(NamedTuple):
    """A chain that begins at an input (`start`), at what its first item refers to, or with a
    merge of such.
    """

    start: int | None
    chain: ItemChain


class BlockCall(NamedTuple):
    """The head of a call of a block; its values are the arguments.

    `elsewhere` says that the block takes nothing of the input: all of its first step's branches
    begin at named nodes.
    """

    block: int
    elsewhere: bool = False


class Formula(NamedTuple):
    """A value within a block: factor * parameter // divisor."""

    parameter: str
    factor: int = 1
    divisor: int = 1

    @property
    def of_width(self) -> bool:
        """Whether it follows from the channels that come in."""
        return self.parameter == INPUT_WIDTH


class NodeName(NamedTuple):
    """A value that represents a node's output."""

    node: int


class BlockParameter(NamedTuple):
    """What a block is given by its calls, and what it is where they say nothing."""

    name: str
    default: int | None = None


class FactoredBlock(NamedTuple):
    """A chain that is used several times. Its number is in the heads of its calls."""

    number: int
    parameters: tuple[BlockParameter, ...]
    chain: ItemChain


def all_items(chain: ItemChain) -> Iterator[Item]:
    """Yield all items of a chain, each before those within it."""
    for item in chain:
        yield item
        for child in item.children:
            yield from all_items(child)


def all_chains(chain: ItemChain) -> Iterator[ItemChain]:
    """Yield a chain, and those within its items."""
    yield chain
    for item in chain:
        for child in item.children:
            yield from all_chains(child)


def begins_elsewhere(chain: ItemChain) -> bool:
    """Return whether a chain takes nothing of the input.

    It begins with a reference, or with a merge whose branches all do.
    """
    if not chain:
        return False
    first = chain[0]
    if isinstance(first.head, BlockCall):
        return first.head.elsewhere
    return first.head == REFERENCE or (
        bool(first.children) and all(map(begins_elsewhere, first.children))
    )


def without_name(chain: ItemChain) -> ItemChain:
    """Return a chain whose output has no name of its own: what is around it has it."""
    return (*chain[:-1], chain[-1]._replace(node=-1))
