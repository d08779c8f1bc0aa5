"""Pictures of the lab, written to files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from netdsl.errors import fail
from netdsl.files import save


class LabPicture:
    """A picture of what a run does. A notebook shows it as it is."""

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        raise NotImplementedError

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file.

        Args:
            path: where to; `.svg` or `.png`.

        Raises:
            NetError: N604 for another suffix, N602 where a package for PNG is missing.
        """
        save_picture(self, Path(path))


class SvgPicture(Protocol):
    """A picture."""

    @property
    def svg(self) -> str:
        """The picture as SVG."""


def checked_picture(path: Path) -> None:
    """Reject a path that does not name a picture.

    Raises:
        NetError: N604.
    """
    if path.suffix not in (".svg", ".png"):
        raise fail("N604", f"{path} ends in neither .svg nor .png")


def save_picture(picture: SvgPicture, path: Path) -> None:
    """Write a picture to a file, `.svg` or `.png` by its suffix.

    Raises:
        NetError: N604 for another suffix, N602 where a package for PNG is missing.
        RunError: N603 where it cannot be written.
    """
    checked_picture(path)
    text = picture.svg
    if path.suffix == ".svg":
        save(path, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))
        return
    from netdsl.drawing.raster import png_bytes

    data = png_bytes(text)
    save(path, lambda part: part.write_bytes(data))
