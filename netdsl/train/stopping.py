"""When to stop, and with what: Algorithm 7.1 of the Deep Learning book (Goodfellow, Bengio, Courville, 2016)."""

from __future__ import annotations

import math


class EarlyStopping:
    """Follows a validation value, evaluated now and then, and knows its best step.

    `see` is told each evaluation. After `patience` evaluations in a row that are not better than the best one, `over` is
    true. Better is lower, or `higher`; an equal value is not better, and neither is one that is no number.
    """

    def __init__(self, patience: int, higher: bool = False) -> None:
        self.patience, self.higher = patience, higher
        self.step: int | None = None
        self.best = -math.inf if higher else math.inf
        self.misses = 0

    def see(self, step: int, value: float) -> bool:
        """Whether the value, found at this step, is better than all before."""
        if value > self.best if self.higher else value < self.best:
            self.step, self.best, self.misses = step, value, 0
            return True
        self.misses += 1
        return False

    @property
    def over(self) -> bool:
        return self.misses >= self.patience
