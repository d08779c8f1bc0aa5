"""`each` in Keras: the function that `TimeDistributed` has, in models, programs and imports."""

from __future__ import annotations

import numpy as np
import pytest
from keras import Input, Model, layers
from support.arrays import array, random
from support.emitted import assert_same

import netdsl
from netdsl import parse

pytestmark = pytest.mark.keras


def test_it_is_time_distributed() -> None:
    """A chain with a residual on every frame, and Keras's wrapper with the same weights."""
    ours = parse("4x9x9x2 > each(conv3-5/2(relu) > res(conv3-5) > gap)").keras(seed=1)
    frame = Input((9, 9, 2))
    x = layers.ZeroPadding2D(1)(frame)
    x = layers.Conv2D(5, 3, strides=2, activation="relu")(x)
    y = layers.Conv2D(5, 3, padding="same")(x)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(layers.Add()([y, x])))
    film = Input((4, 9, 9, 2))
    theirs = Model(film, layers.TimeDistributed(Model(frame, x))(film))
    theirs.set_weights(ours.get_weights())
    given = random((4, 9, 9, 2))
    np.testing.assert_allclose(array(ours(given)), array(theirs(given)), atol=1e-6)


def test_norms_count_all_elements() -> None:
    model = parse("3x4 > each(bn)").keras(seed=1)
    given = random((3, 4))
    model(given, training=True)
    mean = array(model.trainable_weights[0] * 0 + model.non_trainable_weights[0])
    np.testing.assert_allclose(mean, 0.1 * given.mean(axis=(0, 1)), atol=1e-6)


TEXTS = (
    "4x8x8x2 > each(conv3-3(bn) > pool > flatten > fc-4) > lstm-3",
    "3x4x5 > each(each(dense-2 > tanh) > gap) > flatten > fc-2",
    "let e = fc-3\ninput a: 5x4\ninput b: 4\n[ @a > each(e) > gap | @b > e ]",
    "input x: 3x5x4\ninput y: 3x6x4\n@x > each(attention(heads=2, kv=@y) > gap)",
    "input x: 3x5\ninput y: 3x2\neach([ @x > fc-4 as a > relu | @y ] > fc-2) as b\n@a > tanh",
    "6x9 of int(50) > each(embed-4(mask) > gru-3) > gap",
    "4x6 > each(fc-3(act_l1=0.1))",
    "3x8x8x2 > each(pool as p > conv1-2(relu) > unpool(@p))",
    "5x6 > each(fc-8(relu) as en > fc-6 as de)\ntie de = transpose en",
)


@pytest.mark.parametrize("text", TEXTS)
def test_programs_make_the_same_model(text: str) -> None:
    assert_same((parse(text),))


@pytest.mark.parametrize("text", TEXTS)
def test_models_are_imported_again(text: str) -> None:
    network = parse(text)
    if "tie" not in text and "unpool" not in text:
        again = parse(netdsl.from_keras(network.keras(seed=1))).counts
        assert (again.params, again.macs) == (network.counts.params, network.counts.macs)
