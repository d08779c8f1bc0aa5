"""When to stop, and with what: Algorithm 7.1 of the Deep Learning book (Goodfellow, Bengio,
Courville, 2016).
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class EarlyStopping:
    """Follows a validation value, evaluated now and then, and knows its best step.

    `see` is given each evaluation. After `patience` evaluations in a row that are not better than
    the best one, `over` is true. Better is lower, or `higher`, by more than `tolerance` than the
    best of all, or by more than `delta` than the last that was better; an equal value is not
    better, and neither is NaN.
    """

    patience: int
    higher: bool = False
    tolerance: float = 0.0
    step: int | None = None
    best: float | None = None
    misses: int = 0
    delta: float = 0.0

    def see(self, step: int, value: float) -> bool:
        """Note the value found at a step; whether it is better than all before."""
        best = -math.inf if self.higher else math.inf
        best = best if self.best is None else self.best
        gain = value - best if self.higher else best - value
        # Two bounds: scikit-learn's `tol` compares with the best of all, Keras's `min_delta` with
        # the last that counted as better. NaN compares as false, so it is a miss.
        better = gain > max(self.tolerance, self.delta)
        self.misses = 0 if better else self.misses + 1
        # A gain below the tolerance moves the best, as in scikit-learn, and still uses up patience.
        if gain > self.delta:
            self.step, self.best = step, value
        return better

    @property
    def over(self) -> bool:
        """Whether the patience is over."""
        return self.misses >= self.patience
