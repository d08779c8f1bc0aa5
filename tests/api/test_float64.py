"""`keras(dtype="float64")` computes in 64 bits from the input to the output, whatever the kind;
what the backend does not compute in them is refused.

All of them on another backend: `KERAS_BACKEND=torch pytest tests/api/test_float64.py`, and with
`JAX_ENABLE_X64=1` on JAX.
"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from support.arrays import array, random
from support.kinds import firsts_built, network

import netdsl
from netdsl.keras.quiet import quiet_keras
from netdsl.kinds.facts import Case
from netdsl.kinds.values import Indices, dims

pytestmark = pytest.mark.keras

STEP = 2.0**-30
"""So small that, added to 1, it is lost in 32 bits, while 64 bits keep 22 bits of it."""

REFUSED = {
    "tensorflow": {  # on a CPU
        "avgpool2 on 4x4x4x2",
        "l2pool2 on 4x4x4x2",
        "lppool2(p=4) on 4x4x4x2",
        "pool on 4x4x4x2",
        "pool2(ceil) as p > unpool(@p) on 3x4x5x2",
        "resize(16) on 10x4",
        "resize(4x3x5) on 2x3x4x2",
        "resize(5) on 9x7x2",
        "resize(64x64) on 32x32x3",
        "tconv3-2(pad=valid, dilation=2) on 5x5x1",
        "up2(bilinear) on 2x3x4x2",
        "up2(bilinear) on 5x2",
        "up2(bilinear) on 7x7x4",
    },
    "jax": {
        "attention(heads=4) on 10x16",
        "attention(heads=2, causal, bias=no) on 10x16",
        "attention(heads=2, dim=3) on 5x4",
        "dense-6 as m > dense-4 > attention(heads=2, kv=@m) on 5x3",
    },
}
CONSTANT = {
    "cls(init=0) > first on 3x4",
    "scale(one, bias, init=0) on 5",
    "sign on 8x8x4",
    "step on 8x8x4",
    "step-1 on 2",
}
"""Networks whose output does not change with the input, or not for small changes of it."""


@pytest.mark.parametrize("case", firsts_built({*REFUSED["tensorflow"], *CONSTANT}))
def test_a_small_change_goes_through(case: Case) -> None:
    """A change of the input changes the output by half of what twice the change does. Where a
    number on the way has only 32 bits, it changes nothing, or by multiples of 2**-24.
    """
    name = f"{case.text} on {dims(case.input)}"
    if name in REFUSED.get(quiet_keras().config.backend(), ()):
        with pytest.raises(netdsl.NetError, match="is not computed in float64") as caught:
            network(case).keras(seed=1, dtype="float64")
        assert caught.value.code == "N605"
        return
    model = network(case).keras(seed=1, dtype="float64")
    x = random(case.input)
    if isinstance(case.input, Indices):
        assert array(model(x)).dtype == np.float64
        return
    x, way = x.astype(float), random(case.input, seed=1).astype(float)
    if np.isnan(array(model(x))).any():  # a root or logarithm of what is below 0
        x = 1 + abs(x)
    at, once, twice = (array(model(x + steps * STEP * way)) for steps in (0, 1, 2))
    assert at.dtype == np.float64
    size = np.abs(at).max()
    np.testing.assert_allclose(twice - at, 2 * (once - at), rtol=1e-3, atol=1e-13 * size)
    changed = np.abs(once - at).max()
    goes_through = bool(1e-13 * size < changed < 1e-6 * max(1, size))
    assert goes_through is (name not in CONSTANT)


def test_float32_does_not_pass_that_test() -> None:
    model = netdsl.parse("4 > fc-3 > softmax").keras(seed=1)
    x = random((4,))
    assert np.array_equal(array(model(x + STEP)), array(model(x)))
    assert array(model(x)).dtype == np.float32


# What Keras itself computes in float32 on the other backends: sums, products, states, variances.
PROGRAM = """
import numpy as np, netdsl
from keras import config, ops
if config.backend() == "jax":
    import jax
    try:
        netdsl.parse("4 > fc-3").keras(dtype="float64")
    except netdsl.NetError as error:
        print(error.code, error.diagnostics[0].help)
    jax.config.update("jax_enable_x64", True)
    try:
        netdsl.parse("5x4 > attention(heads=2)").keras(dtype="float64")
    except netdsl.NetError as error:
        print(error.code, error.diagnostics[0].message)
for text in (
    "4 > fc-3",
    "5x2 > up2(bilinear) > gap > softmax-3",
    "5x4 > conv3-4(bn)",
    "5x4 > ln > dense-3",
    "5x4 > lstm-3",
    "5x4 > gru-3(bi)",
    "5x3 > matmul[ id | permute(2, 1) ]",
):
    network = netdsl.parse(text)
    model = network.keras(seed=1, dtype="float64")
    rng = np.random.default_rng(0)
    x, way = rng.normal(size=(2, 2, *network.inputs[0].shape))
    at, once, twice = (
        ops.convert_to_numpy(model(x + steps * 2.0**-30 * way)) for steps in (0, 1, 2)
    )
    assert at.dtype == np.float64 and np.abs(once - at).max() > 0
    np.testing.assert_allclose(twice - at, 2 * (once - at), rtol=1e-3, atol=1e-13)
"""


REFUSED_BY_JAX = """\
N605 import jax; jax.config.update('jax_enable_x64', True)
N605 the layer `attention_1` (MultiHeadAttention) is not computed in float64: JAX takes the \
softmax of attention in float32
"""


@pytest.mark.parametrize("backend", ["jax", pytest.param("torch", marks=pytest.mark.extra)])
def test_other_backends(backend: str) -> None:
    """JAX is refused until it is set to 64 bits, and attention then."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == (REFUSED_BY_JAX if backend == "jax" else "")
