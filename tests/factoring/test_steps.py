"""What factoring keeps of its steps: their outputs, widths and spans; and which blocks are worth
their text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from netdsl.factoring import blocks
from netdsl.factoring.blocks import BlockRules, with_blocks
from netdsl.factoring.forms import ItemForms
from netdsl.factoring.items import (
    REFERENCE,
    REPEAT,
    BlockCall,
    BlockParameter,
    Formula,
    Item,
    ItemChain,
    Node,
    NodeName,
    RootedChain,
)
from netdsl.factoring.nesting import nested_chains
from netdsl.factoring.parameters import parameters_of
from netdsl.factoring.repeats import with_repeats


def conv(c: Any, width: Any = None) -> Item:
    return Item("conv", (c,), ("c",), width)


def plain(heads: str) -> ItemChain:
    return tuple(Item(head) for head in heads)


def heads(chain: ItemChain) -> list[Any]:
    return [item.head.block if isinstance(item.head, BlockCall) else item.head for item in chain]


def length_of(*, items: int, measure: int) -> Callable[[ItemChain], int]:
    """A measure by which only chains of at least this many items are worth anything."""
    return lambda chain: measure if len(chain) == items else 0


@pytest.mark.parametrize(
    ("heads", "repeated", "times", "node", "span"),
    [
        ("aa", 0, 2, 2, (1, 2)),
        ("aaa", 0, 3, 3, (1, 3)),
        ("baa", 1, 2, 3, (2, 3)),
        ("aab", 0, 2, 2, (1, 2)),
        ("abab", 0, 2, 4, (1, 4)),
    ],
)
def test_a_repeat_has_the_output_of_its_last_pass_and_the_span_of_all(
    heads: str, repeated: int, times: int, node: int, span: tuple[int, int]
) -> None:
    chain = tuple(Item(head, node=at, span=(at, at)) for at, head in enumerate(heads, start=1))
    (found,) = with_repeats([RootedChain(0, chain)], 2)
    item = found.chain[repeated]
    assert (item.head, item.values, item.node, item.span) == (REPEAT, (times,), node, span)


def test_equal_neighbours_within_a_merge_are_folded_too() -> None:
    """`add[ a > a > a | add[ a > a | id ] ]`: `add[ a x3 | add[ a x2 | id ] ]`."""
    inner = Item("add", children=(plain("aa"), ()))
    chain = (Item("add", children=(plain("aaa"), (inner,))),)
    (found,) = with_repeats([RootedChain(0, chain)], 1)
    ((three,), (within,)) = found.chain[0].children
    ((two,), nothing) = within.children
    assert [(item.head, item.values) for item in (three, two)] == [(REPEAT, (3,)), (REPEAT, (2,))]
    assert not nothing


@pytest.mark.parametrize(
    ("widths", "own", "values", "expected"),
    [
        ((4, 4), 8, (), 4),  # what comes into the branches, not what they give
        ((4, 5), 8, (), None),
        ((4, 4), 4, (1,), 4),
        ((4, 4), 8, (1,), None),  # its values follow from other channels
        ((4, None), 8, (), 4),
        ((4, None), 8, (1,), None),
        ((None, 4), 8, (), 8),  # the first branch is the input
        ((None, 4), 8, (1,), 8),
    ],
)
def test_the_width_of_a_merge_is_that_of_its_branches(
    widths: tuple[int | None, ...], own: int, values: tuple[int, ...], expected: int | None
) -> None:
    """A width of None is for a branch that gives its input as it is."""
    nodes, sources = [Node("input")], []
    for width in widths:
        if width is None:
            sources.append(0)
        else:
            nodes.append(Node("conv", inputs=(0,), width=width))
            sources.append(len(nodes) - 1)
    nodes.append(Node("add", values, ("k",) * len(values), tuple(sources), own, merges=True))
    (flow,) = nested_chains(nodes, [0], [len(nodes) - 1])
    assert flow.chain[-1].width == expected


@pytest.mark.parametrize("name", [-2, -3, 7])
def test_a_reference_is_not_what_a_name_elsewhere_refers_to(name: int) -> None:
    """Names of what is made outside the graph are below -1, the node of an item without one."""
    reference = Item(REFERENCE, (NodeName(1),), ("p",))
    merge = Item("add", children=((reference,), ()), node=3)
    piece = (Item("act", node=1), Item("act", node=2), merge)
    other = (Item("made", (NodeName(name),), ("p",)),)
    assert ItemForms([piece, other]).of(piece) is not None


@pytest.mark.parametrize(
    ("first", "width", "depends"),
    [
        (4, 4, False),
        (4, 8, True),
        (4, None, True),
        (None, None, True),
        (None, 4, True),
    ],
)
def test_a_value_of_the_width_is_an_argument_where_the_block_begins_with_that_width(
    first: int | None, width: int | None, depends: bool
) -> None:
    chains = [(conv(8, first), conv(value, width)) for value in (Formula("in", 2), 9)]
    forms = [ItemForms([chain]).of(chain) for chain in chains]
    found = parameters_of(
        chains, [form for form in forms if form is not None], lambda role, other: role == other
    )
    assert (found is None) == depends
    assert found is None or found.columns == (("c", 1),)


@pytest.mark.parametrize(
    ("values", "border"),
    [
        ((8, 8), 70),  # 40 + 14 + 8 * 2 calls
        ((8, 8, 8), 39),  # two are saved: (40 + 14 + 8 * 3) / 2
        ((8, 16), 85),  # a parameter, 8, and arguments of 3 and 4 characters
    ],
)
def test_a_block_saves_more_than_40_characters(values: tuple[int, ...], border: int) -> None:
    chain: ItemChain = ()
    for at, c in enumerate(values):
        chain += (conv(c), Item("act"), Item(f"other{at}"))
    for measure, number in ((border, 0), (border + 1, 1)):
        rules = BlockRules(length_of(items=2, measure=measure))
        found, _ = with_blocks([RootedChain(0, chain)], rules)
        assert len(found) == number


@pytest.mark.parametrize(
    ("piece", "worth"),
    [
        ((Item(BlockCall(0)),), False),
        ((Item("a"),), True),
        ((Item(BlockCall(0)), Item("a")), True),
        ((Item("a"), Item(BlockCall(0))), True),
    ],
)
def test_a_block_of_one_call_is_none(piece: ItemChain, worth: bool) -> None:
    """It would only give the other block another name."""
    bodies = [(*piece, Item("b"), *piece)]
    rules = BlockRules(length_of(items=len(piece), measure=1_000))
    assert (blocks._best(bodies, ItemForms(bodies), rules) is not None) == worth


def test_a_block_within_one_that_was_taken_out_before_is_called_in_it() -> None:
    measured: list[ItemChain] = []

    def measure(chain: ItemChain) -> int:
        measured.append(chain)
        assert len(measured) < 200, "what is taken out is still there"
        return 100 * len(chain)

    found, (flow,) = with_blocks([RootedChain(0, plain("abxy-abxy+xy"))], BlockRules(measure))
    assert [(block.number, heads(block.chain)) for block in found] == [
        (1, ["x", "y"]),
        (0, ["a", "b", 1]),
    ]
    assert heads(flow.chain) == [0, "-", 0, "+", 1]


def test_equal_steps_of_a_block_are_a_repeat() -> None:
    """They differ until their values are formulas of the width."""
    chain: ItemChain = ()
    for width, after in ((4, "-"), (6, "+")):
        steps = (Item("act", width=width), conv(2 * width, width), conv(4 * width, 2 * width))
        chain += (*steps, Item(after))
    rules = BlockRules(length_of(items=3, measure=1_000))
    (block,), (flow,) = with_blocks([RootedChain(0, chain)], rules)
    assert heads(block.chain) == ["act", REPEAT]
    repeat = block.chain[1]
    assert repeat.values == (2,)
    assert [item.values for item in repeat.children[0]] == [(Formula("in", 2),)]
    assert heads(flow.chain) == [0, "-", 0, "+"]


def test_arguments_have_the_roles_of_their_parameters_without_numbers() -> None:
    """Blocks of blocks name their own parameters after these roles."""
    chain: ItemChain = (conv(8), conv(3), Item("-"), conv(16), conv(5))
    rules = BlockRules(length_of(items=2, measure=1_000), alike=lambda role, other: False)
    chain = tuple(
        item._replace(head=f"conv{at % 3}") if item.head == "conv" else item
        for at, item in enumerate(chain)
    )
    (block,), (flow,) = with_blocks([RootedChain(0, chain)], rules)
    assert block.parameters == (BlockParameter("c"), BlockParameter("c2"))
    assert [(item.values, item.roles) for item in flow.chain] == [
        ((8, 3), ("c", "c")),
        ((), ()),
        ((16, 5), ("c", "c")),
    ]


def test_blocks_of_the_highest_rank_come_first() -> None:
    """The rank of a form is the highest of its pieces, and counts before what is saved."""
    chain = (*plain("ab-ab+"), conv(8), Item("act"), Item("-"), conv(16), Item("act"))

    def rank(piece: ItemChain) -> int:
        if len(piece) != 2 or {item.head for item in piece} & set("-+"):
            return 0
        return 2 if piece[0].values == (8,) else 1

    rules = BlockRules(lambda piece: 1_000 if piece[0].head == "a" else 200, rank)
    found = blocks._best([chain], ItemForms([chain]), rules)
    assert found is not None
    assert found.pieces.rank == 2
    assert heads(found.pieces.chains[0]) == ["conv", "act"]


def test_the_first_of_the_pieces_is_measured() -> None:
    chain = (conv(8), Item("act"), Item("-"), conv(16), Item("act"))
    for measured, number in ((8, 1), (16, 0)):
        rules = BlockRules(
            lambda piece, measured=measured: (
                1_000 if len(piece) == 2 and piece[0].values == (measured,) else 0
            )
        )
        found, _ = with_blocks([RootedChain(0, chain)], rules)
        assert len(found) == number


def test_the_output_of_a_repeat_or_a_block_has_no_name_within() -> None:
    """Their item has it: one name within would be of as many outputs as there are passes."""
    chain = tuple(Item(head, node=at) for at, head in enumerate("aa-bc-bc", start=1))
    (repeated,) = with_repeats([RootedChain(0, chain)], 1)
    assert [item.node for item in repeated.chain[0].children[0]] == [-1]
    rules = BlockRules(length_of(items=2, measure=1_000), lambda piece: heads(piece) == ["b", "c"])
    (block,), (flow,) = with_blocks([RootedChain(0, chain)], rules)
    assert [item.node for item in block.chain] == [4, -1]
    assert [item.node for item in flow.chain] == [2, 3, 5, 6, 8]


@pytest.mark.parametrize(
    ("chain", "longest"),
    [
        ((Item(REPEAT, (2,), ("n",), children=(plain("a"),)),) * 2, 1),
        ((Item(REFERENCE, (NodeName(1),), ("p",)), Item("a")) * 2, 2),
        ((Item(REFERENCE, (NodeName(1),), ("p",)),) * 2, 1),
    ],
)
def test_repeats_and_references_are_not_repeated(chain: ItemChain, longest: int) -> None:
    (found,) = with_repeats([RootedChain(None, chain)], longest)
    assert found.chain == chain


def test_repeats_of_repeats_are_repeated_with_what_is_next_to_them() -> None:
    (found,) = with_repeats([RootedChain(0, plain("aabaab"))], 2)
    assert heads(found.chain) == [REPEAT]
    assert heads(found.chain[0].children[0]) == [REPEAT, "b"]


@pytest.mark.parametrize(("widths", "expected"), [((4, 4, 4), 4), ((3, 4, 4), None)])
def test_the_width_within_a_repeat_is_known_where_it_is_that_of_each_pass(
    widths: tuple[int, ...], expected: int | None
) -> None:
    steps = tuple(
        Item("add", width=8, children=((conv(4, width), Item("act", width=width)),))
        for width in widths
    )
    (found,) = with_repeats([RootedChain(0, steps)], 1)
    (merge,) = found.chain[0].children[0]
    assert merge.width == 8
    assert [item.width for item in merge.children[0]] == [expected] * 2
