"""What `import netdsl` shows: networks from texts, files and Keras, with the verbs that people want
of them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from netdsl.architecture import Architecture
from netdsl.kinds.values import Shape
from netdsl.limits import DEFAULT_LIMITS, Limits
from netdsl.params import exact_params
from netdsl.reading import ReadOptions, read_file, read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netdsl.drawing.picture import Picture
    from netdsl.training.runs.run import RunResult


class Network(Architecture):
    """A network whose shapes and counts are known; it never changes. See `Architecture`."""

    __slots__ = ()

    @classmethod
    def of(cls, architecture: Architecture) -> Network:
        """The architecture with the verbs."""
        return cls(**architecture.values())

    def table(self) -> str:
        """The table of layers as text: a row a layer, and the totals."""
        from netdsl.report.table import text_table

        return text_table(self)

    def draw(
        self,
        *,
        style: str = "auto",
        fold: str = "all",
        depth: int | None = None,
        open: Sequence[str] = (),
        direction: str = "down",
        columns: Sequence[str] = ("output", "params"),
        colour: str = "kind",
        theme: str = "auto",
        heading: bool = True,
    ) -> Picture:
        """A picture of the network: it shows itself in a notebook, `.save("net.svg")` writes it
        (.png, .pdf, .tex, .mmd, .html too), `.svg` is its text.

        Args:
            style: graph, volumes, neurons, u, or auto, which takes what suits the network.
            fold: what is drawn once: all (blocks and repeats), repeats, or none.
            depth: how many blocks within each other are open; None for as many as fit.
            open: names of blocks that are open anyway.
            direction: down or right.
            columns: what stands in the boxes, of output, params, macs, memory, rf.
            colour: what the colours say: kind, none, or a share, of params, macs or memory.
            theme: light, dark, print, or auto: light, and dark where the reader's screen is.
            heading: whether the name and the totals stand above.

        Raises:
            NetError: N660 where the picture would be too large, N661 where the style does not suit
                the network, N663 where there is no block of a name, N664 for a word that is none of
                these.
        """
        from netdsl.drawing.options import Options
        from netdsl.drawing.picture import Picture

        opened = (open,) if isinstance(open, str) else tuple(open)
        names = (columns,) if isinstance(columns, str) else tuple(columns)
        asked = Options(
            style, fold, depth, opened, direction, names, colour, theme, heading
        ).checked()
        return Picture([self], asked)

    def emit(self) -> str:
        """A Keras program that makes the network, without netdsl: functions for blocks, loops for
        repeats.
        """
        from netdsl.emit.program import program

        return program([self])

    def _repr_html_(self) -> str:
        """The table as HTML: what a notebook shows of a network."""
        from netdsl.report.table import html_table

        return html_table(self)

    def keras(self, seed: int | None = None) -> Any:
        """The Keras model with initial weights; the same ones again for the same seed."""
        from netdsl.keras.build import build

        return build(self, seed)

    def train(self, recipe: Any = None, **settings: Any) -> RunResult:
        """Trains the network and gives back the run (see `netdsl.training.loop.train.train`)."""
        from netdsl.training.loop.train import train

        return train(self, recipe, **settings)


def load(
    path: str | os.PathLike[str],
    *,
    net: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    **params: Any,
) -> Network:
    """The network of a `.net` file.

    `net` chooses one of several networks; `limits` says how much the file may ask for; the other
    keywords set its params.

    Raises:
        NetError: for each mistake in the file, or where it cannot be read.
    """
    options = ReadOptions(params=exact_params(params), limits=limits)
    return Network.of(read_file(path, net, options))


def parse(
    text: str,
    *,
    net: str | None = None,
    name: str = "network",
    input: Shape | None = None,
    limits: Limits = DEFAULT_LIMITS,
    **params: Any,
) -> Network:
    """The network of a text.

    `input` gives a fragment its input's shape; the other keywords as in `load`.

    Raises:
        NetError: for each mistake in the text.
    """
    options = ReadOptions(None, exact_params(params), input, limits)
    return Network.of(read_text(text, net, name, options))


def load_model(path: str | os.PathLike[str]) -> Any:
    """A Keras model that was saved, whatever layers of netdsl's it holds.

    Raises NetError where it is none, or cut off.
    """
    from netdsl.keras.opening import load_model

    return load_model(path)


def from_keras(model: Any) -> str:
    """The `.net` text of a Keras model.

    Raises NetError where the language has no word for one of its layers.
    """
    from netdsl.keras.importing import from_keras

    return from_keras(model)
