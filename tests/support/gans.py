"""Small GANs, and arrays for them to learn."""

from __future__ import annotations

from typing import Any

PLAIN = """net generator
input z: 4
> fc-8(relu) > tanh-16 > reshape(4x4x1)

net discriminator
input x: 4x4x1
> flatten > fc-8(lrelu(0.2)) > linear-1
"""

WITH_STATES = """net generator
input z: 4
> fc-8 > bn > relu > dropout(0.2) > tanh-16 > reshape(4x4x1)

net discriminator
input x: 4x4x1
> flatten > fc-8(lrelu(0.2)) > dropout(0.3) > linear-1
"""
"""With moving statistics and random numbers, which a checkpoint must hold."""

CONDITIONAL = """net generator
input class: 1 of int(3)
input z: 4
@class > embed-4 > flatten as e
[ @z | @e ] > fc-8(relu) > tanh-16 > reshape(4x4x1)

net discriminator
input x: 4x4x1
input class: 1 of int(3)
@class > embed-4 > flatten as e
@x > flatten as f
[ @f | @e ] > fc-8(lrelu(0.2)) > linear-1
"""


def images(count: int = 64) -> tuple[Any, Any]:
    """Bytes [count, 4, 4], brighter from class to class, and classes 0 to 2 [count]."""
    import numpy as np

    rng = np.random.default_rng(0)
    labels = np.arange(count) % 3
    x = rng.integers(0, 80, (count, 4, 4)) + 80 * labels[:, None, None]
    return x.astype(np.uint8), labels
