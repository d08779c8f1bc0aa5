"""Images at another size, or with other channels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from netdsl.training.preparation.rows import Floats, Shape

LUMA = (0.299, 0.587, 0.114)
"""The weights of red, green and blue in grey (ITU-R BT.601)."""


def with_channels(xp: Any, x: Any, count: int) -> Any:
    """Return images [n, h, w] or [n, h, w, c] with this many channels: [n, h, w, count].

    Grey is repeated, colour becomes grey.

    Args:
        xp: numpy or keras.ops.
        x: the images, as float32.
        count: the channels, 1 or 3 where they are changed.
    """
    x = x[..., None] if len(x.shape) == 3 else x
    if x.shape[3] == count:
        return x
    if count == 1:
        return xp.matmul(x, xp.array(LUMA, "float32")[:, None])
    return xp.repeat(x, count, axis=3)


def resized(x: Floats, height: int, width: int) -> Floats:
    """Resize images [n, h, w, c] to [n, height, width, c], bilinearly.

    To make an image smaller, pixels are averages over the area that they cover, as in Pillow.
    """
    import numpy as np

    return np.ascontiguousarray(resized_by(partial(np.einsum, optimize=True), x, height, width))


def resized_by(einsum: Callable[..., Any], x: Any, height: int, width: int) -> Any:
    """Resize images [n, h, w, c] as `resized` does, by the `einsum` of numpy or of keras.ops."""
    if x.shape[1] != height:
        x = einsum("Hh,nhwc->nHwc", _weights(x.shape[1], height), x)
    if x.shape[2] != width:
        x = einsum("Ww,nhwc->nhWc", _weights(x.shape[2], width), x)
    return x


def cut(x: Floats, sides: Shape, corners: NDArray[np.int64]) -> Floats:
    """Cut images of these sides out of larger ones.

    Args:
        x: images [n, h, w, c].
        sides: height and width of the parts to cut out.
        corners: the first row and column of the part in each image [n, 2].
    """
    import numpy as np

    height, width = sides
    return np.stack(
        [
            image[row : row + height, column : column + width]
            for image, (row, column) in zip(x, corners, strict=True)
        ]
    )


def centre_cut(x: Any, sides: Shape) -> Any:
    """Cut the middle of this size out of larger images [n, h, w, c], of any backend."""
    row, column = ((large - side) // 2 for large, side in zip(x.shape[1:3], sides, strict=True))
    return x[:, row : row + sides[0], column : column + sides[1]]


def _weights(old: int, new: int) -> Floats:
    """Return the share of each of `old` pixels in each of `new` ones: [new, old], rows sum to 1."""
    import numpy as np

    step = old / new
    centres = (np.arange(new) + 0.5) * step
    # Pillow's triangle filter, as wide as the step if the image becomes smaller: otherwise pixels
    # between the samples would be lost, and fine patterns would show aliasing.
    distances = np.abs(np.arange(old) + 0.5 - centres[:, None]) / max(step, 1.0)
    # At the edges a part of the triangle lies outside: the rest is scaled to the sum 1.
    weights = np.maximum(0.0, 1.0 - distances)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
