"""How long a training with few steps in an epoch should wait before it is ended."""

from __future__ import annotations

import math
from typing import NamedTuple

from netdsl.training.planning.measures import PATIENCE

FEW = 100
"""How many steps a patience should cover: before that, a network may not have begun to learn."""


class Waiting(NamedTuple):
    """How many epochs without improvement end a training, and the most epochs that suit that."""

    patience: int
    epochs: int


def enough_epochs(steps: float) -> Waiting:
    """Return a patience that covers `FEW` steps, given the steps of an epoch.

    If the usual patience does not, the patience is rounded up to tens.
    """
    patience = max(PATIENCE, 10 * math.ceil(FEW / max(1, steps) / 10))
    # Room for five improvements, each as late as possible.
    return Waiting(patience, 5 * patience)
