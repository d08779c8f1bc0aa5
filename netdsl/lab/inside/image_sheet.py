"""Sheets of small images: filters, maps, patches, each with a caption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

from netdsl.drawing.measure import FONTS, shortened, width
from netdsl.lab.pictures import LabPicture

SIDE, GAP, MARGIN = 72, 10, 24
"""The pixels of a tile's longer side, between tiles, and around the sheet."""

ACROSS = 16
"""The most tiles in a line; a row of more takes several lines."""

TITLE, ABOUT, CAPTION = 17, 13, 11
"""Font sizes, in pixels."""

WIDER = 1.2
"""How much wider the viewer's font may be than the one that texts are measured in."""


class ImageTile(NamedTuple):
    """An image of a sheet.

    Attributes:
        pixels: [h, w] or [h, w, 3], from 0 to 1.
        caption: below it.
    """

    pixels: Any
    caption: str = ""


class TileRow(NamedTuple):
    """Images next to each other, and what they have in common."""

    label: str
    tiles: Sequence[ImageTile]


@dataclass(frozen=True, eq=False)
class ImageSheet(LabPicture):
    """A sheet of images. A notebook shows it as it is.

    Attributes:
        title: what it shows.
        about: details: the scale of the colours, how many images are left out.
        rows: from top to bottom.
    """

    title: str
    about: str
    rows: Sequence[TileRow]

    @property
    def svg(self) -> str:
        """The sheet as SVG, its images within it."""
        left = MARGIN + max((_width(row.label, ABOUT) for row in self.rows), default=0)
        left += GAP if left > MARGIN else 0
        across = max((min(ACROSS, len(row.tiles)) for row in self.rows), default=1)
        headline = max(_width(self.title, TITLE, bold=True), _width(self.about, ABOUT))
        wide = max(left + across * (SIDE + GAP) - GAP, MARGIN + headline) + MARGIN
        parts, y = [], MARGIN + 46.0
        for row in self.rows:
            lines = [row.tiles[at : at + ACROSS] for at in range(0, len(row.tiles), ACROSS)]
            for number, line in enumerate(lines):
                height = max(_size(tile.pixels)[1] for tile in line)
                if not number:
                    parts.append(_text(MARGIN, y + height / 2 + 4, row.label, ABOUT))
                parts += [
                    _tile(tile, left + place * (SIDE + GAP), y, height)
                    for place, tile in enumerate(line)
                ]
                captions = any(tile.caption for tile in line)
                y += height + (CAPTION + 5 if captions else 0) + GAP
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {y + MARGIN:.0f}" '
            f'width="{wide:.0f}" height="{y + MARGIN:.0f}" role="img" '
            f'font-family="{FONTS}">\n'
            f"<title>{escape(self.title)}</title>\n<desc>{escape(self.about)}</desc>\n"
            '<rect width="100%" height="100%" fill="white"/>\n'
            + _text(MARGIN, MARGIN + 10, self.title, TITLE, weight="bold")
            + _text(MARGIN, MARGIN + 30, self.about, ABOUT, colour="#666")
            + "\n".join(parts)
            + "\n</svg>\n"
        )

    def to_dict(self) -> dict[str, str]:
        """Return the sheet's texts, as `--json` prints them: its title, and its scale."""
        return {"title": self.title, "scale": self.about}


def grey(array: Any, low: float, high: float) -> Any:
    """Scale numbers from `low` (0, black) to `high` (1, white)."""
    import numpy as np

    return np.clip((np.asarray(array, float) - low) / ((high - low) or 1.0), 0.0, 1.0)


def signed(array: Any, limit: float) -> Any:
    """Colour numbers [h, w] by their sign: blue below 0, white at 0, red above [h, w, 3]."""
    import numpy as np

    share = np.clip(np.asarray(array, float) / (limit or 1.0), -1, 1)[..., None]
    end = np.where(share < 0, (0.13, 0.4, 0.67), (0.7, 0.09, 0.17))
    return 1 - np.abs(share) * (1 - end)


def picture(array: Any) -> Any:
    """Return an example [h, w, c] from 0 to 1 as a tile shows it: grey, or its first 3 channels."""
    import numpy as np

    array = np.clip(np.asarray(array, float), 0, 1)
    if array.ndim == 3:
        return array[..., :3] if array.shape[-1] >= 3 else array[..., 0]
    return array


def _size(pixels: Any) -> tuple[float, float]:
    """Return the width and height at which a tile is shown."""
    tall, wide = pixels.shape[:2]
    scale = SIDE / max(tall, wide)
    return max(1.0, wide * scale), max(1.0, tall * scale)


def _tile(tile: ImageTile, x: float, y: float, height: float) -> str:
    from netdsl.training.evaluation.pictures import png_uri

    wide, tall = _size(tile.pixels)
    place = f'x="{x + (SIDE - wide) / 2:.1f}" y="{y + (height - tall) / 2:.1f}"'
    size = f'width="{wide:.1f}" height="{tall:.1f}"'
    image = f'<image {place} {size} href="{png_uri(tile.pixels, (0.0, 1.0))}"/>'
    frame = f'<rect {place} {size} fill="none" stroke="#bbb" stroke-width="0.5"/>'
    caption = shortened(tile.caption, CAPTION, (SIDE + GAP - 2) / WIDER)
    below = _text(x + SIDE / 2, y + height + CAPTION + 2, caption, CAPTION, anchor="middle")
    return image + frame + below


def _width(text: str, size: float, bold: bool = False) -> float:
    return WIDER * width(text, size, bold)


def _text(
    x: float,
    y: float,
    text: str,
    size: int,
    anchor: str = "start",
    colour: str = "#222",
    weight: str = "normal",
) -> str:
    style = f'font-size="{size}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>' if text else ""
