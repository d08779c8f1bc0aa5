"""The memory that prepared examples take, computed before Keras is imported."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdsl.training.data.parts import Examples
    from netdsl.training.preparation.transforms import Preparation

KEPT_NBYTES = 1 << 30
"""The most bytes of prepared examples that are kept, so that they need not be prepared again."""


def prepared_nbytes(part: Examples, preparation: Preparation, divided: bool = True) -> int:
    """Count the bytes of a part's prepared inputs, `divided` as for `InputTransform.values`."""
    inputs = zip(preparation.inputs, part.x, strict=True)
    return sum(
        math.prod(input.shape) * (1 if not divided and input.only_divides(x) else 4)
        for input, x in inputs
    ) * len(part)


def kept_nbytes(part: Examples, preparation: Preparation) -> int:
    """Count the bytes of a part's prepared inputs that are kept for the whole training."""
    nbytes = prepared_nbytes(part, preparation)
    return nbytes if nbytes <= KEPT_NBYTES else 0


def evaluation_batch(preparation: Preparation, batch: int) -> int:
    """Return how many examples are evaluated at a time: as many as in a step, or as a few MiB
    hold.
    """
    numbers = max(math.prod(input.shape) for input in preparation.inputs)
    # At least as many as a step takes, for which there is memory.
    return max(batch, min(1024, (1 << 20) // numbers))
