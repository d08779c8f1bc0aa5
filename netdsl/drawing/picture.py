"""Pictures of networks: drawn once, written in any format."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.drawing.html import html_text
from netdsl.drawing.marks import Sheet, alongside
from netdsl.drawing.mermaid import mermaid_text
from netdsl.drawing.options import SUFFIXES, Options
from netdsl.drawing.styles import sheet_of
from netdsl.drawing.svg import svg_text
from netdsl.drawing.tikz import tikz_text
from netdsl.errors import fail
from netdsl.files import save

if TYPE_CHECKING:
    from netdsl.architecture import Architecture


class Picture:
    """A picture of a network, or of several side by side. A notebook shows it as it is."""

    def __init__(self, networks: Sequence[Architecture], options: Options) -> None:
        """Draw networks.

        Raises:
            NetError: N660 where the picture would be too large, N661 where the style does not suit
                a network, N663 where there is no block of a name that should be open.
        """
        self.networks, self.options = tuple(networks), options
        several = len(self.networks) > 1
        self.sheet: Sheet = alongside(
            [
                # Names of marks are unique in a file, also where both networks have a `conv_1`.
                sheet_of(network, options, f"{network.name}." if several else "")
                for network in self.networks
            ]
        )

    @classmethod
    def of(cls, sheets: Sequence[Sheet], options: Options) -> Picture:
        """Return a picture of sheets that are drawn already, side by side."""
        picture = cls((), options)
        picture.sheet = alongside(sheets)
        return picture

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        return svg_text(self.sheet, self.options.theme)

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        names = ", ".join(network.name for network in self.networks)
        return f"<Picture of {names}: {self.sheet.width:.0f} x {self.sheet.height:.0f}>"

    def text(self, form: str) -> str:
        """Return the picture in one of the formats that are text.

        Args:
            form: svg, tex, mmd or html.

        Raises:
            NetError: N662 where it is more than Mermaid takes.
        """
        if form == "mmd" and not self.networks:
            raise fail("N604", "a difference cannot be written as Mermaid", help="SVG shows it")
        return _TEXTS[form](self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file.

        Args:
            path: where to; its suffix chooses the format: .svg, .png, .pdf, .tex, .mmd or .html.

        Raises:
            NetError: N604 for another suffix, N602 where a package is missing, N610 where it cannot
                be written.
        """
        target = Path(path)
        suffix = checked_suffix(target)
        if suffix in _TEXTS:
            text = self.text(suffix)
            save(target, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))
            return
        from netdsl.drawing.raster import pdf_bytes, png_bytes

        drawn = svg_text(
            # A raster image cannot follow the reader's screen.
            self.sheet,
            "light" if self.options.theme == "auto" else self.options.theme,
        )
        data = {"png": png_bytes, "pdf": pdf_bytes}[suffix](drawn)
        save(target, lambda part: part.write_bytes(data))


_TEXTS: dict[str, Callable[[Picture], str]] = {
    "svg": lambda picture: picture.svg,
    "tex": lambda picture: tikz_text(picture.sheet, picture.options.theme),
    "mmd": lambda picture: mermaid_text(picture.networks, picture.options),
    "html": lambda picture: html_text(picture.sheet, picture.networks, picture.options),
}


def checked_suffix(path: Path) -> str:
    """Return the format that a path's suffix names.

    Raises:
        NetError: N604 where it names none.
    """
    suffix = path.suffix.removeprefix(".").lower()
    if suffix not in SUFFIXES:
        known = ", ".join(f".{each}" for each in SUFFIXES)
        raise fail("N604", f"{path} does not end in {known}", help="the suffix chooses the format")
    return suffix
