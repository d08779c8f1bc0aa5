"""Move the pixels of images, by whole pixels or to positions between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from netdsl.training.preparation.rows import Floats

BLOCK = 1 << 14
"""How many pixels are processed at once, few enough for the processor's cache."""


def shifted(x: Floats, offsets: NDArray[np.int64]) -> Floats:
    """Move each image [n, h, w, c] down and right by its [n, 2] pixels; outside is 0."""
    import numpy as np

    moved = np.zeros_like(x)
    height, width = x.shape[1:3]
    for image, target, (down, right) in zip(x, moved, offsets, strict=True):
        # An end above the height is cut by slicing itself; a negative one cannot come up, since
        # `unfit` refuses shifts of a whole side.
        target[max(0, down) : height + down, max(0, right) : width + right] = image[
            max(0, -down) : height - down, max(0, -right) : width - right
        ]
    return moved


def warped(x: Floats, maps: NDArray[np.float64]) -> Floats:
    """Set each pixel p of image i to the bilinearly interpolated value at maps[i] @ (p, 1).

    Outside is 0. Positions are (row, column) in pixels, counted from the image's centre.

    Args:
        x: images [n, h, w, c].
        maps: [n, 2, 3].
    """
    import numpy as np

    count, height, width, depth = x.shape
    # One pixel of 0 before and two after, so that each position has four neighbours.
    tall, wide = height + 3, width + 3
    rows, columns = (
        np.arange(side, dtype=np.float32) - np.float32((side - 1) / 2) for side in (height, width)
    )
    factors: Floats = maps.astype(np.float32)[..., None, None]
    result = np.empty(x.shape, np.float32)
    step = max(1, BLOCK // (height * width))
    for start in range(0, count, step):
        images, block = x[start : start + step], factors[start : start + step]
        padded = np.zeros((len(images), tall, wide, depth), np.float32)
        padded[:, 1:-2, 1:-2] = images
        corners, parts = [], []
        for axis, side in enumerate((height, width)):
            offset = block[:, axis, 2] + np.float32((side - 1) / 2 + 1)
            position: Floats = block[:, axis, 0] * rows[:, None] + (
                block[:, axis, 1] * columns + offset
            )
            # Into the border of 0, however far outside: with two pixels after the last one, corner
            # + 1 exists too.
            np.clip(position, 0, side + 1, out=position)
            # Rounded towards 0, which is `floor` here, as no position is negative any more.
            corner = position.astype(np.intp)
            position -= corner
            corners.append(corner)
            parts.append(position[..., None])
        corner = (
            corners[0] * wide + corners[1] + np.arange(len(images))[:, None, None] * (tall * wide)
        )
        pixels, (down, right) = padded.reshape(-1, depth), parts
        upper = _between(pixels.take(corner, 0), pixels.take(corner + 1, 0), right)
        corner += wide
        lower = _between(pixels.take(corner, 0), pixels.take(corner + 1, 0), right)
        result[start : start + step] = _between(upper, lower, down)
    return result


def _between(a: Floats, b: Floats, part: Floats) -> Floats:
    """Interpolate from a (part 0) to b (part 1), in place of b."""
    b -= a
    b *= part
    b += a
    return b
