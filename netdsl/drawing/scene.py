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

    A block's layers stand together, so that nothing leaves it and comes back: what is not part of
    it moves before it or after it, where it can. A use that others interrupt all the same is not
    one thing to draw: its layers stand alone.
    """
    order = list(range(len(graph.layers)))
    uses = _with_arguments(graph, wires)
    members: dict[int, list[int]] = {}  # outer uses before inner ones
    for number, around in enumerate(uses):
        for use in around:
            members.setdefault(use, []).append(number)
    whole = {
        use
        for use, layers in members.items()
        # Consecutive numbers: most blocks are together already.
        if layers[-1] - layers[0] < len(layers) or _gathered(order, layers, wires)
    }
    kept = [tuple(use for use in around if use in whole) for around in uses]
    taken: set[str] = set()
    names = {}
    for use, numbers in members.items():
        # Not `numbers[0]`: a chain that is an argument of the use has its own path.
        layer = next(graph.layers[at] for at in numbers if use in graph.layers[at].blocks)
        names[use] = unique_name(layer.path[layer.blocks.index(use)], taken, "_")
    return _without_wrappers(_nested(graph, names, kept, order, 0))


def _with_arguments(graph: Graph, wires: Wiring) -> list[tuple[int, ...]]:
    """Return the uses of blocks around each layer: a chain that is written in a use, as what the
    block gets, and is read there alone, is part of that use.
    """
    found = [layer.blocks for layer in graph.layers]
    # Backward: readers come later, and have their uses already.
    for at in reversed(range(len(found))):
        own, readers = found[at], [found[reader] for reader in wires.readers[at]]
        depth = _common(readers[0], own) if readers else 0
        shared = min((_common(readers[0], other) for other in readers), default=0)
        inside = graph.blocks[own[depth]].span if depth < len(own) else graph.layers[at].span
        given = []
        for use in readers[0][depth:shared] if readers else ():
            # Written elsewhere: it only happens to be read within the block.
            if not _holds(graph.blocks[use].span, inside):
                break
            given.append(use)
        found[at] = (*own[:depth], *given, *own[depth:])
    return found


def _common(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    """Return how many uses two layers have in common, from the outermost on."""
    return next(
        (at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )


def _holds(outer: Span | None, inner: Span | None) -> bool:
    """Return whether a place is within another, and not the same: that is another pass."""
    return (
        outer is not None
        and inner is not None
        and outer.source is inner.source
        and outer.start <= inner.start
        and inner.end <= outer.end
        and not same_span(outer, inner)
    )


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
