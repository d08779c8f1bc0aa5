"""Branches, repeats and blocks found again in plain graphs: what is found, and that unfolding it
gives the graph back.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

import pytest

from netdsl.factoring.blocks import BlockRules, with_blocks
from netdsl.factoring.items import (
    REFERENCE,
    REPEAT,
    BlockCall,
    FactoredBlock,
    Formula,
    ItemChain,
    Node,
    NodeName,
    RootedChain,
    all_items,
)
from netdsl.factoring.nesting import crossings, nested_chains
from netdsl.factoring.repeats import with_repeats

# --- a toy: `conv` makes c channels, `act` keeps them, `add` and `cat` join -----------------------


class Toy:
    """A graph that is built step by step."""

    def __init__(self, width: int = 4) -> None:
        self.nodes: list[Node] = [Node("input")]
        self.widths = [width]

    def conv(self, x: int, c: int, k: int = 3) -> int:
        return self._add(Node("conv", (k, c), ("k", "c"), (x,), self.widths[x]), c)

    def act(self, x: int) -> int:
        return self._add(Node("act", (), (), (x,), self.widths[x]), self.widths[x])

    def join(self, head: str, *inputs: int) -> int:
        width = sum(self.widths[x] for x in inputs) if head == "cat" else self.widths[inputs[0]]
        return self._add(Node(head, (), (), inputs, self.widths[inputs[0]], merges=True), width)

    def _add(self, node: Node, width: int) -> int:
        self.nodes.append(node)
        self.widths.append(width)
        return len(self.nodes) - 1


def found(
    toy: Toy, outputs: Sequence[int], ends: Sequence[int] = ()
) -> tuple[list[FactoredBlock], list[RootedChain]]:
    flows = with_repeats(nested_chains(toy.nodes, [0], outputs, ends), 1)
    blocks, flows = with_blocks(flows, BlockRules(lambda chain: len(written(chain))))
    return blocks, with_repeats(flows, 4)


def written(chain: ItemChain) -> str:
    """A chain as text, for measures and for reading."""
    steps = []
    for item in chain:
        inside = [written(child) for child in item.children]
        values = ",".join(_value(value) for value in item.values)
        if item.head == REPEAT:
            steps.append(f"({inside[0]}) x{values}")
        elif item.head == REFERENCE:
            steps.append(f"@{values}")
        elif isinstance(item.head, BlockCall):
            steps.append(f"block{item.head.block}({values})")
        else:
            steps.append(
                f"{item.head}({values})" if not inside else f"{item.head}[{' | '.join(inside)}]"
            )
    return " > ".join(steps) or "id"


def _value(value: Any) -> str:
    if isinstance(value, Formula):
        return f"{value.factor}*{value.parameter}//{value.divisor}"
    return f"n{value.node}" if isinstance(value, NodeName) else str(value)


# --- unfolding ------------------------------------------------------------------------------------


class Made(NamedTuple):
    """A node that unfolding makes: what it is, down to the input."""

    what: Hashable
    width: int


class Unfold:
    def __init__(self, blocks: Sequence[FactoredBlock], width: int) -> None:
        self.blocks = {block.number: block for block in blocks}
        self.input = Made("input", width)

    def flow(self, flow: RootedChain, names: dict[int, Made]) -> Made:
        if flow.start is not None:
            names[flow.start] = self.input
        made = self.chain(flow.chain, self.input if flow.start is not None else None, names, {})
        assert made is not None
        return made

    def chain(
        self, chain: ItemChain, x: Made | None, names: dict[int, Made], values: Mapping[str, Any]
    ) -> Made | None:
        for item in chain:
            own = [self.value(value, x, names, values) for value in item.values]
            if item.head == REFERENCE:
                x = own[0]
            elif item.head == REPEAT:
                for _ in range(own[0]):
                    x = self.chain(item.children[0], x, dict(names), values)
            elif isinstance(item.head, BlockCall):
                block = self.blocks[item.head.block]
                x = self.chain(
                    block.chain,
                    x,
                    {},
                    {p.name: v for p, v in zip(block.parameters, own, strict=True)},
                )
            elif item.children:
                branches = [self.chain(child, x, names, values) for child in item.children]
                parts = [branch for branch in branches if branch is not None]
                width = sum(part.width for part in parts) if item.head == "cat" else parts[0].width
                x = Made((item.head, tuple(part.what for part in parts)), width)
            else:
                assert x is not None
                x = Made(
                    (item.head, tuple(own), (x.what,)), own[-1] if item.head == "conv" else x.width
                )
            if item.node >= 0 and x is not None:
                names[item.node] = x
        return x

    @staticmethod
    def value(
        value: Any, x: Made | None, names: Mapping[int, Made], values: Mapping[str, Any]
    ) -> Any:
        if isinstance(value, NodeName):
            return names[value.node]
        if isinstance(value, Formula):
            base = values[value.parameter] if value.parameter != "in" else x.width if x else None
            return base if isinstance(base, Made) else value.factor * base // value.divisor
        return value


def expected(toy: Toy, output: int) -> Hashable:
    what: list[Hashable] = ["input"]
    for node in toy.nodes[1:]:
        inputs = tuple(what[source] for source in node.inputs)
        what.append((node.head, inputs) if node.merges else (node.head, node.values, inputs))
    return what[output]


def assert_unfolds(
    toy: Toy, outputs: Sequence[int], ends: Sequence[int] = ()
) -> tuple[list[FactoredBlock], list[RootedChain]]:
    blocks, flows = found(toy, outputs, ends)
    unfold, names = Unfold(blocks, toy.widths[0]), {}
    made = [unfold.flow(flow, names) for flow in flows]
    assert [each.what for each in made[-len(outputs) :]] == [
        expected(toy, output) for output in outputs
    ]
    return blocks, flows


# --- what is found --------------------------------------------------------------------------------


def bottleneck(toy: Toy, x: int, c: int) -> int:
    y = toy.conv(toy.act(toy.conv(toy.act(toy.conv(x, c, 1)), c)), 4 * c, 1)
    return toy.act(toy.join("add", y, x))


def test_equal_neighbours_are_repeats() -> None:
    toy = Toy()
    x = 0
    for c in (8, 8, 8, 16):
        x = toy.act(toy.conv(x, c))
    _, (flow,) = assert_unfolds(toy, [x])
    assert written(flow.chain) == "(conv(3,8) > act()) x3 > conv(3,16) > act()"


def test_residuals_of_several_widths_are_one_block() -> None:
    toy = Toy(32)
    x = 0
    for c in (8, 16, 32):
        for _ in range(3):
            x = bottleneck(toy, x, c)
        x = toy.conv(x, 8 * c, 1)
    blocks, (flow,) = assert_unfolds(toy, [x])
    assert [len(block.parameters) for block in blocks] == [0]
    assert written(blocks[0].chain).startswith("add[conv(1,1*in//4) > act() > conv(3,1*in//1)")
    assert (
        written(flow.chain)
        == "(block0()) x3 > conv(1,64) > (block0()) x3 > conv(1,128) > (block0()) x3 > conv(1,256)"
    )


def test_an_input_keeps_its_meaning_in_blocks_of_blocks() -> None:
    """Of pre-activation residual networks: a width within one block is another thing than at its
    call.
    """
    toy = Toy(16)
    x = 0
    for c in (16, 32, 64):
        y = toy.conv(toy.act(toy.conv(toy.act(toy.conv(toy.act(x), c, 1)), c)), 4 * c, 1)
        x = toy.join("add", toy.conv(x, 4 * c, 1), y)
        for _ in range(2):
            y = toy.conv(toy.act(toy.conv(toy.act(toy.conv(toy.act(x), c, 1)), c)), 4 * c, 1)
            x = toy.join("add", x, y)
    assert_unfolds(toy, [x])


def cells(number: int) -> tuple[Toy, int]:
    """Each cell takes the last two."""
    toy = Toy(8)
    before, x = 0, toy.conv(0, 8)
    for _ in range(number):
        one, two = toy.conv(toy.act(before), 8, 5), toy.conv(toy.act(x), 8, 3)
        cell = toy.join(
            "cat", toy.join("add", one, two), toy.join("add", two, toy.conv(one, 8, 7)), x
        )
        before, x = x, toy.conv(cell, 8, 1)
    return toy, x


def test_cells_that_reach_over_the_last_one_are_blocks_with_two_chains() -> None:
    toy, output = cells(6)
    ends = [
        place
        for place in crossings(toy.nodes)
        if toy.nodes[place].head == "conv" and toy.nodes[place].values == (1, 8)
    ]
    blocks, flows = assert_unfolds(toy, [output], ends)
    assert any(
        sum(isinstance(value, NodeName) for value in item.values) == 2
        for flow in flows
        for item in all_items(flow.chain)
    )
    assert any(len(block.parameters) == 2 for block in blocks)


def test_a_graph_without_blocks_is_left_as_it_is() -> None:
    toy = Toy()
    x = toy.join("cat", toy.conv(0, 3), toy.act(0))
    blocks, (flow,) = assert_unfolds(toy, [x])
    assert not blocks
    assert written(flow.chain) == "cat[conv(3,3) | act()]"


def test_several_outputs_share_what_they_share() -> None:
    toy = Toy()
    trunk = toy.act(toy.conv(0, 8))
    _, flows = assert_unfolds(toy, [toy.conv(trunk, 2), toy.conv(trunk, 5)])
    assert [written(flow.chain) for flow in flows] == [
        "conv(3,8) > act() > conv(3,2)",
        "@n2 > conv(3,5)",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_unfold(seed: int) -> None:
    rng = Random(seed)
    toy = Toy(rng.choice((4, 8)))
    last = [0]
    pattern: list[Any] = []
    for _ in range(rng.randrange(4, 40)):
        if pattern and rng.random() < 0.4:  # what was done before, again
            kind, back, c, k = rng.choice(pattern)
        else:
            kind, back, c, k = (
                rng.choice("cccaajj"),
                rng.randrange(1, 4),
                rng.choice((4, 8, 16)),
                rng.choice((1, 3)),
            )
        pattern.append((kind, back, c, k))
        x, other = last[-1], last[-min(back, len(last))]
        if kind == "c":
            x = toy.conv(x, c, k)
        elif kind == "a":
            x = toy.act(x)
        elif other != x and toy.widths[other] == toy.widths[x]:
            x = toy.join(rng.choice(("add", "cat")), other, x)
        last.append(x)
    output = last[-1]
    assert_unfolds(toy, [output])
    assert_unfolds(toy, [output], [place for place in crossings(toy.nodes) if place != output])
