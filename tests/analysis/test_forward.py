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
