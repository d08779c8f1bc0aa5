"""A model's nodes as chains, residuals, blocks and repeats: those whose text is shortest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from netdsl.factoring.blocks import BlockRules, with_blocks
from netdsl.factoring.items import REFERENCE, FactoredBlock, Item, ItemChain, Node, RootedChain
from netdsl.factoring.nesting import crossings, nested_chains
from netdsl.factoring.repeats import with_repeats
from netdsl.keras.imported_layer import ModelLayers
from netdsl.keras.nodes import ImportedHead, LayerNodes, MergeHead, ResidualHead
from netdsl.kinds.merge import Add

_NESTING = 60  # characters that a level of merges within merges counts for: it is hard to read
_LONGEST_REPEAT = 6


class Arrangement(NamedTuple):
    """How a model is written.

    Attributes:
        order: its nodes, as they are made.
        blocks: what recurs with other numbers, each after those that it uses.
        chains: the statements.
    """

    order: tuple[int, ...]
    blocks: list[FactoredBlock]
    chains: list[RootedChain]

    @property
    def all_chains(self) -> list[ItemChain]:
        """The chains of blocks and statements."""
        return [*(block.chain for block in self.blocks), *(each.chain for each in self.chains)]


def arranged(
    model: ModelLayers,
    found: LayerNodes,
    chain_length: Callable[[ItemChain], int],
    text_length: Callable[[Arrangement], int],
) -> Arrangement:
    """Find branches, residuals, blocks and repeats.

    Where cells read the cell before the previous one, chains must end at some of the cells. Each
    choice of `_ends` is tried, and the one with the shortest text is taken, the first of equals.

    Args:
        model: the layers.
        found: their nodes.
        chain_length: the length of a chain's text.
        text_length: the length of the whole text.
    """

    def arrange(ends: Sequence[int]) -> Arrangement:
        whole = nested_chains(found.nodes, model.roots, model.outputs, {*ends, *found.ends})
        # Before residuals are found: these take a sum and its activation as one item.
        order = tuple(item.node for each in whole for item in _made(each.chain))
        short = [
            each._replace(chain=_with_residuals(each.chain, model, found.nodes)) for each in whole
        ]
        blocks, chains = with_blocks(with_repeats(short, 1), BlockRules(chain_length))
        return Arrangement(order, blocks, with_repeats(chains, _LONGEST_REPEAT))

    def length(arrangement: Arrangement) -> int:
        return text_length(arrangement) + _NESTING * max(map(_depth, arrangement.all_chains))

    # Models without cells have one candidate: its text need not be laid out to be compared.
    candidates = list(_ends(found.nodes))
    if len(candidates) == 1:
        return arrange(candidates[0])
    return min(map(arrange, candidates), key=length)


def _ends(nodes: Sequence[Node]) -> Iterator[Sequence[int]]:
    """Yield the choices of nodes at which chains could end.

    The first choice has no nodes. The others have nodes like those whose output is read beyond the
    next node: the nodes of one form, of one word, or all of them.
    """
    # Ending no chain is tried first, so that it wins where the texts are equally long.
    yield ()
    crossing = crossings(nodes)
    if not crossing:
        return

    def form(node: Node) -> tuple[object, int]:
        return node.head, len(node.inputs)

    cells = dict.fromkeys(form(nodes[place]) for place in crossing)
    alike = {cell: [at for at, node in enumerate(nodes) if form(node) == cell] for cell in cells}
    yield from alike.values()
    for head in dict.fromkeys(head for head, _ in cells):
        yield [at for cell in cells if cell[0] == head for at in alike[cell]]
    yield crossing


def _made(chain: ItemChain) -> Iterator[Item]:
    """Yield all layers of a chain in the order of their making: a merge after its branches."""
    for item in chain:
        for child in item.children:
            yield from _made(child)
        if item.head != REFERENCE:
            yield item


def _depth(chain: ItemChain) -> int:
    """Count how many branches are within each other."""
    return max((1 + max(map(_depth, item.children)) for item in chain if item.children), default=0)


# --- residuals ------------------------------------------------------------------------------------


def _with_residuals(chain: ItemChain, model: ModelLayers, nodes: Sequence[Node]) -> ItemChain:
    """Write sums of a branch and what came in as `res`, with the activation after them."""
    found: list[Item] = []
    at = 0
    while at < len(chain):
        children = tuple(_with_residuals(child, model, nodes) for child in chain[at].children)
        item = chain[at]._replace(children=children)
        at += 1
        inner = _added(item, model)
        if inner:
            act = "none"
            follower = chain[at] if at < len(chain) else None
            if follower is not None and _is_its_activation(follower, item.node, model, nodes):
                act = model.layers[follower.node].spec.word
                # What follows reads the activation: `res` is both, under the later node.
                item = item._replace(node=follower.node)
                at += 1
            each = len(model.layers[item.node].kind.each_axes)
            item = item._replace(head=ResidualHead(act, each), children=(inner,))
        found.append(item)
    return tuple(found)


def _added(item: Item, model: ModelLayers) -> ItemChain:
    """Find the branch of a sum with what came in.

    Empty where the item is something else, or `res` would change a shape.
    """
    branches = [child for child in item.children if child]
    if not isinstance(item.head, MergeHead) or item.head.opening != Add.word:
        return ()
    # An empty branch is the input itself; with two of them the sum doubles it, which `res` does not
    # say.
    if len(item.children) != 2 or len(branches) != 1:
        return ()
    shapes = {model.layers[source].shape for source in model.layers[item.node].inputs}
    # Of one shape: else the sum spreads one over the other, and `res` would add a projection.
    return branches[0] if branches[0][0].head != REFERENCE and len(shapes) == 1 else ()


def _is_its_activation(
    follower: Item, place: int, model: ModelLayers, nodes: Sequence[Node]
) -> bool:
    """Say whether an item is a plain activation, and all that takes a sum's output."""
    layer = model.layers[follower.node] if follower.node >= 0 else None
    if layer is None or layer.kind.group != "activation":
        return False
    each = len(model.layers[place].kind.each_axes)
    # Plain: options of the activation have no place in `res(act=)`.
    if follower.head != ImportedHead(layer.spec.word, each=each) or place in model.outputs:
        return False
    return not any(
        place in layer.inputs for at, layer in enumerate(model.layers) if at != follower.node
    )
