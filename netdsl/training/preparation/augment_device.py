"""The changes of `augment`, made on the device where the examples are.

They use the same numbers, and are the same up to rounding. This module imports Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops

from netdsl.training.preparation.augment import Augmentation, bends
from netdsl.training.preparation.resize import LUMA


def changed(x: Any, augment: Augmentation, numbers: Mapping[str, Any]) -> tuple[Any, Any]:
    """Change inputs [n, ...] as `augmented` does with these numbers.

    Returns:
        The changed inputs, and the same without noise and holes.
    """
    whole = _warped(x, numbers["maps"], bends(augment)) if "maps" in numbers else x
    if "light" in numbers:
        whole = _coloured(whole, x, augment, numbers["light"])
    result = whole + numbers["noise"] if "noise" in numbers else whole
    if augment.cutout:
        result = ops.where(_holes(x.shape[1:3], augment.cutout, numbers["holes"]), 0.0, result)
    return result, whole


def mixed(values: Any, partners: Any, share: Any) -> Any:
    """Mix values [n, ...] with their partners'."""
    own = ops.reshape(share, (-1, *(1,) * (len(values.shape) - 1)))
    return own * values + (1 - own) * ops.take(values, partners, axis=0)


def _warped(x: Any, maps: Any, between: bool) -> Any:
    """Do what `warp.warped` does.

    If no pixel is moved to a position `between` others, one pixel is read instead of four.
    """
    count, height, width, depth = x.shape
    tall, wide = height + 3, width + 3
    rows, columns = (ops.arange(side, dtype="float32") - (side - 1) / 2 for side in (height, width))
    # All pixels of the batch in one list, so that each corner is one `take`, which all backends
    # have.
    pixels = ops.reshape(ops.pad(x, [[0, 0], [1, 2], [1, 2], [0, 0]]), (count * tall * wide, depth))
    corners, parts = [], []
    for axis, side in enumerate((height, width)):
        down, right, offset = (maps[:, axis, place][:, None, None] for place in range(3))
        position = ops.clip(
            down * rows[:, None] + (right * columns + offset + ((side - 1) / 2 + 1)), 0, side + 1
        )
        # Whole moves: float32 may leave a position a little below its pixel, and `floor` alone
        # would read the neighbour.
        corner = ops.floor(position if between else position + 0.5)
        corners.append(ops.cast(corner, "int32"))
        parts.append((position - corner)[..., None])
    corner = (
        corners[0] * wide
        + corners[1]
        + (ops.arange(count, dtype="int32") * (tall * wide))[:, None, None]
    )

    def at(place: int) -> Any:
        return ops.take(pixels, corner + place, axis=0)

    if not between:
        return at(0)
    down, right = parts
    upper, lower = at(0) + right * (at(1) - at(0)), at(wide) + right * (at(wide + 1) - at(wide))
    return upper + down * (lower - upper)


def _coloured(x: Any, given: Any, augment: Augmentation, light: Any) -> Any:
    contrast, colour, brightness = (light[:, place][:, None, None, None] for place in range(3))
    if augment.contrast:
        mean = ops.mean(x, axis=(1, 2, 3), keepdims=True)
        x = (x - mean) * contrast + mean
    if augment.colour:
        # Not `matmul`: GPUs and TPUs multiply matrices in TF32 or bfloat16, which is not the host's
        # grey.
        grey = ops.sum(x * ops.convert_to_tensor(LUMA, "float32"), axis=-1, keepdims=True)
        x = (x - grey) * colour + grey
    x = x + brightness
    lowest, highest = (
        function(given, axis=(1, 2, 3), keepdims=True) for function in (ops.min, ops.max)
    )
    return ops.where(ops.logical_and(lowest >= 0, highest <= 1), ops.clip(x, 0.0, 1.0), x)


def _holes(sides: tuple[int, ...], side: int, corners: Any) -> Any:
    rows, columns = (
        ops.logical_and(
            ops.arange(extent)[None] >= corners[:, axis, None],
            ops.arange(extent)[None] < corners[:, axis, None] + side,
        )
        for axis, extent in enumerate(sides)
    )
    return ops.logical_and(rows[:, :, None], columns[:, None])[..., None]
