"""Factoring, part by part: dominators, forms and parameters."""

from __future__ import annotations

from typing import Any

import pytest

from netdsl.factoring import blocks
from netdsl.factoring.dominators import immediate_dominators
from netdsl.factoring.forms import ItemForms
from netdsl.factoring.items import (
    BlockCall,
    Formula,
    Item,
    ItemChain,
    Node,
    NodeName,
    begins_elsewhere,
)
from netdsl.factoring.nesting import crossings, nested_chains, single_chains
from netdsl.factoring.parameters import MAX_PARAMETERS, parameters_of


def graph(*inputs: tuple[int, ...]) -> list[Node]:
    return [Node("layer", inputs=each) for each in inputs]


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (graph((), (0,), (1,)), [None, 0, 1]),
        (graph((), (0,), (0,), (1, 2)), [None, 0, 0, 0]),
        (graph((), (0,), (1,), (1, 2)), [None, 0, 1, 1]),
        (graph((), (), (0, 1)), [None, None, None]),
        (graph((), (0,), (1,), (1,), (2, 3), (0, 4)), [None, 0, 1, 1, 1, 0]),
        (graph((), (0,), (0,), (1, 2), (3,), (4, 1)), [None, 0, 0, 0, 3, 0]),
        (graph((), (0,), (0,), (0,), (1, 2, 3)), [None, 0, 0, 0, 0]),
    ],
)
def test_all_ways_to_a_node_pass_its_dominator(
    nodes: list[Node], expected: list[int | None]
) -> None:
    assert immediate_dominators(nodes) == expected


def conv(c: Any, width: Any = 4, node: int = -1) -> Item:
    return Item("conv", (c,), ("c",), width, (), node, (node, node))


def reference(node: int) -> Item:
    return Item("@", (NodeName(node),), ("p",))


def form(chain: ItemChain, *others: ItemChain) -> Any:
    return ItemForms([chain, *others]).of(chain)


def test_items_that_differ_in_values_have_one_form() -> None:
    a, b = (conv(8), conv(16)), (conv(3), conv(5))
    forms = ItemForms([a, b])
    ours, theirs = forms.of(a), forms.of(b)
    assert ours is not None
    assert theirs is not None
    assert ours.skeleton == theirs.skeleton
    assert (ours.values, theirs.values) == ((8, 16), (3, 5))
    assert ours.roles == ("c", "c")
    assert ours.widths == (4, 4)


def test_names_within_count_by_their_places() -> None:
    a = (conv(8, node=1), conv(8, node=2), reference(1))
    b = (conv(8, node=5), conv(8, node=6), reference(5))
    other = (conv(8, node=5), conv(8, node=6), reference(6))
    assert form(a).skeleton == form(b).skeleton != form(other).skeleton


def test_what_is_referred_to_from_outside_has_no_form() -> None:
    chain = (conv(8, node=1), conv(8, node=2))
    assert form(chain) is not None
    assert form(chain, (reference(1),)) is None
    assert form(chain, (reference(2),)) is not None, "the last output may be"


def test_the_last_output_may_be_referred_to_from_outside_alone() -> None:
    chain = (conv(8, node=1), conv(8, node=2), reference(1), conv(8, node=3))
    assert form(chain, (reference(3),)) is not None
    assert form((*chain[:2], reference(1), reference(3), chain[3])) is None


@pytest.mark.parametrize(
    ("rows", "columns", "inside"),
    [
        ([(8, 3), (8, 3)], (), (8, 3)),
        ([(8, 3), (16, 3)], (("c", 0),), (Formula("c"), 3)),
        ([(8, 8), (16, 16)], (("c", 0),), (Formula("c"), Formula("c"))),
        ([(8, 32), (16, 64)], (("c", 0),), (Formula("c"), Formula("c", 4))),
        ([(32, 8), (64, 16)], (("c", 0),), (Formula("c"), Formula("c", 1, 4))),
        ([(8, 3), (16, 5)], (("c", 0), ("c2", 1)), (Formula("c"), Formula("c2"))),
        ([(8, 8), (16, 32)], (("c", 0), ("c2", 1)), (Formula("c"), Formula("c2"))),
        ([(1, 65), (2, 130)], (("c", 0), ("c2", 1)), (Formula("c"), Formula("c2"))),
        ([(1, 64), (2, 128)], (("c", 0),), (Formula("c"), Formula("c", 64))),
    ],
)
def test_parameters_are_what_does_not_follow(
    rows: list[tuple[int, int]], columns: tuple[Any, ...], inside: tuple[Any, ...]
) -> None:
    chains = [tuple(conv(c, None) for c in row) for row in rows]
    forms = [form(chain) for chain in chains]
    found = parameters_of(chains, forms, lambda role, other: True)
    assert found is not None
    assert (found.columns, found.inside) == (columns, inside)


def test_values_follow_from_the_channels_that_come_in() -> None:
    chains = [(conv(2 * width, width),) for width in (4, 8, 6)]
    forms = [form(chain) for chain in chains]
    found = parameters_of(chains, forms, lambda role, other: True)
    assert found is not None
    assert (found.columns, found.inside) == ((), (Formula("in", 2),))
    unlike = parameters_of(chains, forms, lambda role, other: role == other)
    assert unlike is not None
    assert unlike.inside == (Formula("c"),), "roles that are not alike are not multiples"


def test_a_width_within_is_not_an_argument_of_the_call() -> None:
    """As an argument of the call, `in` would mean the channels that the call receives."""
    chains = [(conv(8, 4), conv(value, 8)) for value in (Formula("in", 2), 24)]
    forms = [form(chain) for chain in chains]
    assert parameters_of(chains, forms, lambda role, other: role == other) is None


@pytest.mark.parametrize("count", [MAX_PARAMETERS, MAX_PARAMETERS + 1, 200])
def test_a_block_has_few_parameters(count: int) -> None:
    """Values after the last one are not compared with all before: programs grow linearly."""
    primes = [n for n in range(100, 2_000) if all(n % d for d in range(2, n))][: 2 * count]
    chains = [tuple(conv(c, None) for c in primes[start::2]) for start in (0, 1)]
    forms, compared = [form(chain) for chain in chains], []
    found = parameters_of(chains, forms, lambda role, other: bool(compared.append(role)) or True)
    assert (found is None) == (count > MAX_PARAMETERS)
    assert len(compared) <= (MAX_PARAMETERS + 1) ** 2


def test_a_stride_of_1_can_be_left_out() -> None:
    chains = [(Item("pool", (s,), ("s",)), conv(c, None)) for s, c in ((1, 8), (2, 16), (1, 24))]
    forms = [form(chain) for chain in chains]
    found = parameters_of(chains, forms, lambda role, other: role == other)
    assert found is not None
    assert [(each.name, each.default) for each, _ in found.declared(forms)] == [
        ("c", None),
        ("s", 1),
    ]


def test_a_chain_of_each_node_refers_to_what_goes_into_it() -> None:
    """A merge has its inputs as branches, another layer its one before it; what leads to no output
    is left out.
    """
    nodes = [
        Node("input"),
        Node("conv", inputs=(0,)),
        Node("unused", inputs=(0,)),
        Node("add", inputs=(0, 1), merges=True),
        Node("relu", inputs=(3,)),
    ]
    found = single_chains(nodes, (4,))
    assert [rooted.start for rooted in found] == [None] * 3
    heads = [[item.head for item in rooted.chain] for rooted in found]
    assert heads == [["@", "conv"], ["add"], ["@", "relu"]]
    children = [[reference.values for (reference,) in item.children] for item in found[1].chain]
    assert children == [[(NodeName(0),), (NodeName(1),)]]
    assert [rooted.chain[-1].node for rooted in found] == [1, 3, 4]


@pytest.mark.parametrize(
    ("heads", "periodic"),
    [("aa", True), ("abab", True), ("aaa", True), ("aba", False), ("ab", False), ("a", False)],
)
def test_a_piece_that_is_a_shorter_one_several_times(heads: str, periodic: bool) -> None:
    items = [Item(head) for head in heads]
    forms = ItemForms([tuple(items)])
    assert blocks._is_periodic([forms.of((item,)) for item in items]) == periodic


def test_pieces_without_a_form_are_alike_too() -> None:
    form = ItemForms([]).of((Item("a"),))
    assert blocks._is_periodic([None, None])
    assert not blocks._is_periodic([None, form])


@pytest.mark.parametrize(("merges", "chains"), [(60, 1), (61, 2), (120, 2), (121, 3)])
def test_merges_within_each_other_are_60_deep_in_one_chain(merges: int, chains: int) -> None:
    """`add[ id | conv > add[ id | conv > ... ] ]`: those further in are chains of their own."""
    nodes = [Node("input")]
    for _ in range(merges):
        nodes.append(Node("conv", inputs=(len(nodes) - 1,)))
        nodes.append(Node("add", inputs=(0, len(nodes) - 1), merges=True))
    found = nested_chains(nodes, [0], [len(nodes) - 1])
    assert len(found) == chains
    ends = [rooted.chain[-1].node for rooted in found]
    assert ends == [*range(120, len(nodes) - 1, 120), len(nodes) - 1]


@pytest.mark.parametrize(
    ("chain", "elsewhere"),
    [
        ((), False),
        ((conv(8),), False),
        ((reference(1), conv(8)), True),
        ((conv(8), reference(1)), False),
        ((Item(BlockCall(0, True)),), True),
        ((Item(BlockCall(0)),), False),
        ((Item("add", children=((reference(1),), (reference(2),))),), True),
        ((Item("add", children=((reference(1),), ())),), False),
    ],
)
def test_a_chain_begins_elsewhere_with_references(chain: ItemChain, elsewhere: bool) -> None:
    assert begins_elsewhere(chain) is elsewhere


def test_a_piece_is_of_at_most_24_items_without_references() -> None:
    assert list(blocks._cuts((conv(8), conv(8), reference(1), conv(8)))) == [
        (0, 1),
        (0, 2),
        (1, 2),
        (3, 4),
    ]
    assert max(stop - start for start, stop in blocks._cuts((conv(8),) * 30)) == 24


def test_names_within_are_kept_apart_and_those_outside_are_not_numbers() -> None:
    before = (conv(8, node=1), conv(8, node=2))
    skeletons = [
        form((*before, reference(a), reference(b))).skeleton for a, b in ((1, 2), (2, 1), (1, 1))
    ]
    assert len(set(skeletons)) == 3
    outside, number = (
        form((conv(8, node=1), reference(1), Item("both", (value,), ("p",))))
        for value in (NodeName(9), 9)
    )
    assert outside.skeleton != number.skeleton


def test_the_value_after_a_name_within_is_kept() -> None:
    both = Item("both", (NodeName(1), 5), ("p", "k"), 3)
    found = form((conv(8, node=1), both))
    assert (found.values, found.roles, found.widths) == ((8, 5), ("c", "k"), (4, 3))


@pytest.mark.parametrize(
    ("widths", "expected"),
    [
        ((4, 4), 4),
        ((4, None), None),
        ((4, 8), (4, 8)),
        ((8, 16), Formula("c")),
    ],
)
def test_widths_that_differ_from_call_to_call_are_a_parameter_or_all_of_them(
    widths: tuple[int | None, ...], expected: Any
) -> None:
    pieces = [(Item("add", width=1, children=((conv(8, width),),)),) for width in widths]
    (item,) = blocks._common(pieces, [("k", (3, 5)), ("c", (8, 16))])
    assert (item.width, item.children[0][0].width) == (1, expected)


def test_values_of_different_roles_are_parameters_of_their_own() -> None:
    rows = [(8, 8), (16, 16)]
    chains = [(Item("conv", row, ("c", "k")),) for row in rows]
    forms = [form(chain) for chain in chains]
    found = parameters_of(chains, forms, lambda role, other: role == other)
    assert found is not None
    assert found.inside == (Formula("c"), Formula("k"))


def test_a_multiple_of_a_parameter_comes_before_one_of_the_width() -> None:
    """The width itself comes before both."""
    chains = [(conv(2 * n, 3 * n), conv(6 * n, 3 * n), conv(3 * n, 3 * n)) for n in (2, 3)]
    found = parameters_of(chains, [form(chain) for chain in chains], lambda role, other: True)
    assert found is not None
    assert found.inside == (Formula("c"), Formula("c", 3), Formula("in"))


@pytest.mark.parametrize(("strides", "default"), [((1, 2), 1), ((2, 4), None), ((2, 3), None)])
def test_a_stride_is_left_out_where_a_call_has_1(
    strides: tuple[int, ...], default: int | None
) -> None:
    chains = [(Item("pool", (stride,), ("s",)),) for stride in strides]
    forms = [form(chain) for chain in chains]
    found = parameters_of(chains, forms, lambda role, other: role == other)
    assert found is not None
    assert [each.default for each, _ in found.declared(forms)] == [default]


def test_several_inputs_are_all_referred_to_by_name() -> None:
    nodes = [
        Node("input"),
        Node("input"),
        Node("conv", inputs=(0,)),
        Node("add", inputs=(2, 1), merges=True),
        Node("conv", inputs=(1,)),
    ]
    joined, single = nested_chains(nodes, [0, 1], [3, 4])
    assert (joined.start, single.start) == (None, None)
    assert [[item.head for item in child] for child in joined.chain[0].children] == [
        ["@", "conv"],
        ["@"],
    ]
    assert [item.head for item in single.chain] == ["@", "conv"]


def test_a_second_chain_from_the_input_refers_to_it() -> None:
    nodes = [Node("input"), Node("conv", inputs=(0,)), Node("pool", inputs=(0,))]
    first, second = nested_chains(nodes, [0], [1, 2])
    assert (first.start, [item.head for item in first.chain]) == (0, ["conv"])
    assert (second.start, [item.head for item in second.chain]) == (None, ["@", "pool"])


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        # the input, which both branches of one merge begin at, or several places
        ([(), (0,), (0,), (1, 2)], []),
        ([(), (0,), (0,)], []),
        ([(), (0,), (1,), (1,)], [1]),
        # 1 is where the branches of 4 part; 2 goes into 3 and 4
        ([(), (0,), (1,), (2,), (2, 3)], []),
        ([(), (0,), (1,), (1,), (2, 3), (2, 4)], [2]),
        # a merge among them: it alone
        ([(), (0,), (1,), (1, 2), (2,), (3, 4), (3, 5)], [3]),
    ],
)
def test_what_is_read_in_several_places_that_are_not_branches_of_one_merge(
    nodes: list[tuple[int, ...]], expected: list[int]
) -> None:
    made = [Node("layer", inputs=each, merges=len(each) > 1) for each in nodes]
    assert crossings(made) == expected
