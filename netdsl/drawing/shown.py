"""What a picture shows as one thing: boxes, and frames around what is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from netdsl.drawing.scene import SceneBlock


class Box(NamedTuple):
    """One element of a picture: a layer, or a block that is closed.

    Attributes:
        turns: the layers that it represents, a tuple for each pass of the repeats around it.
        block: the block that is closed here; None of a layer.
        times: how many follow each other and are drawn as this one.
        alongside: whether they stand side by side instead.
    """

    turns: tuple[tuple[int, ...], ...]
    block: SceneBlock | None = None
    times: int = 1
    alongside: bool = False

    @property
    def first(self) -> int:
        """The first of its layers."""
        return self.turns[0][0]

    @property
    def every_layer(self) -> Iterator[int]:
        """The layers of all passes."""
        return (layer for turn in self.turns for layer in turn)


class Frame(NamedTuple):
    """The items of an open block, or of a repeat, drawn once.

    Attributes:
        block: the block; None of a repeat of several items.
        times: how many follow each other and are drawn as this one.
    """

    items: tuple[Shown, ...]
    block: SceneBlock | None = None
    times: int = 1

    @property
    def first(self) -> int:
        """The first of its layers."""
        return self.items[0].first


Shown: TypeAlias = Box | Frame


def boxes_of(items: Iterable[Shown]) -> Iterator[Box]:
    """Yield all boxes, also those within frames, in the order of the text."""
    for item in items:
        if isinstance(item, Box):
            yield item
        else:
            yield from boxes_of(item.items)
