"""Read image files once each, for whether they are whole, their digests, and their pixels."""

from __future__ import annotations

import math
import sys
import zlib
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netdsl.errors import NetError, Span
from netdsl.paths import read_regular
from netdsl.training.data.sources.images import (
    KEPT,
    image_errors,
    in_threads,
    is_deep,
    opened_image,
    pixels_of,
    upright,
)

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

REPORTED = 2000
"""Checking more images than these takes a while, so that progress is reported."""

PNG_SIGNATURE = 8
"""Bytes before the first chunk of a PNG."""


class FoundImage(NamedTuple):
    """What was found in a file.

    Attributes:
        digest: the SHA-256 of the file.
        deep: whether it has more than 8 bits for a pixel.
    """

    digest: bytes
    deep: bool


class CheckedImages(NamedTuple):
    """What was found in files.

    Attributes:
        paths: the files.
        damaged: what is wrong with those that are not whole images.
        deep: those with more than 8 bits for a pixel.
        digests: the SHA-256 of each; empty for a damaged one.
        pixels: uint8 [n, height, width, channels]; None where they were not asked for, are too many
            to keep, or where some have more than 8 bits.
    """

    paths: Sequence[Path]
    damaged: dict[Path, NetError]
    deep: list[Path]
    digests: list[bytes]
    pixels: Array | None

    def of(self, paths: Sequence[Path]) -> tuple[Array | None, list[bytes]]:
        """Return the pixels and the digests of some of the files."""
        places = {path: place for place, path in enumerate(self.paths)}
        chosen = [places[path] for path in paths]
        digests = [self.digests[place] for place in chosen]
        if self.pixels is None:
            return None, digests
        first, last = chosen[0], chosen[-1]
        if chosen == list(range(first, last + 1)):  # no copy
            return self.pixels[first : last + 1], digests
        return self.pixels[chosen], digests


def checked_images(
    paths: Sequence[Path], span: Span | None = None, shape: tuple[int, int, int] | None = None
) -> CheckedImages:
    """Read each file once.

    Its size is checked before it is decoded, and of a PNG the check sums.

    Args:
        paths: the files.
        span: the place of their folder in a recipe.
        shape: height, width and channels of the pixels that are kept, where the memory may hold
            all.
    """
    import numpy as np

    kept = shape is not None and len(paths) * math.prod(shape) <= KEPT
    pixels = np.zeros((len(paths), *(shape or ())), np.uint8) if kept else None

    def look(place: int) -> FoundImage | NetError:
        into = None if pixels is None else pixels[place]
        return _found(paths[place], span, into)

    damaged: dict[Path, NetError] = {}
    deep: list[Path] = []
    digests: list[bytes] = []
    for place, found in enumerate(in_threads(look, range(len(paths)))):
        if isinstance(found, NetError):
            damaged[paths[place]] = found
        elif found.deep:
            deep.append(paths[place])
        digests.append(b"" if isinstance(found, NetError) else found.digest)
        if len(paths) > REPORTED and (place + 1) % REPORTED == 0:
            print(f"checked {place + 1:,} of {len(paths):,} images", file=sys.stderr, flush=True)
    return CheckedImages(paths, damaged, deep, digests, None if deep else pixels)


def _found(path: Path, span: Span | None, into: Array | None) -> FoundImage | NetError:
    """Return what a file holds, or what is wrong with it.

    Args:
        path: the file.
        span: the place of its folder in a recipe.
        into: the array of its pixels [height, width, channels], which is filled; None to check the
            file only. Then a JPEG is decoded at an eighth of its size, and of a PNG only the check
            sums are read.
    """
    try:
        with image_errors(path, span):
            content = read_regular(path)
        with opened_image(path, span, content) as image:
            deep = is_deep(image)
            # Pillow decodes a PNG without looking at all of its check sums.
            if image.format == "PNG":
                check_sums(content)
            if into is not None and not deep:
                height, width, channels = into.shape
                into[:] = pixels_of(upright(image, channels == 1, (height, width)), into.shape)
            elif image.format != "PNG":
                image.draft("L", (1, 1))
                image.load()
    except NetError as error:
        return error
    return FoundImage(sha256(content).digest(), deep)


def check_sums(content: bytes) -> None:
    """Compare the check sums of a PNG's chunks.

    Raises:
        ValueError: where one is wrong, or the file ends before its last chunk.
    """
    view, at, kind = memoryview(content), PNG_SIGNATURE, b""
    while kind != b"IEND":
        length, kind = int.from_bytes(view[at : at + 4], "big"), bytes(view[at + 4 : at + 8])
        end = at + 8 + length
        if end + 4 > len(view):
            raise ValueError("the file is truncated")
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise ValueError(f"the check sum of {kind.decode('latin-1')} is wrong")
        at = end + 4
