"""Tensors of the network's own in Keras: models, programs, imports."""

from __future__ import annotations

import numpy as np
import pytest
from support.arrays import array, random
from support.emitted import assert_same

import netdsl
from netdsl import parse

pytestmark = pytest.mark.keras

TEXTS = (
    "learned q: 10x4 = uniform(0.1)\ninput 6x4\n@q > res(attention(heads=2, kv=@input)) > dense-3",
    "fixed g: 2x3 = ((1, 2, 3), (4, 5, 1/3))\nlearned b: 3 = 0.5\ninput 2x3\n"
    "mul[ @input | @g ] > add[ id | @b ]",
    "learned q: 4\ninput a: 5x4\ninput b: 4\n"
    "[ @a > each(add[ id | fc-4 ]) > gap | @b | @q ] > fc-2",
    "learned q: 8\ninput 6 of int(20) > embed-8 > mul[ id | @q ] > gap",
)


@pytest.mark.parametrize("text", TEXTS)
def test_programs_and_imports(text: str) -> None:
    network = parse(text)
    assert_same((network,))
    model = network.keras(seed=1)
    assert model.count_params() == network.counts.total
    again = parse(netdsl.from_keras(model)).counts
    assert (again.params, again.macs) == (network.counts.params, network.counts.macs)


def test_numbers() -> None:
    model = parse(
        "fixed g: 2x3 = (1, 2, 3, 4, 5, 6)\nlearned b: 3 = 0.5\n"
        "2x3 > mul[ id | @g ] > add[ id | @b ]"
    ).keras()
    x = random((2, 3))
    expected = x * np.arange(1.0, 7.0).reshape(2, 3) + 0.5
    np.testing.assert_allclose(array(model(x)), expected, rtol=1e-6)
