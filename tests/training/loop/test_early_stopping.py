"""Algorithm 7.1 by hand: validation values one after the other, the step of the best, and where
it stops.
"""

from __future__ import annotations

import math

import pytest

from netdsl.training.loop.early_stopping import EarlyStopping


@pytest.mark.parametrize(
    ("values", "patience", "higher", "best", "stops"),
    [
        ([5, 4, 3, 2, 1], 2, False, 5, None),
        ([5, 4, 6, 3, 7, 8, 2], 2, False, 4, 6),  # the 2 is never seen
        ([5, 4, 6, 3, 7, 8, 2], 3, False, 7, None),  # with more patience it is
        ([5, 5, 5], 2, False, 1, 3),  # equal is not better
        ([1, 2, 3, 4], 3, False, 1, 4),
        ([3, 4], 1, False, 1, 2),
        ([math.nan, 4, math.nan, math.nan], 2, False, 2, 4),  # NaN is not better
        ([math.inf, math.inf], 2, False, None, 2),
        ([0.5, 0.8, 0.7, 0.8], 2, True, 2, 4),
    ],
)
def test_where_it_stops(
    values: list[float], patience: int, higher: bool, best: int | None, stops: int | None
) -> None:
    stopping = EarlyStopping(patience, higher)
    stopped = None
    for step, value in enumerate(values, start=1):
        assert stopping.see(step, value) == (stopping.step == step)
        if stopping.over:
            stopped = step
            break
    assert (stopping.step, stopped) == (best, stops)
    if best:
        assert stopping.best == values[best - 1]


def test_a_delta_counts_from_the_last_that_was_better() -> None:
    """Small gains add up: scikit-learn's `tol` compares with the best of all and never sees them,
    Keras's `min_delta` does.
    """
    values = [1.0, 0.95, 0.88, 0.85, 0.79]
    delta, tolerance = EarlyStopping(9, delta=0.1), EarlyStopping(9, tolerance=0.1)
    assert [delta.see(step, value) for step, value in enumerate(values)] == [
        *(True, False, True, False),
        False,
    ]
    assert (delta.best, delta.misses) == (0.88, 2)
    assert [tolerance.see(step, value) for step, value in enumerate(values)] == [True, *[False] * 4]
