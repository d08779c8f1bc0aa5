"""Blocks that are closed in a picture, drawn open next to it, each kind once or twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from netdsl.drawing.scene import Item, SceneBlock
from netdsl.drawing.shown import Box, Frame, Shown, boxes_of
from netdsl.drawing.subject import Subject
from netdsl.drawing.view import View

MAX_BLOCKS = 6  # blocks that are drawn open next to a picture
_MAX_BOXES = 16  # of one of them
_VARIANTS = 2  # of one block
# `conv3-64` and `conv3-128` are one form.
_NUMBERS = re.compile(r"[0-9.]+")


def chosen(subject: Subject, shown: View) -> list[SceneBlock]:
    """Return the uses of blocks that are drawn open.

    One of each block that is closed, and where there is room another one of another form, but of
    none that is open in the picture, or within another of them. Blocks that are closed in the
    picture come before those within them, and of these the ones that hold most layers.
    """
    found: dict[str, list[SceneBlock]] = {}
    seen = {_form(subject, block) for block in _open(shown.items)}
    waiting = [box for box in shown.boxes if box.block is not None]
    room = MAX_BLOCKS
    while waiting and room:
        holds: dict[str, set[int]] = {}
        for box in waiting:
            if box.block is not None and box.block.word not in found:
                holds.setdefault(box.block.word, set()).update(box.every_layer)
        words = list(holds)
        if len(words) > room:
            words = sorted(words, key=lambda word: len(holds[word]), reverse=True)[:room]
        # Names first, and second variants only from what is left: each block is seen once.
        room -= len(words)
        nested: list[Box] = []
        for word in words:
            uses = list(_uses(subject.items, word, holds[word]))
            found[word] = [
                block for block in _variants(subject, uses) if _form(subject, block) not in seen
            ][:_VARIANTS]
            nested += [box for block in found[word] for box in opened(subject, block).boxes]
        waiting = [box for box in nested if box.block is not None]
    shown_once = [variants[0] for variants in found.values() if variants]
    second = [block for variants in found.values() for block in variants[1:]][:room]
    ordered = [
        each for one in shown_once for each in (one, *(b for b in second if b.word == one.word))
    ]
    within = {
        _form(subject, inner)
        for block in ordered
        for inner in _open(opened(subject, block).items)
        if inner.name != block.name
    }
    return [block for block in ordered if _form(subject, block) not in within]


def _open(items: Sequence[Shown]) -> Iterator[SceneBlock]:
    """Yield the uses of blocks that a picture shows open."""
    for item in items:
        if isinstance(item, Frame):
            if item.block is not None:
                yield item.block
            yield from _open(item.items)


def _uses(items: Sequence[Item], word: str, layers: set[int]) -> Iterator[SceneBlock]:
    """Yield the uses of a block that hold some of the layers."""
    waiting = list(reversed(items))
    while waiting:
        item = waiting.pop()
        if isinstance(item, SceneBlock):
            if item.word == word and item.layers[0] in layers:
                yield item
            else:
                waiting += reversed(item.items)


def _variants(subject: Subject, uses: Sequence[SceneBlock]) -> list[SceneBlock]:
    """Return one use of each form, the commonest form first."""
    forms: dict[object, list[SceneBlock]] = {}
    for block in uses:
        forms.setdefault(_form(subject, block), []).append(block)
    ordered = sorted(forms.values(), key=len, reverse=True)
    # A use whose title no other form has: `bottleneck(64, 2)` could be said of two pictures.
    of_title: dict[str, set[int]] = {}
    for number, group in enumerate(ordered):
        for block in group:
            of_title.setdefault(block.title, set()).add(number)
    return [
        next((block for block in group if len(of_title[block.title]) == 1), group[0])
        for group in ordered
    ]


def _form(subject: Subject, block: SceneBlock) -> object:
    """Return the same for uses that differ only in numbers, also those of repeats."""
    inside = subject.inside(block.items, _MAX_BOXES)
    labels = subject.labels
    shapes = tuple(
        box.block.word
        if box.block
        else (_NUMBERS.sub("", labels.main[box.first]), labels.more[box.first])
        for box in inside.boxes
    )
    return block.word, shapes, inside.edges


def opened(subject: Subject, block: SceneBlock) -> View:
    """Return a view of one block.

    A frame, with the wires that enter it above and those that leave it below.
    """
    inside = subject.inside(block.items, _MAX_BOXES)
    boxes = inside.boxes
    box_of = {layer: at for at, box in enumerate(boxes) for layer in box.every_layer}
    entries: dict[int, dict[int, None]] = {}
    exits: dict[int, None] = {}
    ends = {subject.graph.ops[point.op].layer for point in subject.graph.outputs}
    for layer, at in box_of.items():
        for source in subject.wiring.sources[layer]:
            if source not in box_of:
                entries.setdefault(source, {})[at] = None
        outside = any(reader not in box_of for reader in subject.wiring.readers[layer])
        if outside or layer in ends:
            exits[at] = None
    # Negative numbers: the ends of the wires that come from outside, and go there.
    before = [Box(((-1 - number,),)) for number in range(len(entries))]
    after = [Box(((-1 - len(entries) - number,),)) for number in range(len(exits))]
    shift = len(before)
    edges = [
        *(
            (number, shift + at)
            for number, readers in enumerate(entries.values())
            for at in readers
        ),
        *((shift + a, shift + b) for a, b in inside.edges),
        *((shift + at, shift + len(boxes) + number) for number, at in enumerate(exits)),
    ]
    items: tuple[Shown, ...] = (*before, Frame(inside.items, block), *after)
    return View(items, tuple(boxes_of(items)), tuple(edges))
