"""Images with more than 8 bits per pixel: 16 or 32, or floats. They are grey."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.errors import Span, fail
from netdsl.training.data.sources.images import (
    LazyImages,
    flat,
    is_deep,
    opened_image,
    pixels_of,
)
from netdsl.training.preparation.ranges import unit_pixels

if TYPE_CHECKING:
    from PIL.Image import Image

    from netdsl.training.preparation.rows import Array, Floats

SIXTEEN = (0.0, 65535.0)
"""The range of images of 16 bits, where none is stated."""


class FoundPixels(NamedTuple):
    """The values of deep images.

    Attributes:
        low, high: their smallest and their largest value.
        sixteen: whether all have 16 bits.
    """

    low: float
    high: float
    sixteen: bool


def deep_image(path: Path, shape: Sequence[int], limits: tuple[float, float]) -> Floats:
    """Read an image file as floats from 0 to 1.

    Args:
        path: the file; one of 8 bits has the range 0 to 255.
        shape: height and width that it is resized to, and 1 or 3 channels; empty to leave it as it
            is, in one channel.
        limits: the values that become 0 and 1; values beyond them are clipped.

    Raises:
        NetError: N511 where it cannot be read, N524 where it is not a whole image, or holds a value
            that is not finite.
    """
    import numpy as np
    from PIL import Image as pillow
    from PIL import ImageOps

    with opened_image(path) as file:
        image = ImageOps.exif_transpose(file)
        if not is_deep(image):
            height, width = shape[:2] or image.size[::-1]
            channels = shape[2] if shape else 1
            bytes_ = pixels_of(flat(image, channels == 1), (height, width, channels))
            return np.asarray(bytes_ / np.float32(255), np.float32)
        pixels = _values(image, path)
    pixels = unit_pixels(np, pixels, limits)
    if shape and pixels.shape != tuple(shape[:2]):
        height, width = shape[:2]
        resized = pillow.fromarray(pixels).resize((width, height), pillow.Resampling.BILINEAR)
        pixels = np.asarray(resized)
    channels = shape[2] if shape else 1
    return np.repeat(pixels[..., None], channels, axis=2).astype(np.float32)


def _values(image: Image, path: Path, span: Span | None = None) -> Array:
    """Return a deep image's values [height, width]. Raises NetError N524 for one not finite."""
    import numpy as np

    values = np.asarray(image, np.float32)
    if not np.isfinite(values).all():
        raise fail("N524", f"{path} holds a pixel that is not finite", span)
    return values


def deep_files(
    paths: Sequence[Path],
    shape: tuple[int, int, int],
    limits: tuple[float, float],
    digests: Sequence[bytes],
) -> LazyImages:
    """Return image files, with their digests, as an array [n, *shape] of floats from 0 to 1."""
    import numpy as np

    return LazyImages(
        len(paths),
        lambda place: deep_image(paths[place], shape, limits),
        shape,
        lambda place: digests[place],
        np.dtype(np.float32),
        (0.0, 1.0),
    )


def found_pixels(paths: Sequence[Path], span: Span | None = None) -> FoundPixels:
    """Find the range of all values of deep images. Raises NetError as `deep_image` does."""

    def look(path: Path) -> tuple[float, float, bool]:
        with opened_image(path) as image:
            values = _values(image, path, span)
            # Of the file's own mode: Pillow makes `I` of some images of 16 bits, which then count
            # as 32.
            return float(values.min()), float(values.max()), image.mode.startswith("I;16")

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        each: list[Any] = list(pool.map(look, paths))
    lows, highs, sixteen = zip(*each, strict=True)
    return FoundPixels(min(lows), max(highs), all(sixteen))


def pixel_range(
    stated: tuple[float, ...] | None, paths: Sequence[Path], span: Span | None
) -> tuple[tuple[float, float], str]:
    """Return the values of deep images that become 0 and 1, and a note about them.

    Where a recipe states none, the range of images of 16 bits is 0 to 65535, that of floats within
    0 to 1 is 0 to 1, and that of others is from their smallest to their largest value.

    Raises:
        NetError: N505 for a range that is empty or not of two numbers.
    """
    if stated is not None:
        if len(stated) != 2 or not stated[0] < stated[1]:
            said = ", ".join(f"{bound:g}" for bound in stated)
            message = f"`range` requires the darkest and the brightest value, not [{said}]"
            raise fail("N505", message, span, help="range: [0, 4095]")
        return (stated[0], stated[1]), ""
    found = found_pixels(paths, span)
    holds = f"they hold {found.low:g} to {found.high:g}"
    if found.sixteen:
        limits = SIXTEEN
    elif found.low >= 0 and found.high <= 1:
        limits = (0.0, 1.0)
    else:
        limits = (found.low, found.high if found.high > found.low else found.low + 1)
    note = (
        f"the images have more than 8 bits and are scaled from {limits[0]:g} to {limits[1]:g}; "
        f"{holds}: data: {{range: [{found.low:g}, {found.high:g}]}} scales them by that"
    )
    return limits, note
