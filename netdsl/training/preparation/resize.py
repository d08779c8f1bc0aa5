"""Images at another size, or with other channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from netdsl.training.preparation.rows import Floats, Shape

LUMA = (0.299, 0.587, 0.114)
"""The shares of red, green and blue in grey (ITU-R BT.601)."""


def with_channels(x: Floats, count: int) -> Floats:
    """Return images [n, h, w] or [n, h, w, c] this many channels: [n, h, w, count].

    Grey is repeated, colour becomes grey.
    """
    import numpy as np

    x = x[..., None] if x.ndim == 3 else x
    if x.shape[3] == count:
        return x
    if count == 1:
        return x @ np.array(LUMA, np.float32)[:, None]
    return np.repeat(x, count, axis=3)


def resized(x: Floats, height: int, width: int) -> Floats:
    """Resize images [n, h, w, c] to [n, height, width, c], bilinearly.

    A smaller image is averaged over what each pixel covers, as Pillow does.
    """
    import numpy as np

    if x.shape[1] != height:
        x = np.einsum("Hh,nhwc->nHwc", _weights(x.shape[1], height), x, optimize=True)
    if x.shape[2] != width:
        x = np.einsum("Ww,nhwc->nhWc", _weights(x.shape[2], width), x, optimize=True)
    return np.ascontiguousarray(x)


def cut(x: Floats, sides: Shape, corners: NDArray[np.int64]) -> Floats:
    """Cut images of these sides out of larger ones.

    Args:
        x: images [n, h, w, c].
        sides: height and width of what is cut out.
        corners: its first row and column in each image [n, 2].
    """
    import numpy as np

    height, width = sides
    return np.stack(
        [
            image[row : row + height, column : column + width]
            for image, (row, column) in zip(x, corners, strict=True)
        ]
    )


def centre_cut(x: Floats, sides: Shape) -> Floats:
    """Cut the middle of these sides out of larger images [n, h, w, c]."""
    import numpy as np

    middle = [(large - side) // 2 for large, side in zip(x.shape[1:3], sides, strict=True)]
    return cut(x, sides, np.tile(middle, (len(x), 1)))


def _weights(old: int, new: int) -> Floats:
    """Return the share of each of `old` pixels in each of `new` ones: [new, old], rows sum to 1."""
    import numpy as np

    step = old / new
    centres = (np.arange(new) + 0.5) * step
    # Pillow's triangle, as wide as the step where the image becomes smaller: else pixels between
    # the samples would be lost, and fine patterns come out as false ones.
    distances = np.abs(np.arange(old) + 0.5 - centres[:, None]) / max(step, 1.0)
    # At the edges some of the triangle lies outside: what is left is brought to the sum 1.
    weights = np.maximum(0.0, 1.0 - distances)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
