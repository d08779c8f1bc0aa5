"""Numbers through a graph, without Keras."""

from __future__ import annotations

import numpy as np
from support.networks import read

from netdsl.analysis.forward import forward


def test_what_is_not_defined_is_nan_or_infinite_without_a_warning() -> None:
    """Warnings are errors here."""
    x = np.array([[-1.0, 0.0, 4.0]])
    *_, root = forward(np, read("3 > sqrt").graph, {}, [x])
    np.testing.assert_array_equal(root, [[np.nan, 0, 2]])
    *_, inverse = forward(np, read("3 > recip").graph, {}, [x])
    np.testing.assert_array_equal(inverse, [[-1, np.inf, 0.25]])


def test_shares_of_large_numbers_are_those_of_their_differences() -> None:
    """Of each example by itself: exp of these numbers is infinite, or 0."""
    x = np.array([[1000.0, 999.0], [-1000.0, -1001.0]])
    for text, expected in (("2 > softmax", 1 / (1 + np.exp(-1))), ("2 > logsoftmax", -0.3132617)):
        *_, shares = forward(np, read(text).graph, {}, [x])
        np.testing.assert_allclose(shares[:, 0], [expected, expected], rtol=1e-6)
