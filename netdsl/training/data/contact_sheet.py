"""A sheet of images: some examples of each class."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.errors import fail
from netdsl.files import save
from netdsl.training.data.inspect import class_counts
from netdsl.training.data.sources.images import LazyImages
from netdsl.training.data.sources.toys import short_name
from netdsl.training.preparation.shapes import size

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageFont import ImageFont as FontOfImages

    from netdsl.training.data.parts import Examples, SourceData
    from netdsl.training.preparation.rows import Array, Rows

SAMPLE = 1000
"""How many images are read to find the values of black and white."""

TILE, GAP, MARGIN, ACROSS, CLASSES = 64, 6, 24, 10, 10
"""Pixels of an image, between images and around all of them; the most images of a class, and the
most classes.
"""

INK, PAPER = (34, 34, 34), (255, 255, 255)

FONTS = ("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "Arial.ttf")
"""Fonts of operating systems, for letters that Pillow's own font lacks."""


def contact_sheet(data: SourceData | None, path: str | Path) -> None:
    """Write a PNG of up to ten examples of each of up to ten classes, a row for each class.

    For data without classes it shows 100 examples. They are chosen at random with a fixed seed.

    Args:
        data: what a source holds; None for a table of text and numbers.
        path: the file.

    Raises:
        NetError: N518 where the data holds no images, N631 for another suffix.
    """
    data = checked_images(data, path)
    images = data.train.x[0]
    rows = _chosen(data.train, data.classes)
    ends = black_and_white(images, data.scale)
    write_sheet(
        [(name, [tile(image, ends) for image in images[places]]) for name, places in rows],
        _headline(data, len(rows)),
        path,
    )


def checked_images(data: SourceData | None, path: str | Path) -> SourceData:
    """Return data that holds images, to be shown in a PNG.

    Raises:
        NetError: N518 where the data holds no images, N631 for another suffix.
    """
    if Path(path).suffix.lower() != ".png":
        raise fail(
            "N631",
            f"{path} does not end in .png, and a sheet of images is a PNG",
            help=f"name it {Path(path).with_suffix('.png')}",
        )
    if data is None:
        raise fail("N518", "a table of text and numbers has no images")
    images = data.train.x[0]
    depth = images.shape[3] if len(images.shape) == 4 else 1
    if len(images.shape) not in (3, 4) or depth not in (1, 3, 4):
        holds = f"holds examples of {size(images.shape[1:])}, which are not images"
        raise fail("N518", f"{data.train.x_names[0]} of {data.source} {holds}")
    return data


def write_sheet(
    rows: Sequence[tuple[str, Sequence[Image]]], headline: str, path: str | Path
) -> None:
    """Write a PNG of rows of tiles with their labels, and a headline."""
    sheet = _drawn(rows, headline)
    save(Path(path), lambda to: sheet.save(to, format="PNG"))


def _chosen(part: Examples, classes: tuple[str, ...]) -> list[tuple[str, Array]]:
    """Choose the rows of the sheet: each is a class and the places of some of its examples."""
    import numpy as np

    # At random and not the first ones, as files are often sorted.
    order = np.random.default_rng(0).permutation(len(part))
    counts = class_counts(part.y[0], classes) if part.y else {}
    if not counts:
        return [
            ("", order[at : at + ACROSS])
            for at in range(0, min(len(order), ACROSS * CLASSES), ACROSS)
        ]
    labels = np.asarray(part.y[0][:]).reshape(-1)[order]
    known = {
        classes[label] if classes else str(label): label
        for label in np.unique(labels).astype(int).tolist()
    }
    return [
        (name, order[labels == label][:ACROSS]) for name, label in list(known.items())[:CLASSES]
    ]


def black_and_white(images: Rows, scale: float | None) -> tuple[float, float]:
    """Return the values that are shown black and white."""
    import numpy as np

    # Without reading the images of a folder, which takes long.
    if images.dtype == "uint8" and (scale or isinstance(images, LazyImages)):
        return 0.0, scale or 255.0
    some = np.asarray(images[np.arange(min(len(images), SAMPLE))], float)
    if some.min() >= 0:
        return 0.0, scale or (
            # Up to 16: digits such as scikit-learn's; a sample of dark images may not reach 255.
            1.0 if some.max() <= 1 else 255.0 if 16 < some.max() <= 255 else float(some.max())
        )
    return float(some.min()), float(some.max())


def tile(pixels: Array, ends: tuple[float, float]) -> Image:
    """Make an example [h, w] or [h, w, c] an image that fits a tile.

    It is enlarged by an integer factor, so that pixels stay square.
    """
    import numpy as np
    from PIL import Image as pillow

    black, white = ends
    values = (
        np.clip((pixels.astype(float) - black) / ((white - black) or 1) * 255, 0, 255)
        .round()
        .astype(np.uint8)
    )
    image = pillow.fromarray(
        values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values
    ).convert("RGB")
    factor = TILE / max(image.size)
    factor = math.floor(factor) if factor >= 1 else factor
    to = tuple(max(1, round(side * factor)) for side in image.size)
    return image.resize(
        (to[0], to[1]), pillow.Resampling.NEAREST if factor >= 1 else pillow.Resampling.LANCZOS
    )


def _headline(data: SourceData, rows: int) -> str:
    named = (
        f"{rows} of {len(data.classes)} classes"
        if len(data.classes) > rows
        else f"{len(data.classes)} classes"
        if data.classes
        else ""
    )
    shape = size(data.train.x[0].shape[1:])
    count = f"{len(data.train):,} {'training ' if data.test else ''}examples of {shape}"
    return " · ".join(filter(None, (short_name(data.source), count, named)))


def _drawn(rows: Sequence[tuple[str, Sequence[Image]]], headline: str) -> Image:
    """Draw labels on the left, images in rows, a headline above."""
    from PIL import Image as pillow
    from PIL import ImageDraw

    title, (headline,) = _written([headline], 15)
    font, labels = _written([_short(name) for name, _ in rows], 14)
    side = max(max(image.size) for _, images in rows for image in images)
    left = MARGIN + (
        math.ceil(max(font.getlength(label) for label in labels)) + 14 if any(labels) else 0
    )
    top, step = MARGIN + 32, side + GAP
    across = max(len(images) for _, images in rows)
    width = max(left + across * step - GAP, MARGIN + math.ceil(title.getlength(headline))) + MARGIN
    sheet = pillow.new("RGB", (width, top + len(rows) * step - GAP + MARGIN), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN, MARGIN - 6), headline, INK, title)
    for line, (label, (_, images)) in enumerate(zip(labels, rows, strict=True)):
        y = top + line * step
        pen.text((left - 14, y + side // 2), label, INK, font, anchor="rm")
        for place, image in enumerate(images):
            x = left + place * step
            sheet.paste(image, (x + (side - image.width) // 2, y + (side - image.height) // 2))
    return sheet


def _written(texts: Sequence[str], size: int) -> tuple[FreeTypeFont | FontOfImages, Sequence[str]]:
    """Return a font, and the texts as it can write them.

    Pillow's own font has only ASCII. If the system has no other, letters lose their accents.
    """
    from PIL import ImageFont

    own = ImageFont.load_default(size)
    if all(text.strip("…").replace("·", "").isascii() for text in texts):
        return own, texts
    for name in FONTS:
        try:
            return ImageFont.truetype(name, size), texts
        except OSError:  # another system
            continue
    plain = (unicodedata.normalize("NFKD", text.replace("ß", "ss")) for text in texts)
    return own, [
        "".join(
            sign if sign.isascii() or sign in "…·" else "?"
            for sign in text
            if not unicodedata.combining(sign)
        )
        for text in plain
    ]


def _short(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:19]}…"
