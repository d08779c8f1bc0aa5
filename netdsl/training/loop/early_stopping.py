"""When to stop, and with what: Algorithm 7.1 of the Deep Learning book (Goodfellow, Bengio,
Courville, 2016).
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class EarlyStopping:
    """Follows a validation value, evaluated from time to time, and knows its best step.

    `see` is called with each evaluation. After `patience` evaluations in a row that are not better,
    `over` is true. An evaluation is better if it is lower (with `higher`, higher) than the best of
    all by more than `tolerance`, and than the last better one by more than `delta`. An equal value
    is not better, and neither is NaN.
    """

    patience: int
    higher: bool = False
    tolerance: float = 0.0
    step: int | None = None
    best: float | None = None
    misses: int = 0
    delta: float = 0.0

    def see(self, step: int, value: float) -> bool:
        """Record the value at a step, and return whether it is better than all before."""
        best = -math.inf if self.higher else math.inf
        best = best if self.best is None else self.best
        gain = value - best if self.higher else best - value
        # Two bounds: scikit-learn's `tol` compares with the best of all, Keras's `min_delta` with
        # the last that counted as better. NaN compares as false, so it is a miss.
        better = gain > max(self.tolerance, self.delta)
        self.misses = 0 if better else self.misses + 1
        # A gain below the tolerance moves the best, as in scikit-learn, but uses up patience.
        if gain > self.delta:
            self.step, self.best = step, value
        return better

    @property
    def over(self) -> bool:
        """Whether the patience is used up."""
        return self.misses >= self.patience
