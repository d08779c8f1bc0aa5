"""Where a training diverged."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from support.line import SGD, X, Y, trained

import netdsl
from netdsl.errors import RunError
from netdsl.keras.quiet import quiet_keras
from netdsl.training.loop.divergence import first_not_finite, place_of
from netdsl.training.recipes.recipe import (
    Optimizer,
)

pytestmark = pytest.mark.keras

quiet_keras()


@pytest.mark.parametrize(
    ("text", "rate", "where"),
    [
        ("3 > fc-8 > linear-1", 1e18, "the loss itself"),
        ("3 > fc-8 > linear-1", 1e30, "the output of `fc_2`"),
        ("3 > fc-8 > noise(0.1) > linear-1", 1e38, r"the (weights|output) of `fc_\d`"),
    ],
)
def test_the_layer_of_the_first_nan_is_named(
    tmp_path: Path, text: str, rate: float, where: str
) -> None:
    recipe = dataclasses.replace(
        SGD, epochs=5, batch=20, optimizer=Optimizer(name="sgd", rate=rate)
    )
    with pytest.raises(RunError, match=rf"at step \d, first in ({where}):"):
        trained(netdsl.parse(text, name="far"), tmp_path, recipe, data=(X, Y))


def test_large_numbers_are_finite_in_their_own_precision() -> None:
    import keras

    for number, name, layer in (
        (1e300, "float64", "the loss itself"),
        (1e300, "float32", "weights"),
    ):
        x = keras.Input((1,))
        model = keras.Model(x, keras.layers.Dense(1, dtype=name)(x))
        model.layers[1].kernel.assign([[number]])
        assert layer in first_not_finite(model, np.ones((1, 1)))


def test_the_place_of_a_step() -> None:
    """Of ten steps; the second was ended after three of them, and others were added."""
    state = SimpleNamespace(epochs=[SimpleNamespace(step=step) for step in (10, 13, 20)])
    found = [place_of(state, step) for step in (1, 10, 11, 13, 14, 20, 21)]  # type: ignore[arg-type]
    assert found == [(1, 0), (1, 9), (2, 0), (2, 2), (3, 0), (3, 6), (4, 0)]
