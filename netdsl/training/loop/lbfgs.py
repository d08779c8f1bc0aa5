"""Directions of L-BFGS, and line searches along them.

Nocedal and Wright, 2006, "Numerical Optimization": algorithms 3.1 (backtracking), 3.5 and 3.6
(strong Wolfe conditions), 7.4 (two-loop recursion of L-BFGS). NumPy alone, in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from netdsl.training.preparation.rows import Array

    ValueAndGradient = Callable[[Array], tuple[float, Array]]

DECREASE, CURVATURE = 1e-4, 0.9
"""c1 and c2 of the Wolfe conditions, with the usual values for quasi-Newton methods."""

TRIALS = 30
"""The most values of the loss that a line search computes."""


class LinePoint(NamedTuple):
    """A point on a line: the length of the step, and the loss, its slope and its gradient there."""

    length: float
    value: float
    slope: float
    gradient: Any


def direction(gradient: Array, steps: Array, changes: Array) -> Array:
    """Return the direction of L-BFGS.

    Args:
        gradient: of the loss [n].
        steps: the last steps, the oldest first [m, n].
        changes: of the gradient in these steps [m, n].

    Returns:
        -H g [n], where H approximates the inverse Hessian by the steps.
    """
    import numpy as np

    found = -gradient.astype(np.float64)
    shares: list[float] = []
    for step, change in zip(steps[::-1], changes[::-1], strict=True):
        shares.append(float(step @ found) / float(step @ change))
        found = found - shares[-1] * change
    if len(steps):
        # gamma of equation 7.20: the size of the Hessian along the last step.
        found = found * (float(steps[-1] @ changes[-1]) / float(changes[-1] @ changes[-1]))
    for step, change, share in zip(steps, changes, shares[::-1], strict=True):
        found = found + (share - float(change @ found) / float(step @ change)) * step
    return found


def backtracked(
    value_at: Callable[[Array], float], at: Array, value: float, gradient: Array, length: float
) -> float:
    """Halve a step against the gradient until the loss falls enough (Armijo's condition).

    Returns:
        The length of the step; 0 if no length lowers the loss.
    """
    square = float(gradient @ gradient)
    for _ in range(TRIALS):
        found = value_at(at - length * gradient)
        if math.isfinite(found) and found <= value - DECREASE * length * square:
            return length
        # 2^-30 at the end, a step that is smaller than the rounding of float32 weights.
        length /= 2
    return 0.0


def strong_wolfe(
    of: ValueAndGradient, at: Array, value: float, gradient: Array, along: Array, length: float
) -> LinePoint | None:
    """Find a step along a direction that meets the strong Wolfe conditions.

    Args:
        of: computes the loss and its gradient.
        at: where the step begins.
        value: the loss there.
        gradient: of the loss there.
        along: the direction, in which the loss falls.
        length: the first length to try.

    Returns:
        The point; if there are too few trials, the lowest where the loss fell enough, or None.
    """
    slope = float(gradient @ along)
    start = before = LinePoint(0.0, value, slope, gradient)
    for trial in range(TRIALS):
        point = _point(of, at, along, length)
        rises = not math.isfinite(point.value) or not _falls(start, point)
        # Algorithm 3.5: each of the three cases gives an interval that holds such a step.
        if rises or (trial and point.value >= before.value):
            return _zoomed(of, at, along, start, before, point, TRIALS - trial)
        if abs(point.slope) <= -CURVATURE * slope:
            return point
        if point.slope >= 0:
            return _zoomed(of, at, along, start, point, before, TRIALS - trial)
        before, length = point, 2 * length
    # The loss still falls after the last doubling: the farthest point is taken, although it does
    # not meet the conditions.
    return before if before.length else None


def _zoomed(
    of: ValueAndGradient,
    at: Array,
    along: Array,
    start: LinePoint,
    low: LinePoint,
    high: LinePoint,
    trials: int,
) -> LinePoint | None:
    """Narrow an interval, whose `low` end is the lowest so far, until the conditions are met."""
    for _ in range(trials):
        point = _point(of, at, along, _between(low, high))
        if not math.isfinite(point.value) or not _falls(start, point) or point.value >= low.value:
            # Algorithm 3.6: `high` lies on the side to which the slope at `low` descends, above or
            # below it.
            high = point
            continue
        if abs(point.slope) <= -CURVATURE * start.slope:
            return point
        if point.slope * (high.length - low.length) >= 0:
            high = low
        low = point
    return low if low.length else None


def _between(low: LinePoint, high: LinePoint) -> float:
    """Return the minimum of the parabola through both, kept off the ends; else the middle."""
    width = high.length - low.length
    bend = high.value - low.value - low.slope * width
    share = -low.slope * width / (2 * bend) if math.isfinite(bend) and bend > 0 else 0.5
    # At least a tenth off the ends: near an end the interval would hardly become narrower.
    return low.length + min(max(share, 0.1), 0.9) * width


def _falls(start: LinePoint, point: LinePoint) -> bool:
    return point.value <= start.value + DECREASE * point.length * start.slope


def _point(of: ValueAndGradient, at: Array, along: Array, length: float) -> LinePoint:
    value, gradient = of(at + length * along)
    return LinePoint(length, value, float(gradient @ along), gradient)
