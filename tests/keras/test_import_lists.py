"""Keras layers that begin at arrays are imported with lists that begin at the same."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import netdsl

pytestmark = pytest.mark.keras

RNG = np.random.default_rng(0)


def begun(*shape: int) -> keras.initializers.Constant:
    return keras.initializers.Constant(RNG.standard_normal(shape).round(2).astype("float32"))


LAPLACE = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], "float32")
L = keras.layers

CASES = {
    "laplace": (
        (8, 8, 1),
        lambda: L.Conv2D(
            1, 3, kernel_initializer=keras.initializers.Constant(LAPLACE[..., None, None])
        ),
        "init=[[0, 1, 0], [1, -4, 1], [0, 1, 0]]",
    ),
    "filters": (
        (8, 8, 3),
        lambda: L.Conv2D(2, 3, kernel_initializer=begun(3, 3, 3, 2)),
        "init=[[[[",
    ),
    "one dimension": (
        (8, 2),
        lambda: L.Conv1D(3, 3, kernel_initializer=begun(3, 2, 3)),
        "init=[[[",
    ),
    "transposed": (
        (4, 4, 3),
        lambda: L.Conv2DTranspose(2, 2, 2, kernel_initializer=begun(2, 2, 2, 3)),
        "init=[[[[",
    ),
    "depthwise": (
        (8, 8, 2),
        lambda: L.DepthwiseConv2D(3, depthwise_initializer=begun(3, 3, 2, 1)),
        "init=[[[",
    ),
    "depthwise, one filter for all": (
        (8, 8, 2),
        lambda: L.DepthwiseConv2D(
            3,
            depthwise_initializer=keras.initializers.Constant(
                np.stack([LAPLACE] * 2, -1)[..., None]
            ),
        ),
        "init=[[0, 1, 0], [1, -4, 1], [0, 1, 0]]",
    ),
    "dense": (
        (4,),
        lambda: L.Dense(2, kernel_initializer=begun(4, 2), bias_initializer=begun(2)),
        "bias_init=[",
    ),
    "one unit": ((3,), lambda: L.Dense(1, kernel_initializer=begun(3, 1)), "init=["),
    "the same number": (
        (3,),
        lambda: L.Dense(2, kernel_initializer=keras.initializers.Constant(np.full((3, 2), 0.25))),
        "init=0.25",
    ),
    "biases as Python numbers": (
        (3,),
        lambda: L.Dense(
            2, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant([1.5, -2.0])
        ),
        "bias_init=[1.5, -2]",
    ),
}


def imported(shape: tuple[int, ...], layer: Any) -> tuple[keras.Model, str]:
    model = keras.Sequential([keras.Input(shape), layer], name="m")
    return model, netdsl.from_keras(model)


@pytest.mark.parametrize(("shape", "make", "written"), CASES.values(), ids=CASES)
def test_a_layer_begins_at_the_array(shape: Any, make: Any, written: str) -> None:
    model, text = imported(shape, make())
    assert written.replace(" ", "") in "".join(text.split())
    for theirs, ours in zip(
        model.get_weights(), netdsl.parse(text).keras().get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


LEFT_OUT = {
    "two kernels": ((5, 2), lambda: L.SimpleRNN(3, kernel_initializer=begun(2, 3))),
    "too many numbers": ((40,), lambda: L.Dense(40, kernel_initializer=begun(40, 40))),
}


@pytest.mark.parametrize(("shape", "make"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_no_list_can_say_is_said_to_be_left_out(shape: Any, make: Any) -> None:
    _, text = imported(shape, make())
    assert "init" not in text.split("net m")[1]
    assert "kernel_initializer" in text.split("net m")[0]
