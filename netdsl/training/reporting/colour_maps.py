"""Numbers as colours, and surfaces of them as images. This module imports numpy."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np

from netdsl.training.reporting.charts import COLOURS, TRAINING, VALIDATION

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

BELOW, ABOVE = VALIDATION, TRAINING
"""The colours of -1 and 1; white is between them."""


def class_colours(count: int) -> list[str]:
    """Return a colour for each class: for two the ends of the scale; colours repeat for many."""
    return [BELOW, ABOVE] if count == 2 else [COLOURS[at % len(COLOURS)] for at in range(count)]


def diverging(values: Array, strength: float = 0.8) -> Array:
    """Return the colours [..., 3] of numbers from -1 to 1, grey for NaN.

    Args:
        values: numbers [...]; those outside are clipped.
        strength: how saturated the colours at the ends are.
    """
    share = np.clip(np.nan_to_num(values), -1, 1)[..., None]
    full = np.where(share < 0, _levels(BELOW), _levels(ABOVE))
    mixed = 255 + strength * np.abs(share) * (full - 255)
    return np.where(np.isfinite(values)[..., None], mixed, 187.0)


def by_class(shares: Array) -> Array:
    """Return the colours [..., 3] of the likeliest classes, pale where the lead is small.

    Args:
        shares: the share of each class [..., classes].
    """
    # Paleness depends on the lead over the second class: with many classes even a sure answer may
    # be below a half.
    colours = np.array([_levels(colour) for colour in class_colours(shares.shape[-1])])
    ranked = np.sort(shares, axis=-1)
    sure = np.clip(ranked[..., -1] - ranked[..., -2], 0, 1)[..., None]
    return np.asarray(255 + (0.15 + 0.6 * sure) * (colours[shares.argmax(axis=-1)] - 255))


def surface_uri(colours: Array) -> str:
    """Write colours [h, w, 3] as a PNG data URI, the first row at the bottom."""
    from PIL import Image

    file = io.BytesIO()
    # Values grow upwards in a chart, rows of an image downwards.
    Image.fromarray(np.rint(colours[::-1]).astype(np.uint8)).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def hex_colour(levels: Array) -> str:
    """Write a colour [3] as `#2563a8`."""
    return "#" + "".join(f"{round(float(level)):02x}" for level in levels)


def _levels(colour: str) -> Array:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], float)
