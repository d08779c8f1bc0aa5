"""A network that is drawn: its graph, and what is known of it; which of its blocks are open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from netdsl.drawing.figures import Figures
from netdsl.drawing.labels import Labels
from netdsl.drawing.options import Options
from netdsl.drawing.scene import Item, SceneBlock, scene
from netdsl.drawing.shown import Box, Frame, Shown
from netdsl.drawing.view import Opens, View, view
from netdsl.drawing.wiring import wiring
from netdsl.errors import did_you_mean, fail

if TYPE_CHECKING:
    from netdsl.architecture import Architecture

MAX_BOXES = 24  # of a picture that opens its blocks by itself
_MAX_SHAPES = 30  # with the frames around them
MAX_DRAWN = 5000  # boxes of any picture
_EVERY_BLOCK = 1_000_000  # deeper than blocks can be within each other


class Subject:
    """A network that is drawn.

    Attributes:
        items: its layers and blocks, as written.
        hues: for each block's name the number of its colour, in the order in which they come.
    """

    def __init__(self, network: Architecture, options: Options, units: bool = True) -> None:
        self.network, self.graph, self.options = network, network.graph, options
        self.wiring = wiring(network.graph)
        self.labels = Labels(network.graph)
        self.figures = Figures(network.graph, self.labels, options.columns, units)
        self.items = scene(network.graph, self.wiring)
        words = dict.fromkeys(block.word for block in blocks(self.items))
        self.hues = {word: number for number, word in enumerate(words)}
        self._check_opened()

    def _check_opened(self) -> None:
        """Raise NetError N663 where there is no block of a name that should be open."""
        names = {name for block in blocks(self.items) for name in (block.word, block.name)}
        for name in self.options.opened:
            if name not in names:
                known = ", ".join(self.hues) or "none"
                help = did_you_mean(name, names) or f"its blocks are {known}"
                raise fail("N663", f"{self.network.name} has no block `{name}`", help=help)

    def look(self, box: Box) -> str:
        """Return the colours of a box."""
        look = self.figures.look(box, self.options.colour)
        if not look and box.block is not None:
            look = f"block{self.hues[box.block.word]}"
        return look or self.labels.group[box.first]

    def view(self, depth: int | None = None, fold: str = "") -> View:
        """Return the network with blocks open as the options say, or to a depth.

        Raises:
            NetError: N660 where it has too many boxes to be drawn.
        """
        made = self.any_view(depth, fold)
        if len(made.boxes) > MAX_DRAWN:
            raise fail(
                "N660",
                f"the picture of {self.network.name} would have {len(made.boxes):,} boxes, more "
                f"than {MAX_DRAWN:,}",
                help="fold it: --fold all draws equal neighbours once, --depth 0 closes all blocks",
            )
        return made

    def any_view(self, depth: int | None = None, fold: str = "") -> View:
        """Return the same, however many boxes it has: to ask, not to draw."""
        opens = self._opens(depth)
        return view(self.items, self.wiring, self.labels, opens, fold or self.options.fold)

    def chosen(self) -> View:
        """Return the view that the options ask for.

        By default the deepest that is not too large.
        """
        options = self.options
        if options.depth is not None:
            return self.view(options.depth)
        if options.fold != "all":
            return self.view(_EVERY_BLOCK)
        best = self.view(0)
        depth = 1
        while any(box.block for box in best.boxes):
            deeper = self.any_view(depth)
            if len(deeper.boxes) > MAX_BOXES or _shapes(deeper.items) > _MAX_SHAPES:
                break
            frames = [len(frame.items) for frame in _frames(deeper.items)]
            if 2 * frames.count(1) > len(frames):  # closed they say as much
                break
            best = deeper
            depth += 1
        return best

    def inside(self, items: Sequence[Item], highest: int) -> View:
        """Return a block's content by itself, as deep as fits `highest` boxes."""
        best = None
        depth = 0
        while True:
            opens = self._opens(depth)
            made = view(items, self.wiring, self.labels, opens, self.options.fold)
            if best is not None and len(made.boxes) > highest:
                return best
            best = made
            if not any(box.block for box in made.boxes):
                return made
            depth += 1

    def _opens(self, depth: int | None) -> Opens:
        opened = set(self.options.opened)

        def opens(block: SceneBlock, around: int) -> bool:
            return around < (depth or 0) or block.word in opened or block.name in opened

        return opens


def _shapes(items: Sequence[Shown]) -> int:
    """Return how many boxes and frames there are."""
    return sum(1 if isinstance(item, Box) else 1 + _shapes(item.items) for item in items)


def _frames(items: Sequence[Shown]) -> Iterator[Frame]:
    for item in items:
        if isinstance(item, Frame):
            yield item
            yield from _frames(item.items)


def blocks(items: Sequence[Item]) -> Iterator[SceneBlock]:
    """Yield all blocks, those within others after them."""
    for item in items:
        if isinstance(item, SceneBlock):
            yield item
            yield from blocks(item.items)
