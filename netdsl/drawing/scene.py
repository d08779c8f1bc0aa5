"""The network as its author wrote it: layers, and uses of blocks around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.drawing.labels import same_span, without_parts
from netdsl.drawing.wiring import Wiring
from netdsl.naming import unique_name

if TYPE_CHECKING:
    from netdsl.errors import Span
    from netdsl.graph import Graph


class Leaf(NamedTuple):
    """A layer, by its index in the graph."""

    layer: int

    @property
    def layers(self) -> tuple[int, ...]:
        """Return the layers inside, in order."""
        return (self.layer,)


class SceneBlock(NamedTuple):
    """A use of a block.

    Attributes:
        name: the use's unique name: `bottleneck_2`.
        word: the block's name: `bottleneck`.
        text: the use as it was written: `bottleneck(128, 2, norm=bn)`.
        title: the same without norms and activations: `bottleneck(128, 2)`.
        use: where the use is in the text; None where that is not known.
        items: what is in it, in the order of the text.
    """

    name: str
    word: str
    text: str
    title: str
    use: Span | None
    items: tuple[Item, ...]

    @property
    def layers(self) -> tuple[int, ...]:
        """All layers in it, each after those that it reads."""
        return tuple(layer for item in self.items for layer in item.layers)


Item = Leaf | SceneBlock


def same_use(a: SceneBlock | None, b: SceneBlock | None) -> bool:
    """Return whether two blocks are uses at one place of the text."""
    return a is not None and b is not None and a.word == b.word and same_span(a.use, b.use)


def scene(graph: Graph, wires: Wiring) -> tuple[Item, ...]:
    """Nest the layers as the uses of blocks do.

    A block's layers stand together, so that nothing leaves it and comes back: what a block gets as
    a chain moves before it, where it can. A use that others interrupt all the same is not one thing
    to draw: its layers stand alone.
    """
    order = list(range(len(graph.layers)))
    members: dict[int, list[int]] = {}  # outer uses before inner ones
    for number, layer in enumerate(graph.layers):
        for use in layer.blocks:
            members.setdefault(use, []).append(number)
    whole = {
        use
        for use, layers in members.items()
        if layers[-1] - layers[0] < len(layers) or _gathered(order, layers, wires)
    }
    around = [tuple(use for use in layer.blocks if use in whole) for layer in graph.layers]
    taken: set[str] = set()
    names = {}
    for use, layers in members.items():
        layer = graph.layers[layers[0]]
        names[use] = unique_name(layer.path[layer.blocks.index(use)], taken, "_")
    return _without_wrappers(_nested(graph, names, around, order, 0))


def _without_wrappers(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return the items where blocks of which every use holds one other block alone hold what that
    does.
    """
    wraps: dict[str, bool] = {}
    waiting = list(items)
    while waiting:
        item = waiting.pop()
        if isinstance(item, SceneBlock):
            alone = len(item.items) == 1 and isinstance(item.items[0], SceneBlock)
            wraps[item.word] = alone and wraps.get(item.word, True)
            waiting += item.items

    def unwrapped(item: Item) -> Item:
        if isinstance(item, Leaf):
            return item
        inside = item.items
        (first, *others) = inside
        while wraps[item.word] and not others and isinstance(first, SceneBlock):
            inside = first.items
            (first, *others) = inside
        return item._replace(items=tuple(map(unwrapped, inside)))

    return tuple(map(unwrapped, items))


def _gathered(order: list[int], members: Sequence[int], wires: Wiring) -> bool:
    """Bring layers together.

    Of those between them, what needs none of them goes before, what they do not need after. False
    where one does both, and nothing is moved.
    """
    inside = set(members)
    first = next(at for at, layer in enumerate(order) if layer in inside)
    last = max(at for at, layer in enumerate(order) if layer in inside)
    after: set[int] = set()
    before: list[int] = []
    for layer in order[first : last + 1]:
        sources = wires.sources[layer]
        if layer in inside:
            if any(source in after for source in sources):
                return False
        elif any(source in inside or source in after for source in sources):
            after.add(layer)
        else:
            before.append(layer)
    between = order[first : last + 1]
    order[first : last + 1] = [
        *before,
        *(layer for layer in between if layer in inside),
        *(layer for layer in between if layer in after),
    ]
    return True


def _nested(
    graph: Graph,
    names: dict[int, str],
    around: Sequence[tuple[int, ...]],
    order: Sequence[int],
    depth: int,
) -> tuple[Item, ...]:
    """Return what is in one block, or at the top: layers in an order, and blocks."""
    items: list[Item] = []
    at = 0
    while at < len(order):
        uses = around[order[at]]
        if len(uses) == depth:
            items.append(Leaf(order[at]))
            at += 1
            continue
        end = at + 1
        while end < len(order) and around[order[end]][depth : depth + 1] == uses[depth : depth + 1]:
            end += 1
        inside = _nested(graph, names, around, order[at:end], depth + 1)
        if len(inside) == 1 and isinstance(inside[0], Leaf):
            items.append(inside[0])  # says more than its block's name
        else:
            use = graph.blocks[uses[depth]]
            title = without_parts(use.text)
            items.append(
                SceneBlock(names[uses[depth]], use.word, use.text, title, use.span, inside)
            )
        at = end
    return tuple(items)
