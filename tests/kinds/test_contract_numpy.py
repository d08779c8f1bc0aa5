"""Every kind's definition in NumPy is what its Keras layer computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.arrays import array, random
from support.kinds import BUILT, firsts_built, network

from netdsl import Network, parse
from netdsl.analysis.forward import forward, initial_weights
from netdsl.errors import NetError
from netdsl.kinds.facts import Arrays, Case
from netdsl.kinds.values import Indices

pytestmark = pytest.mark.keras

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
ROUNDED = ("lrelu", "gelu", "noise", "rescale", "std", "attention")
"""Kinds with a number (slope, root, factor, mean) that Keras on TensorFlow rounds to float32, in
float64 too.
"""


class NotInFloat64(Exception):
    """TensorFlow computes the network in fewer bits."""


def given(made: Network, precision: str) -> list[Any]:
    """Random inputs; no index is 0, which masks."""
    inputs = [random(port.shape, seed=at) for at, port in enumerate(made.inputs)]
    return [
        np.maximum(x, 1) if isinstance(port.shape, Indices) else x.astype(precision)
        for port, x in zip(made.inputs, inputs, strict=True)
    ]


def assert_alike(made: Network, precision: str) -> None:
    """The network in NumPy gives what the Keras model gives, with random weights, factors and
    statistics.
    """
    from netdsl.keras.arrays import arrays_of
    from netdsl.keras.build import build_layers

    try:
        built = build_layers(made, seed=1, precision=precision)
    except NetError as error:
        if error.code == "N605":
            raise NotInFloat64 from error
        raise
    assert_begins(made, arrays_of(built, made.graph))
    rng = np.random.default_rng(0)
    for weight in built.model.weights:
        if np.issubdtype(np.dtype(weight.dtype), np.floating):
            positive = "var" in weight.path
            drawn = (
                rng.uniform(0.5, 1.5, weight.shape)
                if positive
                else rng.normal(0, 0.5, weight.shape)
            )
            weight.assign(drawn)
    for layer in built.model.layers:
        if hasattr(layer, "finalize_state"):  # statistics that were assigned count from here
            layer.finalize_state()
    inputs = given(made, precision)
    rounded = any(op.kind and op.kind.word in ROUNDED for op in made.graph.ops)
    tolerance = max(TOLERANCE[precision], 1e-7 if rounded else 0)
    values = forward(np, made.graph, arrays_of(built, made.graph), inputs)
    expected = built.model(inputs if len(inputs) > 1 else inputs[0], training=False)
    expected = expected if isinstance(expected, list | tuple) else [expected]
    for port, answer in zip(made.outputs, expected, strict=True):
        found, answer = values[port.op], array(answer)
        assert found.shape == answer.shape
        size = max(1, float(np.nanmax(np.abs(answer))))
        np.testing.assert_allclose(found / size, answer / size, atol=tolerance, rtol=0)
        assert np.isfinite(found).any()


def assert_begins(made: Network, begun: dict[int, Arrays]) -> None:
    """What is not drawn at random is what Keras begins with."""
    stated, drawn = initial_weights(np, made.graph)
    names = [op.name for op in made.graph.ops]
    assert {names[index] for index in begun} == {names[index] for index in (*stated, *drawn)}
    for index, arrays in stated.items():
        assert arrays.keys() == begun[index].keys()
        for name, start in arrays.items():
            np.testing.assert_allclose(start, begun[index][name], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("case", firsts_built())
def test_cases_in_float32(case: Case) -> None:
    assert_alike(network(case), "float32")


@pytest.mark.parametrize("case", BUILT)
def test_cases(case: Case) -> None:
    """In 64 bits, which show more, or where TensorFlow computes in fewer in 32."""
    try:
        assert_alike(network(case), "float64")
    except NotInFloat64:
        assert_alike(network(case), "float32")


TEXTS = {
    "shared weights": "let f = fc-4(tanh)\n8 > fc-4 > f > f > fc-2",
    "tied matrix": "6 > fc-3 as code > fc-6 as back\ntie back = transpose code",
    "tied window": "8x8x2 > conv3-4 as code > tconv3-2 as back\ntie back = transpose code",
    "two ends": "input a: 5\ninput b: 5\nsub[ @a | @b ] > fc-3 as y > fc-2(sigmoid)\n@y > fc-1",
    "attention elsewhere": "5x3 > dense-6 as m > dense-4 > attention(heads=2, kv=@m)",
    "unpooled": "8x8x3 > conv3-4 > pool as p > conv3-4 > unpool(@p)",
    "residual": "8x8x4 > res(conv3-4(bn) > conv3-4(bn, linear)) > gap > softmax-3",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("precision", TOLERANCE)
def test_networks(text: str, precision: str) -> None:
    assert_alike(parse(text), precision)


def test_short_vectors_get_length_1_as_in_keras() -> None:
    made = parse("2 > l2norm")
    x = np.array([[6e-9, 8e-9], [0, 0]], "float32")
    values = forward(np, made.graph, {}, [x])
    np.testing.assert_allclose(values[made.outputs[0].op], [[0.6, 0.8], [0, 0]], rtol=1e-6)
    np.testing.assert_allclose(array(made.keras()(x)), [[0.6, 0.8], [0, 0]], rtol=1e-6)
