"""Steps on the whole loss: directions and searches along a line, in NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from netdsl.training.loop.lbfgs import (
    CURVATURE,
    DECREASE,
    backtracked,
    direction,
    strong_wolfe,
)


def rosenbrock(x: Any) -> tuple[float, Any]:
    a, b = x
    value = (1 - a) ** 2 + 100 * (b - a * a) ** 2
    return float(value), np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])


def minimised(of: Any, x: Any, steps: int) -> Any:
    """Minimise by L-BFGS that remembers all the steps it has taken."""
    past: list[Any] = []
    changes: list[Any] = []
    value, gradient = of(x)
    for _ in range(steps):
        along = direction(gradient, np.array(past), np.array(changes))
        found = strong_wolfe(of, x, value, gradient, along, 1.0)
        assert found is not None
        assert found.value <= value + DECREASE * found.length * (gradient @ along)
        assert abs(found.gradient @ along) <= -CURVATURE * (gradient @ along)
        past.append(found.length * along)
        changes.append(found.gradient - gradient)
        x, value, gradient = x + past[-1], found.value, found.gradient
        if np.abs(gradient).max() < 1e-9:
            break
    return x, len(past)


def test_the_valley_of_rosenbrock_is_followed_to_its_end() -> None:
    x, steps = minimised(rosenbrock, np.array([-1.2, 1.0]), 60)
    assert x == pytest.approx([1, 1], abs=1e-6)
    assert steps < 60  # gradient descent takes thousands


def test_a_quadratic_of_n_variables_takes_few_steps() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(8, 8))
    matrix = root @ root.T + np.eye(8)
    goal = rng.normal(size=8)
    x, steps = minimised(
        lambda x: (float(0.5 * x @ matrix @ x - goal @ x), matrix @ x - goal), np.zeros(8), 40
    )
    assert x == pytest.approx(np.linalg.solve(matrix, goal), abs=1e-6)
    assert steps < 40


def test_without_a_past_the_direction_is_against_the_gradient() -> None:
    nothing = np.zeros((0, 3))
    assert direction(np.array([1.0, -2, 3]), nothing, nothing).tolist() == [-1, 2, -3]


def test_one_step_on_a_line_shows_the_curvature() -> None:
    """f = 2 x^2: a step of 1 changes the gradient by 4, so the next direction is -g/4."""
    found = direction(np.array([8.0]), np.array([[1.0]]), np.array([[4.0]]))
    assert found == pytest.approx([-2.0])


def test_backtracking_halves_until_the_loss_falls_enough() -> None:
    calls: list[float] = []

    def value_at(x: Any) -> float:
        calls.append(float(x[0]))
        return float(10 * x[0] ** 2)

    length = backtracked(value_at, np.array([1.0]), 10.0, np.array([20.0]), 1.0)
    assert length == 1 / 16  # 1 - 20/16 = -0.25
    assert calls == [-19.0, -9.0, -4.0, -1.5, -0.25]


ENOUGH = 1 - DECREASE
"""The largest loss that has fallen enough, from 1, after a step of 1 down a slope of 1."""


@pytest.mark.parametrize(("value", "length"), [(ENOUGH, 1.0), (np.nextafter(ENOUGH, 2), 0.5)])
def test_a_loss_at_the_border_has_fallen_enough(value: float, length: float) -> None:
    at, down = np.array([0.0]), np.array([1.0])
    assert backtracked(lambda x: value, at, 1.0, down, 1.0) == length


@pytest.mark.parametrize("slope", [CURVATURE, -CURVATURE])
def test_a_step_at_the_borders_of_both_conditions_is_taken(slope: float) -> None:
    calls: list[float] = []

    def of(x: Any) -> tuple[float, Any]:
        calls.append(float(x[0]))
        return ENOUGH, np.array([slope])

    found = strong_wolfe(of, np.array([0.0]), 1.0, np.array([1.0]), np.array([-1.0]), 1.0)
    assert found is not None
    assert (found.length, found.value, found.slope, calls) == (1.0, ENOUGH, -slope, [-1.0])


@pytest.mark.parametrize("value", [np.nan, np.inf, 11.0])
def test_no_step_is_taken_where_none_lowers_the_loss(value: float) -> None:
    assert backtracked(lambda x: value, np.array([1.0]), 10.0, np.array([20.0]), 1.0) == 0

    def of(x: Any) -> tuple[float, Any]:
        return value, np.array([np.nan])

    assert strong_wolfe(of, np.array([1.0]), 10.0, np.array([2.0]), np.array([-2.0]), 1.0) is None


def test_a_loss_that_is_infinite_far_away_is_searched_near() -> None:
    def of(x: Any) -> tuple[float, Any]:
        if x[0] <= 0:
            return np.inf, np.array([np.nan])
        return float(x[0] - np.log(x[0])), np.array([1 - 1 / x[0]])

    found = strong_wolfe(of, np.array([5.0]), *of(np.array([5.0])), np.array([-1.0]), 100.0)
    assert found is not None
    assert 0 < 5 - found.length < 5
