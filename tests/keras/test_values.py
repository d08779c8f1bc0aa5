"""Values of activations and of local response norm against their definitions, and names that a
process's past does not change.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from netdsl import parse
from netdsl.kinds import KINDS

pytestmark = pytest.mark.keras


def built(text: str) -> Any:
    return parse(text).keras(seed=0)


def run(text: str, x: Any) -> Any:
    """What the network of a text gives for one example, in use."""
    import keras

    return keras.ops.convert_to_numpy(built(text)(np.asarray(x, "float32")[None], training=False))[
        0
    ]


def test_local_response_norm() -> None:
    """Krizhevsky et al. 2012, section 3.3, with alpha divided by the number of channels that are
    summed.
    """
    x = np.random.default_rng(0).normal(size=(3, 3, 7)) * 3
    expected = np.zeros_like(x)
    for channel in range(7):
        near = x[..., max(0, channel - 1) : channel + 2]
        expected[..., channel] = x[..., channel] / (1.5 + 0.3 / 3 * (near**2).sum(-1)) ** 0.6
    np.testing.assert_allclose(
        run("3x3x7 > lrn(size=3, alpha=0.3, beta=0.6, k=1.5)", x), expected, rtol=1e-5
    )


def test_names_do_not_depend_on_what_was_built_before() -> None:
    text = (
        "9x9x2 > pool3/2(pad=1) > dot[ id | conv1-2 ] > [ id | widen-3 ] > stack[ gap | gmp ] > "
        "flatten > fc-2"
    )
    first, again = (json.dumps([layer.name for layer in built(text).layers]) for _ in range(2))
    assert first == again


@np.errstate(divide="ignore", invalid="ignore")
def test_activations_are_what_they_are_called() -> None:
    x = np.linspace(-4, 4, 9)
    sigmoid = 1 / (1 + np.exp(-x))
    erf = np.vectorize(math.erf)
    expected = {
        "relu": np.maximum(x, 0),
        "relu6": np.clip(x, 0, 6),
        "lrelu": np.where(x > 0, x, 0.01 * x),
        "lrelu(0.2)": np.where(x > 0, x, 0.2 * x),
        "prelu": np.where(x > 0, x, 0.25 * x),
        "elu": np.where(x > 0, x, np.expm1(x)),
        "elu(0.5)": np.where(x > 0, x, 0.5 * np.expm1(x)),
        "selu": 1.05070098 * np.where(x > 0, x, 1.67326324 * np.expm1(x)),
        "gelu": x * (1 + erf(x / math.sqrt(2))) / 2,
        "swish": x * sigmoid,
        "silu": x * sigmoid,
        "mish": x * np.tanh(np.log1p(np.exp(x))),
        "hswish": x * np.clip(x + 3, 0, 6) / 6,
        "hsigmoid": np.clip(x + 3, 0, 6) / 6,
        "tanh": np.tanh(x),
        "sigmoid": sigmoid,
        "softplus": np.log1p(np.exp(x)),
        "softsign": x / (1 + np.abs(x)),
        "softmax": np.exp(x) / np.exp(x).sum(),
        "logsoftmax": x - np.log(np.exp(x).sum()),
        "exp": np.exp(x),
        "abs": np.abs(x),
        "neg": -x,
        "recip": 1 / x,
        "sqrt": np.sqrt(x),
        "log": np.log(x),
        "pow(3)": x**3,
        "pow(0.5)": x**0.5,
        "sign": np.sign(x),
        "step": np.where(x > 0, 1, 0),
        "relu(max=2)": np.clip(x, 0, 2),
        "relu(max=2, slope=0.1)": np.where(x > 0, np.minimum(x, 2), 0.1 * x),
        "linear": x,
    }
    assert {name.split("(")[0] for name in expected} == {
        word for word, kind in KINDS.items() if kind.group == "activation"
    }
    for text, values in expected.items():
        np.testing.assert_allclose(
            run(f"9 > {text}", x), values, rtol=1e-4, atol=1e-5, err_msg=text
        )
