"""Initial weights: drawn by NumPy, a stream for each weight, distributed as Keras has it."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from support.kinds import BUILT, network

from netdsl import RunError, parse
from netdsl.keras.quiet import quiet_keras
from netdsl.kinds.facts import Case

pytestmark = pytest.mark.keras

keras: Any = quiet_keras()

from netdsl.keras import initial_weights  # noqa: E402

STREAM = np.random.SeedSequence(1, spawn_key=(2, 3))
NETWORK = (
    "10x8 > pos > attention(heads=2) > lstm-5(back, seq) > gru-3 > fc-4(relu, "
    "init=uniform(0.1), bias_init=normal(0.2)) > reshape(2x2x1) > conv1-3(init=lecun_normal)"
)


def weights(text: str, seed: int | None = 1, dtype: str = "float32") -> dict[str, Any]:
    """The arrays of a network by their paths, without what counts random numbers."""
    model = parse(text).keras(seed, dtype=dtype)
    return {
        variable.path: keras.ops.convert_to_numpy(variable)
        for variable in model.variables
        if variable.name != "seed_generator_state"
    }


# --- streams --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [case for case in BUILT if case.values[0].params])
def test_the_seed_alone_decides_and_weights_have_names_of_their_own(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras's own random numbers, which the backends draw differently, are used for no weight."""
    made = network(case)
    first = made.keras(seed=1)
    keras_seed = keras.utils.set_random_seed
    monkeypatch.setattr(keras.utils, "set_random_seed", lambda seed: keras_seed(seed + 1))
    second = made.keras(seed=1)
    drawn = [
        (one, other)
        for one, other in zip(first.variables, second.variables, strict=True)
        if one.name != "seed_generator_state"
    ]
    assert len({one.path for one, _ in drawn}) == len(drawn)
    for one, other in drawn:
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("backend", ["jax", pytest.param("torch", marks=pytest.mark.extra)])
def test_each_backend_has_the_same(backend: str) -> None:
    program = (
        "import sys, numpy, netdsl\n"
        "model = netdsl.parse(sys.argv[1]).keras(seed=1)\n"
        "for array in model.get_weights(): print(array.astype('float32').tobytes().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, NETWORK],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
        check=True,
    )
    held = parse(NETWORK).keras(seed=1).get_weights()
    assert done.stdout.split() == [array.tobytes().hex() for array in held]


@pytest.mark.parametrize(
    ("text", "others"),
    [
        (
            "8x8x2 > conv3-4 > flatten > fc-5 > fc-6(relu)",
            "8x8x2 > conv3-4 > flatten > fc-5 > fc-6(relu) > fc-9",
        ),
        (
            "8x8x2 > conv3-4(relu) > pool > flatten > fc-5",
            "8x8x2 > conv3-4(relu) > bn > pool > reshape(16x4) > flatten > fc-5",
        ),
        (
            "8 > fc-8 as a > fc-8 as b > fc-3 as c",
            "8 > fc-8 as a > fc-8 as new > fc-8 as b > dropout(0.5) > fc-3 as c",
        ),
    ],
    ids=["at the end", "of other kinds", "among named ones"],
)
def test_layers_that_keep_their_names_keep_their_weights(text: str, others: str) -> None:
    before, after = weights(text), weights(others)
    kept = [path for path in before if path in after and before[path].shape == after[path].shape]
    assert kept
    for path in kept:
        np.testing.assert_array_equal(before[path], after[path])
    assert len(after) > len(before)


def test_other_seeds_and_layers_have_other_weights() -> None:
    text = "8 > fc-8 as a > fc-8 as b"
    one, other, none, again = (weights(text, seed) for seed in (1, 2, None, None))
    kernels = [each[f"{name}/kernel"] for each in (one, other, none, again) for name in "ab"]
    assert len({kernel.tobytes() for kernel in kernels}) == len(kernels)


@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "mixed"])
def test_each_precision_has_the_same_up_to_rounding(dtype: str) -> None:
    expected, found = weights(NETWORK), weights(NETWORK, dtype=dtype)
    for path, array in expected.items():
        close = 2**-8 if dtype == "bfloat16" else 0
        np.testing.assert_allclose(found[path].astype("float32"), array, rtol=close)


def test_parts_of_a_weight_have_streams_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it does not matter how many threads draw them."""
    monkeypatch.setattr(initial_weights, "PART", 1000)
    monkeypatch.setattr(initial_weights, "BLOCK", 300)
    fill = initial_weights._truncated_normal(1.0)
    whole = initial_weights._filled((5, 701), fill, STREAM).ravel()
    first = initial_weights._filled((1000,), fill, STREAM)
    np.testing.assert_array_equal(whole[:1000], first)
    assert len(np.unique(whole)) > 3490


def test_a_model_that_fails_leaves_nothing_to_later_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(initial_weights, "_filled", full)
        with pytest.raises(RunError, match="does not fit into memory"):
            parse("4 > fc-2").keras(seed=1)
    inner = keras.layers.Dense(2)
    with keras.StatelessScope():
        inner.build((None, 3))
    assert inner.kernel.shape == (3, 2)


# --- distributions --------------------------------------------------------------------------------

SHAPE = (3, 5, 40, 60)
STARTS = [
    *("HeNormal", "HeUniform", "GlorotNormal", "GlorotUniform", "LecunNormal", "LecunUniform"),
    *("RandomNormal", "RandomUniform"),
]


def drawn(initializer: Any, shape: tuple[int, ...] = SHAPE) -> Any:
    return keras.ops.convert_to_numpy(
        initial_weights._drawn(initializer, STREAM, shape, "float32")
    ).astype("float64")


@pytest.mark.parametrize("name", STARTS)
def test_distributions_are_those_of_keras(name: str) -> None:
    """Quantiles differ by no more than those of two draws: 36,000 numbers, by the criterion of
    Kolmogorov and Smirnov at a level of one in a million.
    """
    initializer = getattr(keras.initializers, name)(seed=5)
    ours = np.sort(drawn(initializer), axis=None)
    theirs = np.sort(keras.ops.convert_to_numpy(initializer(SHAPE)), axis=None)
    places = np.concatenate([ours, theirs])
    distance = np.abs(
        np.searchsorted(ours, places, "right") - np.searchsorted(theirs, places, "right")
    ).max() / len(ours)
    assert distance < math.sqrt(math.log(2e6) / len(ours))
    assert ours.std() == pytest.approx(theirs.std(), rel=0.02)
    assert abs(ours.mean()) < 5 * ours.std() / math.sqrt(len(ours))


def test_a_truncated_normal_ends_at_two_deviations() -> None:
    """Its density is that of the normal distribution within them, over what lies there."""
    block = initial_weights._filled((10**6,), initial_weights._truncated_normal(3.0), STREAM) / 3
    assert 1.9999 < np.abs(block).max() <= 2
    assert block.std() == pytest.approx(initial_weights.TRUNCATED_DEVIATION, rel=3e-3)
    within = math.erf(2 / math.sqrt(2))
    for bound in (0.1, 0.5, 1, 1.5, 1.9):
        share = math.erf(bound / math.sqrt(2)) / within
        assert (np.abs(block) < bound).mean() == pytest.approx(share, abs=3e-3)
    variance = 1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / within
    assert math.sqrt(variance) == pytest.approx(initial_weights.TRUNCATED_DEVIATION)


@pytest.mark.parametrize("shape", [(8, 32), (32, 8), (3, 4, 6), (5, 5)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    matrix = drawn(keras.initializers.Orthogonal(gain=2.0), shape).reshape(-1, shape[-1])
    if matrix.shape[0] < matrix.shape[1]:
        matrix = matrix.T
    np.testing.assert_allclose(matrix.T @ matrix, 4 * np.eye(matrix.shape[1]), atol=1e-5)


def test_orthogonal_matrices_have_no_direction_that_they_prefer() -> None:
    """A product of reflections alone would leave signs on the diagonal."""
    diagonals = [
        np.diag(
            initial_weights._orthogonal(1.0, (4, 4), np.random.SeedSequence(1, spawn_key=(number,)))
        )
        for number in range(400)
    ]
    assert abs(np.mean(np.sign(diagonals))) < 5 / math.sqrt(1600)


def test_kernels_of_each_position_begin_as_those_of_a_convolution() -> None:
    local = weights("20x20x8 > local3-16(relu)")["local_1/kernel"]
    expected = math.sqrt(2 / (3 * 3 * 8))
    assert local.std() == pytest.approx(expected, rel=0.01)
    assert np.abs(local).max() == pytest.approx(
        2 * expected / initial_weights.TRUNCATED_DEVIATION, rel=1e-3
    )
