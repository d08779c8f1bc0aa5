"""A network as it is drawn: which blocks are open, which neighbours are one box, who reads whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from netdsl.drawing.folding import Turns, folded
from netdsl.drawing.labels import Labels, without_numbers
from netdsl.drawing.parallel import side_by_side
from netdsl.drawing.scene import Item, Leaf, SceneBlock, same_use
from netdsl.drawing.shown import Box, Frame, Shown, boxes_of
from netdsl.drawing.wiring import Wiring

Opens = Callable[[SceneBlock, int], bool]  # says of a block, and how many are around it


class View(NamedTuple):
    """A network as it is drawn.

    Attributes:
        items: what is at the top, in the order of the text.
        boxes: all boxes, in that order.
        edges: pairs of indices of boxes, from one whose output the other reads, in the order in
            which it is read.
    """

    items: tuple[Shown, ...]
    boxes: tuple[Box, ...]
    edges: tuple[tuple[int, int], ...]


def view(items: Sequence[Item], wiring: Wiring, labels: Labels, opens: Opens, fold: str) -> View:
    """Show a scene: the blocks that `opens` names open.

    Equal neighbours are drawn once unless `fold` is none; where it is all, also what is alike and
    is side by side.

    Args:
        items: the scene.
        wiring: who reads whom.
        labels: what layers are called.
        opens: whether a block is open, given it and how many are around it.
        fold: one of `FOLDS`.
    """
    turns: Turns = {}

    def alike(a: Shown, b: Shown) -> bool:
        if type(a) is not type(b) or a.times != b.times:
            return False
        if isinstance(a, Frame) and isinstance(b, Frame):
            same = _same_words(a.block, b.block) or same_use(a.block, b.block)
            return same and len(a.items) == len(b.items) and all(map(alike, a.items, b.items))
        assert isinstance(a, Box)
        assert isinstance(b, Box)
        if a.block is None and b.block is None:
            return labels.same(a.first, b.first)
        if a.block is None or b.block is None:
            return False
        return labels.same_place(a.turns[0][-1], b.turns[0][-1]) and (
            a.block.text == b.block.text
            or same_use(a.block, b.block)
            or (_same_words(a.block, b.block) and _same_layers(a.turns[0], b.turns[0], labels))
        )

    def authored(a: Shown, b: Shown) -> bool:
        if isinstance(a, Frame) and isinstance(b, Frame):
            return all(map(authored, a.items, b.items))
        if isinstance(a, Box) and isinstance(b, Box):
            return same_use(a.block, b.block) or (
                a.block is b.block is None and labels.same_origin(a.first, b.first)
            )
        return False

    def shown(inside: Sequence[Item], depth: int) -> tuple[Shown, ...]:
        found: list[Shown] = []
        for item in inside:
            if isinstance(item, Leaf):
                found.append(Box(((item.layer,),)))
            elif opens(item, depth):
                found.append(Frame(shown(item.items, depth + 1), item))
            else:
                found.append(Box((item.layers,), item))
        if fold == "none":
            return tuple(found)
        once = folded(found, wiring, alike, authored, turns)
        return side_by_side(once, wiring, labels) if fold == "all" else once

    made = shown(items, 0)
    boxes = tuple(boxes_of(made))
    return View(made, boxes, _edges(boxes, wiring, turns))


def _same_words(a: SceneBlock | None, b: SceneBlock | None) -> bool:
    """Return whether two uses of a block differ in numbers alone; two repeats of none do not."""
    if a is None or b is None:
        return a is b
    return a.text == b.text or without_numbers(a.text) == without_numbers(b.text)


def _same_layers(ours: Sequence[int], theirs: Sequence[int], labels: Labels) -> bool:
    """Return whether what two uses of a block hold is drawn alike, layer by layer."""
    return len(ours) == len(theirs) and all(map(labels.same, ours, theirs))


def _edges(boxes: Sequence[Box], wiring: Wiring, turns: Turns) -> tuple[tuple[int, int], ...]:
    """Return who reads whom among the boxes.

    What a pass of a repeat reads of the one before is not an edge: the count says it.
    """
    box_of = {layer: at for at, box in enumerate(boxes) for layer in box.every_layer}
    found: dict[tuple[int, int], None] = {}
    for layer, sources in enumerate(wiring.sources):
        if layer not in box_of:
            continue
        here = dict(turns.get(layer, ()))
        for source in sources:
            pair = (box_of.get(source, -1), box_of[layer])
            if pair[0] in (-1, pair[1]) or pair in found:
                continue
            there = turns.get(source, ())
            # In one pass of each repeat that both are in.
            if all(here.get(repeat, turn) == turn for repeat, turn in there):
                found[pair] = None
    return tuple(found)
