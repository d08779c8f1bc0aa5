"""What a picture is asked to be."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.errors import did_you_mean, fail

STYLES = ("auto", "graph", "volumes", "neurons", "u")
FOLDS = ("all", "repeats", "none")
DIRECTIONS = ("down", "right")
COLUMNS = ("output", "params", "macs", "memory", "rf")
COLOURS = ("kind", "params", "macs", "memory", "none")
THEMES = ("auto", "light", "dark", "print")
FORMATS = ("svg", "tex", "mmd", "html")  # that are text
SUFFIXES = (*FORMATS, "png", "pdf")


class Options(NamedTuple):
    """How a network is drawn.

    Attributes:
        style: one of STYLES; `auto` takes what suits the network.
        fold: `all`, blocks closed where the picture would be too large, and equal neighbours as
            one; `repeats`, equal neighbours alone; `none`.
        depth: how many blocks within each other are open, in place of what fits.
        opened: names of blocks that are open anyway.
        direction: `down` or `right`.
        columns: of COLUMNS, what is in the boxes.
        colour: one of COLOURS: what the colours of the boxes say.
        theme: one of THEMES; `auto` is light, and dark where the reader's screen is.
        heading: whether the network's name and totals stand above.
        alongside: whether closed blocks are drawn open next to the picture.
    """

    style: str = "auto"
    fold: str = "all"
    depth: int | None = None
    opened: tuple[str, ...] = ()
    direction: str = "down"
    columns: tuple[str, ...] = ("output", "params")
    colour: str = "kind"
    theme: str = "auto"
    heading: bool = True
    alongside: bool = True

    def checked(self) -> Options:
        """Return the options themselves.

        Raises:
            NetError: N664 where one of them is a word that it does not take.
        """
        for name, words in _WORDS.items():
            _check(name, getattr(self, name), words)
        for column in self.columns:
            _check("columns", column, COLUMNS)
        return self


_WORDS = {
    "style": STYLES,
    "fold": FOLDS,
    "direction": DIRECTIONS,
    "colour": COLOURS,
    "theme": THEMES,
}


def _check(name: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        help = did_you_mean(word, words) or f"it is one of {', '.join(words)}"
        raise fail("N664", f"`{word}` is not a value of `{name}` for a picture", help=help)


def column_names(text: str) -> tuple[str, ...]:
    """Return the columns of `output,params`.

    Raises:
        NetError: N664 for one that there is not.
    """
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for name in found:
        _check("columns", name, COLUMNS)
    return found
