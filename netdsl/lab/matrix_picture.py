"""A matrix as a picture: entries that are one weight have one colour."""

from __future__ import annotations

import colorsys
from html import escape
from typing import Any

from netdsl.drawing.measure import FONTS
from netdsl.errors import fail
from netdsl.lab.pictures import LabPicture

DRAWN = 256
"""The most rows and columns of a picture."""
_MARGIN, _HEAD = 24, 64
_WITH_NUMBERS = 24
"""Up to this many columns, numbers are written into the cells."""


class MatrixPicture(LabPicture):
    """A matrix with one colour for each weight: entries that share a weight have the same."""

    def __init__(self, array: Any, shared: Any, title: str) -> None:
        rows, columns = array.shape
        if max(rows, columns) > DRAWN:
            message = f"the matrix is {rows:,}x{columns:,}; at most {DRAWN}x{DRAWN} are drawn"
            raise fail("N660", message, help="write it as .npy, or use a smaller --input")
        self.array, self.shared, self.title = array, shared, title

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        rows, columns = self.array.shape
        # At least 3 pixels, or cells of neighbouring weights run into each other.
        side = min(44.0, max(3.0, 900 / columns))
        wide = max(columns * side, 7.2 * len(self.title)) + 2 * _MARGIN
        tall = rows * side + _HEAD + _MARGIN
        cells = [self._cell(row, column, side) for row in range(rows) for column in range(columns)]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {tall:.0f}" '
            f'width="{wide:.0f}" height="{tall:.0f}" role="img" font-family="{FONTS}">\n'
            f"<title>{escape(self.title)}</title>\n"
            '<rect width="100%" height="100%" fill="white"/>\n'
            f'<text x="{_MARGIN}" y="{_MARGIN + 10}" font-size="13">{escape(self.title)}</text>\n'
            + "\n".join(filter(None, cells))
            + f'\n<rect x="{_MARGIN}" y="{_HEAD}" width="{columns * side:.1f}" '
            f'height="{rows * side:.1f}" fill="none" stroke="#888"/>\n</svg>\n'
        )

    def _cell(self, row: int, column: int, side: float) -> str:
        number = float(self.array[row, column])
        weight = 0 if self.shared is None else int(self.shared[row, column])
        if not weight and not number:
            return ""
        x, y = _MARGIN + column * side, _HEAD + row * side
        colour = _colour(weight) if weight else "#b8c4d6"
        place = f'x="{x:.1f}" y="{y:.1f}" width="{side:.1f}" height="{side:.1f}"'
        box = f'<rect {place} fill="{colour}"/>'
        if self.array.shape[1] > _WITH_NUMBERS:
            return box
        text = f"{number:.3g}"
        size = min(14.0, 1.5 * side / max(len(text), 2))
        return (
            f'{box}<text x="{x + side / 2:.1f}" y="{y + side / 2 + size / 3:.1f}" '
            f'font-size="{size:.1f}" text-anchor="middle" fill="#222">{text}</text>'
        )


def _colour(weight: int) -> str:
    """Return a weight's colour: hues a golden angle apart, so that neighbours differ."""
    hue = (0.58 + (weight - 1) * 0.381966) % 1
    red, green, blue = colorsys.hls_to_rgb(hue, 0.76, 0.65)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
