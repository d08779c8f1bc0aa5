"""A data set of TensorFlow as the data of a training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import netdsl
from netdsl.errors import NetError
from netdsl.training.data import Data, load_data
from netdsl.training.recipes.recipe import Recipe

pytestmark = pytest.mark.keras

X = np.random.default_rng(0).random((40, 8, 8, 1)).astype(np.float32)
Y = np.arange(40) % 4


def loaded(given: Any) -> Data:
    return load_data(Recipe(), netdsl.parse("input 8x8x1 > flatten > softmax-4"), given)


def test_a_data_set_of_tensorflow() -> None:
    from netdsl.keras.quiet import quiet_keras

    quiet_keras()
    import tensorflow

    whole = tensorflow.data.Dataset.from_tensor_slices((X, Y))
    for given in (whole, whole.batch(16), whole.batch(16).prefetch(2)):
        assert np.array_equal(loaded(given).test.x[0], loaded((X, Y)).test.x[0])
    with pytest.raises(NetError, match="repeats without end"):
        loaded(whole.repeat())
