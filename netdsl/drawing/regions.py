"""The boxes of a view in regions: the picture itself, and each frame in it, with the wires of
each.
"""

from __future__ import annotations

from collections.abc import Sequence

from netdsl.drawing.parts import END, START, Wire
from netdsl.drawing.shown import Box, Frame, Shown
from netdsl.drawing.view import View


class Region:
    """What is directly in a frame, or in the picture.

    Attributes:
        frame: the frame; None of the picture.
        items: boxes and frames, in the order of the text.
        boxes: for each item the index of its box; None of a frame.
        inner: for each item the region of its frame; None of a box.
        wires: who reads whom among the items, and the wires from outside and to it.
        entries: boxes outside that are read within; `exits`: boxes within that are read outside.
    """

    __slots__ = ("boxes", "entries", "exits", "frame", "inner", "items", "wires")

    def __init__(self, frame: Frame | None, items: Sequence[Shown]) -> None:
        self.frame, self.items = frame, items
        self.boxes: list[int | None] = []
        self.inner: list[Region | None] = []
        self.wires: list[Wire] = []
        self.entries: dict[int, None] = {}
        self.exits: dict[int, None] = {}


Way = tuple[tuple[Region, Wire], ...]


def regions(shown: View) -> tuple[Region, list[Way]]:
    """Return the region of the picture, and for each edge the wires that it runs along."""
    paths: list[tuple[tuple[Region, int], ...]] = []

    def made(
        frame: Frame | None, items: Sequence[Shown], around: tuple[tuple[Region, int], ...]
    ) -> Region:
        region = Region(frame, items)
        for at, item in enumerate(items):
            here = (*around, (region, at))
            if isinstance(item, Box):
                region.boxes.append(len(paths))
                region.inner.append(None)
                paths.append(here)
            else:
                region.boxes.append(None)
                region.inner.append(None)
                region.inner[at] = made(item, item.items, here)
        return region

    top = made(None, shown.items, ())
    known: dict[tuple[int, Wire], None] = {}
    ways: list[Way] = []
    for source, target in shown.edges:
        ways.append(_way(paths[source], paths[target], source))
        for region, wire in ways[-1]:
            # Several edges may carry one output out of a frame: inside it they are one wire.
            if (id(region), wire) not in known:
                known[id(region), wire] = None
                region.wires.append(wire)
                if wire.source == START:
                    region.entries[wire.key] = None
                if wire.target == END:
                    region.exits[wire.key] = None
    return top, ways


def _way(
    source: Sequence[tuple[Region, int]], target: Sequence[tuple[Region, int]], key: int
) -> Way:
    """Return the wires from one box to another: out of its frames, across, and into the other's."""
    level = 0
    # The innermost region that holds both.
    while level < min(len(source), len(target)) - 1 and source[level] == target[level]:
        level += 1
    out = [(region, Wire(at, END, key)) for region, at in reversed(source[level + 1 :])]
    region, at = source[level]
    across = (region, Wire(at, target[level][1], key))
    into = [(region, Wire(START, at, key)) for region, at in target[level + 1 :]]
    return (*out, across, *into)
