"""One network's functions: blocks first, each after those that it uses, then the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netdsl.emit.blocks import WrittenBlocks
from netdsl.emit.function import FunctionWriter
from netdsl.emit.naming import name_of_content
from netdsl.emit.plan import plan_of
from netdsl.emit.python import function_text
from netdsl.emit.statements import Function
from netdsl.factoring.blocks import with_blocks
from netdsl.factoring.items import BlockCall, FactoredBlock, ItemChain, all_items
from netdsl.factoring.nesting import nested_chains, single_chains
from netdsl.factoring.repeats import with_repeats
from netdsl.naming import unique_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netdsl.architecture import Architecture

_LONGEST_REPEAT = 6  # statements that a loop holds at most


class NetworkFunctions(NamedTuple):
    """What makes a network: functions, and the names of the layers that Keras lacks."""

    functions: list[Function]
    customs: set[str]


def functions_of(
    network: Architecture, name: str, taken: set[str], known: dict[str, str], factored: bool
) -> NetworkFunctions:
    """Write a network's functions.

    Args:
        network: the network.
        name: of the function that makes the model.
        taken: the names of the program; those of new functions are among them afterwards.
        known: the functions that the program has, by their text without the name; likewise.
        factored: whether it has blocks and loops; else each layer is a statement.
    """
    # Variables of one function are free in the next; names of functions are free nowhere.
    local = set(taken)
    plan = plan_of(network.graph, local)
    written = WrittenBlocks(plan, network.graph)
    blocks: list[FactoredBlock] = []
    if factored:
        nested = nested_chains(plan.nodes, [each.node for each in plan.inputs], plan.outputs)
        # Runs of one item first: a block is found more easily where `conv x3` is one item. Longer
        # repeats come last, as what repeats may be calls of blocks by then.
        blocks, chains = with_blocks(with_repeats(nested, 1), written.rules())
        chains = with_repeats(chains, _LONGEST_REPEAT)
    else:
        chains = single_chains(plan.nodes, plan.outputs)
    stated = _stated_names(
        [*(each.chain for each in chains), *(block.chain for block in blocks)], written.names
    )
    by_number = {block.number: block for block in blocks}
    names: dict[int, str] = {}
    found: list[Function] = []
    for block in blocks:
        function = FunctionWriter(plan, by_number, names, set(local)).block(block)
        text = function_text(function)
        # Networks of one file share a function where its text is the same.
        if text not in known:
            known[text] = unique_name(_name(block, stated), taken | {*plan.made})
            taken.add(known[text])
            local.add(known[text])
            found.append(function._replace(name=known[text]))
        names[block.number] = known[text]
    writer = FunctionWriter(plan, by_number, names, set(local))
    return NetworkFunctions([*found, writer.model(name, network.name, chains)], plan.customs)


def _name(block: FactoredBlock, stated: dict[int, str]) -> str:
    return stated.get(block.number) or name_of_content(block.chain)


def _stated_names(chains: Iterable[ItemChain], names: dict[tuple[int, int], str]) -> dict[int, str]:
    """Return what the `.net` file calls the blocks."""
    found: dict[int, str] = {}
    for chain in chains:
        for item in all_items(chain):
            if isinstance(item.head, BlockCall) and item.span in names:
                found.setdefault(item.head.block, names[item.span])
    return found
