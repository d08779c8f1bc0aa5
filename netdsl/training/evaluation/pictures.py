"""Examples and label maps as PNG images for a page."""

from __future__ import annotations

import base64
import io
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

SMALL, LARGE = 96, 192
"""The pixels that small images are enlarged to, and large ones reduced to."""


def png_uri(values: Array, limits: tuple[float, float] | None = None) -> str:
    """Write an image as a data URI, a small one enlarged pixel by pixel, a large one reduced.

    Args:
        values: [h, w] or [h, w, c]. Of two channels the first is shown, of more than three the
            first three.
        limits: the values of black and white; None for the smallest and the largest value.
    """
    from PIL import Image

    # NaN has no colour, and casting it to bytes is undefined.
    values = np.nan_to_num(np.asarray(values, np.float32))
    low, high = limits or (float(values.min()), float(values.max()))
    levels = np.clip((values - low) / ((high - low) or 1.0) * 255 + 0.5, 0, 255).astype(np.uint8)
    if levels.ndim == 3:
        levels = levels[:, :, :3] if levels.shape[2] > 2 else levels[:, :, 0]
    image = Image.fromarray(levels)
    side = max(image.size)
    if side < SMALL:
        factor = math.ceil(SMALL / side)
        image = image.resize(
            (image.width * factor, image.height * factor), Image.Resampling.NEAREST
        )
    image.thumbnail((LARGE, LARGE))
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def label_uri(labels: Array, classes: int) -> str:
    """Draw labels [h, w]: class 0 is black, each other class has a colour of its own."""
    # Red, green and blue a third of a turn apart: hues at equal distances.
    angles = 2 * np.pi * (np.arange(classes)[:, None] / max(1, classes - 1) + np.arange(3) / 3)
    colours = np.where(np.arange(classes)[:, None], 0.55 + 0.4 * np.cos(angles), 0.0)
    return png_uri(colours[labels], (0.0, 1.0))
