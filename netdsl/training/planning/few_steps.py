"""How long a training of few steps an epoch should wait before it is ended."""

from __future__ import annotations

import math
from typing import NamedTuple

from netdsl.training.planning.measures import PATIENCE

FEW = 100
"""Steps that a patience should cover: before, a network may not have begun to learn."""


class Waiting(NamedTuple):
    """The epochs without improvement that end a training, and the most epochs that fit them."""

    patience: int
    epochs: int


def enough_epochs(steps: float) -> Waiting:
    """Return a patience that covers `FEW` steps, by the steps of an epoch.

    Where the usual patience does not, it is rounded up to tens.
    """
    patience = max(PATIENCE, 10 * math.ceil(FEW / max(1, steps) / 10))
    # Room for five improvements, each as late as can be.
    return Waiting(patience, 5 * patience)
