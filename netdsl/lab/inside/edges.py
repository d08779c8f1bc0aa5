"""A bank of edges and bars that filters are compared with."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

ANGLES, OFFSETS, WIDTHS = 16, (-1.0, 0.0, 1.0), (1.0, 2.0)
"""The number of directions in a half turn; offsets from the middle and widths in pixels."""


@cache
def bank(height: int, width: int) -> Any:
    """Make the templates [T, height * width]: their means removed, of norm 1.

    An edge is a step smoothed over a pixel; a bar is a Gaussian ridge of this width. Templates that
    are even over the window are left out.
    """
    import numpy as np

    y, x = np.mgrid[:height, :width]
    y, x = y - (height - 1) / 2, x - (width - 1) / 2
    found = []
    for number in range(ANGLES):
        angle = math.pi * number / ANGLES
        across = x * math.cos(angle) + y * math.sin(angle)
        for offset in OFFSETS:
            distance = across - offset
            found.append(np.clip(distance, -0.5, 0.5))
            found += [np.exp(-((distance / wide) ** 2)) for wide in WIDTHS]
    templates = np.stack(found).reshape(len(found), -1)
    templates -= templates.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(templates, axis=1)
    even = norms < 1e-9
    return templates[~even] / norms[~even, None]


def best_match(filters: Any) -> Any:
    """Return the largest |correlation| of each filter with an edge or a bar [N].

    Args:
        filters: [N, h, w, channels]; of colours the channels' mean is compared.
    """
    import numpy as np

    flat = filters.mean(axis=-1).reshape(len(filters), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    flat = np.divide(flat, norms, out=np.zeros_like(flat), where=norms > 0)
    return np.abs(flat @ bank(*filters.shape[1:3]).T).max(axis=1)
